"""The cars view in a real browser: each test does a task as a visitor would."""

import base64
import io
import json
import re
import shutil
import threading

import numpy as np
import pytest
from PIL import Image

from browsing import ROOT, Cars, fits_and_is_accessible, show_at, tab_to, visiting

EXAMPLE = ROOT / "static" / "examples" / "beetle-orange.jpg"
ENTER, LEFT, RIGHT, HOME = "\ue007", "\ue012", "\ue014", "\ue011"


@pytest.fixture
def open_cars(browser, server):
    """Gives a function that opens the view at a query."""
    with visiting(browser):
        yield lambda query="", at=server: Cars(browser, at, query)


@pytest.fixture
def page(open_cars):
    return open_cars("count=4")


def test_the_first_view_is_not_empty(open_cars):
    """Open the view: eight cars, the first of them to be edited, two of them to go between; and what made them is told."""
    page = open_cars()
    pictures = page.tiles()
    assert len(pictures) == 8
    page.becomes(lambda: [page.source(css) for css in (".edited img", ".slots .from img", ".slots .to img")], [pictures[0], pictures[0], pictures[1]])
    assert page.one(".generate .sentence").text.startswith("Answered in") and page.one(".run").is_enabled()
    timing = page.one(".generate .timing").text
    assert "forward" in timing and "on the way" in timing
    assert "version " + json.loads((ROOT / "weights" / "cars.json").read_text())["version"] in timing


def test_a_photo_chosen_by_the_button_is_reconstructed_under_its_original(page):
    """Choose a file, send the square: a wipe goes from the original to the reconstruction, by mouse and by keys."""
    page.choose(EXAMPLE)
    page.click(".send-square")
    assert page.reaches(".reconstruct .state", "answered").startswith("Answered in")
    original, redrawn = page.one(".original"), page.one(".redrawn")
    assert original.is_displayed() and original.rect == redrawn.rect
    page.screenshot("reconstructed")
    wipe = page.one(".wipe input")
    wipe.send_keys(HOME)
    assert cut(page) == 100
    wipe.send_keys(RIGHT * 20)
    assert cut(page) == 80 and "20" in wipe.get_attribute("aria-valuetext")


def cut(page):
    """Share of the original that is cut off, in percent."""
    inset = page.script("getComputedStyle($('.original')[0]).clipPath")
    return round(100 - float(re.search(r"100% - ([\d.]+)%", inset).group(1)) if "calc" in inset else float(re.findall(r"([\d.]+)%", inset)[0]))


def test_the_square_moves_with_the_arrow_keys_and_cuts_the_photo(page, tmp_path):
    """A wide photo cropped to the square comes back as high as wide; sent whole it keeps its shape."""
    page.choose(photo(tmp_path, 600, 300))
    before = page.one(".cropper-crop-box").get_attribute("style")
    page.one(".stage").send_keys(LEFT)
    assert page.one(".cropper-crop-box").get_attribute("style") != before
    page.click(".send-square")
    page.reaches(".reconstruct .state", "answered")
    assert shape(page, ".original") == pytest.approx(1, abs=0.02)
    square = page.source(".original")
    page.click(".send-whole")
    page.changes(".original", square)
    assert shape(page, ".original") == pytest.approx(2, abs=0.02)


def test_a_photo_is_turned_and_shrunk_before_it_is_sent(page, tmp_path):
    """3000 x 1500 pixels, of which the camera says that they lie on their side: 512 x 1024 are sent, and they stand."""
    page.choose(photo(tmp_path, 3000, 1500, orientation=6))
    page.click(".send-whole")
    page.reaches(".reconstruct .state", "answered")
    sent = page.script("createImageBitmap($('.reconstruct .state').data('call').body.get('image')).then(({width, height}) => [width, height])")
    assert sent == [512, 1024] and shape(page, ".original") == pytest.approx(0.5, abs=0.02)


def test_the_upload_is_seen_to_go_on(page, tmp_path):
    """On a slow line a bar shows how much is sent; Cancel ends it."""
    page.choose(photo(tmp_path, 1000, 1000))
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 60_000})
    page.click(".send-whole")
    page.wait(lambda _: page.one(".reconstruct .sent").is_displayed() and 0 < page.script("$('.reconstruct .sent').val()") < 1)
    page.screenshot("uploading")
    page.click(".reconstruct .cancel")
    assert page.reaches(".reconstruct .state", "idle") == "Cancelled." and not page.one(".reconstruct .sent").is_displayed()


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_photo_can_be_dropped_or_pasted(page, event):
    """A file dropped on the page, or pasted into it, gets the square as a chosen one does."""
    page.driver.execute_script(
        """const [kind, data] = arguments, bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0)), files = new DataTransfer();
        files.items.add(new File([bytes], 'car.jpg', {type: 'image/jpeg'}));
        const init = {bubbles: true, cancelable: true, dataTransfer: files, clipboardData: files};
        document.querySelector('.drop').dispatchEvent(kind === 'paste' ? new ClipboardEvent(kind, init) : new DragEvent(kind, init));""",
        event, base64.b64encode(EXAMPLE.read_bytes()).decode())
    page.wait(lambda _: page.all(".cropper-crop-box"))
    assert page.one(".file-name").text == "car.jpg"


def test_a_photo_can_be_taken(page):
    """Take a photo: the camera's picture is shown, and then what was taken, in the square; on a phone its own camera is opened."""
    page.click(".camera")
    page.wait(lambda _: page.script("$('.viewfinder video')[0].videoWidth > 0"))
    page.click(".shoot")
    page.wait(lambda _: page.all(".cropper-crop-box"))
    assert page.one(".drop").is_displayed() and not page.one(".viewfinder").is_displayed()
    assert page.script("$('.viewfinder video')[0].srcObject") is None
    assert page.one(".capture").get_attribute("capture") == "environment"


def test_a_camera_that_may_not_be_used_is_told(page):
    """The visitor does not allow it: a sentence where the button is."""
    page.driver.execute_script("navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError') }")
    page.click(".camera")
    assert "choose a photo instead" in page.reaches(".reconstruct .state", "failed")


@pytest.mark.parametrize("name", ["notes.txt", "<b>bold<b>&amp;<img src=x>.jpg"])
def test_what_is_no_picture_is_told_in_sight_and_not_sent(page, tmp_path, name):
    """A text file, whatever its name: a sentence with its name as it is, under the button, at once."""
    (tmp_path / name).write_text("not a picture")
    page.one(".photo").send_keys(str(tmp_path / name))
    sentence = page.reaches(".reconstruct .state", "failed")
    assert name in sentence and "JPEG, PNG, WebP" in sentence and page.asked(".reconstruct .state") is None
    box, top = page.one(".reconstruct .sentence").rect, page.script("scrollY")
    assert top <= box["y"] <= top + page.script("innerHeight")
    page.screenshot("refused")


def test_markup_in_a_file_name_stays_text(page, tmp_path):
    """A file name is shown as it is, tags and all, wherever it is named."""
    name = "<b>bold<b>&amp;<img src=x>.jpg"
    shutil.copy(str(EXAMPLE), str(tmp_path / name))
    page.choose(tmp_path / name)
    assert page.one(".file-name").text == name
    page.click(".send-whole")
    page.becomes(lambda: page.one(".edited .name").text, "Reconstruction of " + name)
    assert not page.all("#cars b") and not page.all("#cars img[src=x]")


def test_the_same_seed_gives_the_same_pictures_and_the_dice_others(page):
    """Generate with seed 7 twice, with a new seed between, which the dice took."""
    first = page.tiles()
    page.click(".dice")
    page.wait(lambda _: page.tiles() != first)
    page.reaches(".generate .state", "answered")
    assert page.one("[name=seed]").get_attribute("value") != "7" and not set(first) & set(page.tiles())
    assert page.generate(seed=7) == first


def test_a_link_carries_what_is_shown(open_cars):
    """Seed, count, the car that is edited, by how much, and where to go: all from the address."""
    page = open_cars("seed=11&count=3&car=2&brightness=1.5&main2=-1&to=3")
    pictures = page.tiles()
    page.becomes(lambda: page.one(".slots .to img").get_attribute("src"), pictures[2])
    assert len(pictures) == 3 and page.source(".slots .from img") == pictures[1]
    assert [page.one("#cars-direction-%s" % name).get_attribute("value") for name in ("brightness", "main2", "size")] == ["1.5", "-1", "0"]
    page.becomes(lambda: page.one(".edited .name").text, "Car 2 of seed 11, edited")
    assert page.source(".edited img") != pictures[1]


def test_a_link_carries_a_car_that_is_in_no_grid(open_cars, browser, tmp_path):
    """The reconstruction of a photo, which no server keeps: its address shows it to someone else."""
    page = open_cars("count=2")
    page.choose(photo(tmp_path, 400, 300))
    page.click(".send-whole")
    page.reaches(".reconstruct .state", "answered")
    page.becomes(lambda: page.source(".edited img"), page.source(".redrawn"))
    picture, address = page.source(".edited img"), page.driver.current_url
    page = open_cars(address.split("?")[1])
    page.becomes(lambda: page.source(".edited img"), picture)


def test_back_leads_back(page):
    """Another seed, a car of it, a slider: Back undoes them one by one, and Forward does them again."""
    first = page.tiles()
    page.generate(seed=8, count=2)
    picture = page.edit(2)
    page.one(".named input").send_keys(RIGHT * 3)
    page.becomes(lambda: page.one(".edited .name").text, "Car 2 of seed 8, edited")
    page.driver.back()
    page.becomes(lambda: page.source(".edited img"), picture)
    assert page.one(".named output").text == "0.0"
    page.driver.back()
    page.becomes(lambda: page.one(".edited .name").text, "Car 1 of seed 8")
    page.driver.back()
    page.becomes(page.tiles, first)
    page.driver.forward()
    page.wait(lambda _: len(page.tiles()) == 2)


@pytest.mark.parametrize("sliders", [".named", ".main"])
def test_a_generated_picture_is_edited_and_reset(page, sliders):
    """Press a generated car, move a slider: it changes. Reset: it is as it was."""
    picture = page.edit(2)
    page.set(sliders + " input", 2)
    page.changes(".edited img", picture)
    assert page.one(sliders + " output").text == "+2.0"
    page.screenshot("edited")
    page.click(".sliders [type=reset]")
    page.becomes(lambda: page.source(".edited img"), picture)
    assert page.one(sliders + " output").text == "0.0"


def test_the_picture_follows_a_slider_moved_by_keys(page):
    """Every press of an arrow key moves on, and the last one wins."""
    before = page.edit(3)
    slider = page.one(".named input")
    slider.send_keys(RIGHT * 20)
    page.changes(".edited img", before)
    page.wait(lambda _: page.asked(".edit .state")["attributes"] == {slider.get_attribute("name"): 2})
    page.reaches(".edit .state", "answered")
    assert slider.get_attribute("value") == "2"


def test_an_edit_that_comes_late_is_dropped(browser, faulty):
    """A slow answer for a car that is no longer the one to edit is not shown."""
    late = threading.Event()

    def slow(event):
        if event["routeKey"] == "POST /cars/edit":
            late.wait(30)

    faulty.fault = slow
    with visiting(browser):
        page = Cars(browser, faulty.address, "count=2")
        page.edit(1)
        page.set(".named input", 2)
        page.reaches(".edit .state", "working")
        picture = page.edit(2)
        late.set()
        page.script("new Promise((done) => setTimeout(done, 1000))")
        assert page.source(".edited img") == picture


def test_a_saved_latent_can_be_loaded(page, tmp_path):
    """A saved latent gives its picture back; a file that is no latent gets a sentence."""
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    picture = page.edit(2)
    page.click(".save-latent")
    page.wait(lambda _: (tmp_path / "car-latent.json").exists())
    page.edit(3)
    page.one(".load-latent").send_keys(str(tmp_path / "car-latent.json"))
    page.becomes(lambda: page.source(".edited img"), picture)
    assert page.one(".edited .name").text == "Picture of car-latent.json"
    for content in (EXAMPLE.read_bytes(), b"null", b'"<b>"'):
        (tmp_path / "other.json").write_bytes(content)
        page.one(".load-latent").send_keys(str(tmp_path / "other.json"))
        assert "latent" in page.reaches(".edit .state", "failed")
        page.edit(4)
        page.edit(3)


def test_two_pictures_are_interpolated_played_and_saved(page, tmp_path):
    """From the reconstruction to a generated car: the player runs to the end by itself, and again when asked; the GIF is one."""
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.take_example()
    page.click(".grid li:nth-child(1) [data-end=from]")
    page.click(".reconstruction [data-end=to]")
    page.becomes(lambda: page.source(".slots .to img"), page.source(".redrawn"))
    page.click(".run")
    page.reaches(".interpolate .state", "answered")
    page.wait(lambda _: page.one("#cars-frame").get_attribute("value") == "23" and page.one(".play").text == "Play")
    last = page.source(".frame")
    page.click(".play")
    page.changes(".frame", last)
    page.screenshot("interpolated")
    page.click(".save-gif")
    page.wait(lambda _: (tmp_path / "cars.gif").exists())
    assert (tmp_path / "cars.gif").read_bytes()[:4] == b"GIF8"


def test_with_less_motion_nothing_plays_by_itself(page):
    """Where the visitor prefers less motion, the first picture stands until Play is pressed."""
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]})
    page.click(".run")
    page.reaches(".interpolate .state", "answered")
    page.script("new Promise((done) => setTimeout(done, 300))")
    assert page.one("#cars-frame").get_attribute("value") == "0" and page.one(".play").text == "Play"


def test_a_wrong_count_shows_the_servers_sentence(page):
    """65 cars are too many: the server says so, and the page shows it by the form; the cars of before are gone."""
    page.set("[name=count]", 65)
    page.click(".generating .primary")
    assert "64" in page.reaches(".generate .state", "failed")
    assert not page.tiles()


def test_every_curl_command_gives_what_the_page_shows(page, tmp_path):
    """Pasted into a shell as they stand: the photo's reconstruction, the grid, the edit, and the GIF as a file."""
    page.choose(photo(tmp_path, 300, 200))
    page.click(".send-whole")
    page.reaches(".reconstruct .state", "answered")
    assert json.loads(page.run_curl(".reconstruct"))["image"] == page.source(".redrawn")
    assert json.loads(page.run_curl(".generate"))["images"] == page.tiles()
    picture = page.edit(2)
    page.set(".main input", 2)
    page.changes(".edited img", picture)
    assert json.loads(page.run_curl(".edit"))["image"] == page.source(".edited img")
    page.click(".run")
    page.reaches(".interpolate .state", "answered")
    assert len(json.loads(page.run_curl(".interpolate"))["images"]) == 24
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.click(".save-gif")
    page.wait(lambda _: (tmp_path / "cars.gif").exists() and "gif" in page.curl(".interpolate"))
    page.run_curl(".interpolate", tmp_path)
    assert (tmp_path / "answer.gif").read_bytes() == (tmp_path / "cars.gif").read_bytes()


def test_the_keyboard_alone_is_enough(page):
    """Press Enter in the form, tab to a car, press Enter: the focus is where it is edited, and the next Tabs come to the sliders."""
    page.set("[name=count]", 2)
    page.one("[name=seed]").send_keys(ENTER)
    page.wait(lambda _: len(page.tiles()) == 2)
    page.reaches(".generate .state", "answered")
    page.script("$('[name=seed]')[0].focus()")
    tab_to(page, "tile")
    page.driver.switch_to.active_element.send_keys(ENTER)
    assert page.driver.switch_to.active_element.text == "Edit"
    tab_to(page, None, "range")


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_the_cars_view_fits_and_is_accessible(page, width):
    """In light and dark axe-core finds nothing, and nothing sticks out sideways, with everything on the page shown."""
    show_at(page, width, "light")
    page.screenshot("cars-%d-first" % width)
    page.choose(EXAMPLE)
    page.click(".send-square")
    page.reaches(".reconstruct .state", "answered")
    page.becomes(lambda: page.source(".slots .from img"), page.source(".redrawn"))
    page.click(".run")
    page.reaches(".interpolate .state", "answered")
    page.curl(".reconstruct")
    fits_and_is_accessible(page, "cars", width)


def photo(folder, width, height, orientation=1):
    """A picture without anybody's car: noise, which stays large as a JPEG, and what the camera says of which way is up."""
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=60, exif=exif)
    (folder / "photo.jpg").write_bytes(data.getvalue())
    return folder / "photo.jpg"


def shape(page, css):
    """Width over height of the picture itself."""
    page.wait(lambda _: page.one(css).get_property("naturalHeight") > 0)
    return page.one(css).get_property("naturalWidth") / page.one(css).get_property("naturalHeight")
