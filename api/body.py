"""The body of a request (JSON, a form, or one raw picture) ->
the values sent under each name, and the bytes of pictures.
"""

import base64
import json
import re
from typing import Any, Dict, List, Tuple

from api.problems import Malformed, Problem, TooLarge, Unprocessable, UnsupportedType, quoted

MAX_PICTURE_BYTES = 4_500_000  # as base64 this is 6 MB, the most that Lambda accepts in a call
MAX_PARTS = 100  # of one multipart body
CODINGS = {"gzip", "x-gzip", "deflate", "br", "zstd", "compress"}  # of a body that is compressed
COMPRESSED = b"\x1f"  # the first byte of gzip; nothing that is read here begins with it
MAX_PART_HEADERS = 8_000  # bytes, with the file name; the header parser needs seconds for millions of bytes
MAX_NESTED = 200  # arrays and objects in each other, in JSON
STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


class TooDeep(ValueError):
    """JSON nests more than MAX_NESTED arrays and objects in each other."""


def read(
    event: Dict[str, Any], content_type: str, coding: str = ""
) -> Tuple[Dict[str, List[Any]], List[bytes]]:
    """The values under each name, and the pictures in the order in which they came. `coding` is the header
    Content-Encoding.
    """
    body = event.get("body") or ""
    kind = content_type.split(";")[0].strip().lower()
    if not body:
        return {}, []
    data = decoded(body) if event.get("isBase64Encoded") else encoded(body)
    if CODINGS & set(re.split("[, ]+", coding.lower())) or data.startswith(COMPRESSED):
        raise UnsupportedType(
            "The body is compressed. Send it as it is, without Content-Encoding: it may have %d bytes."
            % MAX_PICTURE_BYTES,
            Accept_Encoding="identity",
        )
    if kind == "application/json":
        return {name: [value] for name, value in json_object(data).items()}, []
    if kind == "multipart/form-data":
        return multipart(data, content_type)
    if kind.startswith("image/") or kind == "application/octet-stream":
        return {}, [within_limit(data)]
    raise UnsupportedType(
        "A body of type %s cannot be read. Send application/json, multipart/form-data or an image/* type: "
        "with curl, -H 'Content-Type: application/json' -d '{\"name\": \"value\"}', or -F image=@car.jpg."
        % (quoted(kind) if kind else "none")
    )


class Sent(str):
    """A text of the query or of a form. It may mean a number, a flag or JSON; the route decides."""


def gathered(pairs: List[Tuple[str, Any]]) -> Dict[str, List[Any]]:
    """Values by name, in their order."""
    found: Dict[str, List[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def typed(text: str) -> Any:
    """The value of a query or multipart text: numbers, true, false, arrays
    and objects are read as JSON; everything else stays text.
    """
    if text in ("True", "False"):  # what Python's requests sends for a bool
        return text == "True"
    try:
        return load_json(text)
    except ValueError:
        return text


def load_json(text: str) -> Any:
    """Read JSON. NaN and Infinity are refused, because they are not JSON. A number that is
    too large for a float becomes infinite, which no field allows. Raises ValueError.
    """

    def refuse(constant: str) -> None:
        raise ValueError("%s is not JSON" % constant)

    def bounded(digits: str) -> float:
        return int(digits) if len(digits) < 20 else float(digits)

    return json.loads(shallow(text), parse_constant=refuse, parse_int=bounded)


def shallow(text: str) -> str:
    """The text of JSON as it is. Raises TooDeep if it nests too much for json.loads.

    On Python 3.8 a RecursionError inside json.loads is not enough: if the garbage collector happens to run
    Python code (a finalizer, a callback) at the limit, the interpreter aborts the whole process.
    """
    if text.count("[") + text.count("{") > MAX_NESTED:  # a picture as base64 has none
        depth = 0
        for found in STRING_OR_BRACKET.finditer(text):
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found.group(), 0)
            if depth > MAX_NESTED:
                raise TooDeep("more than %d arrays and objects are in each other" % MAX_NESTED)
    return text


def json_object(data: bytes) -> Dict[str, Any]:
    """The JSON object in a body. Raises Malformed if it is not JSON, Unprocessable if it is not an object."""
    try:
        # with or without a byte order mark; Windows writes UTF-16 as well
        value = load_json(data.decode(json.detect_encoding(data)))
    except TooDeep as error:
        raise Malformed("The body cannot be read: %s." % error) from None
    except ValueError:
        raise Malformed(
            'The body is not valid JSON, such as {"name": "value"}. Check its quotes, commas and brackets, '
            "that it is UTF-8, and that no number is NaN or Infinity."
        ) from None
    if not isinstance(value, dict):
        raise Unprocessable('The body must be a JSON object, such as {"count": 4}.')
    return value


def utf8(data: bytes, name: str) -> str:
    """The text of UTF-8 bytes, without a byte order mark. Raises Malformed if they are not UTF-8."""
    try:
        return data.decode("utf-8-sig", "surrogatepass")  # half of a pair is a character, as in JSON
    except ValueError:
        raise Malformed(
            "%s is not UTF-8: in Latin-1 (ISO 8859-1) \u00e9 is another byte. Save or encode the text as "
            "UTF-8, and send it again." % quoted(name)
        ) from None


def encoded(text: str) -> bytes:
    """The bytes of a body that came as text. Bytes that are not UTF-8 arrived as surrogates, and become bytes
    again.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except ValueError:
        return text.encode("utf-8", "surrogatepass")


def decoded(text: str) -> bytes:
    """The bytes of a base64 body. Raises Malformed if it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Malformed("The body is marked as base64 and is not.") from None


def within_limit(picture: bytes) -> bytes:
    """The picture's bytes. Raises TooLarge if there are too many."""
    if len(picture) > MAX_PICTURE_BYTES:
        raise TooLarge(
            "The picture has %d bytes; %d are the most. Shrink it and send it again."
            % (len(picture), MAX_PICTURE_BYTES)
        )
    return picture


def embedded_picture(value: Any, name: str) -> bytes:
    """The bytes of a picture that was sent in JSON, as base64 or as a data URI."""
    if not isinstance(value, str):
        raise Unprocessable("%s must be a picture as base64 or as a data URI." % name)
    text = re.sub(r"\s", "", value.partition(",")[2] if value.startswith("data:") else value)
    try:
        picture = within_limit(base64.b64decode(text, validate=True))
    except ValueError:
        picture = b""
    if not picture:
        raise Unprocessable(
            "%s is not base64. Encode the whole picture file, for example with `base64 -w0 car.jpg`, "
            "or send the file itself: with curl, -F image=@car.jpg." % name
        )
    return picture


def multipart(data: bytes, content_type: str) -> Tuple[Dict[str, List[Any]], List[bytes]]:
    """Split a multipart/form-data body. Parts with a file name or
    an image type are pictures; the others are fields.
    """
    from importlib.util import find_spec  # here, so that a start does not import it

    if not find_spec("requests_toolbelt"):  # the function words does not have it: it needs only JSON
        raise UnsupportedType("A form cannot be read here. Send application/json.")
    from requests_toolbelt.multipart import decoder  # 100 ms, unless deploy/lighten.py has reduced it

    try:
        form = whole_form(data, content_type)
        # because a file name may have any encoding
        parts = decoder.MultipartDecoder(form, content_type, "latin-1").parts if form else ()
    except Problem:
        raise
    except Exception as error:  # the decoder raises AttributeError, IndexError and its own on bad input
        raise Malformed(
            "The multipart body cannot be read: its boundary or a part's header is missing."
        ) from error
    fields: List[Tuple[str, Any]] = []
    pictures: List[bytes] = []
    for part in parts:
        headers = {
            name.decode("latin-1").lower(): value.decode("utf-8", "replace")
            for name, value in part.headers.items()
        }
        disposition = headers.get("content-disposition", "")
        name = re.search(r'[;\s]name="?([^";]*)"?', disposition)
        if re.search(r"[;\s]filename\*?=", disposition) or headers.get("content-type", "").startswith(
            "image/"
        ):
            if part.content:  # browsers send an empty part for a file field left empty
                pictures.append(within_limit(part.content))
        elif name:
            fields.append((name.group(1), Sent(utf8(part.content, name.group(1)))))
        else:
            raise Malformed("A part of the form has no name.")
    return gathered(fields), pictures


def whole_form(data: bytes, content_type: str) -> bytes:
    """The form from its first boundary to its last. Raises Problem if the last boundary is
    missing, or if there are too many parts or too long headers.
    """
    boundary = re.search(r'[;\s]boundary="?([^";]+)', content_type, re.IGNORECASE)
    if not boundary:
        raise Malformed(
            "The form's Content-Type names no boundary. Leave that header to the program that makes the "
            "form, as curl -F does."
        )
    mark = b"\r\n--" + boundary.group(1).strip().encode("latin-1")
    before, *parts = (b"\r\n" + data).split(mark)
    last = next((place for place, part in enumerate(parts) if part.startswith(b"--")), None)
    if last is None:
        raise Malformed(
            "The form is cut off, or has another boundary than its Content-Type says: its last boundary is "
            "missing. Send it again."
        )
    if last > MAX_PARTS:
        raise TooLarge("The form has more than %d parts. Send the picture and its fields only." % MAX_PARTS)
    if any(len(part.partition(b"\r\n\r\n")[0]) > MAX_PART_HEADERS for part in parts[:last]):
        raise Malformed("The headers of a part of the form are longer than %d bytes." % MAX_PART_HEADERS)
    return (mark + mark.join(parts[:last]) + mark + b"--\r\n")[2:] if last else b""
