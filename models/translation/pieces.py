"""A text in pieces: sentences as a network reads them, with
masks and in usual letters, and what stands between them.
"""

import html
import re
import unicodedata
from itertools import islice
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from models.translation.model import MOST_SUBWORDS, Model
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
    unmasked,
)
from models.translation.verbatim.abbreviations import written_out
from models.translation.verbatim.amounts import ordinal
from models.translation.verbatim.capitals import quiet
from models.translation.verbatim.letters import CLOSING
from models.translation.verbatim.numerals import ONES, TENS
from models.translation.verbatim.people import ENGLISH_FORMS, GIVEN, WORDS_TOO
from models.translation.verbatim.times import MONTHS, nearer
from models.translation.words import WORD, Spelling

WHOLE = re.compile(r".*[.!?…]\s*|[^.!?]{1,40}: .*", re.DOTALL)  # a sentence, or what has a label before it
# what is written with a capital letter wherever it stands
LARGE = re.compile(
    r"(?:I|Mrs?|Ms|Dr|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)(?:day)?|%s|German|Spanish|English)(?!\w)"
    r"|[A-Z]\w*[A-Z\d]" % "|".join(MONTHS)
)
COUNT = re.compile(r"(?i)(?:%s|half|a quarter|from|shortly)\b" % "|".join(ONES + TENS))  # in words
# of a name, which the network translates: Ana de la Fuente, Santiago de Compostela
OF_NAME = re.compile(r"(?<!\w)([A-ZÁÉÍÓÚÑ][\w-]+|señora?)\.? (del?|de l[ao]s?) (?=([A-ZÁÉÍÓÚÑ][\w-]+))")
SHORT_TITLES = {"Sr", "Sra", "Srta", "Dr", "Dra", "Señor", "Señora", "señor", "señora"}
PATRONYMIC = re.compile("[áéíóú][^\\W\\d_]*ez$")  # López
FORBIDDEN = re.compile(
    r"(?:Por favor, )?[Nn]o (?!suelen?\b)"
    r"(?:(?:se |l[aeo]s? )?(?:(?P<infinitive>[a-zñ]{2,}[aei]r)(?:se|l[aeo]s?)?"
    r"|(?P<stem>[a-zñáéíóú]{3,})(?P<ending>[ae])n?)(?!\w))"
)
SHORT_END = re.compile(r"\b(?:[A-Za-z]|etc|incl|excl|approx|no|tel|attn|Mr|Mrs|Ms|Dr|St|Ltd|Inc|Co|tab)\.$")
TAIL = re.compile(r"[.!?…\"“”«»’)\]]*$")  # the signs with which a sentence ends
ORDINAL = re.compile(r"(?<![\w.,])\d*(?:[123]th|1st|2nd|3rd)(?!\w)")  # 3th is 3rd
SIGNED = re.compile(r"[^\W\d_][\w.'-]*(?: [^\W\d_][\w.'-]*){0,3}")
MARK = re.compile("[%s%s%s]" % (INNER, EDGE, BREAK))
BEFORE_LETTERS = "¡¿\"'„“‚‘«»(["
# soft hyphens and blanks without a width, which hide a word from the model; letters that are printed as one
UNSEEN = str.maketrans(
    {**dict.fromkeys("\u00ad\u200b\u2060\ufeff"), "ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi"}
)
NO_INCHES = re.compile('(?<![\\d%s])["“”]' % "".join(MASKS))  # a quotation mark, but not that of 15"
# no blank behind a sentence or a comma: siegte.Dann ging er; schön,aber teuer
UNSPACED = re.compile(
    r"(?<=[a-zäöüßáéíóúñ]{2}[.!?])(?=[¿¡]?[A-ZÄÖÜÁÉÍÓÚÑ][a-zäöüßáéíóúñ])"
    r"|(?<=[a-zäöüßáéíóúñ]{2},)(?=[^\W\d_]{2})"
)
SHOWN = set("¿¡€£º°½¼¾«»„“”‘’–—…")  # signs that are read in the place of their entity
ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{2,6}|#x[\dA-Fa-f]{2,5});")
LINE_ENDS = re.compile("\r(?!\n)|[\u2028\u2029\u0085]")
ENGLISH_QUOTES = {"„": "“", "“": "”", "‚": "‘", "‘": "’"}  # where a text has German ones


class Piece(NamedTuple):
    """A sentence, or what stands before, between or after sentences."""

    text: str  # as the network reads it
    spoken: bool  # whether it is to be translated
    kept: List[Kept]  # what its masks stand for
    capitals: bool  # whether it was written in capitals alone
    # whether its translation begins with a capital letter; None: as the network says
    capital: Optional[bool] = None
    # patterns of what the network may say, and what is said instead: words as the caller spells them
    spelt: Dict[str, str] = {}
    loud: Sequence[List[str]] = ()  # of each word that alone is in capitals, what it may be in English
    open: bool = False  # whether it is read with a full stop that it has not

    def shown(self, text: str) -> str:
        """What the network said of it, as the caller reads it: a name that it carried over has the caller's
        spelling.
        """
        for right, own in self.spelt.items():
            text = re.sub(r"(?<!\w)%s(?!\w)" % right, own, text)
        text = text.replace("'s's", "'s")
        for meanings in self.loud:
            said = filter(
                None, (re.search(r"(?<!\w)%s(?!\w)" % re.escape(one), text, re.I) for one in meanings)
            )
            for one in islice(said, 1):
                text = text[: one.start()] + one.group().upper() + text[one.end() :]
        text = quoted(ORDINAL.sub(lambda match: ordinal(match.group()), text), self.text)
        text = ended(text, self.text)
        text = text.rstrip(".") if self.open else text
        kept = self.kept if self.capitals else placed(text, self.text, self.kept)
        return unmasked(text.upper() if self.capitals else self.begun(text), kept)

    def begun(self, text: str) -> str:
        """The beginning of a translation with the large or small letter that the sentence has."""
        if self.capital is None:
            return text
        blank, letters = re.match(r"(\s*)(.*)", text, re.DOTALL).groups()
        first = letters[:1].upper() if self.capital else letters[:1].lower()
        word = re.match(r"\w*", letters).group()
        if not self.capital and (LARGE.match(letters) or word in re.findall(r"\w+", self.text)):
            return text
        return blank + first + letters[1:]

    def hidden(self, text: str) -> str:
        """The beginning of a translation as the network says it."""
        text = text.capitalize() if self.capitals else text
        for letter, one in zip(MASKS, self.kept):
            blanks = {"": "%s", "next": "%s ", "last": " %s", "both": " %s "}[one.touches]
            text = text.replace(one.english, blanks % letter, 1)
        return text

    def tokens(self, tokens: List[str], side: int, first: bool = False) -> List[str]:
        """Tokens as they are shown: with what was kept, of the source (side 0) or of the translation (1);
        `first` says whether they begin it.
        """
        shown = [token.upper() if self.capitals else token for token in tokens]
        place = next((place for place, token in enumerate(shown) if token.strip()), None)
        if first and place is not None:
            shown[place] = self.begun(shown[place])
        for letter, one in zip(MASKS, self.kept):
            shown = [token.replace(letter, one[side]) for token in shown]
        return shown


def signature(piece: str, translator: Model) -> str:
    """Ihr Peter Stern below the closing of a letter, in English; nothing of another line."""
    found = re.fullmatch(r"((?:Ihre?|Deine?|Eure?|Euer) )(.+)", piece, re.DOTALL)
    named = found and translator.entry["target"] == "en" and is_name(found.group(2), translator)
    return "Yours, " + found.group(2) if found and named else ""


def placed(text: str, source: str, kept: List[Kept]) -> List[Kept]:
    """What is kept, a number in words with the letter of its place in the translation: Zweieinhalb Stunden
    warteten wir. -> We waited for two and a half hours.
    """
    told = []
    for letter, one in zip(MASKS, kept):
        first, began = (said.lstrip(BEFORE_LETTERS).startswith(letter) for said in (text, source))
        if first != began and source[:1].isupper() >= first and COUNT.match(one.english):
            said = one.english[0].upper() if first else one.english[0].lower()
            one = one._replace(english=said + one.english[1:])
        told.append(one)
    return told


def quoted(text: str, source: str) -> str:
    """A translation with quotation marks of one kind, and with the last one that its source has."""
    if not re.search("[\"„“”«»‚‘'’]", source):
        return NO_INCHES.sub("", text)
    if '"' not in text:
        return text
    text = re.sub("[„“”]", '"', text)
    open_ = text.count('"') % 2 and re.search('["“”«»][.!?…]*$', source)
    if text.count('"') % 2 and len(re.findall('["„“”«»]', source)) % 2 == 0:
        text = text + '"' if open_ else NO_INCHES.sub("", text)
    signs = iter("“”" * len(text))
    # as those around a sentence
    return re.sub('"', lambda _: next(signs), text) if "„" in source else text


def ended(text: str, source: str) -> str:
    """A translation with the closing signs of its source, where those are more than one or an ellipsis, or
    where only one of the two has none: Help!!! and not Help!
    """
    own, signs = (re.sub("[^.!?…]", "", TAIL.search(one).group()) for one in (text, source))
    if own == "." and not signs and text.endswith(".") and not SHORT_END.search(text):
        return text[:-1]
    if source[-1:] in tuple(",:;") and text[-1:].isalnum():
        return text + source[-1]
    if len(signs) > 1 or "…" in signs or (signs and not own):
        tail = TAIL.search(text).group()
        quotes, inside = re.sub("[.!?…]", "", tail), TAIL.search(source).group()[0] in signs
        return text[: len(text) - len(tail)] + (signs + quotes if inside else quotes + signs)
    return text


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
    """The pieces of a text, which together are the text with its abbreviations written out, and with a blank
    behind each sentence.
    """
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
            masked, own = lettered(piece, own)
            if loud:
                masked = re.sub(r"\w", lambda letter: letter.group().upper(), masked, count=1)
            usual, spelt = translator.spelling.read(masked)
            capitals = loud or piece.isupper()
            alone = [] if capitals else loud_words(masked, usual, translator)
            usual, far = nearer(usual)
            capital = begins_large(piece, translator, not (found and found[-1].spoken))
            said = speech.goes_on(before, piece)
            open_ = said and usual[-1:].isalnum()  # as networks know it
            if said:
                capital, usual = False, speech.turned(usual) + "." * open_
            spelt.update({**names_of(usual, translator), **far})
            if source == "es" and forbids(usual, translator.spelling):
                spelt[r"\A(?:I don't|He doesn't)"] = "Don't"
            found.append(Piece(usual, True, own, capitals, capital, spelt, alone, open_))
        else:
            closed = (closed and not signed) or bool(re.match(r"-- ?\s*$", piece))
            closed = closed or any(CLOSING.search(one.original.split(" ")[-1]) for one in own)
            shown = yours or between(piece.upper() if loud else piece, own, english)
            shown = speech.closed(shown, before) if translator.entry["target"] == "en" else shown
            found.append(Piece(shown, False, [], False))
    return found


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


def names_of(sentence: str, translator: Model) -> Dict[str, str]:
    """How names of a sentence are written in English, by how the network may have said them: Evas Auto is
    Eva's, Mary is Marie, and Victor, whom the dictionary does not know, is Víctor.
    """
    dictionary, language, found = translator.dictionary, translator.entry["source"], {}
    english = ENGLISH_FORMS.get(language, {})
    for match in re.finditer(r"(?<!\w)[^\W\d_]+", sentence):
        word, after = match.group(), sentence[match.end() : match.end() + 2]
        if word in english and not re.search(r"(?<!\w)%s(?!\w)" % english[word], sentence):
            found[english[word]] = word
        if language == "de":
            possessive = word.endswith("s") and after[:1] == " " and after[1:].isupper()
            if possessive and dictionary.is_name(word[:-1]) and not dictionary.is_name(word):
                found[word] = word[:-1] + "'s"
        elif word[0].isupper() and (
            word in GIVEN.get(language, ()) or PATRONYMIC.search(word) or not dictionary.entry(word)[1]
        ):
            plain = without_accents(word)
            if len(plain) == len(word):  # Ø is no O with an accent, and has none
                found[plain] = word
    for match in OF_NAME.finditer(sentence) if language == "es" else ():
        first, of, last = match.groups()
        person, titled = first in GIVEN["es"] or first in english, first in SHORT_TITLES
        if person or titled or not dictionary.translates(first):
            before, own = (r"(M(?:r|r?s|iss)\.?|Dr\.?)", r"\1") if titled else (first, first)
            said = "(?:of|from|in)" if person or titled else "of"
            found["%s %s(?: the)? %s" % (before, said, last)] = "%s %s %s" % (own, of, last)
    return {said: name for said, name in found.items() if said != name}


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


def without_accents(word: str) -> str:
    """Víctor -> Victor."""
    return unicodedata.normalize("NFD", word).encode("ascii", "ignore").decode()


def is_name(piece: str, translator: Model) -> bool:
    """Whether a line below the closing of a letter is a name: Petra Kühn, and neither Ihr Vermieter nor
    Hausverwaltung Kern.
    """
    words = piece.split()
    return (
        bool(SIGNED.fullmatch(piece.strip()))
        and all(word[0].isupper() for word in words)
        and (
            words[0] in GIVEN.get(translator.entry["source"], ())
            or not translator.dictionary.translates(words[0])
        )
        and translator.spelling.last_part(words[0].lower()) is None
    )
