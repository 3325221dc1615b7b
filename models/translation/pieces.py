"""A text in pieces: sentences as a network reads them, with
masks and in usual letters, and what stands between them.
"""

import html
import re
import unicodedata
from typing import Dict, Iterator, List, Optional, Tuple

from models.translation.model import MOST_SUBWORDS, Model
from models.translation.names.english import is_name, names_of, signature
from models.translation.piece import BEFORE_LETTERS, Piece
from models.translation.sentences import parts
from models.translation.verbatim import (
    BREAK,
    EDGE,
    INNER,
    JOINING,
    MASKS,
    Kept,
    apart,
    marked,
    speech,
)
from models.translation.verbatim.abbreviations import written_out
from models.translation.verbatim.capitals import quiet
from models.translation.verbatim.letters import CLOSING
from models.translation.verbatim.people import GIVEN, WORDS_TOO
from models.translation.verbatim.times import nearer
from models.translation.words import WORD, Spelling

WHOLE = re.compile(r".*[.!?…]\s*|[^.!?]{1,40}: .*", re.DOTALL)  # a sentence, or what has a label before it
FORBIDDEN = re.compile(
    r"(?:Por favor, )?[Nn]o (?!suelen?\b)"
    r"(?:(?:se |l[aeo]s? )?(?:(?P<infinitive>[a-zñ]{2,}[aei]r)(?:se|l[aeo]s?)?"
    r"|(?P<stem>[a-zñáéíóú]{3,})(?P<ending>[ae])n?)(?!\w))"
)
MARK = re.compile("[%s%s%s]" % (INNER, EDGE, BREAK))
# soft hyphens and blanks without a width, which hide a word from the model; letters that are printed as one
UNSEEN = str.maketrans(
    {**dict.fromkeys("\u00ad\u200b\u2060\ufeff"), "ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi"}
)
# no blank behind a sentence or a comma: siegte.Dann ging er; schön,aber teuer
UNSPACED = re.compile(
    r"(?<=[a-zäöüßáéíóúñ]{2}[.!?])(?=[¿¡]?[A-ZÄÖÜÁÉÍÓÚÑ][a-zäöüßáéíóúñ])"
    r"|(?<=[a-zäöüßáéíóúñ]{2},)(?=[^\W\d_]{2})"
)
SHOWN = set("¿¡€£º°½¼¾«»„“”‘’–—…")  # signs that are read in the place of their entity
ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{2,6}|#x[\dA-Fa-f]{2,5});")
LINE_ENDS = re.compile("\r(?!\n)|[\u2028\u2029\u0085]")
ENGLISH_QUOTES = {"„": "“", "“": "”", "‚": "‘", "‘": "’"}  # where a text has German ones


def readable(text: str) -> str:
    """The text as the models know letters: composed, those of HTML's entities as themselves, and without
    signs that nobody sees. All its lines end with a line feed.
    """
    text = ENTITY.sub(letter_of, unicodedata.normalize("NFC", text).translate(UNSEEN))
    return LINE_ENDS.sub("\n", text)


def letter_of(entity: "re.Match[str]") -> str:
    """The letter or sign of an entity such as &uuml; and &euro;; one that means something to HTML, and one
    that nobody sees, stays an entity.
    """
    letter = html.unescape(entity.group())
    return letter if letter.isalpha() or letter in SHOWN else entity.group()


def lettered(sentence: str, kept: List[Kept]) -> Tuple[str, List[Kept]]:
    """A sentence with the letters of MASKS in the place of marks, and what each stands for.

    Markup and the word in it are set apart by a blank: the network knows words by the blank before them. The
    translation has none there.
    """
    marks, letters, told = MARK.findall(sentence), iter(MASKS), []
    text = MARK.sub(lambda _: next(letters), sentence)
    for letter, mark, one in zip(MASKS, marks, kept):
        text, touches = apart(text, letter) if mark == EDGE else (text, "")
        if one.original in JOINING:
            text, touches = text.replace(letter, " %s " % letter), "both"
        before, _, after = text.partition(letter)
        alone = not touches and not (before[-1:].isalnum() or after[:1].isalnum())
        told.append(one._replace(touches=touches, apart=alone))
    return text, told


def pieces_of(text: str, translator: Model) -> List[Piece]:
    """The pieces of a text, from left to right."""
    return [piece for lines, loud in runs(text) for piece in pieces_of_lines(lines, translator, loud)]


def runs(text: str) -> Iterator[Tuple[str, bool]]:
    """Lines in a row that are all in capitals, or all not; empty ones go with those before them."""
    start, place, loud = 0, 0, False
    for line in text.splitlines(True):
        if any(map(str.isalpha, line)) and line.isupper() != loud:
            if any(map(str.isalpha, text[start:place])):
                yield text[start:place], loud
                start = place
            loud = line.isupper()
        place += len(line)
    yield text[start:], loud


def pieces_of_lines(text: str, translator: Model, loud: bool) -> List[Piece]:
    """The pieces of lines; `loud` ones are in capitals, and so are their translations."""
    source = translator.entry["source"]
    text = written_out(quiet(text, source, translator.spelling) if loud else text, source)
    text, kept = marked(text, translator.entry["target"], loud)
    text = UNSPACED.sub(" ", text)

    def size(sentence: str) -> int:
        return translator.size(sentence) if len(MARK.findall(sentence)) <= len(MASKS) else MOST_SUBWORDS + 1

    found: List[Piece] = []
    english = ENGLISH_QUOTES if "„" in text or "‚" in text else {}
    closed = False  # whether the last line was the closing of a letter
    for piece, spoken in parts(text, size, MOST_SUBWORDS):
        count = len(MARK.findall(piece))
        own, kept = kept[:count], kept[count:]
        yours = signature(piece, translator) if closed else ""
        signed = closed and bool(yours or is_name(piece, translator))
        named = piece.strip() in GIVEN.get(source, ()) and piece.strip() not in WORDS_TOO
        before = found[-1].text if found else ""
        if spoken and not signed and not named:
            closed = bool(CLOSING.search(piece.split(" ")[-1]))
            first = not (found and found[-1].spoken)
            found.append(sentence_of(piece, own, speech.goes_on(before, piece), first, loud, translator))
        else:
            closed = (closed and not signed) or bool(re.match(r"-- ?\s*$", piece))
            closed = closed or any(CLOSING.search(one.original.split(" ")[-1]) for one in own)
            in_case = str.upper if loud else str
            shown = in_case(yours) or between(in_case(piece), own, english)
            shown = speech.closed(shown, before) if translator.entry["target"] == "en" else shown
            found.append(Piece(shown, False, [], False))
    return found


def sentence_of(
    piece: str, own: List[Kept], goes_on: bool, first: bool, loud: bool, translator: Model
) -> Piece:
    """A sentence as the network reads it, the `first` of its line or cell or a later one; one that tells who
    speaks goes on with the sentence before it.
    """
    masked, own = lettered(piece, own)
    if loud:
        masked = re.sub(r"\w", lambda letter: letter.group().upper(), masked, count=1)
    usual, spelt = translator.spelling.read(masked)
    capitals = loud or piece.isupper()
    alone = [] if capitals else loud_words(masked, usual, translator)
    usual, far = nearer(usual)
    capital, open_ = begins_large(piece, translator, first), False
    if goes_on:
        open_ = usual[-1:].isalnum()  # networks know sentences with a full stop
        capital, usual = False, speech.turned(usual) + "." * open_
    instead = {**spelt, **names_of(usual, translator), **far}
    if translator.entry["source"] == "es" and forbids(usual, translator.spelling):
        instead[r"\A(?:I don't|He doesn't)"] = "Don't"
    return Piece(usual, True, own, capitals, capital, instead, alone, open_)


def between(piece: str, kept: List[Kept], quotes: Dict[str, str]) -> str:
    """What stands between sentences, with what was kept, and with the quotation marks of English."""
    told = iter(kept)
    shown = MARK.sub(lambda _: next(told).english, piece)
    return "".join(quotes.get(letter, letter) for letter in shown)


def begins_large(piece: str, translator: Model, first: bool) -> Optional[bool]:
    """Whether the translation of a piece begins with a capital letter: where the piece does, and is the
    `first` of its line or cell, a sentence, or begins with a word that has its capital from standing first,
    as no noun of German and no word of Spanish has it. None where nothing says it.
    """
    word = re.match(r"\w*", piece.strip().lstrip(BEFORE_LETTERS)).group()
    if word[:1].islower():
        return None if WHOLE.fullmatch(piece) else False
    if not word[:1].isupper():
        return None
    usual = translator.spelling.usual(word)
    alone = translator.entry["source"] == "es" or (usual and usual.islower())
    return True if first or alone or WHOLE.fullmatch(piece) else None


def loud_words(sentence: str, usual: str, translator: Model) -> List[List[str]]:
    """What the words of a sentence mean that are in capitals there and not in its usual spelling."""
    pairs = zip(WORD.findall(sentence), WORD.findall(usual))
    said = [word for own, word in pairs if len(own) > 1 and own.isupper() and not word.isupper()]
    return [[word] + [meaning for meaning, _ in translator.dictionary.entry(word)[1]] for word in said]


def forbids(sentence: str, spelling: Spelling) -> bool:
    """Whether a Spanish sentence forbids with an infinitive or a polite imperative: No tocar, No beba."""
    found = FORBIDDEN.match(sentence)
    if not found:
        return False
    if found.group("infinitive"):
        return spelling.has(found.group("infinitive"))
    stem, ending = found.group("stem", "ending")
    stems = {stem, re.sub("ie(?=[^aeiou]+$)", "e", stem), re.sub("ue(?=[^aeiou]+$)", "o", stem)}
    if ending == "e":  # toque, llegue, cruce
        stems |= {re.sub("qu$", "c", one) for one in stems} | {re.sub("gu$", "g", one) for one in stems}
        stems |= {re.sub("c$", "z", one) for one in stems}
    first = any(spelling.has(one + "ar") for one in stems)
    others = any(spelling.has(one + end) for one in stems for end in ("er", "ir"))
    return first != others and first == (ending == "e")
