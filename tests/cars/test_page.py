"""The cars view in a real browser. Each test does a task of a visitor."""

import base64
import io
import json
import re
import shutil
import threading

import numpy as np
import pytest
from PIL import Image

from models.cars.model import model
from tests.cars import mapped
from tests.support.browsing import ROOT, Cars, fits_and_is_accessible, gateway_answer, tab_to, visiting

EXAMPLE = ROOT / "static" / "examples" / "beetle-orange.jpg"
ENTER, LEFT, RIGHT, HOME, DOWN = "\ue007", "\ue012", "\ue014", "\ue011", "\ue015"


@pytest.fixture
def open_cars(browser, server):
    """A function that opens the view with a query."""
    with visiting(browser):
        yield lambda query="", at=server: Cars(browser, at, query)


@pytest.fixture
def page(open_cars):
    return open_cars("count=4")


def test_the_first_view_is_not_empty(open_cars):
    """The view opens with eight cars. The first can be edited, the first two can be interpolated, and a text
    says how they were made.
    """
    page = open_cars()
    pictures = page.tiles()
    assert len(pictures) == 8
    page.becomes(
        lambda: [page.source(css) for css in (".edited img", ".slots .from img", ".slots .to img")],
        [pictures[0], pictures[0], pictures[1]],
    )
    assert page.one(".generate .sentence").text.startswith("Answered in") and page.one(".run").is_enabled()
    timing = page.one(".generate .timing").text
    assert "forward" in timing and "on the way" in timing
    assert "version " + json.loads((ROOT / "weights" / "cars.json").read_text())["version"] in timing


def test_a_photo_chosen_by_the_button_is_reconstructed_under_its_original(page):
    """Choose a file and send the square. A slider wipes between the original and the reconstruction, by mouse
    and by keys.
    """
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
    """The share of the original that is cut off, in per cent."""
    inset = page.script("getComputedStyle($('.original')[0]).clipPath")
    return round(
        100 - float(re.search(r"100% - ([\d.]+)%", inset).group(1))
        if "calc" in inset
        else float(re.findall(r"([\d.]+)%", inset)[0])
    )


def test_the_square_moves_with_the_arrow_keys_and_cuts_the_photo(page, tmp_path):
    """A wide photo that is cropped to the square comes back as a square. If it is sent whole, it keeps its
    shape.
    """
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


def test_the_frame_stays_where_it_is_when_the_window_changes(page):
    """At each size the photo fits the stage, and the frame is around the same part of it."""
    page.choose(ROOT / "static" / "examples" / "street-red.jpg")
    page.reaches(".reconstruct .state", "answered")
    before = page.script("$('.stage canvas')[0].cropper.getData()")
    for width, height in ((1000, 900), (390, 844), (844, 390), (390, 844)):
        page.show_at(width, height=height, scheme="light")
        page.wait(lambda _: photo_fits(page), "the photo does not fit at %d pixels" % width)
        assert page.script("$('.stage canvas')[0].cropper.getData()") == pytest.approx(before, abs=1e-6)


def photo_fits(page):
    """Whether the photo lies in the stage and touches two of its sides."""
    stage, shown = (
        page.script("$(arguments[0])[0].getBoundingClientRect().toJSON()", css)
        for css in (".stage", ".cropper-canvas")
    )
    gaps = [abs(stage[side] - shown[side]) for side in ("left", "right", "top", "bottom")]
    inside = shown["width"] < stage["width"] + 1 and shown["height"] < stage["height"] + 1
    return inside and (max(gaps[:2]) < 1 or max(gaps[2:]) < 1)


def test_a_photo_is_turned_and_shrunk_before_it_is_sent(page, tmp_path):
    """A photo of 3000 x 1500 pixels whose EXIF says that it lies on its side is sent upright, with 512 x 1024
    pixels.
    """
    page.choose(photo(tmp_path, 3000, 1500, orientation=6))
    page.click(".send-whole")
    page.reaches(".reconstruct .state", "answered")
    sent = page.script(
        "createImageBitmap($('.reconstruct .state').data('call').body.get('image')).then(({width, height}) "
        "=> [width, height])"
    )
    assert sent == [512, 1024] and shape(page, ".original") == pytest.approx(0.5, abs=0.02)


def test_the_upload_is_seen_to_go_on(page, tmp_path):
    """On a slow line, a bar shows how much is sent, and Cancel stops it."""
    page.choose(photo(tmp_path, 1000, 1000))
    page.driver.upload_at(60_000)
    page.click(".send-whole")
    page.wait(
        lambda _: page.one(".reconstruct .sent").is_displayed()
        and 0 < page.script("$('.reconstruct .sent').val()") < 1
    )
    page.screenshot("uploading")
    page.click(".reconstruct .cancel")
    assert (
        page.reaches(".reconstruct .state", "idle") == "Cancelled."
        and not page.one(".reconstruct .sent").is_displayed()
    )


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_photo_can_be_dropped_or_pasted(page, event):
    """A file that is dropped on the page or pasted into it gets the square, like a chosen file."""
    page.driver.execute_script(
        """const [kind, data] = arguments, files = new DataTransfer();
        const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
        files.items.add(new File([bytes], 'car.jpg', {type: 'image/jpeg'}));
        const init = {bubbles: true, cancelable: true, dataTransfer: files};
        const event = kind === 'paste' ? new ClipboardEvent(kind, init) : new DragEvent(kind, init);
        // Firefox gives such an event an empty clipboard
        if (kind === 'paste') Object.defineProperty(event, 'clipboardData', {value: files});
        document.querySelector('.drop').dispatchEvent(event);""",
        event,
        base64.b64encode(EXAMPLE.read_bytes()).decode(),
    )
    page.wait(lambda _: page.all(".cropper-crop-box"))
    assert page.one(".file-name").text == "car.jpg"


def test_a_photo_can_be_taken(page):
    """ "Take a photo" shows the camera's picture, and then the taken photo in the square. On a phone it opens
    the phone's camera.
    """
    page.click(".camera")
    page.wait(lambda _: page.script("$('.viewfinder video')[0].videoWidth > 0"))
    page.click(".shoot")
    page.wait(lambda _: page.all(".cropper-crop-box"))
    assert page.one(".drop").is_displayed() and not page.one(".viewfinder").is_displayed()
    assert page.script("$('.viewfinder video')[0].srcObject") is None
    assert page.one(".capture").get_attribute("capture") == "environment"


@pytest.mark.parametrize("leave", ["$('nav a[href^=\"#words\"]')[0].click()", "history.back()"])
def test_the_camera_stops_where_nobody_sees_it(page, leave):
    page.script("(location.hash = '#api', location.hash = '#cars')")
    page.click(".camera")
    page.wait(lambda _: page.script("$('.viewfinder video')[0].videoWidth > 0"))
    page.script(leave)
    page.wait(lambda _: page.script("$('.viewfinder video')[0].srcObject") is None)


def test_a_camera_that_may_not_be_used_is_told(page):
    """If the visitor does not allow the camera, a sentence appears next to the button."""
    page.driver.execute_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError') "
        "}"
    )
    page.click(".camera")
    assert "choose a photo instead" in page.reaches(".reconstruct .state", "failed")


@pytest.mark.parametrize("name", ["notes.txt", "<b>bold<b>&amp;<img src=x>.jpg"])
def test_what_is_no_picture_is_told_in_sight_and_not_sent(page, tmp_path, name):
    """For a text file with any name, a sentence with its name appears under the button at once."""
    (tmp_path / name).write_text("not a picture")
    page.one(".photo").send_keys(str(tmp_path / name))
    sentence = page.reaches(".reconstruct .state", "failed")
    assert name in sentence and "JPEG, PNG, WebP" in sentence and page.asked(".reconstruct .state") is None
    box, top = page.one(".reconstruct .sentence").rect, page.script("scrollY")
    assert top <= box["y"] <= top + page.script("innerHeight")
    page.screenshot("refused")


def test_markup_in_a_file_name_stays_text(page, tmp_path):
    """A file name is shown unchanged, with its tags, wherever it appears."""
    name = "<b>bold<b>&amp;<img src=x>.jpg"
    shutil.copy(str(EXAMPLE), str(tmp_path / name))
    page.choose(tmp_path / name)
    assert page.one(".file-name").text == name
    page.click(".send-whole")
    page.becomes(lambda: page.one(".edited .name").text, "Reconstruction of " + name)
    assert not page.all("#cars b") and not page.all("#cars img[src=x]")


def test_the_same_seed_gives_the_same_pictures_and_the_dice_others(page):
    """Generate with seed 7, then with a new seed from the dice, then with seed 7 again."""
    first = page.tiles()
    page.click(".dice")
    page.wait(lambda _: page.tiles() != first)
    page.reaches(".generate .state", "answered")
    assert page.one("[name=seed]").get_attribute("value") != "7" and not set(first) & set(page.tiles())
    assert page.generate(seed=7) == first


def test_a_link_carries_what_is_shown(open_cars):
    """The address has the seed, the count, the edited car, the amounts, and the end of the interpolation."""
    page = open_cars("seed=11&count=3&car=2&brightness=1.5&main2=-1&to=3")
    pictures = page.tiles()
    page.becomes(lambda: page.one(".slots .to img").get_attribute("src"), pictures[2])
    assert len(pictures) == 3 and page.source(".slots .from img") == pictures[1]
    assert [
        page.one("#cars-direction-%s" % name).get_attribute("value")
        for name in ("brightness", "main2", "size")
    ] == ["1.5", "-1", "0"]
    page.becomes(lambda: page.one(".edited .name").text, "Car 2 of seed 11, edited")
    assert page.source(".edited img") != pictures[1]


def test_a_link_carries_a_car_that_is_in_no_grid(open_cars, browser, tmp_path):
    """No server keeps the reconstruction of a photo. The address shows it to another person."""
    page = open_cars("count=2")
    page.choose(photo(tmp_path, 400, 300))
    page.click(".send-whole")
    page.reaches(".reconstruct .state", "answered")
    page.show_the_same(".edited img", ".redrawn")
    picture, address = page.source(".edited img"), page.driver.current_url
    page = open_cars(address.split("?")[1])
    page.becomes(lambda: page.source(".edited img"), picture)


def test_an_example_pressed_again_is_shown_again(page):
    """Without another question, after another example and after a photo of one's own."""
    page.take_example("street-red")
    first = page.source(".redrawn")
    page.take_example("beetle-orange")
    assert page.source(".redrawn") != first
    page.click(".examples [data-example=street-red]")
    page.becomes(lambda: page.source(".redrawn"), first)
    page.choose(EXAMPLE)
    page.reaches(".reconstruct .state", "answered")
    page.click(".examples [data-example=street-red]")
    page.becomes(lambda: page.source(".redrawn"), first)
    assert not page.one(".cropping").is_displayed()


def test_back_leads_back(page):
    """Choose another seed, a car and a slider value. Back undoes them one by one,
    and Forward repeats them.
    """
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
    """Press a generated car and move a slider: the car changes. After Reset it is as before."""
    picture = page.edit(2)
    page.set(sliders + " input", 2)
    page.changes(".edited img", picture)
    assert page.one(sliders + " output").text == "+2.0"
    page.screenshot("edited")
    page.click(".sliders [type=reset]")
    page.becomes(lambda: page.source(".edited img"), picture)
    assert page.one(sliders + " output").text == "0.0"


def test_the_picture_follows_a_slider_moved_by_keys(page):
    """Every press of an arrow key changes the picture, and the last one counts."""
    before = page.edit(3)
    slider = page.one(".named input")
    slider.send_keys(RIGHT * 20)
    page.changes(".edited img", before)
    page.wait(lambda _: page.asked(".edit .state")["attributes"] == {slider.get_attribute("name"): 2})
    page.reaches(".edit .state", "answered")
    assert slider.get_attribute("value") == "2"


def test_an_edit_that_comes_late_is_dropped(browser, faulty):
    """If the answer is slow and another car was chosen meanwhile, it is not shown."""
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
    """A saved latent gives the same picture. A file that is not a latent gets a sentence."""
    page.driver.save_into(tmp_path)
    picture = page.edit(2)
    page.click(".save-latent")
    page.wait(lambda _: (tmp_path / "car-latent.json").exists())
    page.edit(3)
    page.one(".load-latent").send_keys(str(tmp_path / "car-latent.json"))
    page.becomes(lambda: page.source(".edited img"), picture)
    assert page.one(".edited .name").text == "Picture of car-latent.json"
    for content in (EXAMPLE.read_bytes(), b"null", b'"<b>"', b'{"name": "cars"}'):
        (tmp_path / "other.json").write_bytes(content)
        page.one(".load-latent").send_keys(str(tmp_path / "other.json"))
        assert "This file is not a latent." in page.reaches(".edit .state", "failed")
        page.edit(4)
        page.edit(3)


def test_two_pictures_are_interpolated_played_and_saved(page, tmp_path):
    """From the reconstruction to a generated car: the player runs to the end by itself, and again on request.
    The saved file is a GIF.
    """
    page.driver.save_into(tmp_path)
    page.take_example()
    page.click(".grid li:nth-child(1) [data-end=from]")
    page.click(".reconstruction [data-end=to]")
    page.show_the_same(".slots .to img", ".redrawn")
    page.click(".run")
    page.reaches(".interpolate .state", "answered")
    page.wait(
        lambda _: page.one("#cars-frame").get_attribute("value") == "23" and page.one(".play").text == "Play"
    )
    last = page.source(".frame")
    page.click(".play")
    page.changes(".frame", last)
    page.screenshot("interpolated")
    page.click(".save-gif")
    page.wait(lambda _: (tmp_path / "cars.gif").exists())
    assert (tmp_path / "cars.gif").read_bytes()[:4] == b"GIF8"


def test_with_less_motion_nothing_plays_by_itself(page):
    """If the visitor prefers less motion, the first picture stays until Play is pressed."""
    page.driver.prefer_less_motion()
    page.click(".run")
    page.reaches(".interpolate .state", "answered")
    page.script("new Promise((done) => setTimeout(done, 300))")
    assert page.one("#cars-frame").get_attribute("value") == "0" and page.one(".play").text == "Play"


def test_a_wrong_count_shows_the_servers_sentence(page):
    """65 cars are too many. The page shows the server's sentence next to the form, and the earlier cars are
    gone.
    """
    page.set("[name=count]", 65)
    page.click(".generating .primary")
    assert "64" in page.reaches(".generate .state", "failed")
    assert not page.tiles()


def test_a_count_that_is_typed_stays_while_a_car_is_edited(page):
    """Until the button asks for so many."""
    page.set("[name=count]", 3)
    page.edit(2)
    assert page.script("$('#cars [name=count]').val()") == "3"
    page.click(".generating .primary")
    page.wait(lambda _: len(page.tiles()) == 3)


def test_every_curl_command_gives_what_the_page_shows(page, tmp_path):
    """Pasted unchanged into a shell, they give the photo's reconstruction, the grid, the edit, and the GIF as
    a file.
    """
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
    page.driver.save_into(tmp_path)
    page.click(".save-gif")
    page.wait(lambda _: (tmp_path / "cars.gif").exists() and "gif" in page.curl(".interpolate"))
    page.run_curl(".interpolate", tmp_path)
    assert (tmp_path / "answer.gif").read_bytes() == (tmp_path / "cars.gif").read_bytes()


def test_the_keyboard_alone_is_enough(page):
    """Press Enter in the form, tab to a car, press Enter. The focus is then on the edited car, and the next
    Tabs reach the sliders.
    """
    page.set("[name=count]", 2)
    page.one("[name=seed]").send_keys(ENTER)
    page.wait(lambda _: len(page.tiles()) == 2)
    page.reaches(".generate .state", "answered")
    page.script("$('[name=seed]')[0].focus()")
    tab_to(page, "tile")
    page.driver.switch_to.active_element.send_keys(ENTER)
    assert page.driver.switch_to.active_element.text == "Edit"
    tab_to(page, None, "range")


@pytest.fixture
def with_a_map(browser, faulty, tmp_path, monkeypatch):
    """The view of weights that have a map: one car in the middle, and one in each corner."""
    mapped.put(tmp_path / "weights")
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path / "weights"))
    with visiting(browser):
        page = Cars(browser, faulty.address, "count=2")
        page.script("$('.map')[0].scrollIntoView()")
        page.wait(lambda _: page.all(".pointed img[src]"))
        yield page


def pointer(page):
    """A mouse on the middle of the map."""
    from selenium.webdriver.common.action_chains import ActionChains

    page.script("$('.plane')[0].scrollIntoView({block: 'center'})")
    return ActionChains(page.driver, duration=20).move_to_element(page.one(".plane"))


def place(page):
    return page.one(".pointed .name").text


def test_pointing_at_the_map_decodes_the_place(with_a_map):
    """At a car of the map it is that car. Between cars it is another one."""
    page, middle = with_a_map, model().map["latents"][0]
    assert place(page) == "Place 50, 50 of the map"
    assert page.asked(".of-place")["latents"][0] == pytest.approx(middle, abs=1e-4)
    before = page.source(".pointed img")
    pointer(page).move_by_offset(60, 20).perform()
    page.changes(".pointed img", before)
    page.wait(lambda _: re.match(r"Place [67]\d, 5\d of the map", place(page)))
    assert page.script("$('.edited .name').text()") == "Car 1 of seed 7"


def test_a_click_on_the_map_edits_the_place_and_the_address_names_it(with_a_map, faulty, browser):
    """Edit shows the picture of the place. The address shows it to another person."""
    page = with_a_map
    pointer(page).move_by_offset(-70, 30).click().perform()
    page.wait(lambda _: page.one(".edited .name").text == place(page) != "Place 50, 50 of the map")
    picture = page.source(".pointed img")
    assert page.source(".edited img") == picture
    assert page.driver.switch_to.active_element.text == "Edit"
    address = page.driver.current_url
    page = Cars(browser, faulty.address, address.split("?")[1])
    page.becomes(lambda: page.source(".edited img"), picture)


def test_a_walk_over_the_map_draws_its_path_and_edits_nothing(with_a_map):
    """Drag from the middle to the right and down: the picture is that of the walk's end."""
    page = with_a_map
    drag = pointer(page).click_and_hold()
    for _ in range(5):
        drag = drag.move_by_offset(10, 6)
    drag.release().perform()
    page.wait(lambda _: re.match(r"Place [56]\d, [56]\d of the map", place(page)))
    page.reaches(".of-place", "answered")
    assert len(page.one(".walk").get_attribute("points").split(" ")) > 3
    assert page.one(".edited .name").text == "Car 1 of seed 7"


def test_the_map_can_be_used_by_keys_alone(with_a_map):
    """Five steps to the right and one down are a tenth and a fiftieth of the map. Enter edits."""
    page = with_a_map
    page.one(".plane").send_keys(RIGHT * 5 + DOWN)
    page.becomes(lambda: place(page), "Place 60, 52 of the map")
    page.one(".plane").send_keys(ENTER)
    page.becomes(lambda: page.one(".edited .name").text, "Place 60, 52 of the map")
    assert page.source(".edited img") == page.source(".pointed img")


def test_the_lattice_shows_evenly_spaced_places_to_edit(with_a_map):
    """Its rows are as long as its columns. A press on the second car edits it."""
    page = with_a_map
    page.click(".draw-lattice")
    page.reaches(".of-lattice", "answered")
    cars = page.all(".lattice .tile img")
    assert len(cars) in (16, 36)
    picture = cars[1].get_attribute("src")
    page.click(".lattice li:nth-child(2) .tile")
    page.becomes(lambda: page.source(".edited img"), picture)
    assert page.one(".edited .name").text == "Place %d, %d of the map" % (
        (38, 13) if len(cars) == 16 else (25, 8)
    )


def test_a_map_that_does_not_come_is_told_and_asked_for_again(browser, faulty, tmp_path, monkeypatch):
    """The server's sentence stands in the card. "Try again" brings the map."""
    mapped.put(tmp_path / "weights")
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path / "weights"))
    faults = [gateway_answer(500, {"detail": "It went wrong."})]
    faulty.fault = lambda event: faults.pop() if faults and event["routeKey"] == "GET /cars/map" else None
    with visiting(browser):
        page = Cars(browser, faulty.address, "count=1")
        page.script("$('.map')[0].scrollIntoView()")
        assert page.reaches(".of-place", "failed") == "It went wrong."
        assert not page.one(".draw-lattice").is_enabled()
        page.click(".of-place .again")
        page.wait(lambda _: page.all(".pointed img[src]"))


def test_without_a_map_there_is_no_card_of_it(browser, faulty, tmp_path, monkeypatch):
    """Weights that were exported before there were maps are shown as ever."""
    mapped.write(tmp_path / "weights")
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path / "weights"))
    with visiting(browser):
        page = Cars(browser, faulty.address, "count=1")
        assert not page.one(".map").is_displayed()


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_the_map_fits_and_is_accessible(with_a_map, width):
    """In light and dark, axe-core finds nothing, with a lattice shown."""
    page = with_a_map
    page.show_at(width, "light")
    page.click(".draw-lattice")
    page.reaches(".of-lattice", "answered")
    fits_and_is_accessible(page, "cars-map", width)


@pytest.mark.parametrize("width", [800, 1600])
def test_generated_cars_are_large_enough_to_look_at(page, width):
    """A car has at least 150 pixels across."""
    page.show_at(width, "light")
    assert min(image.rect["width"] for image in page.all(".grid .tile img")) >= 150


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_the_cars_view_fits_and_is_accessible(page, width):
    """In light and dark, axe-core finds nothing, and nothing is wider than the page,
    with everything shown.
    """
    page.show_at(width, "light")
    page.screenshot("cars-%d-first" % width)
    page.choose(EXAMPLE)
    page.click(".send-square")
    page.reaches(".reconstruct .state", "answered")
    page.show_the_same(".slots .from img", ".redrawn")
    page.click(".run")
    page.reaches(".interpolate .state", "answered")
    page.curl(".reconstruct")
    fits_and_is_accessible(page, "cars", width)


def photo(folder, width, height, orientation=1):
    """A picture of noise, which stays large as a JPEG, with an EXIF orientation."""
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=60, exif=exif)
    (folder / "photo.jpg").write_bytes(data.getvalue())
    return folder / "photo.jpg"


def shape(page, css):
    """Width divided by height of the picture itself."""
    page.wait(lambda _: page.one(css).get_property("naturalHeight") > 0)
    return page.one(css).get_property("naturalWidth") / page.one(css).get_property("naturalHeight")
