"""The view of NAME in a real browser."""

import pytest

from tests.support.browsing import Page, fits_and_is_accessible, visiting


@pytest.fixture
def page(browser, server):
    with visiting(browser):
        page = Page(browser, server + "/#NAME", "NAME")
        page.reaches(".clean .state", "answered")
        yield page


def test_a_series_is_drawn_with_and_without_its_noise(page):
    """The view opens with a series of its own; another one gives another chart."""
    before = page.one(".numbers").text
    assert len(page.all(".chart polyline")) == 2 and len(before.split(",")) == 96
    page.click(".another")
    page.wait(lambda _: page.one(".numbers").text != before)


def test_what_is_typed_wrong_is_told(page):
    page.set("[name=series]", "1, 2")
    page.click(".clean .primary")
    assert "8 to 512 numbers" in page.reaches(".clean .state", "failed")


@pytest.mark.parametrize("width", [360, 1280])
def test_the_view_fits_and_is_accessible(page, width):
    fits_and_is_accessible(page, "NAME", width)
