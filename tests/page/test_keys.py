"""The page of a deployment that asks for keys: it asks for the key once, keeps it in this browser, and never
shows it.
"""

import pytest

from tests.support.browsing import Page, gateway_answer, violations, visiting

OPEN = ("$default", "GET /health", "GET /models")


@pytest.fixture
def keyed(browser, faulty):
    """A server whose models need the key "right", the keys that it gets, and a browser that has none."""
    sent = []

    def guard(event):
        if event["routeKey"] in OPEN:
            return None
        sent.append(event["headers"].get("x-api-key"))
        if sent[-1] == "right":
            return None
        word = "not known here" if sent[-1] else "asked for"
        return gateway_answer(401, {"detail": "A key is %s." % word})

    faulty.fault, faulty.sent = guard, sent
    with visiting(browser):
        yield faulty
        browser.execute_script("localStorage.clear()")


def opened(browser, server):
    """The words view, which waits for a key."""
    page = Page(browser, server.address + "/#words?word=tea", "words", warmed="warming")
    page.wait(lambda _: page.all("dialog[open]"))
    return page


def give(page, key):
    page.set("dialog input", key)
    page.click("dialog .primary")


def test_the_key_is_asked_for_once_and_kept_in_this_browser(browser, keyed):
    """All waiting calls continue. After a reload, none asks again. The dialog is accessible."""
    page = opened(browser, keyed)
    assert page.one("dialog .says").text == "A key is asked for." and len(page.all("dialog")) == 1
    for scheme in ("dark", "light"):
        page.show_at(390, scheme)
        page.screenshot("key-390-" + scheme)
        assert violations(page) == [] and page.script("document.documentElement.scrollWidth") <= 390
    give(page, "right")
    page.reaches(".warmth", "answered")
    page.reaches(".neighbours .state", "answered")
    assert not page.all("dialog") and page.script("localStorage.getItem('x-api-key')") == "right"
    page = Page(browser, keyed.address + "/#words?word=coffee", "words")
    page.reaches(".neighbours .state", "answered")
    assert not page.all("dialog") and set(keyed.sent[-2:]) == {"right"}


def test_a_wrong_key_is_asked_for_again_with_the_servers_sentence(browser, keyed):
    page = opened(browser, keyed)
    give(page, "wrong")
    page.becomes(lambda: page.texts("dialog .says"), ["A key is not known here."])
    give(page, "right")
    page.reaches(".warmth", "answered")


def test_who_gives_no_key_reads_why_there_is_no_answer(browser, keyed):
    """Trying again asks for the key again."""
    page = opened(browser, keyed)
    page.click("dialog .cancel")
    assert page.reaches(".warmth", "failed") == "A key is asked for."
    page.click(".warmth .again")
    page.wait(lambda _: page.all("dialog[open]"))
    give(page, "right")
    page.reaches(".warmth", "answered")


def test_as_curl_shows_the_key_as_a_variable(browser, keyed):
    """So a person who copies the command does not give the key away."""
    page = opened(browser, keyed)
    give(page, "right")
    page.reaches(".neighbours .state", "answered")
    command = page.curl(".neighbours .state")
    assert '-H "x-api-key: $API_KEY"' in command and "right" not in command


def test_a_key_whose_day_is_full_is_told_and_not_asked_again_for_hours(browser, keyed):
    """Retry-After lasts until midnight. The sentence is shown with "Try again"."""
    page = opened(browser, keyed)
    give(page, "right")
    page.reaches(".neighbours .state", "answered")
    keyed.fault = lambda event: gateway_answer(429, {"detail": "The day is full."}, retry_after="30000")
    page.set(".neighbours [name=word]", "coffee")
    page.click(".neighbours .primary")
    assert page.reaches(".neighbours .state", "failed") == "The day is full."
