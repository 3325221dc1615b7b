"""From an API Gateway event (HTTP API, payload 2.0) to typed input: fields, pictures, and what the caller accepts.

A service asks for each field by type and range; what is wrong raises a Problem whose sentence names the field.
"""

import base64
import json
import re
import time
import urllib.parse
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Dict, Iterator, List, Optional, Tuple

from api.problems import Malformed, TooLarge, Unprocessable, UnsupportedType

MAX_PICTURE_BYTES = 4_500_000  # base64 makes 6 MB of it, the most that Lambda takes in a call
MAX_PARTS = 100  # of one multipart body
PICTURE_TYPES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF"}


class Request:
    """One call. Fields come from the query, from multipart parameters and from a JSON object; the body wins over the query."""

    def __init__(self, event: Dict[str, Any], timings: Dict[str, float]):
        http = event["requestContext"]["http"]
        self.method: str = http["method"]
        self.path: str = event["rawPath"]
        self.headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        self.timings = timings  # milliseconds by part
        self._event = event

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Add the milliseconds spent inside to one part of Server-Timing."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.timings[part] = self.timings.get(part, 0.0) + 1000 * (time.perf_counter() - began)

    @cached_property
    def _parsed(self) -> Tuple[Dict[str, Any], List[bytes]]:
        """Fields by name, and pictures in the order in which they came."""
        with self.timed("parse"):
            query = urllib.parse.parse_qsl(self._event.get("rawQueryString") or "", keep_blank_values=True)
            fields, pictures = self._read_body()
            return {**{name: typed(text) for name, text in query}, **fields}, pictures

    def _read_body(self) -> Tuple[Dict[str, Any], List[bytes]]:
        body = self._event.get("body") or ""
        content_type = self.headers.get("content-type", "")
        kind = content_type.split(";")[0].strip().lower()
        if not body:
            return {}, []
        data = decoded(body) if self._event.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")
        if kind == "application/json":
            return json_object(data), []
        if kind == "multipart/form-data":
            return multipart(data, content_type)
        if kind.startswith("image/") or kind == "application/octet-stream":
            return {}, [within_limit(data)]
        raise UnsupportedType(
            "A body of type %s cannot be read. Send multipart/form-data, application/json or an image/* type: "
            "with curl, -F image=@car.jpg, or -H 'Content-Type: application/json' before -d." % (kind[:80] or "none")
        )

    @property
    def fields(self) -> Dict[str, Any]:
        return self._parsed[0]

    @property
    def pictures(self) -> List[bytes]:
        """The bytes of each picture part, or of the one raw body."""
        return self._parsed[1]

    def only(self, *names: str) -> None:
        """Refuse fields that this route does not know, so that a typing error is not silently ignored."""
        unknown = [name for name in self.fields if name not in names]
        if unknown:
            known = "The fields are: %s." % ", ".join(names) if names else "This route takes none."
            raise Unprocessable("There is no field %s here. %s" % (quoted(unknown[0]), known))

    def number(self, name: str, default: Optional[float], low: float, high: float) -> Optional[float]:
        """A finite number in low..high."""
        if name not in self.fields:
            return default
        value = self.fields[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise Unprocessable("%s must be a number from %g to %g." % (name, low, high))
        return float(value)

    def whole(self, name: str, default: Optional[int], low: int, high: int) -> Optional[int]:
        """A whole number in low..high."""
        if name not in self.fields:
            return default
        value = self.fields[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high or value != int(value):
            raise Unprocessable("%s must be a whole number from %d to %d." % (name, low, high))
        return int(value)

    def flag(self, name: str) -> bool:
        """true or false; false where it is not given."""
        value = self.fields.get(name, False)
        if not isinstance(value, bool):
            raise Unprocessable("%s must be true or false." % name)
        return value

    @property
    def accepted_picture(self) -> Optional[str]:
        """Pillow's name of the picture format that the caller prefers to JSON, or None for JSON."""
        best, best_quality = None, 0.0
        for entry in self.headers.get("accept", "").split(","):
            kind, *parameters = [part.strip().lower() for part in entry.split(";")]
            quality = quality_of(parameters)
            if kind == "image/*":
                kind = "image/png"
            if quality > best_quality and (kind in PICTURE_TYPES or kind in ("application/json", "*/*", "application/*")):
                best, best_quality = kind, quality
        return PICTURE_TYPES.get(best or "")


def quality_of(parameters: List[str]) -> float:
    """The q of one Accept entry; 1 where there is none, 0 where it is no number."""
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                quality = float(parameter[2:])
            except ValueError:
                return 0.0
            return quality if 0 <= quality <= 1 else 0.0
    return 1.0


def quoted(name: str) -> str:
    """A caller's word as it can stand in a sentence: short, and without line breaks."""
    return json.dumps(name[:60], ensure_ascii=False) if name.isprintable() else json.dumps(name[:60])


def typed(text: str) -> Any:
    """A query or multipart value: numbers, true, false, arrays and objects as in JSON; everything else is text."""
    if text in ("True", "False"):  # what Python's requests sends for a bool
        return text == "True"
    try:
        return load_json(text)
    except (ValueError, RecursionError):
        return text


def load_json(text: str) -> Any:
    """JSON without NaN and Infinity, which are not JSON; a number too large for a float is infinite, and in no field's range."""

    def refuse(constant: str) -> None:
        raise ValueError("%s is not JSON" % constant)

    def bounded(digits: str) -> float:
        return int(digits) if len(digits) < 20 else float(digits)

    return json.loads(text, parse_constant=refuse, parse_int=bounded)


def json_object(data: bytes) -> Dict[str, Any]:
    try:
        value = load_json(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Malformed("The body is not valid JSON. Check its quotes, commas and brackets, and that it is UTF-8.") from None
    if not isinstance(value, dict):
        raise Unprocessable('The body must be a JSON object, such as {"count": 4}.')
    return value


def decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Malformed("The body is marked as base64 and is not.") from None


def within_limit(picture: bytes) -> bytes:
    if len(picture) > MAX_PICTURE_BYTES:
        raise TooLarge("The picture has %d bytes; %d are the most. Shrink it and send it again." % (len(picture), MAX_PICTURE_BYTES))
    return picture


def embedded_picture(value: Any, name: str) -> bytes:
    """The bytes of a picture that stands in JSON as base64 or as a data URI."""
    if not isinstance(value, str):
        raise Unprocessable("%s must be a picture as base64 or as a data URI." % name)
    text = re.sub(r"\s", "", value.partition(",")[2] if value.startswith("data:") else value)
    try:
        return within_limit(base64.b64decode(text, validate=True))
    except ValueError:
        raise Unprocessable(
            "%s is not base64. Encode the whole picture file, for example with `base64 -w0 car.jpg`, "
            "or send the file itself: with curl, -F image=@car.jpg." % name
        ) from None


def multipart(data: bytes, content_type: str) -> Tuple[Dict[str, Any], List[bytes]]:
    """Split a multipart/form-data body: parts with a file name or an image type are pictures, the others are fields."""
    from requests_toolbelt.multipart import decoder  # 100 ms of import, for those who send such a body

    if data.count(b"\r\n--") > MAX_PARTS:  # whatever the boundary is, it begins so
        raise TooLarge("The form has more than %d parts. Send the picture and its fields only." % MAX_PARTS)
    try:
        parts = decoder.MultipartDecoder(data, content_type, "latin-1").parts  # a file name may be in any encoding
    except Exception as error:  # the decoder raises AttributeError, IndexError and its own on bad input
        raise Malformed("The multipart body cannot be read: its boundary or a part's header is missing.") from error
    fields: Dict[str, Any] = {}
    pictures: List[bytes] = []
    for part in parts:
        headers = {name.decode("latin-1").lower(): value.decode("utf-8", "replace") for name, value in part.headers.items()}
        disposition = headers.get("content-disposition", "")
        name = re.search(r'[;\s]name="?([^";]*)"?', disposition)
        if re.search(r"[;\s]filename\*?=", disposition) or headers.get("content-type", "").startswith("image/"):
            if part.content:  # browsers send an empty part for a file field left empty
                pictures.append(within_limit(part.content))
        elif name:
            fields[name.group(1)] = typed(part.content.decode("utf-8", "replace"))
        else:
            raise Malformed("A part of the form has no name.")
    return fields, pictures
