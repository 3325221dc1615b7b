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
    kept, lost, before = [], [], ""
    for character in unicodedata.normalize("NFC", text):
        near = spellings(character)
        found = next((near_one for near_one in near if near_one and set(near_one) <= set(alphabet)), None)
        if found is not None:
            kept.append(found)
        elif not (is_mark(character) and before.isalpha()):
            lost.append(character)
        before = before if is_mark(character) else character
    return "".join(kept), list(dict.fromkeys(lost))


def is_mark(character: str) -> bool:
    """Whether it stands on the character before it, as an accent does that no letter has composed."""
    return unicodedata.category(character).startswith("M")


def spellings(character: str) -> List[str]:
    """A character, and what it may be read as, the nearest first."""
    bare = "".join(
        part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)
    )
    return [character, PLAIN.get(character, ""), bare, PLAIN.get(bare, "")]
