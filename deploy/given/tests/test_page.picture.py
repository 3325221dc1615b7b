"""The view of NAME in a real browser."""

import pytest

from tests.support.browsing import ROOT, Page, fits_and_is_accessible, visiting


@pytest.fixture
def page(browser, server):
    with visiting(browser):
        page = Page(browser, server + "/#NAME", "NAME")
        page.one("#NAME .chosen").send_keys(str(ROOT / "static" / "examples" / "coupe-green.jpg"))
        page.reaches(".ask .state", "answered")
        yield page


def test_a_picture_is_answered(page):
    assert page.one(".outputs").is_displayed() or page.one(".made").is_displayed()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_view_fits_and_is_accessible(page, width):
    fits_and_is_accessible(page, "NAME", width)
