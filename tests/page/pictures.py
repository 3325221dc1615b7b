"""Takes the pictures of the page for README with Chromium: rendered cars of static/examples and our own
texts. `make page-pictures`
"""

from tests.support.browsing import ROOT, Cars, Page
from tests.support.browsers import started
from tests.conftest import local_server


def cars(driver, address):
    page = Cars(driver, address, "seed=7")
    page.show_at(1280, "light", height=1320)
    page.take_example("street-white")
    page.set(".wipe input", 55)
    return page


def words(driver, address):
    page = Page(driver, address + "/#words?word=jazz&path=music&a=tea&b=coffee", "words")
    page.show_at(1280, "light", height=1320)
    for card in ("neighbours", "map", "similarity", "analogy", "odd"):
        page.reaches(".%s .state" % card, "answered")
    return page


def translation(driver, address):
    page = Page(driver, address + "/#translation", "translation")
    page.show_at(1280, "dark", height=1320)
    page.reaches(".result .state", "answered")
    page.script("$('.square').eq(0).trigger('focusin')")
    return page


if __name__ == "__main__":
    with started() as driver, local_server() as address:
        for view in (cars, words, translation):
            view(driver, address)  # the first one is a cold start
            page = view(driver, address)
            page.script("scrollTo(0, 0)")
            driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": 1, "y": 1})
            page.script("new Promise((done) => setTimeout(done, 1500))")  # until everything has faded in
            driver.save_screenshot(str(ROOT / "docs" / ("page-%s.png" % view.__name__)))
            print("docs/page-%s.png" % view.__name__)
