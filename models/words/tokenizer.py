"""One tokenizer for training and serving: text -> tokens, and a
caller's word -> the form under which it is looked up.

The conventions are those of the Penn Treebank, with which GloVe's vectors were trained: "don't" is do + n't,
"Anil's" is Anil + 's. Characters that belong to a word stay with it: $100B, 3.14, U.S., well-known, AT&T,
(sic), :(. Only this file decides what a token is.
"""

import re
import unicodedata
from functools import lru_cache
from typing import List, Tuple

# Vowel signs of Indic, Thai and other scripts, which \w does not
# include. The danda, which lies between them, is a full stop.
MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963"
    "\u0966-\u0dff\u0e31-\u0e4e\u0eb1-\u0ece\u102b-\u103e\u17b4-\u17d3"
)
WORD = r"(?:[^\W_]|[" + MARKS + "])"  # one character of a word
LETTER = r"[^\W\d_]"
PICTURE = "[\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff](?:\ufe0f|[\U0001f3fb-\U0001f3ff])*"
TITLES = (
    "Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Gen|Lt|Col|Sgt|Capt|Rev"
    "|Hon|Gov|Sen|Inc|Ltd|Co|Corp|vs|etc|ed|eds|cf|ca|approx|Ph\\.D|No(?=\\.\\s?\\d)"
)

# In order of precedence. No part of a pattern can match the same text
# in two ways, and parts that may fail after a long run have a limit,
# so that the time is linear in the length of any text.
PATTERNS = (
    r"[A-Za-z]+(?!\S)",  # a plain word, as most tokens are
    r"(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,;:!?()\[\]'’…]",
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+",
    r"(?:[A-Za-z0-9-]{1,63}\.){1,4}(?:com|org|net|edu|gov|io|co\.uk)(?![\w-])",
    r"[@#]%s[\w]*" % LETTER,  # mentions and hashtags
    r"\((?i:sic|ibid|c|r|tm)\)|\[(?i:sic)\]",
    r"[:;]['’]?-?[)(\]\[]+",  # smileys: round mouths, others not glued to a word
    r"(?<![^\W_])[:;=]['’]?-?[)(\]\[DPpOo3/\\|*](?![^\W_])|<3(?!\d)",
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|%s(?:\u200d%s)*" % (PICTURE, PICTURE),
    r"(?<![^\W_])(?:[CcFf]#|[Cc]\+\+)(?![\w+#])",
    r"(?<![^\W_])(?i:%s)\." % TITLES,
    r"(?<![^\W_])%s(?:\.%s)+(?!%s)\.?" % (LETTER, LETTER, WORD),  # U.S., e.g.
    # $100B, 1,000.50, 10:30, 1990s, 20-year-old
    r"(?:(?i:US|[AC])?[$€£¥₹₩])?\d+(?:[.,:/]\d+)*%s*(?:-%s+)*" % (WORD, WORD),
    r"['’](?i:s|re|ve|ll|d|m)(?!%s)" % WORD,
    r"%s+(?:[-‐&'’]%s+)*" % (WORD, WORD),
    r"\.{2,}|-{2,}|[^\s\u00ad\u200b-\u200f\u2060\ufe0f\ufeff]",
)
CLITIC = r"(?i)(?<=%s)(?:n['’]t|['’](?:s|re|ve|ll|d|m))$" % WORD


@lru_cache(maxsize=None)
def compiled() -> Tuple["re.Pattern[str]", "re.Pattern[str]"]:
    """The patterns of a token and of the clitic at its end. They are compiled
    for the first text, so that a start without a text is faster.
    """
    return re.compile("|".join(PATTERNS)), re.compile(CLITIC)


def tokens(text: str) -> List[str]:
    """The tokens of a text, in order and in its own spelling, without
    white space and invisible characters.
    """
    token_pattern, clitic_pattern = compiled()
    found = []
    for token in token_pattern.findall(text):
        clitic = clitic_pattern.search(token) if "'" in token[-3:] or "’" in token[-3:] else None
        found += [token[: clitic.start()], clitic.group()] if clitic else [token]
    return found


def normal(word: str) -> str:
    """The form of a word in the vocabulary: lower case, Unicode
    NFC, straight apostrophe, no white space around it.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", word).lower()).replace("’", "'").strip()


def unaccented(word: str) -> str:
    """A normal word without its accents, for callers who do not type them: café -> cafe, ß -> ss."""
    letters = (
        letter for letter in unicodedata.normalize("NFD", word) if unicodedata.category(letter) != "Mn"
    )
    return unicodedata.normalize("NFC", "".join(letters)).replace("ß", "ss")
