"""From an API Gateway event (HTTP API, payload 2.0) to typed input: fields, texts, pictures, and what the caller accepts.

A service asks for each field by type and range; what is wrong raises a Problem whose sentence names the field.
"""

import time
import urllib.parse
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Dict, Iterator, List, Optional, Tuple

from api.body import Sent, gathered, read, typed
from api.problems import TooLarge, Unprocessable, quoted

MAX_TEXT, MAX_TEXTS = 2_000, 8_000  # characters of one text, and of all texts of a field
MAX_FIELDS = 1_000  # of a query
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
    def _parsed(self) -> Tuple[Dict[str, List[Any]], List[bytes]]:
        """What was sent under each name, texts of the query and of a form as they are, and pictures in the order in which they came."""
        with self.timed("parse"):
            query = queried(self._event.get("rawQueryString") or "")
            sent, pictures = read(self._event, self.headers.get("content-type", ""))
            return {**gathered([(name, Sent(text)) for name, text in query]), **sent}, pictures

    @cached_property
    def fields(self) -> Dict[str, Any]:
        """Values by name, the last where one is sent more than once."""
        return {name: typed(values[-1]) if isinstance(values[-1], Sent) else values[-1] for name, values in self._parsed[0].items()}

    @property
    def pictures(self) -> List[bytes]:
        """The bytes of each picture part, or of the one raw body."""
        return self._parsed[1]

    @property
    def has_query(self) -> bool:
        return bool(self._event.get("rawQueryString"))

    def sent(self, name: str) -> Any:
        """The field as it was sent: what stands in the query or in a form is a text, whatever it may look like."""
        return self._parsed[0].get(name, [None])[-1]

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

    def text(self, name: str) -> str:
        """One text as it was sent: true, 007 and [1] are texts too."""
        values = self._parsed[0].get(name, [])
        if len(values) != 1 or not isinstance(values[0], str):
            raise Unprocessable("Send %s once, as a text of at most %d characters." % (name, MAX_TEXT))
        return short_enough(values, name)[0]

    def texts(self, name: str, fewest: int, most: int) -> List[str]:
        """Some texts: with commas between them, in a field sent more than once, or in a list of JSON. What is blank is none."""
        values = self._parsed[0].get(name, [])
        lists = [value if isinstance(value, list) else value.split(",") for value in values if isinstance(value, (str, list))]
        texts = [text for entries in lists for text in entries]
        if len(lists) < len(values) or not all(isinstance(text, str) for text in texts):
            raise Unprocessable("%s must be texts, with commas between them." % name)
        texts = [text.strip() for text in short_enough(texts, name) if text.strip()]
        if not fewest <= len(texts) <= most:
            raise Unprocessable("%s must have %d to %d entries, with commas between them: here are %d." % (name, fewest, most, len(texts)))
        return texts

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


def queried(query: str) -> List[Tuple[str, str]]:
    """Names and texts of a query, in their order."""
    try:
        return urllib.parse.parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise TooLarge("The query has more than %d fields. Send fewer." % MAX_FIELDS) from None


def short_enough(texts: List[str], name: str) -> List[str]:
    """The texts, if none has more characters than one may have, nor all of them together more than all may."""
    longest, total = max(map(len, texts), default=0), sum(map(len, texts))
    if longest > MAX_TEXT:
        raise TooLarge("%s: a text may have %d characters, and here are %d. Shorten it and send it again." % (name, MAX_TEXT, longest))
    if total > MAX_TEXTS:
        raise TooLarge("%s may have %d characters in all, and here are %d. Send fewer." % (name, MAX_TEXTS, total))
    return texts


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
