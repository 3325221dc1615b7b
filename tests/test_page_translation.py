"""The translation view in a real browser: each test does a task as a visitor would, with whatever models the record lists."""

import copy
import json
import threading
import time
import urllib.parse

import pytest

from browsing import Page, errors, fits_and_is_accessible, gateway_answer, offline, show_at, tab_to, visiting
from models import registry

ENTER, CONTROL, LEFT, UP, RIGHT, DOWN = "\ue007", "\ue009", "\ue012", "\ue013", "\ue014", "\ue015"
MARKUP = "<img src=x onerror=alert(1)><b>fett</b>"
LONG = "Die Katze läuft durch den Garten und miaut. " * 20  # longer than what is translated while it is typed, and than what has its attention shown


class Translation(Page):
    """The translation view: type a text, read what comes, look at the map."""

    def __init__(self, driver, server, **query):
        super().__init__(driver, server + "/#translation?" + urllib.parse.urlencode(query), "translation")

    def value(self, name):
        return self.script("$(`#translation [name=${arguments[0]}]`).val()", name)

    def answered(self):
        """Wait for the answer; gives the translation."""
        self.reaches(".result .state", "answered")
        return self.script("$('.translated').text()")

    def comes(self, read, good):
        """Wait until what read() gives is good; gives it."""
        self.wait(lambda _: good(read()), "it was %r" % (read(),))
        return read()

    def says(self, text):
        return self.comes(lambda: self.script("$('.translated').text()").lower(), lambda found: text in found)

    def type(self, text):
        """Keys that replace the text."""
        self.script("arguments[0].select()", self.one("textarea"))
        self.one("textarea").send_keys(text)

    def asked(self, css=".result .state"):
        return super().asked(css)

    def point(self, element):
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).move_to_element(element).perform()

    def shares(self, css):
        """How much of the attention is shown."""
        return self.script("$(arguments[0]).get().map((element) => Number(element.style.getPropertyValue('--share')))", css)

    def press(self, *keys):
        """Keys where the focus is; gives the row and column that it comes to."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)
        return self.script("[document.activeElement.dataset.row, document.activeElement.dataset.column]")


@pytest.fixture
def open_translation(browser, server):
    """Gives a function that opens the view at a query."""
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
    """Open the view: an example is translated, with alternatives, scores, its time, and a map that has a row for each row of the table."""
    page = open_translation()
    assert page.answered() and "forward" in page.one(".result .timing").text
    assert 1 <= len(page.texts(".alternatives li")) <= 3 and all("−" in score for score in page.texts(".alternatives .number"))
    rows, columns = page.texts("[role=rowheader]"), page.texts("[role=columnheader]")
    assert rows == page.texts(".listed tbody th") and len(page.all(".square")) == len(rows) * len(columns)
    assert page.one(".counter").text == "%d / 2,000 characters" % len(page.value("text"))


def test_what_is_typed_is_translated_and_back_undoes_it(page):
    """Type a word: its translation comes without a key more. Back: the example and its translation are there again."""
    text, translation = page.value("text"), page.answered()
    page.type("Die Katze")
    assert page.says("cat") and "text=Die+Katze" in page.driver.current_url
    page.driver.back()
    page.says(translation.lower())
    assert page.value("text") == text


def test_a_long_text_waits_for_its_button_or_ctrl_enter(open_translation):
    """A long text is not asked while it is typed, which is told; Ctrl and Enter ask; its attention would be too much, which is told too."""
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
    assert page.one(".note").text == "The text reads like English, and this model reads German: its translation is a guess."


def test_a_link_carries_what_is_shown(open_translation, record):
    """All fields in the address: the form and the answer are theirs, and a link of the page keeps them."""
    model = record["models"][-1]
    page = open_translation(text="Hallo!", model=model["name"], beam=2, alternatives=1)
    page.answered()
    assert [page.value(name) for name in ("text", "model", "beam", "alternatives")] == ["Hallo!", model["name"], "2", "1"]
    assert page.asked() == {"text": "Hallo!", "model": model["name"], "beam": 2, "alternatives": 1, "attention": True}
    page.click("nav a[href^='#words']")
    page.wait(lambda _: page.all("#words .warmth"))
    page.click("nav a[href^='#translation']")
    assert "Hallo" in page.driver.current_url and page.value("text") == "Hallo!"


def test_every_model_of_the_record_can_be_chosen_and_nothing_else(page, record):
    """Each pair of languages, then each of its models: the choices are the record's, and the one chosen is asked."""
    pairs = list(dict.fromkeys("%s-%s" % (one["source"], one["target"]) for one in record["models"]))
    assert page.script("$('[name=languages] option').get().map((option) => option.value)") == pairs
    for pair in pairs:
        page.click('[name=languages] option[value="%s"]' % pair)
        names = [one["name"] for one in record["models"] if "%s-%s" % (one["source"], one["target"]) == pair]
        assert page.script("$('#translation [name=model] option').get().map((option) => option.value)") == names
        for name in names:
            page.click('[name=model] option[value="%s"]' % name)
            page.wait(lambda _: page.asked()["model"] == name)
            page.answered()
            assert (name in page.driver.current_url) == (name != record["default"])


def test_the_search_is_as_wide_as_asked(page):
    """A beam of two with three alternatives: two are asked for, as many as the beam can find."""
    page.set("[name=beam]", "2")
    page.wait(lambda _: page.asked()["beam"] == 2 and page.value("alternatives") == "2")
    page.answered()
    assert page.asked()["alternatives"] == 2 and len(page.texts(".alternatives li")) <= 2


def test_a_letter_keeps_its_lines_and_is_looked_at_by_sentence(page):
    """Take the letter: its blank lines stay, each sentence has its map, and the arrows turn to the next."""
    page.click("[data-example='A short letter']")
    page.comes(page.answered, lambda text: text.count("\n") == page.value("text").count("\n"))
    sentences = int(page.one(".turn").text.split()[-1])
    assert sentences >= 5 and page.one(".turn").text.startswith("Sentence 1 ") and not page.one(".before").is_enabled()
    for _ in range(sentences - 1):
        before = page.one(".from").text
        page.click(".after")
        assert page.one(".from").text != before and len(page.all(".listed tbody tr")) == len(page.texts("[role=rowheader]"))
    assert page.one(".from").text in page.value("text").splitlines()[-2:] and not page.one(".after").is_enabled()
    page.screenshot("translation-letter")


def test_words_that_belong_together_light_up(page):
    """Point at a target word: it lights up, and the source words it looks at glow by how much; at a square: both words; away: none."""
    page.script("arguments[0].scrollIntoView({block: 'center'})", page.one(".heat"))
    page.point(page.all(".to [data-row]")[1])
    word = page.texts(".to [data-row]")[1]
    assert page.texts(".to span.lit") == page.texts("[role=rowheader].lit") == [word] and "“%s” looks at" % word in page.one(".readout").text
    assert page.shares(".from span") == pytest.approx(page.shares(".square[data-row='1']")[:-1], abs=0.001)
    page.point(page.one(".square[data-row='0'][data-column='2']"))
    assert page.texts(".to span.lit") == page.texts("[role=rowheader]")[:1] and page.texts(".from span.lit") == page.texts("[role=columnheader]")[2:3]
    page.point(page.one(".lead"))
    assert page.texts("#translation *.lit") == [] and "Point at" in page.one(".readout").text


def test_the_map_is_walked_with_the_arrow_keys(page):
    """Tab to the map, which is one stop: arrows go to squares and to headings, and what is there is said and lights up."""
    page.script("arguments[0].focus()", page.one("[data-whole=false]"))
    tab_to(page, "square")
    assert page.press() == ["0", "0"] and page.press(RIGHT, DOWN) == ["1", "1"]
    assert "%" in page.driver.switch_to.active_element.get_attribute("aria-label")
    assert page.texts(".to span.lit") == page.texts("[role=rowheader]")[1:2] and page.texts(".from span.lit") == page.texts("[role=columnheader]")[1:2]
    assert page.press(LEFT, LEFT) == ["1", None] and "looks at" in page.one(".readout").text
    assert page.press(UP, UP, RIGHT, UP) == [None, "0"] and "is looked at by" in page.one(".readout").text


def test_parts_of_the_map_are_words_or_the_subwords_of_the_model(open_translation):
    """A name that no vocabulary has: one word, or the tokens of the API's answer; a row makes a whole either way."""
    page = open_translation(text="Wendelmoorbach schläft.")
    page.answered()
    assert page.texts("[role=columnheader]") == ["Wendelmoorbach", "schläft", ".", "end"]
    assert sum(page.shares(".square[data-row='0']")) == pytest.approx(1, abs=0.02)
    page.click("[data-whole=false]")
    assert len(page.texts("[role=columnheader]")) > 4 and "".join(page.texts("[role=columnheader]")) == "Wendelmoorbachschläft.end"
    assert sum(page.shares(".square[data-row='0']")) == pytest.approx(1, abs=0.02) and page.texts(".from") == ["Wendelmoorbach schläft."]


def test_an_answer_that_comes_late_is_dropped(browser, faulty):
    """The first of two questions is answered last: what is shown belongs to the second."""
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
    """Ctrl + Enter, and again while the answer is under way: it comes and is shown."""
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
        page.one("textarea").send_keys(CONTROL, ENTER)
        page.wait(lambda _: len(asked) == 2)
        late.set()
        page.says("cat")
        assert page.one(".translated").is_displayed()


def test_a_text_that_is_too_long_is_told_and_not_sent(page):
    """2,001 characters: the counter and a sentence say so, and nothing is asked; cleared, the page asks for a text."""
    asked = page.asked()
    page.set("textarea", "a" * 2001)
    page.one("textarea").send_keys(CONTROL, ENTER)
    assert "1 character" in page.reaches(".result .state", "failed")
    assert "over" in page.one(".counter").get_attribute("class") and page.one("textarea").get_attribute("aria-invalid") == "true"
    assert page.asked() == asked and len(page.driver.current_url) < 200
    page.click(".clear")
    assert "text" in page.reaches(".result .state", "idle") and page.value("text") == ""


def test_what_is_not_to_be_translated_is_said_to_be_so(open_translation):
    """Pictures alone: they stay as they are, without a score, alternatives or attention."""
    page = open_translation(text="🙂 🚲")
    assert page.answered() == "🙂 🚲"
    assert "Nothing" in page.one(".score").text and not page.one(".others").is_displayed() and not page.one(".attention").is_displayed()


def test_an_unknown_model_is_told_in_the_servers_words(open_translation, record):
    """A link with a model that is not there: the sentence names those that are; the button asks the default."""
    page = open_translation(text="Hallo!", model="gibt-es-nicht")
    assert record["default"] in page.reaches(".result .state", "failed")
    assert all("422" in error for error in errors(page.driver))
    page.click("#translation .primary")
    page.answered()
    assert page.value("model") == record["default"]


def test_markup_and_other_scripts_stay_text(open_translation):
    """Tags and right-to-left text in the link and in the field are shown, never made."""
    page = open_translation(text=MARKUP + "\nשלום עולם")
    page.answered()
    page.one("textarea").send_keys(" " + MARKUP)
    page.wait(lambda _: page.asked()["text"].count("<img") == 2)
    assert "שלום עולם" in page.answered()
    assert not page.all("#translation img") and not page.all("#translation b")


def test_languages_and_models_are_those_of_the_record(browser, faulty):
    """A record with Spanish and a second German model: languages and models are offered, an example follows the language, and what is chosen is asked."""
    known = registry.record("translation")
    more = copy.deepcopy(known)
    first = known["models"][0]
    more["models"] = [{**first, "name": "de-en-gru", "architecture": "gru"}, first, {**first, "name": "es-en-transformer", "source": "es"}]
    faulty.fault = lambda event: gateway_answer(200, more) if event["routeKey"] == "GET /translation" else None
    with visiting(browser):
        page = Translation(browser, faulty.address)
        page.answered()
        assert page.texts("[name=languages] option") == ["German → English", "Spanish → English"]
        assert page.texts("#translation [name=model] option") == ["GRU with attention", "Transformer"] and page.value("model") == first["name"]
        page.click("[name=model] option[value=de-en-gru]")
        page.wait(lambda _: page.asked()["model"] == "de-en-gru")
        page.click("[name=languages] option[value=es-en]")
        page.wait(lambda _: page.asked()["model"] == "es-en-transformer" and "playa" in page.asked()["text"])
        assert "model=es-en-transformer" in page.driver.current_url and page.one("textarea").get_attribute("lang") == "es"


def test_a_lost_connection_is_told_where_it_was_asked_and_asked_again(page):
    """No line: a sentence in the card; with the line back, Try again asks again."""
    offline(page, True)
    page.type("Die Katze")
    assert "cannot be reached" in page.reaches(".result .state", "failed")
    assert not page.one(".translated").is_displayed() and not page.one(".attention").is_displayed()
    offline(page, False)
    page.click(".result .again")
    page.says("cat")
    assert page.one(".heat").is_displayed()


def test_the_translation_is_copied_with_its_lines(page):
    """Copy: the clipboard holds the translation, and the button says so."""
    allow_clipboard(page)
    page.click(".copy")
    page.becomes(lambda: page.one(".copy").text, "Copied")
    assert page.script("navigator.clipboard.readText()") == page.answered()


def test_the_curl_command_is_copied_and_runs_in_a_shell(open_translation):
    """One click; what the clipboard holds gives the translation that the page shows, whatever signs the text has."""
    page = open_translation(text="Anna's Hund heißt \"Max\" & `Moritz` \\ $HOME!\n\nViele Grüße")
    translation = page.answered()
    allow_clipboard(page)
    page.click(".result .copy-curl")
    page.becomes(lambda: page.one(".result .copy-curl span").text, "Copied")
    assert page.script("navigator.clipboard.readText()") == page.curl(".result")
    assert json.loads(page.run_curl(".result"))["translation"] == translation


def allow_clipboard(page):
    page.driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_the_translation_view_fits_and_is_accessible(page, width):
    """In light and dark axe-core finds nothing, and nothing sticks out sideways, with words lit up."""
    show_at(page, width, "light")
    page.driver.execute_script("$('.square').eq(1).trigger('focusin')")
    page.screenshot("translation-%d-first" % width)
    fits_and_is_accessible(page, "translation", width)
