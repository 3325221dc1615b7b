"""The view of NAME in a real browser."""

import pytest

from tests.support.browsing import Page, fits_and_is_accessible, visiting


@pytest.fixture
def page(browser, server):
    with visiting(browser):
        page = Page(browser, server + "/#NAME", "NAME")
        page.reaches(".ask .state", "answered")
        yield page


def test_the_example_is_answered_and_what_is_no_json_is_told(page):
    assert page.one(".outputs").get_attribute("value").startswith("[")
    page.set("[name=inputs]", "[1, 2")
    page.click(".ask .primary")
    assert "not JSON" in page.reaches(".ask .state", "failed")


@pytest.mark.parametrize("width", [360, 1280])
def test_the_view_fits_and_is_accessible(page, width):
    fits_and_is_accessible(page, "NAME", width)
