"""What schemathesis is told of this API by tests/test_contract.py: which texts are pictures and JSON, and how to look at an answered picture."""

import base64
import io
import json

import schemathesis
from hypothesis import strategies as st
from PIL import Image


def encoded(size, colour, kind):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


amounts = st.floats(-3, 3)
files = st.builds(encoded, st.tuples(st.integers(1, 300), st.integers(1, 300)), st.tuples(*[st.integers(0, 255)] * 3), st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP"]))
schemathesis.openapi.format("picture", files.map(lambda data: base64.b64encode(data).decode()))
schemathesis.openapi.format("binary", files)
schemathesis.openapi.format("Attributes", st.fixed_dictionaries({}, optional={"brightness": amounts, "view": amounts}).map(json.dumps))
schemathesis.openapi.format("Main", st.lists(amounts, max_size=8).map(json.dumps))
schemathesis.openapi.media_type("image/*", files)


@schemathesis.deserializer("image/png", "image/jpeg", "image/gif")
def opened(context, response):
    """A picture that is none raises here."""
    with Image.open(io.BytesIO(response.content)) as picture:
        picture.load()
        return {"width": picture.width, "height": picture.height}
