"""The API view in a real browser. It has every call of the contract, and each can be tried."""

import json

import pytest
import yaml

from tests.support.browsing import ROOT, Page, fits_and_is_accessible, visiting
from tests.words.test_page import MARKUP

CONTRACT = yaml.safe_load((ROOT / "openapi.yaml").read_text())


class Api(Page):
    """The API view."""

    def __init__(self, driver, server, query=""):
        super().__init__(driver, server + "/#api" + (query and "?" + query), "api", warmed="idle")
        self.wait(lambda _: self.all(".call"))

    def ask(self, call):
        """Send the form of a call. Returns the answer that is shown."""
        self.driver.execute_script("document.querySelector(`[data-call=${arguments[0]}]`).open = true", call)
        self.click("[data-call=%s] .primary" % call)
        self.reaches("[data-call=%s] .state" % call, "answered")
        return self.one("[data-call=%s] .got" % call).text


@pytest.fixture
def open_api(browser, server):
    with visiting(browser):
        yield lambda query="": Api(browser, server, query)


def test_every_call_of_the_contract_is_there(open_api):
    """Each call has its method, path, summary and parameters, and nothing else is shown."""
    page = open_api()
    promised = {
        "%s %s" % (method.upper(), path): call
        for path, item in CONTRACT["paths"].items()
        for method, call in item.items()
    }
    assert sorted(page.texts(".call > summary > code")) == sorted(promised)
    for route, call in promised.items():
        shown = page.texts("[data-call=%s]" % call["operationId"])[0]
        assert call["summary"].replace("`", "") in shown
        assert all(parameter["name"] in shown for parameter in call.get("parameters", []))


def test_each_way_to_write_a_body_has_its_fields(open_api):
    """Two pictures, two latents, or one of each; a star is at what that way requires."""
    page = open_api("call=interpolateCars")
    ways = CONTRACT["paths"]["/cars/interpolate"]["post"]["requestBody"]["content"]["application/json"]
    for place, way in enumerate(ways["schema"]["oneOf"], 1):
        table = "[data-call=interpolateCars] table:contains(way %d of 3)" % place
        starred = [name + (" *" if name in way["required"] else "") for name in way["properties"]]
        assert page.texts(table + " th") == starred


def test_a_field_tells_what_it_may_be(open_api):
    """An enum lists its values, and an empty default is seen as one."""
    page = open_api()
    table = "[data-call=inventNames] table:contains(Body)"
    fields = dict(zip(page.texts(table + " th"), page.texts(table + " th + td")))
    assert fields["gender"] == "one of either, female, male; either if not given"
    assert fields["start"].endswith('; "" if not given')


def test_a_field_of_the_query_tells_what_it_means(open_api):
    page = open_api()
    table = "[data-call=describeClassification] table:contains(Query)"
    meanings = dict(zip(page.texts(table + " th"), page.texts(table + " .meaning")))
    assert meanings["explain"] == "With it the text may have 500 words and signs"


def test_calls_are_tried_with_their_examples(open_api):
    """A link opens a call. Its answer, its time and its curl command are shown, for a question and for a
    body.
    """
    page = open_api("call=similarity")
    assert page.one("[data-call=similarity] form").is_displayed()
    assert json.loads(page.ask("similarity")) == json.loads(page.run_curl("[data-call=similarity]"))
    assert "forward" in page.one("[data-call=similarity] .timing").text
    assert len(json.loads(page.ask("similarities"))["similarities"]) == 2
    assert json.loads(page.ask("health"))["status"] == "ok"


def test_a_photo_is_tried(open_api):
    """Choose a picture in the form of a call that takes one."""
    page = open_api("call=reconstructCar")
    page.one("[data-call=reconstructCar] [type=file]").send_keys(
        str(ROOT / "static" / "examples" / "coupe-green.jpg")
    )
    assert len(json.loads(page.ask("reconstructCar"))["latent"]) == 64


def test_what_is_typed_wrong_is_told(open_api):
    """A body that is not JSON gets a sentence, and markup in a field stays text."""
    page = open_api("call=similarities")
    page.set("[data-call=similarities] textarea", MARKUP)
    page.click("[data-call=similarities] .primary")
    assert "not JSON" in page.reaches("[data-call=similarities] .state", "failed")
    page.set("#api-similarity-a", MARKUP)
    assert MARKUP in page.ask("similarity")
    assert not page.all("#api img") and not page.all("#api b")


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_the_api_view_fits_and_is_accessible(open_api, width):
    """In light and dark, axe-core finds nothing, and nothing is wider than the page, with an answered call
    open.
    """
    page = open_api("call=neighbours")
    page.show_at(width, "light")
    page.ask("neighbours")
    page.driver.execute_script("document.querySelector('[data-call=translate]').open = true")
    fits_and_is_accessible(page, "api", width)
