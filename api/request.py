"""From an API Gateway event (HTTP API, payload 2.0) to typed
input: fields, texts, pictures, and what the caller accepts.

A service asks for each field by type and range. If a value is
wrong, a Problem is raised whose sentence names the field.
"""

import time
import urllib.parse
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Dict, Iterator, List, Optional, Tuple

from api.body import Sent, encoded, gathered, read, typed, utf8
from api.problems import TooLarge, Unprocessable, quoted

MAX_TEXT, MAX_TEXTS = 2_000, 8_000  # characters: of one text, and of all texts of a field together
MAX_FIELDS = 1_000  # in a query
LARGEST_SEED = 2**32 - 1
PICTURE_TYPES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}


class Request:
    """One call. Fields come from the query, from a multipart form and from a
    JSON object. If a field is in both, the body counts, not the query.
    """

    keyed = False  # whether a key was needed: if so, the answer is for this caller only

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
        """The values sent under each name (texts of a query or form unchanged),
        and the pictures in the order in which they came.
        """
        with self.timed("parse"):
            query = queried(self._event.get("rawQueryString") or "")
            content_type, coding = (self.headers.get("content-" + name, "") for name in ("type", "encoding"))
            sent, pictures = read(self._event, content_type, coding)
            return {**gathered([(name, Sent(text)) for name, text in query]), **sent}, pictures

    @cached_property
    def fields(self) -> Dict[str, Any]:
        """Values by name. If a name was sent more than once, its last value."""
        return {
            name: typed(values[-1]) if isinstance(values[-1], Sent) else values[-1]
            for name, values in self._parsed[0].items()
        }

    @property
    def pictures(self) -> List[bytes]:
        """The bytes of each picture part, or of the one raw body."""
        return self._parsed[1]

    @property
    def has_query(self) -> bool:
        return bool(self._event.get("rawQueryString"))

    def sent(self, name: str) -> Any:
        """The field as it was sent: a value from the query or from
        a form is a text, whatever it looks like.
        """
        return self._parsed[0].get(name, [None])[-1]

    def only(self, *names: str) -> None:
        """Refuse unknown fields, so that a typing error does not go unnoticed."""
        unknown = [name for name in self.fields if name not in names]
        if unknown:
            known = "The fields are: %s." % ", ".join(names) if names else "This route takes none."
            raise Unprocessable("There is no field %s here. %s" % (quoted(unknown[0]), known))

    def number(self, name: str, default: Optional[float], low: float, high: float) -> Optional[float]:
        """A finite number from low to high."""
        if name not in self.fields:
            return default
        value = self.fields[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise Unprocessable("%s must be a number from %g to %g." % (name, low, high))
        return float(value)

    def whole(self, name: str, default: Optional[int], low: int, high: int) -> Optional[int]:
        """A whole number from low to high."""
        if name not in self.fields:
            return default
        value = self.fields[name]
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not low <= value <= high
            or value != int(value)
        ):
            raise Unprocessable("%s must be a whole number from %d to %d." % (name, low, high))
        return int(value)

    def seed(self) -> int:
        """The field seed, or a random one, which the answer then names."""
        import secrets  # here and not above: few callers need it, and a start would wait for it

        asked = self.whole("seed", None, 0, LARGEST_SEED)
        return secrets.randbelow(LARGEST_SEED + 1) if asked is None else asked

    def numbers(self, name: str, fewest: int, most: int, low: float, high: float) -> List[float]:
        """A list of `fewest` to `most` finite numbers from low to high."""
        values = self.fields.get(name)
        numeric = isinstance(values, list) and all(
            type(value) in (int, float) and low <= value <= high for value in values
        )
        if not numeric or not fewest <= len(values) <= most:
            raise Unprocessable(
                "%s must be a list of %d to %d numbers from %g to %g." % (name, fewest, most, low, high)
            )
        return [float(value) for value in values]

    def flag(self, name: str, default: bool = False) -> bool:
        """true or false; the default if the field is not sent."""
        value = self.fields.get(name, default)
        if not isinstance(value, bool):
            raise Unprocessable("%s must be true or false." % name)
        return value

    def text(self, name: str) -> str:
        """One text as it was sent: true, 007 and [1] are texts too."""
        values = self._parsed[0].get(name, [])
        if not values:
            raise Unprocessable("%s is missing: send it as a text." % name)
        if len(values) > 1:
            raise Unprocessable("%s was sent %d times: send it once." % (name, len(values)))
        if not isinstance(values[0], str):
            raise Unprocessable("%s must be a text, in quotation marks." % name)
        return short_enough(values, name)[0]

    def text_or_list(self, name: str) -> List[str]:
        """One text, or the texts of a JSON list."""
        sent = self.sent(name)
        if not isinstance(sent, list):
            return [self.text(name)]
        for place, text in enumerate(sent, 1):
            if not isinstance(text, str):
                raise Unprocessable("Entry %d of %s must be a text, in quotation marks." % (place, name))
        return short_enough(sent, name)

    def texts(self, name: str, fewest: int, most: int) -> List[str]:
        """Several texts: separated by commas, in a field sent more than
        once, or in a JSON list. Blank texts are left out.
        """
        values = self._parsed[0].get(name, [])
        lists = [
            value if isinstance(value, list) else value.split(",")
            for value in values
            if isinstance(value, (str, list))
        ]
        texts = [text for entries in lists for text in entries]
        if len(lists) < len(values) or not all(isinstance(text, str) for text in texts):
            raise Unprocessable("%s must be texts, with commas between them." % name)
        texts = [text.strip() for text in short_enough(texts, name) if text.strip()]
        if not fewest <= len(texts) <= most:
            raise Unprocessable(
                "%s must have %d to %d entries, with commas between them: here are %d."
                % (name, fewest, most, len(texts))
            )
        return texts

    @property
    def accepted_picture(self) -> Optional[str]:
        """Pillow's name for the picture format that the caller prefers to JSON; None for JSON."""
        best, best_quality = None, 0.0
        for entry in self.headers.get("accept", "").split(","):
            kind, *parameters = [part.strip().lower() for part in entry.split(";")]
            quality = quality_of(parameters)
            if kind == "image/*":
                kind = "image/png"
            if quality > best_quality and (
                kind in PICTURE_TYPES or kind in ("application/json", "*/*", "application/*")
            ):
                best, best_quality = kind, quality
        return PICTURE_TYPES.get(best or "")


def queried(query: str) -> List[Tuple[str, str]]:
    """The names and texts of a query, in order. Raises Malformed if it is not UTF-8; nothing is replaced."""
    try:
        pairs = urllib.parse.parse_qsl(query, True, max_num_fields=MAX_FIELDS, errors="surrogateescape")
    except ValueError:
        raise TooLarge("The query has more than %d fields. Send fewer." % MAX_FIELDS) from None
    return [(name, utf8(encoded(text), name)) for name, text in pairs]


def short_enough(texts: List[str], name: str) -> List[str]:
    """The texts. Raises TooLarge if one text, or all of them
    together, have too many characters.
    """
    for place, text in enumerate(texts, 1):
        if len(text) > MAX_TEXT:
            which = "Entry %d of %s" % (place, name) if len(texts) > 1 else name
            raise TooLarge(
                "%s: a text may have %d characters, and here are %d. Shorten it and send it again."
                % (which, MAX_TEXT, len(text))
            )
    total = sum(map(len, texts))
    if total > MAX_TEXTS:
        raise TooLarge(
            "%s may have %d characters in all, and here are %d. Send fewer." % (name, MAX_TEXTS, total)
        )
    return texts


def quality_of(parameters: List[str]) -> float:
    """The q of one Accept entry: 1 if it has none, 0 if it is not a number."""
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                quality = float(parameter[2:])
            except ValueError:
                return 0.0
            return quality if 0 <= quality <= 1 else 0.0
    return 1.0
