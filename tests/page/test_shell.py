"""The page itself in a real browser: what it says and does if the server is cold, slow, gone or wrong; its
size; its policy.
"""

import json
import re
import time

import pytest

from tests.support.browsing import ROOT, Cars, Page, errors, gateway_answer, visiting
from tests.conftest import local_server

BUDGET = 400_000  # bytes of all files of the page except pictures and the API view
ON_DEMAND = [("api", "view.html"), ("api", "view.js"), ("vendor", "js-yaml.js")]
MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"


@pytest.fixture
def visit(browser, faulty):
    """A function that opens the cars view of the server with faults, and waits until it works."""
    with visiting(browser):
        yield lambda **also: Cars(browser, faulty.address, "count=1", **also)


def fault(server, route, *answers):
    """Give the next calls of a route these answers; after them come the API's own. Returns the times of the
    calls.
    """
    left, asked = list(answers), []

    def answer(event):
        if event["routeKey"] == route:
            asked.append(time.monotonic())
            return left.pop(0) if left else None

    server.fault = answer
    return asked


def test_a_cold_start_of_five_seconds_is_seen(browser, faulty):
    """The view opens at once. It says that it warms the model, and for how long. Then it is ready, and the
    first cars come.
    """

    def cold(event):
        if event["routeKey"] == "GET /cars":
            time.sleep(5)

    faulty.fault = cold
    with visiting(browser):
        page = Page(browser, faulty.address + "/#cars?count=1", warmed="warming")
        assert (
            page.one(".warmth .sentence").text == "Warming the model" and page.one(".examples").is_displayed()
        )
        seen = page.one(".warmth .clock").text
        page.wait(lambda _: page.one(".warmth .clock").text not in ("", seen))
        page.screenshot("warming")
        sentence = page.reaches(".warmth", "answered")
        assert sentence.startswith("Ready after") and float(sentence.split()[2]) >= 5
        page.reaches(".generate .state", "answered")


def test_warming_is_cancelled_and_taken_up_again(browser, faulty):
    """After Cancel, nothing is asked. After Try again, the model is warmed."""
    faulty.fault = (
        lambda event: gateway_answer(503, {"message": "Service Unavailable"})
        if event["routeKey"] == "GET /cars"
        else None
    )
    with visiting(browser):
        page = Page(browser, faulty.address + "/#cars?count=1", warmed="warming")
        page.click(".warmth .cancel")
        assert page.reaches(".warmth", "idle") == "Cancelled."
        faulty.fault = lambda event: None
        page.click(".warmth .again")
        page.reaches(".warmth", "answered")
        page.reaches(".generate .state", "answered")


@pytest.mark.parametrize(
    "first, second",
    [
        (
            gateway_answer(503, {"message": "Service Unavailable"}),
            gateway_answer(504, {"message": "Endpoint request timed out"}),
        ),
        (
            gateway_answer(429, {"message": "Too Many Requests"}),
            gateway_answer(503, {"detail": "The weights are not there yet."}, retry_after="1"),
        ),
    ],
)
def test_a_server_that_is_not_ready_is_asked_again_with_growing_waits(visit, faulty, first, second):
    """Twice not ready, then ready: the page says what is wrong and when it asks again. It waits one second,
    then two, and shows the answer.
    """
    page = visit()
    asked = fault(faulty, "POST /cars/generate", first, second)
    page.driver.execute_script(
        """const $state = $('.generate .state');
        window.told = [];
        const tell = () => told.push([$state.find('.sentence').text(), $state.find('.clock').text()]);
        new MutationObserver(tell).observe($state[0], {attributes: true});"""
    )
    page.click(".generating .primary")
    page.wait(lambda _: len(asked) == 3)
    page.reaches(".generate .state", "answered")
    ((sentence, clock),) = [
        (sentence, clock)
        for sentence, clock in page.script("told")
        if sentence.endswith("Trying again in 1 s.")
    ]
    assert "{" not in sentence and clock
    assert len(asked) == 3 and 0.9 < asked[1] - asked[0] and 1.9 < asked[2] - asked[1]


def test_no_answer_at_all_counts_as_not_ready(visit, faulty):
    """Nobody answers. After its time-out, which is short here, the page says so and asks again, until the
    visitor cancels.
    """

    def silent(event):
        if event["routeKey"] == "POST /cars/generate":
            time.sleep(3)

    page = visit()
    page.driver.execute_script(
        """const {set} = Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, 'timeout');
        Object.defineProperty(XMLHttpRequest.prototype, 'timeout', {
            set(patience) { window.patience = patience; set.call(this, 500) }
        })"""
    )
    faulty.fault = silent
    page.click(".generating .primary")
    page.wait(lambda _: "did not answer in time" in page.one(".generate .sentence").text)
    assert page.script("window.patience") == 35_000
    page.click(".generate .cancel")
    assert page.reaches(".generate .state", "idle") == "Cancelled."


WRONG = [
    (gateway_answer(413, {"message": "Request Entity Too Large"}), "too large"),
    (gateway_answer(500, {"message": "Internal Server Error"}), "went wrong on the server"),
    (gateway_answer(403, {"message": "Forbidden"}), "does not allow this call"),
    (gateway_answer(418, "<html><b>teapot</b></html>", content_type="text/html"), "418"),
    (gateway_answer(400, [MARKUP]), "400"),
    (gateway_answer(500, {"detail": {"nested": "x"}}), "went wrong on the server"),
    (gateway_answer(422, {"detail": "seed is " + MARKUP}), "seed is " + MARKUP),
    (gateway_answer(200, "<html>Log in to the hotel</html>", content_type="text/html"), "cannot be read"),
]


def test_whatever_goes_wrong_is_a_sentence_where_it_was_asked(visit, faulty):
    """Problems of the API, of the gateway, and unexpected ones get a sentence, never raw JSON or HTML. Try
    again works.
    """
    page = visit()
    page.script("$('#cars .map').remove()")  # where the mouse comes over it, it asks the same route
    fault(faulty, "POST /cars/generate", *[answer for answer, _ in WRONG])
    for answer, says in WRONG:
        page.script("$('.generate .sentence').text('')")
        page.click(
            ".generate .again" if page.one(".generate .again").is_displayed() else ".generating .primary"
        )
        page.wait(lambda _: says in page.one(".generate .sentence").text, says)
        sentence = page.reaches(".generate .state", "failed")
        assert (
            not set("{}[]") & set(sentence)
            and not page.all(".generate .state b")
            and not page.all(".generate .state img")
        )
    page.click(".generate .again")
    page.reaches(".generate .state", "answered")


def test_a_server_that_goes_down_in_the_middle_is_told_and_asked_again_when_it_is_back(browser):
    """The process ends between two questions, and each gets a sentence. With another process at the same
    address, Try again answers.
    """
    with visiting(browser):
        with local_server() as address:
            page = Cars(browser, address, "count=2")
        page.click(".examples [data-example=coupe-green]")
        assert "cannot be reached" in page.reaches(".reconstruct .state", "failed")
        page.set("[name=seed]", 9)
        page.click(".generating .primary")
        assert "cannot be reached" in page.reaches(".generate .state", "failed")
        page.screenshot("server-down")
        with local_server(address.rpartition(":")[2]):
            page.click(".generate .again")
            page.reaches(".generate .state", "answered")
            page.wait(lambda _: len(page.tiles()) == 2)
            page.click(".examples [data-example=coupe-green]")
            page.reaches(".reconstruct .state", "answered")


def test_a_part_of_the_page_that_cannot_be_loaded_is_told(visit, faulty):
    """The server does not send the words view's files. A sentence takes the view's place."""
    page = visit()
    faulty.fault = (
        lambda event: gateway_answer(503, {"message": "Service Unavailable"})
        if event["rawPath"] == "/words/view.html"
        else None
    )
    page.click("nav a[href^='#words']")
    page.wait(lambda _: "cannot be loaded" in page.one("#words").text)
    assert all("words/view.html" in error for error in errors(page.driver))


def test_what_servers_say_never_becomes_html(browser, faulty):
    """A record and an answer full of markup are shown as text."""
    record = json.loads((ROOT / "weights" / "cars.json").read_text())
    record.update(description=MARKUP, directions=[{"name": MARKUP, "description": MARKUP}])
    faulty.fault = (
        lambda event: gateway_answer(
            200, record, server_timing='%s;dur=3, model;desc="cars %s"' % (MARKUP, MARKUP)
        )
        if event["routeKey"] == "GET /cars"
        else None
    )
    with visiting(browser):
        page = Cars(browser, faulty.address, "count=1&seed=" + MARKUP, state="failed")
        assert page.one(".lead").text == MARKUP
        assert MARKUP in page.texts(".named")[0]
        assert not page.all("#cars b") and not page.all("img[src=x]")


def test_the_views_are_reached_by_keyboard_and_keep_what_was_done(visit):
    """Tab to a link of the page, press Enter, then Back. The title names the view, and the cars are still
    there.
    """
    page = visit()
    pictures = page.tiles()
    page.script("document.body.focus()")
    for _ in range(1 + page.texts("nav a").index("Words")):
        page.driver.switch_to.active_element.send_keys("\ue004")
    page.driver.switch_to.active_element.send_keys("\ue007")
    page.reaches("#words .warmth", "answered")
    assert (
        page.driver.title == "Words · Torch on Lambda" and page.one("nav [aria-current=page]").text == "Words"
    )
    page.driver.back()
    page.wait(lambda _: page.driver.title == "Cars · Torch on Lambda" and page.one("#cars").is_displayed())
    assert page.tiles() == pictures and "count=1" in page.driver.current_url


def test_the_policy_lets_no_foreign_script_run(visit):
    """Someone has put a script and a handler into the page. The browser refuses both and says so."""
    page = visit()
    page.driver.execute_script(
        "$('main').append('<p onclick=\"window.broken = true\" class=evil>x</p>'); "
        "document.querySelector('.evil').click()"
    )
    page.driver.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.broken = true'; "
        "document.body.append(s)"
    )
    assert page.script("window.broken") is None
    assert len([error for error in errors(page.driver) if re.search("Content.Security.Policy", error)]) == 2


def test_the_files_of_the_page_keep_to_their_budget():
    """All of static/ except the pictures and the API view."""
    files = [
        file
        for file in (ROOT / "static").rglob("*")
        if file.is_file() and file.suffix != ".jpg" and (file.parent.name, file.name) not in ON_DEMAND
    ]
    assert sum(file.stat().st_size for file in files) < BUDGET
