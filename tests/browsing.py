"""What tests of the page share: Chromium, a view as a visitor meets it, sizes and schemes, screenshots, axe-core.

Pictures of the page go to build/screenshots/.
"""

import base64
import contextlib
import os
import pathlib
import re
import shutil
import tempfile

import pytest

ROOT = pathlib.Path(__file__).parent.parent
SCREENSHOTS = ROOT / "build" / "screenshots"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --window-size=1280,900"
)
MISSING = "The tests of the page did not run: they need chromium and chromedriver (apt-get install -y chromium chromium-driver)."
LONGEST = 30  # seconds to wait for anything the page does


class Page:
    """A view of the page: find by CSS, click, wait for a state."""

    def __init__(self, driver, address, view="cars"):
        from selenium.webdriver.support.ui import WebDriverWait

        self.driver, self.wait = driver, WebDriverWait(driver, LONGEST).until
        driver.get("about:blank")
        driver.get_log("browser")  # what an earlier test left there
        driver.get(address)
        self.wait(lambda _: self.all("#%s .warmth" % view))
        self.reaches("#%s .warmth" % view, "answered")

    def all(self, css):
        return self.driver.find_elements("css selector", css)

    def one(self, css):
        return self.driver.find_element("css selector", css)

    def click(self, css):
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.one(css))
        self.one(css).click()

    def reaches(self, css, state):
        """Wait until the place shows this state; gives its sentence."""
        self.wait(lambda _: self.one(css).get_attribute("data-state") == state, "%s is not %s but %s" % (css, state, self.one(css).text))
        return self.one(css + " .sentence").text

    def source(self, css):
        return self.one(css).get_attribute("src")

    def changes(self, css, before):
        self.wait(lambda _: self.source(css) not in (before, None), "%s did not change" % css)

    def set(self, css, value):
        """What typing or dragging does to an input."""
        script = "const [e, v] = arguments; e.value = v; e.dispatchEvent(new Event('input', {bubbles: true}))"
        self.driver.execute_script(script, self.one(css), value)

    def screenshot(self, name):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SCREENSHOTS / (name + ".png")))


@pytest.fixture(scope="session")
def browser():
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and chromedriver):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory() as profile:
        for flag in FLAGS.split() + ["--user-data-dir=" + profile]:
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
        yield driver
        driver.quit()


@contextlib.contextmanager
def visiting(driver):
    """For the time of a test, which fails where the console holds an error; then the browser's own size and scheme again."""
    yield
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert errors(driver) == []


def errors(driver):
    """Errors in the console; a call's status, which the page shows as a sentence, is none."""
    found = [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    return [error for error in found if not re.search("/(cars|words)/.* responded with a status of", error)]


def tab_to(page, css_class, kind=None):
    """Press Tab until the focus is on an element of this class or type."""
    for _ in range(40):
        page.driver.switch_to.active_element.send_keys("\ue004")
        element = page.driver.switch_to.active_element
        if css_class and css_class in (element.get_attribute("class") or "").split() or kind and element.get_attribute("type") == kind:
            return
    pytest.fail("Tab never came to %s" % (css_class or kind))


def show_at(page, width, scheme, height=900):
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})


def whole_page(page, name):
    clip = page.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
    answer = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": {**clip, "scale": 1}})
    (SCREENSHOTS / (name + ".png")).write_bytes(base64.b64decode(answer["data"]))


def violations(page):
    """What axe-core objects to: rule and elements."""
    page.driver.execute_script((ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.driver.execute_async_script("axe.run().then((result) => arguments[0](result.violations))")
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]
