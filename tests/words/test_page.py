"""The words view in a real browser. Each test does a task of a visitor."""

import json
import threading
import time
import urllib.parse

import pytest

from tests.support.browsing import Page, fits_and_is_accessible, tab_to, visiting

ENTER, TAB, LEFT = "\ue007", "\ue004", "\ue012"
MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"
CARDS = ["neighbours", "map", "similarity", "analogy", "odd"]


class Words(Page):
    """The words view: read its bars, type in its fields, follow its words."""

    def __init__(self, driver, server, query=""):
        super().__init__(driver, server + "/#words" + (query and "?" + query), "words")
        self.all_answered()

    def all_answered(self):
        for card in CARDS:
            self.reaches(".%s .state" % card, "answered")

    def value(self, name):
        return self.script("$(`#words [name=${arguments[0]}]`).val()", name)

    def here(self):
        """The path of words; the current one is the last."""
        return self.texts(".path li > *")

    def neighbours(self):
        return self.texts(".neighbours .bar .word")

    def is_at(self, word):
        self.wait(
            lambda _: self.here()[-1:] == [word] and self.value("word") == word, "never came to %s" % word
        )
        self.reaches(".neighbours .state", "answered")
        self.reaches(".map .state", "answered")

    def type(self, name, text):
        field = self.one("#words [name=%s]" % name)
        self.driver.execute_script(
            "arguments[0].scrollIntoView({block: 'center'}); arguments[0].select()", field
        )
        field.send_keys(text)

    def points(self):
        """The words on the map."""
        return self.script("$('.point').get().map((point) => point.dataset.word)")


@pytest.fixture
def open_words(browser, server):
    """A function that opens the view with a query."""
    with visiting(browser):
        yield lambda query="": Words(browser, server, query)


@pytest.fixture
def page(open_words):
    return open_words()


def test_the_first_view_is_not_empty(page):
    """Every card opens with an answer and the time that it took."""
    assert page.here() == ["car"] and len(page.neighbours()) == 10
    assert set(page.points()) == {"car", *page.neighbours()}
    assert float(page.one(".similarity .figure").text) > 0.3
    assert page.one(".best").text == page.texts(".analogy .bar .word")[0]
    assert page.one(".odd .figure").text == "car"
    for card in CARDS:  # an answer from the browser's cache was not computed again
        assert any(
            told in page.one(".%s .state" % card).text for told in ("forward", "kept by this browser")
        ), card
    page.screenshot("words")


def test_a_neighbour_leads_on_and_back_leads_back(page):
    """Press two neighbours, and the path grows. Go back twice and forward once. The
    address names the word.
    """
    first = page.neighbours()[0]
    page.click(".neighbours .bar")
    page.is_at(first)
    second = next(word for word in page.neighbours() if word != "car")
    page.click('.neighbours .bar[data-word="%s"]' % second)
    page.is_at(second)
    assert page.here() == ["car", first, second] and "word=" in page.driver.current_url
    page.driver.back()
    page.is_at(first)
    page.driver.back()
    page.is_at("car")
    assert page.here() == ["car"]
    page.driver.forward()
    page.is_at(first)


def test_a_word_of_the_path_leads_back_along_it(open_words):
    """The path goes from car over truck to bus. After pressing car, the path has only car."""
    page = open_words("word=bus&path=car,truck")
    assert page.here() == ["car", "truck", "bus"]
    page.click(".path button")
    page.is_at("car")
    assert page.here() == ["car"]


def test_a_link_carries_what_is_shown(open_words):
    """The address has all fields. The forms and the answers follow them, and so does a link of the page."""
    page = open_words(
        "word=paris&count=4&a=cat&b=dog&positive=paris,italy&negative=france&odd=red,green,table&map=tea,river"
    )
    assert page.here() == ["paris"] and len(page.neighbours()) == 4
    assert [page.value(name) for name in ("a", "b", "from", "to", "as")] == [
        "cat",
        "dog",
        "france",
        "paris",
        "italy",
    ]
    assert page.value("formula") == "paris − france + italy" and page.value("odd") == "red, green, table"
    assert {"tea", "river"} <= set(page.points()) and "paris" not in page.points()
    page.click("nav a[href^='#cars']")
    page.wait(lambda _: page.all("#cars .warmth"))
    page.click("nav a[href^='#words']")
    assert "word=paris" in page.driver.current_url and page.here() == ["paris"]


def test_what_is_typed_is_answered_without_a_key_more(page):
    """Type two words, and the figure follows. Back undoes the typing in a field in one step."""
    before = page.one(".similarity .figure").text
    page.type("b", "coffee")
    page.becomes(lambda: page.one(".similarity .phrase").text, "the same")
    assert (
        page.one(".scale").get_attribute("aria-valuenow") == "1"
        and page.one(".similarity .figure").text == "1.00"
    )
    page.type("b", "volcano")
    page.wait(lambda _: -1 <= float(page.one(".scale").get_attribute("aria-valuenow")) < 0.5)
    page.driver.back()
    page.becomes(lambda: page.one(".similarity .figure").text, before)
    assert page.value("b") == "tea"


def test_an_answer_that_comes_late_is_dropped(browser, faulty):
    """The first of two questions is answered last. The page shows the answer to the second."""

    def slow(event):
        if "word=slow" in event["rawQueryString"]:
            time.sleep(1.5)

    faulty.fault = slow
    with visiting(browser):
        page = Words(browser, faulty.address)
        page.type("word", "slow" + ENTER)
        page.type("word", "paris" + ENTER)
        page.is_at("paris")
        page.script("new Promise((done) => setTimeout(done, 2000))")
        assert page.here() == ["paris"] and page.value("word") == "paris"


def test_a_question_sent_twice_is_answered(browser, faulty):
    """Enter twice, the second time before the answer: the answer comes and is shown."""
    asked, late = [], threading.Event()

    def slow(event):
        if event["rawPath"] == "/words/neighbours" and "word=river" in event["rawQueryString"]:
            asked.append(event)
            late.wait(30)

    faulty.fault = slow
    with visiting(browser):
        page = Words(browser, faulty.address)
        page.type("word", "river" + ENTER)
        page.wait(lambda _: asked)
        before = len(asked)
        page.one("#words [name=word]").send_keys(ENTER)
        page.wait(lambda _: len(asked) > before)
        late.set()
        page.is_at("river")
        assert page.one(".neighbours .answer").is_displayed()


def test_an_analogy_is_asked_as_a_sentence_or_as_a_formula(page):
    """Fill in the sentence, and the formula follows; it also works the other way round. An answer leads to
    its neighbours.
    """
    for name, word in (("from", "big"), ("to", "bigger"), ("as", "small")):
        page.type(name, word)
    assert page.value("formula") == "bigger − big + small"
    page.wait(lambda _: "smaller" in page.texts(".analogy .bar .word"))
    page.type("formula", "paris - france + italy" + ENTER)
    page.becomes(lambda: page.value("as"), "italy")
    page.wait(lambda _: "rome" in page.texts(".analogy .bar .word"))
    page.type("formula", "well-known + car" + ENTER)
    page.becomes(lambda: page.value("to"), "")
    assert "positive=well-known,car" in page.driver.current_url
    page.reaches(".analogy .state", "answered")
    answer = page.one(".analogy .bar .word").text
    page.click(".analogy .bar")
    page.is_at(answer)
    assert page.driver.switch_to.active_element.text == "Neighbours"


def test_the_odd_one_is_marked_and_words_can_be_taken_out(page):
    """Of three tools and a fruit, the fruit is marked. If words are removed until too few are left, a
    sentence says so.
    """
    page.type("odd", "hammer, banana, screwdriver, pliers" + ENTER)
    page.becomes(lambda: page.one(".odd .figure").text, "banana")
    assert page.one(".chip.odd").text.startswith("banana") and page.texts(".bar.odd .word") == ["banana"]
    assert page.texts(".odd .bar .word")[-1] == "banana"
    page.click('.chip[aria-label="Take out pliers"]')
    page.becomes(lambda: page.value("odd"), "hammer, banana, screwdriver")
    page.becomes(lambda: len(page.all(".chip")), 3)
    page.click(".chip")
    assert page.reaches(".odd .state", "idle") == "Type 3 to 50 words, with commas between them."


def test_a_formula_that_adds_no_word_is_told_what_a_formula_is(page):
    """No word of another answer stands in the sentence above it."""
    page.type("formula", "- man" + ENTER)
    assert page.reaches(".analogy .state", "idle").startswith("Type a formula such as king − man + woman")
    assert page.texts(".analogy .best") == ["…"]


def test_an_unknown_word_is_said_to_be_so_and_near_spellings_offered(page):
    """For a misspelling, the page says that it is unknown and shows its subwords. A pressed suggestion
    replaces it.
    """
    page.type("word", "Vehicel" + ENTER)
    page.becomes(lambda: page.here(), ["vehicel"])
    assert "Vehicel is not in the vocabulary" in page.one(".neighbours .mention").text
    assert page.all(".neighbours .subwords code")
    page.screenshot("words-unknown")
    page.click('.neighbours [data-take="vehicle"]')
    page.is_at("vehicle")
    assert not page.all(".neighbours .mention")


def test_a_word_without_any_vector_has_no_similarity(page):
    """A sign that is in no word gets no figure."""
    page.type("a", "☃" + ENTER)
    page.becomes(lambda: page.one(".similarity .figure").text, "–")
    assert "neither is any part" in page.one(".similarity .mention").text
    assert not page.one(".scale").is_displayed()


def test_the_map_shows_words_and_their_neighbours_with_labels_that_can_be_read(page):
    """Draw two words: points and table agree, and no label covers another. A point leads on, and the map
    follows.
    """
    page.type("map", "river, piano" + ENTER)
    page.wait(lambda _: {"river", "piano"} <= set(page.points()))
    page.reaches(".map .state", "answered")
    assert sorted(page.texts(".map tbody th")) == sorted(page.points())
    page.lies_still()
    boxes = page.script(  # of letters: getBoundingClientRect has their halo too, in Firefox
        "$('.point:not(.crowded) text').get().map((text) => { const {x, y, width, height} = text.getBBox(), "
        "{e, f} = new DOMMatrix(text.parentNode.style.transform); return {left: e + x, right: e + x + width, "
        "top: f + y, bottom: f + y + height} })"
    )
    assert len(boxes) > len(page.points()) / 2
    assert not [1 for k, one in enumerate(boxes) for other in boxes[:k] if cover(one, other) > 1]
    page.click('.point[data-word="piano"] .dot')
    page.is_at("piano")
    assert page.value("map") == "" and "river" not in page.points()


def test_the_map_is_walked_with_the_arrow_keys(page):
    """Tab to the map, arrow to a point, Enter: the page goes to this word, and the focus stays in the map."""
    page.one(".follow").send_keys(TAB)
    assert page.driver.switch_to.active_element.get_attribute("data-word") == "car"
    for key in (LEFT, "\ue014", "\ue013", "\ue015"):  # one of the four arrow keys moves to another point
        page.driver.switch_to.active_element.send_keys(key)
    word = page.driver.switch_to.active_element.get_attribute("data-word")
    assert word and page.script("$('.spot text').text()") == word
    page.driver.switch_to.active_element.send_keys(ENTER)
    page.is_at(word)
    assert page.driver.switch_to.active_element.get_attribute("data-word") == word


def test_the_keyboard_alone_is_enough(page):
    """Type a word, press Enter, tab to its first neighbour, press Enter. The focus is on the new word, before
    its neighbours.
    """
    page.type("word", "paris" + ENTER)
    page.is_at("paris")
    tab_to(page, "bar")
    first = page.neighbours()[0]
    page.driver.switch_to.active_element.send_keys(ENTER)
    page.is_at(first)
    assert page.driver.switch_to.active_element.text == first
    page.driver.switch_to.active_element.send_keys(TAB)
    assert page.driver.switch_to.active_element.get_attribute("data-word") == page.neighbours()[0]


def test_markup_in_every_field_stays_text(open_words):
    """Tags in the address and in the forms are shown as words."""
    page = open_words("path=tea&word=" + urllib.parse.quote(MARKUP))
    assert page.here() == ["tea", MARKUP.lower()]
    for name in ("word", "a", "b", "formula", "odd", "map"):
        page.type(
            name,
            "%s, %s, %s%s" % (MARKUP, MARKUP, MARKUP, ENTER) if name in ("odd", "map") else MARKUP + ENTER,
        )
    page.wait(lambda _: MARKUP.lower() in page.here()[-1].lower())
    page.all_answered()
    assert not page.all("#words img") and not [text for text in page.texts("#words b") if text == "bold"]
    assert page.one(".neighbours .mention q").text == MARKUP


def test_a_lost_connection_is_told_where_it_was_asked_and_asked_again(page):
    """Without a connection, the card has a sentence. With the connection back, Try again asks again."""
    page.driver.offline(True)
    page.type("a", "cat" + ENTER)
    sentence = page.reaches(".similarity .state", "failed")
    assert "offline" in sentence and "cannot be reached" in sentence
    assert not page.one(".similarity .figure").is_displayed()
    page.driver.offline(False)
    page.click(".similarity .again")
    page.reaches(".similarity .state", "answered")
    assert page.one(".similarity .figure").is_displayed()


def test_the_curl_commands_run_in_a_shell(page):
    """The commands under “As curl” give the page's figures, also for words with characters that a shell
    treats specially.
    """
    page.type("a", "rock 'n' roll & $HOME" + ENTER)
    page.wait(lambda _: "HOME" in page.curl(".similarity"))
    page.reaches(".similarity .state", "answered")
    assert "%.2f" % json.loads(page.run_curl(".similarity"))["similarity"] == page.one(
        ".similarity .figure"
    ).text.replace("−", "-")
    assert [one["word"] for one in json.loads(page.run_curl(".analogy"))["answers"]] == page.texts(
        ".analogy .bar .word"
    )


def test_the_map_is_zoomed_by_buttons_by_keys_and_by_the_wheel(page):
    """After zooming in, points are further apart and more labels have room. The map can be dragged. One press
    shows the whole map.
    """
    from selenium.webdriver import ActionChains

    page.type("map", "king, paris, guitar, tiger" + ENTER)
    page.wait(lambda _: "tiger" in page.points() and len(page.points()) > 20)
    page.reaches(".map .state", "answered")
    places, crowded = where(page), len(page.all(".point.crowded"))
    for _ in range(2):
        page.click("[data-zoom=in]")
    zoomed = where(page)
    assert distance(zoomed, "king", "paris") > 2 * distance(places, "king", "paris")
    page.click("[data-zoom=whole]")
    assert (
        where(page) == places
        and len(page.all(".point.crowded")) == crowded
        and not page.one("[data-zoom=out]").is_enabled()
    )
    page.one("[data-zoom=in]").send_keys(ENTER)
    assert page.one("[data-zoom=out]").is_enabled()
    before = where(page)
    plot = page.one(".plot")
    page.script("arguments[0].scrollIntoView({block: 'center'})", plot)
    ActionChains(page.driver).drag_and_drop_by_offset(plot, 60, 30).perform()
    assert where(page) != before and page.here() == ["car"]
    page.script("$('.point[data-word=tiger]')[0].focus()")
    page.driver.switch_to.active_element.send_keys("+")
    assert distance(where(page), "king", "paris") > distance(before, "king", "paris")
    assert page.script("$('.point[data-word=tiger]')[0].style.transform")
    page.driver.switch_to.active_element.send_keys("0")
    assert where(page) == places
    page.script(
        "$('.plot')[0].dispatchEvent(new WheelEvent('wheel', {deltaY: -50, ctrlKey: true, bubbles: true, "
        "cancelable: true}))"
    )
    assert distance(where(page), "king", "paris") > distance(places, "king", "paris")
    page.screenshot("words-zoomed")


def where(page):
    """The place of each point of the map, or the place to which it moves."""
    return page.script(
        "Object.fromEntries($('.point').get().map((p) => { const {e, f} = new DOMMatrix(p.style.transform); "
        "return [p.dataset.word, [e, f]] }))"
    )


def distance(places, one, other):
    return sum((a - b) ** 2 for a, b in zip(places[one], places[other])) ** 0.5


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_the_words_view_fits_and_is_accessible(open_words, width):
    """In light and dark, axe-core finds nothing, and nothing is wider than the page, with a path, an unknown
    word and the map's table shown.
    """
    page = open_words("word=automobil&path=car,truck&map=king,paris,guitar&a=xylofone")
    page.show_at(width, "light")
    page.click(".table summary")
    page.screenshot("words-%d-first" % width)
    fits_and_is_accessible(page, "words", width)


def cover(one, other):
    """The square pixels that two boxes share."""
    across = min(one["right"], other["right"]) - max(one["left"], other["left"])
    down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return max(0, across) * max(0, down)
