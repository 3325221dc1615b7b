"""The /NAME routes: what is answered, and each wrong input's sentence."""

from models import registry


def test_the_record_has_the_shapes(call):
    answer = call("GET", "/NAME")
    assert (
        answer.status == 200
        and answer.json["name"] == "NAME"
        and answer.json["inputs"]
        and answer.json["outputs"]
    )


def test_a_photo_is_answered_however_it_is_sent(call, photo):
    """As a form and as it is: the same numbers, or the same picture."""
    form = call("POST", "/NAME", parts=[("image", "car.jpg", photo)])
    raw = call("POST", "/NAME", body=photo, headers={"Content-Type": "image/jpeg"})
    assert form.status == raw.status == 200 and form.json == raw.json
    assert ("image" in form.json) == registry.record("NAME")["picture_out"]


def test_no_picture_is_told(call):
    answer = call("POST", "/NAME", json={})
    assert answer.status == 422 and answer.json["detail"] == "Send one picture: here are 0."


def test_what_is_no_picture_is_told(call):
    assert call("POST", "/NAME", body=b"GIF89a", headers={"Content-Type": "image/gif"}).status in (400, 415)
