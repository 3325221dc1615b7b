"""The translation view in a real browser, with whatever models the record has. Each test does a task of a
visitor.
"""

import copy
import json
import threading
import time
import urllib.parse

import pytest

from tests.support.browsing import (
    Page,
    errors,
    fits_and_is_accessible,
    gateway_answer,
    tab_to,
    visiting,
)
from models import registry

ENTER, CONTROL, LEFT, UP, RIGHT, DOWN = "\ue007", "\ue009", "\ue012", "\ue013", "\ue014", "\ue015"
MARKUP = "<img src=x onerror=alert(1)><b>fett</b>"
# longer than texts that are translated while they are typed, and than texts whose attention is shown
LONG = "Die Katze läuft durch den Garten und miaut. " * 20


class Translation(Page):
    """The translation view: type a text, read the translation, look at the map."""

    def __init__(self, driver, server, **query):
        super().__init__(driver, server + "/#translation?" + urllib.parse.urlencode(query), "translation")

    def value(self, name):
        return self.script("$(`#translation [name=${arguments[0]}]`).val()", name)

    def answered(self):
        """Wait for the answer, and return the translation."""
        self.reaches(".result .state", "answered")
        return self.script("$('.translated').text()")

    def comes(self, read, good):
        """Wait until `good` accepts the value of read(), and return it."""
        self.wait(lambda _: good(read()), "it was %r" % (read(),))
        return read()

    def says(self, text):
        return self.comes(lambda: self.script("$('.translated').text()").lower(), lambda found: text in found)

    def type(self, text):
        """Press keys that replace the text."""
        self.script("arguments[0].select()", self.one("textarea"))
        self.one("textarea").send_keys(text)

    def asked(self, css=".result .state"):
        return super().asked(css)

    def point(self, element):
        from selenium.webdriver import ActionChains

        # Firefox moves the mouse only to what is in sight
        self.script("arguments[0].scrollIntoView({block: 'nearest'})", element)
        ActionChains(self.driver).move_to_element(element).perform()

    def shares(self, css):
        """The attention that is shown."""
        return self.script(
            "$(arguments[0]).get().map((element) => Number(element.style.getPropertyValue('--share')))", css
        )

    def press(self, *keys):
        """Press keys where the focus is. Returns the row and the column that get the focus."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)
        return self.script("[document.activeElement.dataset.row, document.activeElement.dataset.column]")


@pytest.fixture
def open_translation(browser, server):
    """A function that opens the view with a query."""
    with visiting(browser):
        yield lambda **query: Translation(browser, server, **query)


@pytest.fixture
def page(open_translation):
    page = open_translation(text="Ein Hund spielt mit einem Ball.")
    page.answered()
    return page


@pytest.fixture
def record():
    return registry.record("translation")


def test_the_first_view_is_not_empty(open_translation):
    """The view opens with a translated example: alternatives, scores, its time, and a map with one row for
    each row of the table.
    """
    page = open_translation()
    assert page.answered() and "forward" in page.one(".result .timing").text
    assert 1 <= len(page.texts(".alternatives li")) <= 3 and all(
        "−" in score for score in page.texts(".alternatives .number")
    )
    rows, columns = page.texts("[role=rowheader]"), page.texts("[role=columnheader]")
    assert rows == page.texts(".listed tbody th") and len(page.all(".square")) == len(rows) * len(columns)
    assert page.one(".counter").text == "%d / 2,000 characters" % len(page.value("text"))


def test_what_is_typed_is_translated_and_back_undoes_it(page):
    """A typed word is translated without another key. After Back, the example and its translation are there
    again.
    """
    text, translation = page.value("text"), page.answered()
    page.type("Die Katze")
    assert page.says("cat") and "text=Die+Katze" in page.driver.current_url
    page.driver.back()
    page.says(translation.lower())
    assert page.value("text") == text


def test_a_long_text_waits_for_its_button_or_ctrl_enter(open_translation):
    """A long text is not translated while it is typed, and the page says so. Ctrl + Enter translates it. Its
    attention would be too large, which the page says too.
    """
    page = open_translation(beam=1)
    page.answered()
    page.set("textarea", LONG)
    assert "Ctrl" in page.reaches(".result .state", "idle")
    assert not page.one(".translated").is_displayed() and not page.one(".attention").is_displayed()
    page.one("textarea").send_keys(CONTROL, ENTER)
    page.says("cat")
    assert "800 characters" in page.one(".too-long").text and not page.one(".heat").is_displayed()


def test_a_text_in_another_language_gets_a_note_beside_its_translation(open_translation):
    page = open_translation(text="The train was late again, and I had to wait for it in the rain.")
    page.answered()
    assert (
        page.one(".note").text
        == "The text reads like English, and this model reads German: its translation is a guess."
    )


def test_a_link_carries_what_is_shown(open_translation, record):
    """The address has all fields. The form and the answer follow them, and so does a link of the page."""
    model = record["models"][-1]
    page = open_translation(text="Hallo!", model=model["name"], beam=2, alternatives=1)
    page.answered()
    assert [page.value(name) for name in ("text", "model", "beam", "alternatives")] == [
        "Hallo!",
        model["name"],
        "2",
        "1",
    ]
    assert page.asked() == {
        "text": "Hallo!",
        "model": model["name"],
        "beam": 2,
        "alternatives": 1,
        "attention": True,
        "tokens": True,
    }
    page.click("nav a[href^='#words']")
    page.wait(lambda _: page.all("#words .warmth"))
    page.click("nav a[href^='#translation']")
    assert "Hallo" in page.driver.current_url and page.value("text") == "Hallo!"


def test_every_model_of_the_record_can_be_chosen_and_nothing_else(page, record):
    """Each pair of languages and each of its models: the choices are those of the record, and the chosen one
    is asked.
    """
    pairs = list(dict.fromkeys("%s-%s" % (one["source"], one["target"]) for one in record["models"]))
    assert page.script("$('[name=languages] option').get().map((option) => option.value)") == pairs
    for pair in pairs:
        page.click('[name=languages] option[value="%s"]' % pair)
        names = [one["name"] for one in record["models"] if "%s-%s" % (one["source"], one["target"]) == pair]
        assert (
            page.script("$('#translation [name=model] option').get().map((option) => option.value)") == names
        )
        for name in names:
            page.click('[name=model] option[value="%s"]' % name)
            page.wait(lambda _: page.asked()["model"] == name)
            page.answered()
            assert (name in page.driver.current_url) == (name != record["default"])


def test_the_search_is_as_wide_as_asked(page):
    """A beam of two with three alternatives: two are requested, as many as the beam can find."""
    page.set("[name=beam]", "2")
    page.wait(lambda _: page.asked()["beam"] == 2 and page.value("alternatives") == "2")
    page.answered()
    assert page.asked()["alternatives"] == 2 and len(page.texts(".alternatives li")) <= 2


def test_while_the_width_is_typed_the_alternatives_stay(page):
    page.set("[name=beam]", "")
    page.set("[name=beam]", "8")
    page.wait(lambda _: page.asked()["beam"] == 8)
    assert page.value("alternatives") == "3"


def test_a_letter_keeps_its_lines_and_is_looked_at_by_sentence(page):
    """Its blank lines stay, each sentence has its own map, and arrows go to the next one."""
    page.click("[data-example='A short letter']")
    page.comes(page.answered, lambda text: text.count("\n") == page.value("text").count("\n"))
    sentences = int(page.one(".turn").text.split()[-1])
    assert (
        sentences >= 5
        and page.one(".turn").text.startswith("Sentence 1 ")
        and not page.one(".before").is_enabled()
    )
    for _ in range(sentences - 1):
        before = page.one(".from").text
        page.click(".after")
        assert page.one(".from").text != before and len(page.all(".listed tbody tr")) == len(
            page.texts("[role=rowheader]")
        )
    # how a letter ends is said by rule, so that the last sentence with a map is the one above
    *_, last, closing, _ = filter(None, page.value("text").splitlines())
    assert last.endswith(page.one(".from").text) and closing == "Viele Grüße"
    assert not page.one(".after").is_enabled()
    page.screenshot("translation-letter")


def test_words_that_belong_together_light_up(page):
    """A pointed target word lights up, and the source words glow by its attention. A square lights up both
    words. Without pointing, nothing does.
    """
    page.script("arguments[0].scrollIntoView({block: 'center'})", page.one(".heat"))
    page.point(page.all(".to [data-row]")[1])
    word = page.texts(".to [data-row]")[1]
    assert (
        page.texts(".to span.lit") == page.texts("[role=rowheader].lit") == [word]
        and "“%s” looks at" % word in page.one(".readout").text
    )
    assert page.shares(".from span") == pytest.approx(page.shares(".square[data-row='1']")[:-1], abs=0.001)
    page.point(page.one(".square[data-row='0'][data-column='2']"))
    assert (
        page.texts(".to span.lit") == page.texts("[role=rowheader]")[:1]
        and page.texts(".from span.lit") == page.texts("[role=columnheader]")[2:3]
    )
    page.point(page.one(".lead"))
    assert page.texts("#translation *.lit") == [] and "Point at" in page.one(".readout").text


def test_the_map_is_walked_with_the_arrow_keys(page):
    """The map is one tab stop. The arrow keys reach squares and headings. What has the focus is read out and
    lights up.
    """
    page.script("arguments[0].focus()", page.one("[data-whole=false]"))
    tab_to(page, "square")
    assert page.press() == ["0", "0"] and page.press(RIGHT, DOWN) == ["1", "1"]
    assert "%" in page.driver.switch_to.active_element.get_attribute("aria-label")
    assert (
        page.texts(".to span.lit") == page.texts("[role=rowheader]")[1:2]
        and page.texts(".from span.lit") == page.texts("[role=columnheader]")[1:2]
    )
    assert page.press(LEFT, LEFT) == ["1", None] and "looks at" in page.one(".readout").text
    assert page.press(UP, UP, RIGHT, UP) == [None, "0"] and "is looked at by" in page.one(".readout").text


def test_parts_of_the_map_are_words_or_the_subwords_of_the_model(open_translation):
    """An unknown name is one word, or the tokens of the API's answer. A row sums to 1 in both cases."""
    page = open_translation(text="Wendelmoorbach schläft.")
    page.answered()
    assert page.texts("[role=columnheader]") == ["Wendelmoorbach", "schläft", ".", "end"]
    assert sum(page.shares(".square[data-row='0']")) == pytest.approx(1, abs=0.02)
    page.click("[data-whole=false]")
    assert (
        len(page.texts("[role=columnheader]")) > 4
        and "".join(page.texts("[role=columnheader]")) == "Wendelmoorbachschläft.end"
    )
    assert sum(page.shares(".square[data-row='0']")) == pytest.approx(1, abs=0.02) and page.texts(
        ".from"
    ) == ["Wendelmoorbach schläft."]


def test_an_answer_that_comes_late_is_dropped(browser, faulty):
    """The first of two questions is answered last. The page shows the answer to the second."""

    def slow(event):
        if "Hund" in (event["body"] or "") and "Katze" not in event["body"]:
            time.sleep(1.5)

    faulty.fault = slow
    with visiting(browser):
        page = Translation(browser, faulty.address, text="Hallo!")
        page.answered()
        page.type("Der Hund" + CONTROL + ENTER)
        page.type("Die Katze" + CONTROL + ENTER)
        page.says("cat")
        page.script("new Promise((done) => setTimeout(done, 2000))")
        assert "cat" in page.answered().lower()


def test_a_text_sent_twice_is_translated(browser, faulty):
    """Ctrl + Enter twice, the second time before the answer: the answer comes and is shown."""
    asked, late = [], threading.Event()

    def slow(event):
        if "Katze" in (event["body"] or ""):
            asked.append(event)
            late.wait(30)

    faulty.fault = slow
    with visiting(browser):
        page = Translation(browser, faulty.address, text="Hallo!")
        page.answered()
        page.type("Die Katze" + CONTROL + ENTER)
        page.wait(lambda _: asked)
        before = len(asked)
        page.one("textarea").send_keys(CONTROL, ENTER)
        page.wait(lambda _: len(asked) > before)
        late.set()
        page.says("cat")
        assert page.one(".translated").is_displayed()


def test_a_text_that_is_too_long_is_told_and_not_sent(page):
    """For 2,001 characters, the counter and a sentence say so, and nothing is sent. When the field is
    cleared, the page asks for a text.
    """
    asked = page.asked()
    page.set("textarea", "a" * 2001)
    page.one("textarea").send_keys(CONTROL, ENTER)
    assert "1 character" in page.reaches(".result .state", "failed")
    assert (
        "over" in page.one(".counter").get_attribute("class")
        and page.one("textarea").get_attribute("aria-invalid") == "true"
    )
    assert page.asked() == asked and len(page.driver.current_url) < 200
    page.click(".clear")
    assert "text" in page.reaches(".result .state", "idle") and page.value("text") == ""


def test_what_is_not_to_be_translated_is_said_to_be_so(open_translation):
    """Pictures stay as they are, without a score, alternatives or attention."""
    page = open_translation(text="🙂 🚲")
    assert page.answered() == "🙂 🚲"
    assert (
        "Nothing" in page.one(".score").text
        and not page.one(".others").is_displayed()
        and not page.one(".attention").is_displayed()
    )


def test_an_unknown_model_is_told_in_the_servers_words(open_translation, record):
    """For a link with an unknown model, the sentence names the known ones. The button asks the default."""
    page = open_translation(text="Hallo!", model="gibt-es-nicht")
    assert record["default"] in page.reaches(".result .state", "failed")
    assert all("422" in error for error in errors(page.driver))
    page.click("#translation .primary")
    page.answered()
    assert page.value("model") == record["default"]


def test_markup_and_other_scripts_stay_text(open_translation):
    """Tags and right-to-left text in the link and in the field are shown as text."""
    page = open_translation(text=MARKUP + "\nשלום עולם")
    page.answered()
    page.one("textarea").send_keys(" " + MARKUP)
    page.wait(lambda _: page.asked()["text"].count("<img") == 2)
    assert "שלום עולם" in page.answered()
    assert not page.all("#translation img") and not page.all("#translation b")


def test_languages_and_models_are_those_of_the_record(browser, faulty):
    """A record with Spanish and a second German model: languages and models are offered, the example follows
    the language, and the chosen model is asked.
    """
    known = registry.record("translation")
    more = copy.deepcopy(known)
    first = known["models"][0]
    more["models"] = [
        {**first, "name": "de-en-gru", "architecture": "gru"},
        first,
        {**first, "name": "es-en-transformer", "source": "es"},
    ]
    faulty.fault = (
        lambda event: gateway_answer(200, more) if event["routeKey"] == "GET /translation" else None
    )
    with visiting(browser):
        page = Translation(browser, faulty.address)
        page.answered()
        assert page.texts("[name=languages] option") == ["German → English", "Spanish → English"]
        assert (
            page.texts("#translation [name=model] option") == ["GRU with attention", "Transformer"]
            and page.value("model") == first["name"]
        )
        page.click("[name=model] option[value=de-en-gru]")
        page.wait(lambda _: page.asked()["model"] == "de-en-gru")
        page.click("[name=languages] option[value=es-en]")
        page.wait(lambda _: page.asked()["model"] == "es-en-transformer" and "playa" in page.asked()["text"])
        assert (
            "model=es-en-transformer" in page.driver.current_url
            and page.one("textarea").get_attribute("lang") == "es"
        )


def test_a_lost_connection_is_told_where_it_was_asked_and_asked_again(page):
    """Without a connection, the card has a sentence. With the connection back, Try again asks again."""
    page.driver.offline(True)
    page.type("Die Katze")
    assert "cannot be reached" in page.reaches(".result .state", "failed")
    assert not page.one(".translated").is_displayed() and not page.one(".attention").is_displayed()
    page.driver.offline(False)
    page.click(".result .again")
    page.says("cat")
    assert page.one(".heat").is_displayed()


def test_the_translation_is_copied_with_its_lines(page):
    """After Copy, the clipboard has the translation, and the button says so."""
    page.driver.allow_clipboard()
    page.click(".copy")
    page.becomes(lambda: page.one(".copy").text, "Copied")
    assert page.script("navigator.clipboard.readText()") == page.answered()


def test_the_curl_command_is_copied_and_runs_in_a_shell(open_translation):
    """One click copies it. In a shell, it gives the translation that the page shows, whatever characters the
    text has.
    """
    page = open_translation(text='Anna\'s Hund heißt "Max" & `Moritz` \\ $HOME!\n\nViele Grüße')
    translation = page.answered()
    page.driver.allow_clipboard()
    page.click(".result .copy-curl")
    page.becomes(lambda: page.one(".result .copy-curl span").text, "Copied")
    assert page.script("navigator.clipboard.readText()") == page.curl(".result")
    assert json.loads(page.run_curl(".result"))["translation"] == translation


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_the_translation_view_fits_and_is_accessible(page, width):
    """In light and dark, axe-core finds nothing, and nothing is wider than the page, with words lit up."""
    page.show_at(width, "light")
    page.driver.execute_script("$('.square').eq(1).trigger('focusin')")
    page.screenshot("translation-%d-first" % width)
    fits_and_is_accessible(page, "translation", width)


# How sure it is


def test_each_part_tells_what_the_model_might_have_said_there(browser, server):
    """The current part has its share, and so have the others; none is likelier than everything. The parts
    together are the translation.
    """
    page = Translation(browser, server, text="Mein Vater kauft ein altes Fahrrad.")
    said = page.answered()
    assert "".join(page.texts(".parts")).strip() == said
    page.click("#translation .part:nth-of-type(3)")
    offered = page.texts(".instead [data-other]")
    page.script("$('.part').last().trigger('mouseover')")  # on the way to what is offered
    assert page.texts(".instead [data-other]") == offered
    shares = [float(text.split()[-2]) for text in offered]
    assert shares == sorted(shares, reverse=True) and sum(shares) <= 101
    page.screenshot("translation-sure")


def test_a_translation_goes_on_from_another_part(browser, server):
    """The chosen part takes its place, and what is before it stays."""
    page = Translation(browser, server, text="Eine Frau singt. Mein Vater kauft ein altes Fahrrad.")
    said, before = page.answered(), page.texts(".part")
    place = next(k for k, part in enumerate(page.texts(".part")) if k > 5 and part[0].islower())
    page.click(
        "#translation .part[data-at='%d']"
        % page.script("Number($('.part').eq(arguments[0]).attr('data-at'))", place)
    )
    before = before[:place]
    other = page.script("$('.instead [data-other]')[0].firstChild.textContent")
    page.click("#translation .instead [data-other]")
    page.comes(page.answered, lambda text: text != said)
    assert page.texts(".part")[:place] == before and other.strip() in page.answered()


# The search


def test_what_the_search_shows_strong_is_what_was_chosen(browser, server):
    """Also where another ended with a better score."""
    page = Translation(browser, server, text="Der Hund schläft.")
    said = page.answered()
    page.click("#translation .beam summary")
    page.comes(lambda: page.texts(".tree .ended li"), bool)
    assert page.texts(".tree .ended li")[0].startswith(said)


def test_the_search_is_drawn_when_it_is_asked_for(browser, server):
    """Its best path is the translation. The finished ones are listed, with that one first. Each part says
    what became of it.
    """
    page = Translation(browser, server, text="Mein Vater kauft ein altes Fahrrad.")
    said = page.answered()
    page.click("#translation .beam summary")
    page.comes(lambda: page.texts(".tree .ended li"), bool)
    assert page.texts(".tree .ended li")[0].startswith(said)
    best = page.script("$('.tree .node.best text').map((_, one) => one.textContent).get()")
    assert said.split()[0] in best and best[-1] == "■ end"
    page.script("$('.tree .node.left').first().trigger('mouseover')")
    assert "dropped, because others were likelier" in page.one(".tree .readout").text
    page.script("$('.tree .node').first().trigger('focus')")
    page.driver.switch_to.active_element.send_keys(RIGHT)
    assert page.one(".tree .readout").text == page.driver.switch_to.active_element.get_attribute("aria-label")
    page.screenshot("translation-search")
