"""The classification view in a real browser. Each test does a task of a visitor."""

import pytest

from tests.support.browsing import Page, fits_and_is_accessible

CONTROL, ENTER = "\ue009", "\ue007"


class Classification(Page):
    """The classification view with the cards of both tasks."""

    def __init__(self, driver, server, query=""):
        super().__init__(driver, server + "/#classification" + (query and "?" + query), "classification")
        self.answered()

    def answered(self):
        for task in ("sentiment", "question"):
            self.reaches(".%s .state" % task, "answered")

    def said(self, task):
        return self.texts(".%s .said" % task)[0]


def test_a_text_in_the_address_is_answered_by_both_tasks(browser, server):
    page = Classification(browser, server, "text=How+many+people+loved+this+wonderful+film%3F")
    assert page.said("question").startswith("number")
    assert page.said("sentiment").startswith("positive")


def test_a_word_that_is_struck_out_changes_the_answer(browser, server):
    page = Classification(browser, server, "text=a+terrible+film")
    before = page.said("sentiment")
    page.script("$('#classification .sentiment .words button').eq(1).trigger('click')")
    page.wait(lambda _: page.said("sentiment") != before, "the answer never changed")
    assert page.texts(".sentiment .words [aria-pressed=true]") == ["terrible"]


def test_the_last_word_has_to_stay(browser, server):
    """A sentence says so, and the answer stays."""
    page = Classification(browser, server, "text=terrible")
    before = page.said("sentiment")
    page.script("$('#classification .sentiment .words button').first().trigger('click')")
    assert page.reaches(".sentiment .state", "idle") == "One word has to stay."
    assert page.texts(".sentiment .words [aria-pressed=true]") == [] and page.said("sentiment") == before


def test_a_word_of_a_long_text_is_struck_out_at_its_place(browser, server):
    """All else is sent as it stands, so it is not longer than the text, which had nearly all that it may."""
    text = ",".join(["entertaining"] * 153)
    page = Classification(browser, server, "text=" + text)
    page.script("$('#classification .sentiment .words button').eq(2).trigger('click')")
    page.wait(lambda _: page.asked(".sentiment > .state")["text"] != text, "nothing was asked")
    page.answered()
    assert page.asked(".sentiment > .state")["text"] == text.replace(",entertaining,", ", ,", 1)
    page.script("$('#classification .sentiment .words button').eq(2).trigger('click')")
    page.wait(lambda _: page.asked(".sentiment > .state")["text"] == text, "the word never came back")


def test_a_text_of_too_many_words_to_explain_is_answered_without_their_influence(browser, server):
    page = Classification(browser, server, "text=" + "a,+" * 300)
    page.answered()
    assert page.asked(".sentiment > .state")["explain"] is False
    assert page.texts(".sentiment .words button") == []
    assert "too long to show" in page.texts(".sentiment .note")[0]


def test_an_error_does_not_stand_beside_the_answer_to_another_text(browser, server):
    page = Classification(browser, server, "text=a+terrible+film")
    page.script("$('#classification textarea').val('').closest('form').trigger('submit')")
    assert "Type or paste a text" in page.reaches(".sentiment > .state", "idle")
    page.wait(lambda _: not page.one(".sentiment .answer").is_displayed(), "the answer stays")


def test_a_text_that_is_too_long_is_told_and_not_cut(browser, server):
    page = Classification(browser, server)
    page.one("#classification textarea").clear()
    page.script("$('#classification textarea').trigger('focus')")
    page.driver.execute_script("document.execCommand('insertText', false, 'x'.repeat(2001))")
    page.click("#classification .primary")
    assert "here are 2001" in page.reaches(".sentiment > .state", "failed")


def test_a_lost_connection_is_told_and_what_was_asked_is_asked_again(browser, server):
    """A word that is struck out without a connection is shown as such; Try again gives the answer to the
    rest.
    """
    page = Classification(browser, server, "text=a+terrible+film")
    before = page.said("sentiment")
    browser.offline(True)
    page.script("$('#classification .sentiment .words button').eq(1).trigger('click')")
    assert "cannot be reached" in page.reaches(".sentiment .state", "failed")
    assert page.texts(".sentiment .words [aria-pressed=true]") == ["terrible"]
    browser.offline(False)
    page.click(".sentiment > .state .again")
    page.wait(lambda _: page.said("sentiment") != before, "the answer never changed")
    browser.offline(True)
    page.one("textarea").send_keys(" indeed", CONTROL, ENTER)
    page.reaches(".sentiment .state", "failed")
    browser.offline(False)
    page.click(".sentiment > .state .again")
    page.wait(lambda _: "indeed" in page.texts(".sentiment .words button"), "the new text was not shown")


def test_the_other_methods_say_what_they_think_of_the_text(browser, server):
    """When their table is opened, it lists the served methods, each with its probability."""
    page = Classification(browser, server, "text=a+terrible+film")
    page.script("$('#classification .sentiment .rungs').prop('open', true)")
    place = ".sentiment .rungs [data-model=sentiment-ngrams]"
    page.wait(lambda _: page.texts(place)[0].startswith("negative"), "the n-grams say nothing")


def test_a_word_without_an_end_stays_on_a_phone(browser, server):
    page = Classification(browser, server, "text=an+" + "x" * 300 + "+film")
    page.answered()
    page.show_at(390, "light")
    assert page.script("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [390, 1280])
def test_the_view_fits_and_is_accessible(browser, server, width):
    page = Classification(browser, server)
    page.script("$('#classification .rungs').prop('open', true)")
    fits_and_is_accessible(page, "classification", width)
