"""What tests of the page share: a browser, a view as a visitor meets it,
a server with faults, sizes and schemes, screenshots, axe-core.

Pictures of the page go to build/screenshots/.
"""

import contextlib
import json
import pathlib
import re
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
SCREENSHOTS = ROOT / "build" / "screenshots"
# whose status is no error of the page
CALLED = ["health", "models", *(path.parent.name for path in (ROOT / "models").glob("*/function.yml"))]
LONGEST = 30  # seconds to wait for anything the page does


class Page:
    """A view of the page: find by CSS, click, wait for a state."""

    def __init__(self, driver, address, view="cars", warmed="answered"):
        from selenium.webdriver.support.ui import WebDriverWait

        self.driver, self.wait = driver, WebDriverWait(driver, LONGEST).until
        driver.get("about:blank")
        driver.errors()  # what an earlier test left there
        driver.get(address)
        self.wait(lambda _: self.all("#%s .card" % view))
        self.reaches("#%s .warmth" % view, warmed)

    def all(self, css):
        return self.driver.find_elements("css selector", css)

    def one(self, css):
        return self.driver.find_element("css selector", css)

    def click(self, css):
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.one(css))
        self.one(css).click()

    def reaches(self, css, state):
        """Wait until the place shows this state; gives its sentence."""
        self.wait(
            lambda _: self.script("$(arguments[0]).attr('data-state')", css) == state,
            "%s never was %s" % (css, state),
        )
        return self.one(css + " .sentence").text

    def lies_still(self):
        """Wait until nothing moves any more. Firefox never finishes animations that it does not show."""
        self.driver.execute_async_script("""
            const late = (animation) => new Promise((done) =>
                setTimeout(done, Math.min(animation.effect.getComputedTiming().endTime + 200, 5000)));
            Promise.all(document.getAnimations().map((animation) =>
                Promise.race([animation.finished.catch(() => null), late(animation)]))).then(arguments[0]);
        """)

    def source(self, css):
        return self.one(css).get_attribute("src")

    def changes(self, css, before):
        self.wait(lambda _: self.source(css) not in (before, None), "%s did not change" % css)

    def script(self, javascript, *arguments):
        """The value of an expression; None where it is jQuery's, which Firefox cannot send."""
        return self.driver.execute_script(
            "const value = (%s); return value?.jquery ? null : value" % javascript, *arguments
        )

    def texts(self, css):
        return self.script("$(arguments[0]).get().map((element) => element.textContent)", css)

    def becomes(self, read, wanted):
        """Wait until read() gives what is wanted."""
        self.wait(lambda _: read() == wanted, "it never was %r" % (wanted,))

    def show_the_same(self, css, other):
        """Wait until two pictures are the same; both may still be replaced by a later answer."""
        self.wait(lambda _: self.source(css) == self.source(other), "%s is not %s" % (css, other))

    def curl(self, css):
        """What "As curl" shows in the place."""
        self.driver.execute_script("$(arguments[0]).find('.curl details').prop('open', true)", css)
        self.wait(lambda _: self.texts(css + " .curl pre")[0])
        return self.texts(css + " .curl pre")[0]

    def run_curl(self, css, folder=ROOT):
        """Paste that command into a shell; gives what it prints."""
        command = re.sub(r"(^|\| )curl ", r"\1curl --silent --show-error --fail ", self.curl(css), 1)
        return subprocess.check_output(command, shell=True, cwd=str(folder))

    def asked(self, css):
        """The body of the last question asked in the place."""
        return self.script("$(arguments[0]).data('call')?.body", css)

    def set(self, css, value):
        """What typing or dragging does to an input."""
        script = "const [e, v] = arguments; e.value = v; e.dispatchEvent(new Event('input', {bubbles: true}))"
        self.driver.execute_script(script, self.one(css), value)

    def show_at(self, width, scheme, height=900):
        self.driver.show_at(width, height, scheme)

    def screenshot(self, name, whole=False):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        picture = self.driver.whole_page() if whole else self.driver.get_screenshot_as_png()
        (SCREENSHOTS / (name + ".png")).write_bytes(picture)


class Cars(Page):
    """The cars view, whose first cars are there."""

    def __init__(self, driver, server, query="", state="answered"):
        super().__init__(driver, server + "/#cars" + (query and "?" + query))
        self.reaches(".generate .state", state)

    def choose(self, path):
        self.one(".photo").send_keys(str(path))
        self.wait(lambda _: self.all(".cropper-crop-box"))

    def take_example(self, name="beetle-orange"):
        self.click(".examples [data-example=%s]" % name)
        self.reaches(".reconstruct .state", "answered")
        self.wait(
            lambda _: self.one(".reconstruction").is_displayed()
            and self.source(".edited img") == self.source(".redrawn")
        )

    def tiles(self):
        return self.script("$('.tile img').get().map((image) => image.src)")

    def generate(self, **fields):
        """Fill in the form and send it; gives the pictures."""
        before = self.tiles()
        for name, value in fields.items():
            self.set(".generating [name=%s]" % name, value)
        self.click(".generating .primary")
        self.wait(
            lambda _: self.tiles() != before
            and len(self.tiles()) == int(self.one("[name=count]").get_attribute("value"))
        )
        self.reaches(".generate .state", "answered")
        return self.tiles()

    def edit(self, place):
        """Press a car of the grid; gives its picture, once it is the one to edit."""
        picture = self.tiles()[place - 1]
        self.click(".grid li:nth-child(%d) .tile" % place)
        self.becomes(lambda: self.source(".edited img"), picture)
        return picture


@pytest.fixture(scope="session")
def browser():
    from tests.support.browsers import started

    with started() as driver:
        yield driver


@pytest.fixture
def faulty():
    """A server of the page and the API in this process; what its
    fault(event) gives is answered instead, unless that is None.
    """
    import local

    server = local.Server(("127.0.0.1", 0), local.Gateway)
    server.address = "http://127.0.0.1:%d" % server.server_port
    server.fault = lambda event: None
    server.backend = lambda event: server.fault(event) or local.function_of(event)(event, None)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def gateway_answer(status, body, **headers):
    """What the gateway, or the API, would answer: a dict becomes JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {
        "content-type": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return {"statusCode": status, "headers": headers, "body": text, "isBase64Encoded": False}


@contextlib.contextmanager
def visiting(driver):
    """For the time of a test, which fails where the console holds an
    error; then the browser's own size and scheme again.
    """
    yield
    driver.as_before()
    assert errors(driver) == []


def errors(driver):
    """Errors in the console; a call's status, which the page shows as a sentence, is none."""
    return [
        error
        for error in driver.errors()
        if not re.search("/(%s)[^ ]* - Failed to load resource" % "|".join(CALLED), error)
    ]


def tab_to(page, css_class, kind=None):
    """Press Tab until the focus is on an element of this class or type."""
    for _ in range(40):
        page.driver.switch_to.active_element.send_keys("\ue004")
        element = page.driver.switch_to.active_element
        if (
            css_class
            and css_class in (element.get_attribute("class") or "").split()
            or kind
            and element.get_attribute("type") == kind
        ):
            return
    pytest.fail("Tab never came to %s" % (css_class or kind))


def fits_and_is_accessible(page, name, width):
    """At this width nothing sticks out sideways, and axe-core finds nothing,
    in the dark nothing in the colours; pictures of both are kept.
    """
    for scheme, rules in (("light", None), ("dark", ["color-contrast"])):
        page.show_at(width, scheme)
        page.lies_still()
        page.screenshot("%s-%d-%s" % (name, width, scheme), whole=True)
        assert page.script("document.documentElement.scrollWidth") <= width
        assert violations(page, rules) == []


def violations(page, rules=None):
    """What axe-core objects to, or these of its rules do: rule and elements."""
    page.driver.execute_script(
        (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    )
    found = page.driver.execute_async_script(
        "axe.run(arguments[0]).then((result) => arguments[1](result.violations))",
        {"runOnly": rules} if rules else {},
    )
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]
