"""The generation view in a real browser: each test does a task as a visitor would."""

import pytest

from tests.support.browsing import Page, fits_and_is_accessible


class Generation(Page):
    """The generation view, whose names and prose are there."""

    def __init__(self, driver, server, query="prompt=The+moon"):
        super().__init__(driver, server + "/#generation" + (query and "?" + query), "generation")
        self.reaches(".names .state", "answered")
        self.reaches(".prose .state", "answered")

    def names(self):
        return self.texts(".invented b")

    def text(self):
        return self.texts(".prose .written")[0]


def test_names_of_an_origin_and_a_gender_begin_as_asked(browser, server):
    page = Generation(browser, server, "start=An&origin=indian&gender=female")
    assert len(page.names()) == 24
    assert all(name.startswith("An") for name in page.names())
    assert page.asked(".names .state")["origin"] == "indian"


def test_an_origin_that_there_is_not_becomes_any(browser, server):
    page = Generation(browser, server, "origin=klingon&gender=none")
    asked = page.asked(".names .state")
    assert (asked["origin"], asked["gender"]) == ("any", "either")


def test_what_is_typed_in_one_card_stays_when_the_other_is_asked(browser, server):
    page = Generation(browser, server)
    page.set("[name=prompt]", "My own words")
    page.set("[name=start]", "Zo")
    page.click(".names .primary")
    page.wait(lambda _: all(name.startswith("Zo") for name in page.names()))
    assert page.script("$('[name=prompt]').val()") == "My own words"
    page.set("[name=start]", "Al")
    page.click(".prose .primary")
    page.wait(lambda _: page.text().startswith("My own words"))
    assert page.script("$('[name=start]').val()") == "Al"


def test_an_error_does_not_stand_beside_other_names_and_another_text(browser, server):
    page = Generation(browser, server)
    page.set("[name=start]", "Anna9")
    page.click(".names .primary")
    page.reaches(".names .state", "failed")
    page.becomes(page.names, [])
    page.set("[name=length]", "0")
    page.click(".prose .primary")
    page.reaches(".prose .state", "failed")
    page.wait(lambda _: not page.one(".prose .answer").is_displayed())


def test_of_a_prompt_that_is_too_long_the_end_counts(browser, server):
    """What is pasted is not cut where the network would go on from."""
    page = Generation(browser, server)
    page.set("[name=prompt]", "x" * 600 + " The end")
    page.click(".prose .primary")
    page.wait(lambda _: page.asked(".prose .state")["prompt"].endswith(" The end"))
    assert page.script("$('[name=prompt]').val().length") == 500


@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_sentence_stays_in_its_column(browser, server, width):
    """A beginning that no name has gets one with all letters in a row."""
    page = Generation(browser, server)
    page.show_at(width, "light")
    page.set(".names [name=start]", "123")
    page.click(".rungs .climb")
    page.wait(lambda _: page.all(".rungs .columns [data-state=failed]"), "nothing was refused")
    assert page.script("$('.told').get().every((told) => told.scrollWidth <= told.clientWidth)")
    told, column = page.one(".columns [data-state=failed] .told"), page.one(".columns [data-state=failed]")
    assert told.rect["width"] <= column.rect["width"]


def test_the_slider_draws_the_same_names_anew(browser, server):
    """At temperature 0 all are the likeliest one; back at 0.8 they are those from before."""
    page = Generation(browser, server)
    before = page.names()
    page.set(".names [name=temperature]", 0)
    page.wait(lambda _: len(set(page.names())) == 1)
    page.set(".names [name=temperature]", 0.8)
    page.becomes(page.names, before)


def test_a_slider_that_is_dragged_asks_one_question_at_a_time(browser, server):
    """The first place and the last are asked for, and hardly one between."""
    page = Generation(browser, server)
    page.script("performance.clearResourceTimings()")
    page.script(
        "[...Array(20).keys()].forEach((k) => $('.prose [name=temperature]').val(k / 20).trigger('input'))"
    )
    page.wait(lambda _: page.asked(".prose .state")["temperature"] == 0.95)
    page.reaches(".prose .state", "answered")
    asked = "performance.getEntriesByType('resource').filter(({name}) => name.endsWith('/prose')).length"
    assert page.script(asked) <= 3


def test_more_like_this_keeps_the_beginning(browser, server):
    page = Generation(browser, server)
    start = page.names()[0][:3]
    page.script("$('#generation .invented button').first().trigger('click')")
    page.wait(lambda _: all(name.startswith(start) for name in page.names()), "no name begins so")


def test_another_letter_can_be_taken_and_the_text_goes_on_from_there(browser, server):
    """The fifth letter's likeliest other stands in the next prompt, after the four before it."""
    page = Generation(browser, server)
    page.script("$('#generation .prose .written [role=button]').eq(4).trigger('click')")
    before = page.script("$('#generation .prose .written').text()").replace("↵\n", "\n")
    page.click(".prose .instead button")
    page.wait(lambda _: len(page.asked(".prose .state")["prompt"]) == len("The moon") + 5)
    assert page.asked(".prose .state")["prompt"][:12] == before[:12]


def test_a_letter_is_kept_until_it_is_let_go(browser, server):
    """A click keeps it, however the mouse moves; Escape lets it go, and then the mouse chooses."""
    page = Generation(browser, server)
    letter = "$('#generation .prose .written [role=button]').eq(%d)"
    page.script(letter % 4 + ".trigger('click')")
    chances = page.texts(".prose .chance.taken")
    page.script(letter % 9 + ".trigger('mouseover')")
    assert page.texts(".prose .chance.taken") == chances
    assert page.script(letter % 4 + ".attr('aria-pressed')") == "true"
    page.script(letter % 4 + ".trigger($.Event('keydown', {key: 'Escape'}))")
    assert page.script("$('#generation .prose .kept, #generation .prose [aria-pressed=true]').length") == 0
    page.script(letter % 9 + ".trigger('mouseover')")
    assert page.texts(".prose .chance.taken") != chances


def test_three_ways_and_every_rung_stand_side_by_side(browser, server):
    page = Generation(browser, server)
    page.click(".ways .compare")
    page.wait(lambda _: len(page.texts(".ways .written")) == 3)
    page.click(".rungs .climb")
    rungs = page.script("$('.rungs .columns section').length")
    page.wait(lambda _: page.script("$('.rungs .columns [data-state=answered]').length") == rungs)
    assert all(text.startswith("The moon") for text in page.texts(".ways .written"))


@pytest.mark.parametrize("width", [390, 1280])
def test_the_view_fits_and_is_accessible(browser, server, width):
    page = Generation(browser, server)
    page.script("$('#generation .prose .written [role=button]').eq(4).trigger('click')")
    fits_and_is_accessible(page, "generation", width)
