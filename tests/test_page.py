"""The cars view in a real browser: each test does a task as a visitor would."""

import base64
import json
import shutil

import pytest

from browsing import ROOT, Page, show_at, tab_to, violations, visiting, whole_page

EXAMPLE = ROOT / "static" / "examples" / "beetle-orange.jpg"


class Cars(Page):
    """The cars view."""

    def give_file(self, event):
        """Drop or paste the example picture: an event that carries a file."""
        self.driver.execute_script(
            """const [kind, data] = arguments, bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0)), files = new DataTransfer();
            files.items.add(new File([bytes], 'car.jpg', {type: 'image/jpeg'}));
            const init = {bubbles: true, cancelable: true, dataTransfer: files, clipboardData: files};
            const event = kind === 'paste' ? new ClipboardEvent(kind, init) : new DragEvent(kind, init);
            document.querySelector('.drop').dispatchEvent(event);""",
            event, base64.b64encode(EXAMPLE.read_bytes()).decode())

    def choose(self, path=EXAMPLE):
        self.one(".photo").send_keys(str(path))
        self.wait(lambda _: self.all(".cropper-crop-box"))

    def take_example(self):
        self.click(".examples button")
        self.reaches(".reconstruct .state", "answered")

    def generate(self, **fields):
        """Fill in the form and send it; gives the pictures."""
        for name, value in fields.items():
            self.set(".generating [name=%s]" % name, value)
        self.click(".generating .primary")
        self.wait(lambda _: len(self.all(".tile img")) == int(self.one("[name=count]").get_attribute("value")))
        self.reaches(".generate .state", "answered")
        return [image.get_attribute("src") for image in self.all(".tile img")]


@pytest.fixture
def page(browser, server):
    with visiting(browser):
        yield Cars(browser, server)


def test_a_photo_chosen_by_the_button_is_reconstructed_beside_the_original(page):
    """Choose a file, send the square: original and reconstruction stand side by side, and the time it took is told."""
    page.choose()
    page.click(".send-square")
    assert page.reaches(".reconstruct .state", "answered").startswith("Answered in")
    original, reconstruction = page.one(".original img"), page.one(".reconstruction img")
    assert original.is_displayed() and reconstruction.is_displayed()
    assert original.location["y"] == reconstruction.location["y"] and original.location["x"] < reconstruction.location["x"]
    assert "forward" in page.one(".reconstruct .timing").text
    page.screenshot("reconstructed")


def test_the_square_moves_with_the_arrow_keys_and_cuts_the_photo(page, tmp_path):
    """A wide photo cropped to the square comes back as high as wide; sent whole it keeps its shape."""
    page.choose(wide_photo(page, tmp_path))
    before = page.one(".cropper-crop-box").get_attribute("style")
    page.one(".stage").send_keys("\ue012")  # arrow left
    assert page.one(".cropper-crop-box").get_attribute("style") != before
    page.click(".send-square")
    page.reaches(".reconstruct .state", "answered")
    assert shape(page, ".original img") == pytest.approx(1, abs=0.02)
    square = page.source(".original img")
    page.click(".send-whole")
    page.changes(".original img", square)
    assert shape(page, ".original img") == pytest.approx(2, abs=0.02)


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_photo_can_be_dropped_or_pasted(page, event):
    """A file dropped on the page, or pasted into it, gets the square as a chosen one does."""
    page.give_file(event)
    page.wait(lambda _: page.all(".cropper-crop-box"))
    page.click(".send-whole")
    page.reaches(".reconstruct .state", "answered")
    assert page.one(".file-name").text == "car.jpg"


def test_the_same_seed_gives_the_same_pictures(page):
    """Generate with seed 7 twice, with another seed between."""
    first = page.generate(count=4, seed=7)
    other = page.generate(count=3, seed=8)
    assert page.generate(count=4, seed=7) == first
    assert not set(first) & set(other)


def test_the_dice_gives_a_new_seed(page):
    """Press the dice: the seed is another one."""
    before = page.one("[name=seed]").get_attribute("value")
    page.click(".dice")
    assert page.one("[name=seed]").get_attribute("value") != before


def test_a_generated_picture_can_be_edited_and_reset(page):
    """Press a generated picture, move a slider: it changes. Reset: it is as it was."""
    pictures = page.generate(count=2, seed=7)
    page.click("li:nth-child(2) .tile")
    assert page.source(".edited img") == pictures[1]
    page.set(".directions input", 2)
    page.changes(".edited img", pictures[1])
    assert page.one(".directions output").text == "+2.0"
    page.screenshot("edited")
    page.click(".sliders [type=reset]")
    assert page.source(".edited img") == pictures[1]
    assert page.one(".directions output").text == "0.0"


def test_the_picture_follows_a_slider_moved_by_keys(page):
    """Every press of an arrow key moves on, and the last one wins."""
    page.take_example()
    before = page.source(".edited img")
    slider = page.one(".directions input")
    slider.send_keys("\ue014" * 20)  # arrow right, twenty steps of 0.1
    page.changes(".edited img", before)
    assert slider.get_attribute("value") == "2"
    page.wait(lambda _: edits_asked(page)["attributes"][slider.get_attribute("name")] == 2)


def test_a_saved_latent_can_be_loaded(page, tmp_path):
    """A latent file gives its picture back; a file that is no latent gets a sentence."""
    picture = page.generate(count=1, seed=7)[0]
    page.click(".tile")
    saved = page.driver.execute_script("const {latent, aspect} = $('.edited').data('picture'); return JSON.stringify({latent, aspect})")
    (tmp_path / "car-latent.json").write_text(saved)
    page.take_example()
    page.one(".load-latent").send_keys(str(tmp_path / "car-latent.json"))
    page.wait(lambda _: page.source(".edited img") == picture)
    page.one(".load-latent").send_keys(str(EXAMPLE))
    assert "not JSON" in page.reaches(".edit .state", "failed")


def test_two_pictures_are_interpolated_and_played(page):
    """From the reconstruction to a generated picture: the player runs to the end by itself, and again when asked."""
    page.take_example()
    page.generate(count=2, seed=7)
    page.click(".reconstruction [data-end=from]")
    page.click(".grid [data-end=to]")
    page.click(".run")
    page.reaches(".interpolate .state", "answered")
    page.wait(lambda _: page.one("#cars-frame").get_attribute("value") == "23" and page.one(".play").text == "Play")
    last = page.source(".frame")
    page.click(".play")
    page.changes(".frame", last)
    page.screenshot("interpolated")


def test_the_animation_is_saved_as_a_gif(page, tmp_path):
    """Save as GIF downloads a file that begins as a GIF does."""
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.generate(count=2, seed=7)
    page.click(".grid li:nth-child(1) [data-end=from]")
    page.click(".grid li:nth-child(2) [data-end=to]")
    page.click(".run")
    page.reaches(".interpolate .state", "answered")
    page.click(".save-gif")
    page.wait(lambda _: (tmp_path / "cars.gif").exists())
    assert (tmp_path / "cars.gif").read_bytes()[:4] == b"GIF8"


def test_a_wrong_file_type_shows_the_servers_sentence_under_the_button(page, tmp_path):
    """A text file is refused in the server's words, in sight of the visitor."""
    (tmp_path / "notes.txt").write_text("not a picture")
    page.one(".photo").send_keys(str(tmp_path / "notes.txt"))
    assert "JPEG, PNG, WebP" in page.reaches(".reconstruct .state", "failed")
    box = page.one(".reconstruct .sentence").rect
    top = page.driver.execute_script("return window.scrollY")
    assert top <= box["y"] <= top + page.driver.execute_script("return window.innerHeight")
    page.screenshot("refused")


def test_a_wrong_count_shows_the_servers_sentence(page):
    """65 pictures are too many: the server says so, and the page shows it by the form."""
    page.set("[name=count]", 65)
    page.click(".generating .primary")
    assert "64" in page.reaches(".generate .state", "failed")


def test_markup_in_a_file_name_stays_text(page, tmp_path):
    """A file name is shown as it is, tags and all."""
    name = "<b>bold<b>&amp;<img src=x>.jpg"
    shutil.copy(EXAMPLE, tmp_path / name)
    page.choose(tmp_path / name)
    assert page.one(".file-name").text == name
    assert not page.all(".file-name *")


def test_the_keyboard_alone_is_enough(page):
    """Tab to Generate, press Enter, tab to a picture, press Enter: the focus is where the picture is edited."""
    page.set("[name=count]", 2)
    page.one("[name=seed]").send_keys("\ue007")  # Enter
    page.reaches(".generate .state", "answered")
    tab_to(page, "tile")
    page.driver.switch_to.active_element.send_keys("\ue007")
    assert page.driver.switch_to.active_element.text == "Edit"
    tab_to(page, None, "range")


def test_a_server_that_is_not_ready_is_asked_again_until_cancelled(page):
    """503 with Retry-After: the page says so and waits; Cancel ends it."""
    page.driver.execute_script(
        """const problem = JSON.stringify({detail: 'The weights are not there yet.'});
        window.fetch = async () => new Response(problem, {status: 503, headers: {'Retry-After': '9'}})""")
    page.click(".generating .primary")
    sentence = page.reaches(".generate .state", "warming")
    assert sentence == "The weights are not there yet. Asking again in 9 s."
    page.click(".generate .cancel")
    assert page.reaches(".generate .state", "idle") == "Cancelled."


def test_a_lost_connection_is_told(page):
    """No server: a sentence, not silence."""
    page.driver.execute_script("window.fetch = async () => { throw new TypeError('Failed to fetch') }")
    page.click(".generating .primary")
    assert "cannot be reached" in page.reaches(".generate .state", "failed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1600])
def test_the_page_fits_and_is_accessible(page, width, scheme):
    """axe-core finds nothing, and nothing sticks out sideways, with everything on the page shown."""
    show_at(page, width, scheme)
    page.screenshot("%d-%s-before" % (width, scheme))
    page.choose()
    page.click(".send-square")
    page.reaches(".reconstruct .state", "answered")
    page.generate(count=3, seed=7)
    page.click(".grid [data-end=from]")
    page.click(".grid [data-end=to]")
    page.click(".run")
    page.reaches(".interpolate .state", "answered")
    whole_page(page, "%d-%s-after" % (width, scheme))
    assert page.driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert violations(page) == []


def wide_photo(page, folder):
    """A photo twice as wide as high, drawn by the browser: no picture library is needed here."""
    script = "const c = document.createElement('canvas'); c.width = 600; c.height = 300; return c.toDataURL('image/png')"
    (folder / "wide.png").write_bytes(base64.b64decode(page.driver.execute_script(script).split(",")[1]))
    return folder / "wide.png"


def shape(page, css):
    """Width over height of the picture itself."""
    page.wait(lambda _: page.one(css).get_property("naturalHeight") > 0)
    return page.one(css).get_property("naturalWidth") / page.one(css).get_property("naturalHeight")


def edits_asked(page):
    """The body of the last edit, as the page shows it under "As curl"."""
    command = page.one(".edit .curl pre").get_property("textContent")
    return json.loads(command[command.index("{"):command.rindex("}") + 1])
