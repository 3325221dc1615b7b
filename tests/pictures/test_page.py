"""The pictures view in a real browser: each test does a task as a visitor would."""

import json
import re

import pytest
from PIL import Image

from tests.support.browsing import ROOT, Page, fits_and_is_accessible, visiting

EXAMPLE = ROOT / "static" / "examples" / "coupe-green.jpg"


class Pictures(Page):
    """The pictures view, whose first painting is there."""

    def __init__(self, driver, server, query=""):
        super().__init__(driver, server + "/#pictures" + (query and "?" + query), "pictures")
        self.painted(None)

    def painted(self, before):
        """Wait for another painting than the one before."""
        self.wait(lambda _: self.source(".style .made") not in (None, before), "nothing was painted")
        self.reaches(".style .state", "answered")
        return self.source(".style .made")

    def dreamt(self):
        self.click(".dream .primary")
        self.reaches(".dream .state", "answered")
        return self.source(".dream .made")

    def sent(self, css):
        """The fields of the last form that was sent in the place, but for the picture."""
        return dict(self.script("[...$(arguments[0]).data('call').body].filter(([n]) => n !== 'image')", css))


@pytest.fixture
def page(browser, server):
    with visiting(browser):
        yield Pictures(browser, server)


def test_the_first_view_has_a_painting_of_an_example(page):
    """Eight paintings and nine layers to choose from; the time that a size takes stands beside it."""
    assert len(page.all(".paintings .choice")) == 8 and len(page.all(".layers .choice")) == 9
    assert page.sent(".style .state")["style"] == "starry-night"
    assert re.search(r"512 pixels, about \d\.\d s", page.one("#pictures-size").text)


def test_a_photo_that_is_chosen_is_painted_at_its_shape(page):
    before = page.source(".style .made")
    page.one(".style .photo").send_keys(str(EXAMPLE))
    page.painted(before)
    width, height = page.script("[$('.style .made')[0].naturalWidth, $('.style .made')[0].naturalHeight]")
    with Image.open(EXAMPLE) as photo:
        assert max(width, height) == 512 and width / height == pytest.approx(photo.width / photo.height, 0.01)


def test_another_painting_and_two_mixed(page):
    """Each choice is a step of the history: Back brings the one before."""
    before = page.painted(None)
    page.click(".paintings .choice:nth-child(3) img")
    wave = page.painted(before)
    assert page.sent(".style .state")["style"] == "wave"
    page.script("$('[name=second]').val('udnie').trigger('change')")
    page.painted(wave)
    assert page.sent(".style .state")["style"] == '{"wave":0.5,"udnie":0.5}'
    page.driver.back()
    page.becomes(lambda: page.sent(".style .state")["style"], "wave")


def test_a_share_moved_by_keys_is_one_painting_and_one_step_back(page):
    page.script("$('[name=second]').val('udnie').trigger('change')")
    page.wait(lambda _: "udnie" in page.sent(".style .state")["style"])
    page.script("[45, 40, 35].forEach((share) => $('[name=share]').val(share).trigger('change'))")
    page.becomes(lambda: page.sent(".style .state")["style"], '{"starry-night":0.65,"udnie":0.35}')
    page.reaches(".style .state", "answered")
    page.script("$('[name=share]').val(30).trigger('change')")
    page.becomes(lambda: page.sent(".style .state")["style"], '{"starry-night":0.7,"udnie":0.3}')
    page.driver.back()
    page.becomes(lambda: page.sent(".style .state")["style"], '{"starry-night":0.5,"udnie":0.5}')


def test_a_painting_that_is_tapped_comes_in_sight_on_a_phone(page):
    page.show_at(390, "light")
    before = page.source(".style .made")
    page.click(".paintings .choice:last-child img")
    page.painted(before)
    top = "$('.style .result')[0].getBoundingClientRect().top"
    page.wait(lambda _: page.script("%s < innerHeight && %s > -innerHeight" % (top, top)))


def test_what_is_shared_is_what_is_shown(browser, server):
    """An address with a photo, a mixture and a layer opens as it was."""
    with visiting(browser):
        page = Pictures(browser, server, "photo=street-red&style=udnie&second=scream&share=25&layer=fire3")
        assert page.sent(".style .state")["style"] == '{"udnie":0.75,"scream":0.25}'
        assert page.script("$('[name=layer]:checked').val()") == "fire3"


def test_what_there_is_not_becomes_the_usual(browser, server):
    """An address with a painting, a photo and a layer that are unknown opens like one without them."""
    with visiting(browser):
        page = Pictures(browser, server, "photo=mona-lisa&style=picasso&second=monet&layer=fire99")
        assert page.sent(".style .state")["style"] == "starry-night"
        assert page.script("$('[name=layer]:checked').val()") == "fire5"
        assert page.script("$('[name=second]').val()") == ""


def test_the_wipe_of_a_tall_photo_is_as_narrow_as_the_photo(page, tmp_path):
    before = page.source(".style .made")
    Image.new("RGB", (100, 1000), "teal").save(tmp_path / "tower.jpg")
    page.one(".style .photo").send_keys(str(tmp_path / "tower.jpg"))
    page.painted(before)
    page.wait(lambda _: page.one(".style .made").rect["width"] < 100, "the picture is as wide as its card")
    made = page.one(".style .made").rect
    assert made["height"] == pytest.approx(10 * made["width"], rel=0.05)
    assert page.one(".style .wipe").rect == made == page.one(".style .wipe input").rect


def test_a_wipe_goes_from_the_photo_to_the_painting(page):
    original, made = page.one(".style .original"), page.one(".style .made")
    assert original.rect == made.rect
    page.set(".style .wipe input", 80)
    assert "80" in page.one(".style .wipe input").get_attribute("aria-valuetext")


def test_a_painting_is_saved_at_full_size(page, tmp_path):
    page.driver.save_into(tmp_path)
    page.click(".style .save")
    page.wait(lambda _: list(tmp_path.glob("*.png")), "nothing was saved")
    file = tmp_path / "temple-starry-night.png"
    page.wait(lambda _: file.exists())
    with Image.open(file) as saved:
        assert max(saved.size) == 768


def test_a_dream_is_of_the_layer_that_is_picked(page):
    page.script("$('#pictures-side').val('256')")
    page.click(".layers .choice:nth-child(4) img")
    first = page.dreamt()
    assert page.sent(".dream .state")["layer"] == "fire4"
    page.click(".layers .choice:nth-child(2) img")
    assert page.dreamt() != first


def test_the_curl_command_gives_what_the_page_shows(page):
    """The picture and every field of the form stand in it."""

    assert json.loads(page.run_curl(".style .state"))["image"] == page.source(".style .made")


def test_a_file_that_is_no_picture_is_a_sentence(page, tmp_path):
    (tmp_path / "notes.jpg").write_text("no picture")
    page.one(".style .photo").send_keys(str(tmp_path / "notes.jpg"))
    assert "cannot read notes.jpg" in page.reaches(".style .state", "failed")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_view_fits_and_is_accessible(page, width):
    page.dreamt()
    page.show_at(width, "light")
    fits_and_is_accessible(page, "pictures", width)
