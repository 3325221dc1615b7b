"""What schemathesis must know about this API (tests/api/test_contract.py): which texts are pictures, and how
to open an answered picture. tests/NAME/formats.py adds the texts of one model.
"""

import base64
import io
import pathlib
import runpy

import schemathesis
from hypothesis import strategies as st
from PIL import Image


def encoded(size, colour, kind):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


files = st.builds(
    encoded,
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.tuples(*[st.integers(0, 255)] * 3),
    st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP"]),
)
schemathesis.openapi.format("picture", files.map(lambda data: base64.b64encode(data).decode()))
schemathesis.openapi.format("binary", files)
schemathesis.openapi.media_type("image/*", files)
for path in sorted(pathlib.Path(__file__).parent.parent.glob("*/formats.py")):
    runpy.run_path(str(path))


@schemathesis.deserializer("image/png", "image/jpeg", "image/gif", "image/webp")
def opened(context, response):
    """Open an answered picture. Raises an error if it is not one."""
    with Image.open(io.BytesIO(response.content)) as picture:
        picture.load()
        return {"width": picture.width, "height": picture.height}
