"""What letters the networks know, and how what a caller writes becomes such letters."""

import unicodedata
from typing import List, Tuple

END = "\0"  # before a name and after it
FEMALE, MALE, EITHER = "female", "male", "either"
GENDERS = [EITHER, FEMALE, MALE]

PLAIN = {"‘": "'", "’": "'", "‚": ",", "“": '"', "”": '"', "„": '"', "–": "-", "—": "--", "…": "...",
         "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ı": "i", "þ": "th", "\t": " ",
         "\u00a0": " "}  # fmt: skip


def known(text: str, alphabet: str) -> Tuple[str, List[str]]:
    """(the text in letters of the alphabet, the characters that have none and were left out).

    A letter that is unknown with its accent is taken without it, a typographic sign as that of a keyboard.
    """
    kept, lost = [], []
    for character in unicodedata.normalize("NFC", text):
        near = spellings(character)
        found = next((near_one for near_one in near if near_one and set(near_one) <= set(alphabet)), None)
        if found is None:
            lost.append(character)
        else:
            kept.append(found)
    return "".join(kept), list(dict.fromkeys(lost))


def spellings(character: str) -> List[str]:
    """A character, and what it may be read as, the nearest first."""
    bare = "".join(
        part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)
    )
    return [character, PLAIN.get(character, ""), bare, PLAIN.get(bare, "")]
