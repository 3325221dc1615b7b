"""Which language a text reads like, by its function words: enough to tell a caller that a text is not in the model's."""

import re
from typing import Optional

NAMES = {"de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian"}
WORDS = {  # frequent, and those of one language that look like another's stand in both
    "de": "der die das und ist nicht ich du er sie es wir ihr ein eine einen einem dem den des mit auf für von zu im in sich auch wie hat bei nach aus wird wenn",
    "en": "the and is are was of to in that it he she you they we with for on at this have has his her my your not what when would can do does don t s a",
    "es": "el la los las y es no de que en un una por con para su lo le me te mi se a al del como más pero está son muy qué fue ha tiene yo él ella",
    "fr": "le la les et est ne pas de que en un une pour avec sur il elle nous vous je ce cette au dans qui sont été plus a me te se",
    "it": "il lo la gli le e è non di che in un una per con su mi si al del della come più ma sono questo questa ho ha era a",
}
SETS = {code: frozenset(words.split()) for code, words in WORDS.items()}
ENOUGH = 3  # function words of another language at least, and that many times as many as of the expected one


def other_language(text: str, expected: str) -> Optional[str]:
    """The name in English of the language that the text reads like, where that is clearly not the expected one; None otherwise."""
    words = re.findall(r"\w+", text.lower())
    counts = {code: sum(word in known for word in words) for code, known in SETS.items()}
    best = max(counts, key=lambda code: counts[code])
    if best == expected or counts[best] < ENOUGH * max(1, counts.get(expected, 0)):
        return None
    return NAMES[best]


def warning(text: str, expected: str) -> Optional[str]:
    """The sentence that goes with the translation of a text in another language; None where there is nothing to say."""
    other = other_language(text, expected)
    if other is None:
        return None
    return "The text reads like %s, and this model reads %s: its translation is a guess." % (other, NAMES.get(expected, expected))
