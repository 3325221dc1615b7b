"""Names and numbers that nobody has seen, behind ones that the network copies every time: for sentences in
which it lost one (placeholders, as in Luong et al. 2015, arXiv:1410.8206, with words that need no training).
words.py knows which words training saw.
"""

import re
from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

import numpy as np

from models.translation.names.copies import COUNTED, Word, replaced, words
from models.translation.tokenizer import Tokenizer
from models.translation.verbatim.abbreviations import opens
from models.translation.verbatim.people import GIVEN, SURNAMES, WORDS_TOO
from models.translation.words import WORD, Dictionary, Spelling

# S source tokens, T target tokens

# the same in every language here
PERSONS, PLACES = ("Tom", "Mary", "John", "Jackson"), ("Boston", "Chicago", "London", "Tokyo")
NUMBERS = ("7", "4", "9", "6", "8", "5")  # one subword each
GENITIVE = set("des eines keines dieses jenes jedes meines deines seines ihres unseres eures".split())
# behind these a word is a name, whatever else it means: Frau Vogel, Herr Klein, auf den Namen Fuchs
BEFORE_NAMES = set(
    "Frau Herr Herrn Familie Namen Namens namens señor señora Señor Señora don doña Don Doña "
    "Querido Querida Estimado Estimada".split()
)
# and behind these a word that training never saw is one, though its parts have a meaning: das Dorf Quellmoos
NAMED = set(
    "Dorf Stadt Ort Ortsteil Stadtteil Gemeinde Insel Fluss Berg Schloss Burg Kloster Hotel Gasthof "
    "Restaurant Café Station Haltestelle Band Gruppe Verein Partei Firma Marke Zeitung Zeitschrift "
    "Magazin Schiff Roman Film Serie Lied Oper Spiel König Königin Kaiser Graf Gräfin Fürst Prinz "
    "Prinzessin Präsident Präsidentin Kanzler Kanzlerin Trainer Trainerin Kollege Kollegin".split()
)
SHORT_TITLES = {"Dr", "Prof", "Hr", "Fr", "Sr", "Sra", "Srta"}
TITLES = set(
    "Doktor Professor Minister Präsident Direktor Kollege Kollegen Pfarrer Lehrer Nachbar Ober Sr Sra Sres "
    "Srta Dr Dra Prof Don Doña Señor Señora Señores Cliente Amigo Amiga Profesor Profesora "
    "Director Directora".split()
)
ADDRESSED = re.compile(r"(?<!\w)(?:Frau|Herrn?|[Ss]eñora?) (?=[A-ZÄÖÜÁÉÍÓÚÑ])")
ENGLISH_TITLES = re.compile(r"(?<!\w)(?:Mr|Mrs|Ms|Miss|Madam|Sir)(?!\w)")
BEFORE_PLACES = {"in", "nach", "aus", "en", "hacia", "desde"}
# of a subword, on average, up to which a word is put together from crumbs, as names are and compounds are not
LETTERS = 3.0


class Variant(NamedTuple):
    """One way to hide names."""

    names: Tuple[str, ...] = ()  # the stand-ins of all names; by the word before, where there are none
    numbers: bool = True  # whether numbers hide as well
    commas: bool = False  # around what follows a noun: "der Händler, Tom, verkauft"
    known: bool = False  # whether names hide as well that English has too


# tried in turn, until nothing is lost
VARIANTS = (
    *(Variant(numbers=False), Variant(), Variant(commas=True), Variant(PLACES), Variant(PERSONS)),
    Variant(known=True),
)
Span = Tuple[int, int]  # places of a name's first and last word in what WORD splits


class StandIns:
    """Tells names apart, hides them behind stand-ins, and puts them back."""

    def __init__(self, tokenizer: Tokenizer, spelling: Spelling, dictionary: Dictionary):
        self.tokenizer, self.spelling, self.dictionary = tokenizer, spelling, dictionary
        self.surnames, self.given = (names.get(spelling.language, frozenset()) for names in (SURNAMES, GIVEN))

    def spans(self, pieces: List[str], known: bool = False) -> List[Span]:
        """Where names stand, words in a row as one, and signs like X2 or KV-RT, and numbers: what training
        never saw, and with `known` what English has too.
        """
        found: List[Span] = []
        for place in range(1, len(pieces), 2):  # words are at odd places
            word, goes_on = (
                pieces[place],
                bool(found) and found[-1][1] == place - 2 and pieces[place - 1] == " ",
            )
            surname = bool(found) and self.is_surname(word, pieces[found[-1][0]])
            if goes_on and (surname or self.rest_of_name(word, pieces[place - 2])):
                found[-1] = found[-1][0], place
            elif (
                self.called(pieces, place)
                or (word in self.given and place > 1 and not pieces[place - 2][0].isupper())
                or (word in self.given and place == 1 and word not in WORDS_TOO)
                or (
                    pieces[place + 1] == " " and self.is_surname("".join(pieces[place + 2 : place + 3]), word)
                )
                or self.in_apposition(pieces, place)
                or (known and self.dictionary.is_name(word))
                or (self.unseen(word, place == 1) and not self.genitive(pieces, place))
            ):
                found.append((place, place))
        return found

    def unseen(self, word: str, opens: bool) -> bool:
        """A word that opens a sentence has a capital letter whatever it is:
        as a name it counts if the subwords do not know it either.
        """
        if any(map(str.isdigit, word)):
            return len(word) > 1 and not COUNTED.fullmatch(word)
        if not word[0].isupper():
            return False
        usual = self.spelling.usual(word)
        if self.spelling.language == "es" and usual and (usual == word or not opens):  # no noun has a capital
            return not self.dictionary.entry(word)[1]
        if self.spelling.known(word.lower()):
            return False
        return not opens or (word.isupper() and len(word) > 1) or crumbled(self.tokenizer, word)

    def called(self, pieces: List[str], place: int) -> bool:
        """Whether a word stands where a name does and is no title: neither Professor nor Ministerin."""
        word, before = pieces[place], pieces[max(0, place - 2)]
        titled = before in BEFORE_NAMES and pieces[place - 1] == " "
        # Dr. Weiß, A. Vogel
        short = before in SHORT_TITLES or (len(before) == 1 and before.isupper())
        return (
            (titled or (short and pieces[place - 1] == ". " and not opens(" " + word)))
            and word[0].isupper()
            and word not in TITLES
            and not (word.endswith("in") and self.spelling.has(word[:-2]))
        )

    def is_surname(self, word: str, first: str) -> bool:
        """Whether a word belongs to the name that begins with another, though it means something: in Spanish
        any with a capital letter behind a given name; in German a usual surname behind what English has too,
        or what means nothing.
        """
        if first in self.given:
            return word[:1].isupper()
        return word in self.surnames and (
            self.dictionary.is_name(first) or (first[0].isupper() and not self.dictionary.entry(first)[1])
        )

    def in_apposition(self, pieces: List[str], place: int) -> bool:
        """Whether a word that training never saw as a whole stands behind what it names."""
        word = pieces[place]
        named = place > 1 and pieces[place - 2] in NAMED and pieces[place - 1] == " "
        return named and word[0].isupper() and not self.spelling.has(word)

    def genitive(self, pieces: List[str], place: int) -> bool:
        """Whether a word is a German noun in the genitive, behind its
        article or one adjective more: des (alten) Schwimmbads.
        """
        before = pieces[max(1, place - 4) : place : 2]
        stems = {
            pieces[place][: -len(ending)].lower() for ending in ("s", "es") if pieces[place].endswith(ending)
        }
        return (
            bool(before)
            and before[-1].islower()
            and not GENITIVE.isdisjoint(before)
            and any(map(self.spelling.known, stems))
        )

    def rest_of_name(self, word: str, before: str) -> bool:
        """Behind a name also what a German noun could be, Kaltofen, and a number: Sirona 7."""
        return word[0].isdigit() or (
            word[0].isupper() and not before[0].isdigit() and not self.spelling.has(word)
        )

    def lost(self, sentence: str, translations: List[str]) -> List[Tuple[int, int]]:
        """What is in the sentence and not in each translation: how many names that training never saw and
        numbers, of which 3,5 may be 3.5 there; and how many names that English has too, and titles.
        """
        pieces = WORD.split(sentence)
        names = [word for first, last in self.spans(pieces, True) for word in pieces[first : last + 1 : 2]]
        known = [word for word in names if self.dictionary.is_name(word)]
        titles, found = len(ADDRESSED.findall(sentence)), []
        for translation in translations:
            there = {form for word in WORD.findall(translation) for form in (word, alone(word))}
            small = {word.lower() for word in there}  # Internet may be internet
            untitled = max(0, titles - len(ENGLISH_TITLES.findall(translation)))
            found.append(
                (
                    sum(not {word, alone(word)} & there for word in names if word not in known),
                    sum(word.lower() not in small for word in known) + untitled,
                )
            )
        return found

    def count(self, sentence: str, known: bool) -> int:
        return len(self.spans(WORD.split(sentence), known))

    def hidden(self, sentence: str, variant: Variant) -> Tuple[str, Dict[str, str]]:
        """The sentence with stand-ins, and the name that is behind each."""
        pieces, behind = WORD.split(sentence), {}
        for first, last in self.spans(pieces, variant.known):
            before, name = pieces[first - 2] if first > 1 else "", "".join(pieces[first : last + 1])
            between = variant.commas and before[:1].isupper() and first > 3 and pieces[first - 1] == " "
            if name[0].isdigit() and not between:
                names = NUMBERS if variant.numbers else ()
            else:
                names = variant.names or (PLACES if before.lower() in BEFORE_PLACES else PERSONS)
            stand_in = next((one for one in names if one not in behind and one not in sentence), None)
            if stand_in:
                behind[stand_in], pieces[first : last + 1] = name, [stand_in] + [""] * (last - first)
                if between and pieces[last + 1][:1] == " ":
                    pieces[first - 1], pieces[last + 1] = ", ", "," + pieces[last + 1]
        return "".join(pieces), behind

    def put_back(
        self,
        behind: Dict[str, str],
        source: List[int],
        target: List[int],
        attention: np.ndarray,
        original: List[int],
    ) -> Optional[Tuple[List[int], np.ndarray]]:
        """Target ids (T,) and attention (T, S) over the ids of the original,
        with the names again; None where a stand-in is not there once.
        """
        for stand_in, name in behind.items():
            said, heard = (one_with(stand_in, words(self.tokenizer, ids)) for ids in (target, source))
            if said is None or heard is None:
                return None
            target, attention = replaced(self.tokenizer, target, attention, said, name)
            width = heard.last - heard.first
            source, columns = replaced(self.tokenizer, source, attention.T, heard, name)
            longer = len(columns) - attention.shape[1] + width
            # what the stand-in was looked at, its name's tokens share
            columns[heard.first : heard.first + longer] *= width / longer
            attention = columns.T
        columns = without_additions(source, original, attention.T)
        return None if columns is None else (target, columns.T)


def without_additions(source: List[int], original: List[int], columns: np.ndarray) -> Optional[np.ndarray]:
    """Columns (S, T) of the source for those of the original, which has
    fewer tokens: what was looked at commas goes to the word before them.
    """
    kept: List[np.ndarray] = []
    for token, column in zip(source, columns):
        if len(kept) < len(original) and token == original[len(kept)]:
            kept.append(column)
        elif kept:
            kept[-1] = kept[-1] + column
    return np.stack(kept) if len(kept) == len(original) else None


def alone(word: str) -> str:
    """Without what English puts behind a name or number, its s
    or its th, and without a number's points and commas.
    """
    return re.sub(r"[.,]|(st|nd|rd|th)$", "", word) if word[:1].isdigit() else re.sub("['’]?s$", "", word)


def one_with(name: str, there: Iterable[Word]) -> Optional[Word]:
    """The word that is this name or number, with what English puts behind it, where exactly one is."""
    found = [word for word in there if name in (word.core, alone(word.core))]
    return found[0] if len(found) == 1 else None


def crumbled(tokenizer: Tokenizer, word: str) -> bool:
    """Whether a word with a capital letter is put together from short subwords."""
    return word[:1].isupper() and 1 < len(word) / LETTERS <= len(tokenizer.ids([word])[0]) - 1
