"""How the names of a text are written in English, and which lines are names."""

import re
import unicodedata
from typing import Dict

from models.translation.model import Model
from models.translation.verbatim.people import ENGLISH_FORMS, GIVEN

# of a name, which the network translates: Ana de la Fuente, Santiago de Compostela
OF_NAME = re.compile(r"(?<!\w)([A-ZÁÉÍÓÚÑ][\w-]+|señora?)\.? (del?|de l[ao]s?) (?=([A-ZÁÉÍÓÚÑ][\w-]+))")
SHORT_TITLES = {"Sr", "Sra", "Srta", "Dr", "Dra", "Señor", "Señora", "señor", "señora"}
PATRONYMIC = re.compile("[áéíóú][^\\W\\d_]*ez$")  # López
SIGNED = re.compile(r"[^\W\d_][\w.'-]*(?: [^\W\d_][\w.'-]*){0,3}")


def signature(piece: str, translator: Model) -> str:
    """Ihr Peter Stern below the closing of a letter, in English; nothing of another line."""
    found = re.fullmatch(r"((?:Ihre?|Deine?|Eure?|Euer) )(.+)", piece, re.DOTALL)
    named = found and translator.entry["target"] == "en" and is_name(found.group(2), translator)
    return "Yours, " + found.group(2) if found and named else ""


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
