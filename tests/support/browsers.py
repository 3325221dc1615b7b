"""The browsers that the page is tested in: Chromium and Firefox, under the same names.

WebDriver has no command for what the console holds, for narrow windows, dark schemes, lost
lines and downloads. Chromium is told through its DevTools, Firefox through its own code.
"""

import base64
import contextlib
import os
import pathlib
import shutil
import tempfile

import pytest
from selenium import webdriver

ROOT = pathlib.Path(__file__).parent.parent.parent
SIZE = (1280, 900)
GECKODRIVER = ROOT / "build" / "geckodriver"
MISSING = "The tests of the page did not run: they need %s (%s)."


class Chromium(webdriver.Chrome):
    """Debian's Chromium, with a profile of its own."""

    FLAGS = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync --hide-scrollbars --window-size=%d,%d "
        "--use-fake-device-for-media-stream --use-fake-ui-for-media-stream" % SIZE
    )
    NEEDS = "chromium and chromedriver", "apt-get install -y chromium chromium-driver"

    @staticmethod
    def is_here():
        return shutil.which("chromium") and shutil.which("chromedriver")

    def __init__(self, profile):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        for flag in self.FLAGS.split() + ["--user-data-dir=" + profile]:
            options.add_argument(flag)
        super().__init__(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))

    def errors(self):
        """Errors in the console since it was last asked."""
        return [entry["message"] for entry in self.get_log("browser") if entry["level"] == "SEVERE"]

    def show_at(self, width, height, scheme):
        """A window of this size, light or dark."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        self.prefer("prefers-color-scheme", scheme)

    def prefer(self, feature, value):
        features = [{"name": feature, "value": value}]
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def prefer_less_motion(self):
        self.prefer("prefers-reduced-motion", "reduce")

    def offline(self, cut):
        self.line(offline=cut)

    def upload_at(self, speed):
        """Bytes a second."""
        self.line(uploadThroughput=speed)

    def line(self, **limits):
        usual = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.execute_cdp_cmd("Network.enable", {})
        self.execute_cdp_cmd("Network.emulateNetworkConditions", {**usual, **limits})

    def save_into(self, folder):
        """Where downloads go."""
        where = {"behavior": "allow", "downloadPath": str(folder)}
        self.execute_cdp_cmd("Browser.setDownloadBehavior", where)

    def allow_clipboard(self):
        granted = ["clipboardReadWrite", "clipboardSanitizedWrite"]
        self.execute_cdp_cmd("Browser.grantPermissions", {"permissions": granted})

    def whole_page(self):
        """A PNG of all of it."""
        clip = self.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        asked = {"captureBeyondViewport": True, "clip": {**clip, "scale": 1}}
        return base64.b64decode(self.execute_cdp_cmd("Page.captureScreenshot", asked)["data"])

    def as_before(self):
        """Its own size, scheme and line again."""
        self.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        self.line()


class Firefox(webdriver.Firefox):
    """Debian's Firefox; geckodriver gives it a profile of its own."""

    PREFERENCES = {
        "dom.events.testing.asyncClipboard": True,  # the clipboard is read without a question
        "media.navigator.permission.disabled": True,
        "media.navigator.streams.fake": True,
        "network.disable-localhost-when-offline": True,
        "browser.download.folderList": 2,  # the folder that browser.download.dir names
        "browser.download.alwaysOpenPanel": False,
        "layout.css.prefers-color-scheme.content-override": 1,
    }
    NEEDS = "firefox-esr and geckodriver", "apt-get install -y firefox-esr; make test-firefox has geckodriver"

    @staticmethod
    def is_here():
        return shutil.which("firefox-esr") and GECKODRIVER.exists()

    def __init__(self, _):
        options = webdriver.FirefoxOptions()
        options.binary_location = shutil.which("firefox-esr")
        # the second lets us speak to its own code
        for flag in ("-headless", "-remote-allow-system-access"):
            options.add_argument(flag)
        for name, value in self.PREFERENCES.items():
            options.set_preference(name, value)
        super().__init__(options=options, service=webdriver.FirefoxService(str(GECKODRIVER)))
        self.set_window_size(*SIZE)

    def told(self, javascript, *arguments):
        """What Firefox's own code answers."""
        with self.context("chrome"):
            return self.execute_script(javascript, *arguments)

    def set(self, name, value):
        """A preference, from now on."""
        kind = {int: "Int", str: "String"}[type(value)]
        self.told("Services.prefs.set%sPref(arguments[0], arguments[1])" % kind, name, value)

    def errors(self):
        """Errors in the console since it was last asked, of pages and not of Firefox itself."""
        return self.told(
            """const found = Services.console.getMessageArray().filter((message) =>
                message instanceof Ci.nsIScriptError
                && !(message.flags & Ci.nsIScriptError.warningFlag) && /^https?:/.test(message.sourceName));
            Services.console.reset();
            return found.map((message) => message.sourceName + ": " + message.errorMessage);"""
        )

    def show_at(self, width, height, scheme):
        """A page of this size in the window, light or dark."""
        self.told(
            """const [width, height] = arguments, {style} = gBrowser.selectedBrowser;
            for (const [name, value] of [["width", width], ["height", height]]) {
                style.setProperty("min-" + name, value + "px");
                style.setProperty("max-" + name, value + "px");
            }""",
            width,
            height,
        )
        self.set("layout.css.prefers-color-scheme.content-override", 0 if scheme == "dark" else 1)
        for name, wanted in (("innerWidth", width), ("innerHeight", height)):
            self.execute_async_script(
                """const [name, wanted, done] = arguments;
                (function look() { window[name] === wanted ? done() : requestAnimationFrame(look) })();""",
                name,
                wanted,
            )

    def prefer_less_motion(self):
        self.set("ui.prefersReducedMotion", 1)

    def offline(self, cut):
        """Its own switch lets calls to this machine through."""
        self.every_call("channel.QueryInterface(Ci.nsIRequest).cancel(Cr.NS_ERROR_OFFLINE);" if cut else "")
        self.told("Services.io.offline = arguments[0]", cut)

    def upload_at(self, speed):
        """Bytes a second."""
        self.every_call(
            """const queues = Cc["@mozilla.org/network/throttlequeue;1"];
            const queue = queues.createInstance(Ci.nsIInputChannelThrottleQueue);
            queue.init(%d, %d);
            channel.QueryInterface(Ci.nsIThrottledInputChannel).throttleQueue = queue;"""
            % (speed, speed)
        )

    def every_call(self, does=""):
        """What is done to each channel as a call begins, from now on."""
        self.told(
            """const topic = "http-on-modify-request";
            if (gBrowser.beginning) Services.obs.removeObserver(gBrowser.beginning, topic);
            gBrowser.beginning = %s;
            if (gBrowser.beginning) Services.obs.addObserver(gBrowser.beginning, topic);"""
            % ("(channel) => { %s }" % does if does else "null")
        )

    def save_into(self, folder):
        """Where downloads go."""
        self.set("browser.download.dir", str(folder))

    def allow_clipboard(self):
        """It is allowed from the start."""

    def whole_page(self):
        """A PNG of all of it."""
        return self.get_full_page_screenshot_as_png()

    def as_before(self):
        """Its own size, scheme and line again."""
        self.told(
            """for (const name of ["min-width", "max-width", "min-height", "max-height"])
                gBrowser.selectedBrowser.style.removeProperty(name);
            Services.prefs.clearUserPref("ui.prefersReducedMotion");"""
        )
        self.set("layout.css.prefers-color-scheme.content-override", 1)
        self.offline(False)


@contextlib.contextmanager
def started():
    """The browser that BROWSER names, or Chromium; where it is missing, tests are skipped, and in CI fail."""
    kind = {"chromium": Chromium, "firefox": Firefox}[os.environ.get("BROWSER") or "chromium"]
    if not kind.is_here():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING % kind.NEEDS)
    profile = tempfile.mkdtemp()
    driver = kind(profile)
    try:
        yield driver
    finally:
        driver.quit()
    shutil.rmtree(profile, ignore_errors=True)  # a child of Chromium's may still write
