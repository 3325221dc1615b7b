"""Abbreviations of letters and notices. Most are written out before a network reads them, since it learnt
from sentences that have few: bzw. is read as oder. What it does not know in full either is said in English:
usw. is etc.
"""

import re
from functools import lru_cache
from typing import Any, Dict, Iterable, List, Tuple

from models.translation.verbatim.people import GIVEN
from models.translation.verbatim.times import SPANISH


def table(text: str) -> Dict[str, str]:
    """ "usw.: etc.; z. B.: e.g." -> {"usw.": "etc.", "z. B.": "e.g."}"""
    return dict(entry.split(": ") for entry in text.split("; "))


WRITTEN_OUT = {  # what the network of a language reads instead
    "de": table(
        "bzw.: oder; evtl.: vielleicht; u. U.: vielleicht; "
        "i. d. R.: normalerweise; v. a.: vor allem; z. T.: zum Teil; z. Zt.: zurzeit; z. Z.: zurzeit; "
        "ca.: ungefähr; mind.: mindestens; max.: maximal; wg.: wegen; ggü.: gegenüber; zw.: zwischen; "
        "zzgl.: plus; abzgl.: minus; bes.: besonders; tägl.: täglich; mtl.: monatlich; jährl.: jährlich; "
        "vorm.: vormittags; nachm.: nachmittags; geschl.: geschlossen; geb.: geboren; Hr.: Herr; "
        "Hrn.: Herrn; Frl.: Frau; Fa.: Firma; Fam.: Familie; Erw.: Erwachsene; Pers.: Personen; "
        "Nr.: Nummer; Tel.: Telefon; Hbf.: Hauptbahnhof; "
        "Bhf.: Bahnhof; Whg.: Wohnung; Zi.: Zimmer; Bsp.: Beispiel; Pck.: Packungen; Pkg.: Packungen; "
        "Tabl.: Tabletten; Stk.: Stück; Jh.: Jahrhundert; Jhd.: Jahrhundert; Mio.: Millionen; "
        "Mrd.: Milliarden; Kap.: Kapitel; Abb.: Abbildung; Anm.: Anmerkung; p. P.: pro Person; "
        "n. Abspr.: nach Absprache; Termin n. V.: Termin nach Absprache; rd.: rund; "
        "etw.: etwas; jmd.: jemand; jmdn.: jemanden; jmdm.: jemandem; PLZ: Postleitzahl; "
        "Pr.: Prise; EBK: Einbauküche; Ew.: Einwohner; Tsd.: Tausend; "
        "o. g.: oben genannte; m. E.: meines Erachtens; m. W.: meines Wissens; Art.-Nr.: Artikelnummer; "
        "Best.-Nr.: Bestellnummer; Kd.-Nr.: Kundennummer; Rg.-Nr.: Rechnungsnummer; vllt.: vielleicht; "
        "vllt: vielleicht"
    ),
    "es": table(
        "Ud.: usted; Uds.: ustedes; Vd.: usted; p. ej.: por ejemplo; máx.: máximo; mín.: mínimo; "
        "aprox.: aproximadamente; pág.: página; págs.: páginas; izq.: izquierda; dcha.: derecha; "
        "hab.: habitaciones; Pza.: Plaza; Pl.: Plaza; dpto.: departamento; EE. UU.: Estados Unidos; "
        "gral.: general; ej.: ejemplo; cap.: capítulo; art.: artículo; c/u: cada uno"
    ),
}
IN_PLACE = {  # the same, in such a place only
    "de": {
        r"(?<![\w.])(?<!\b[sS]\.)(?<!\b[sS]\. )u\.(?!\w|\s?\w\.)": "und",  # not that of u. a. and s. u.
        r"Fr\.(?= [A-ZÄÖÜ][a-zäöüß]+(?!\.))": "Frau",
        r"(?<=\w\w)nr\.": "nummer", r"\bHbf\b(?!\.)": "Hauptbahnhof",
        r"(?<=\d\. )OG\b": "Stock", r"(?<=im )EG\b": "Erdgeschoss", r"(?<!Abs\. \d )\bS\.(?= \d)": "Seite",
        r"(?<=\d )S\.": "Seiten",
        r"(?<=am )WE\b": "Wochenende",
        r"(?<!\w)[’'´`](n(?:e[nmrs]?)?)\b": r"ei\1",  # 'ne, 'nen, 'n
        # both genders: Kolleg*innen, Mitarbeiter/in, eine/n
        r"(?<=[a-zäöüß])[:*/_]innen\b": "innen", r"(?<=[a-zäöüß])[:*/]in\b": "in",
        r"(?<=[a-zäöüß]{3})e\(in\)": "in", r"\(inn\)en\b": "innen",
        r"(?<=[a-zäöü]e)/[nrs]\b": "",
        # the same in brackets: Schüler(innen), Liebe(r), eine(n); and Kind(er), Ihr(e); Dr. med.; 3mal
        r"(?<=[a-zäöüß])\((in(?:nen)?)\)": r"\1", r"\b([Ll]ieber)\(e\)": r"\1",
        r"\b([A-ZÄÖÜ][a-zäöüß]{2,})\((e[rn]?|n|s)\)": r"\1\2", r"\b(k?ein|[mds]ein|ihr|unser)\(e\)": r"\1e",
        r"\b(\w*(?:ein|ihr|unser|jed|dies|welch|lieb|ehrt)e)\([nms]\)": r"\1", r"(?<=[a-zäöüß]{3}e)\(r\)": "",
        r"(?<=\bDr\.)(?: ?(?:med|dent|vet|rer|nat|pol|phil|jur|iur|theol|h|c|habil)\.|-Ing\.)+": "",
        r"\b([Dd](?:er|ie))/d(?:er|ie)\b": r"\1", r"(?<=\d)mal\b": "-mal",
        r"(?<!\d)(?<!\d )\bmin\.(?= \d)": "mindestens",
        r"(?<!\w)([Ww]ie geht)[’'´`]?s(?= ?[?!.,])": r"\1 es dir",
        # geht's, wie's; and not Oma's
        r"(?<!\w)([a-zäöüß]{2,}|Geht|Gibt|Ist|War|Hat|Wird|Wie|Was|Wenn|Ob|Wer|Macht)[’'´`]s(?!\w)": r"\1 es",
        r"(?<=\d )J\.": "Jahren", r"\bv\.(?= \d)": "vom", r"(?<=\b1 )Tabl\.": "Tablette",
        r"(?<=\b1 )P(?:ck|kg)\.": "Packung",
        # the rent, also with heating, and what comes on top: KM 750 €
        **{
            r"(?:(?<=€ )%s(?![\w-])|\b%s(?=:? ?(?:circa )?[\d€][^\n]{0,9}(?:€|EUR)))" % (short, short): full
            for short, full in (("KM", "Miete"), ("WM", "Miete mit Heizung"), ("NK", "Nebenkosten"))
        },
    },
    "es": {
        r"\btres cuartos de hora\b": "cuarenta y cinco minutos", r"\bun cuarto de hora\b": "quince minutos",
        r"(?<=\b1 )hab\.": "habitación", r"\b1\.?er\b": "primer", r"\b3\.?er\b": "tercer",
        **{
            r"\b%d%s([oa])\b" % (count, sign): word + r"\1"
            for count, (sign, word) in enumerate(zip("rdrtt", "primer segund tercer cuart quint".split()), 1)
        },
        # both genders: el/la alumno/a, los/as alumnos/as, tod@s
        r"(?<=[a-zñ]o)/a\b": "", r"(?<=[a-zñ]os)/as\b": "", r"(?<=\b[LlNn]os)/as\b": "",
        r"(?<=[a-zñ][rln])/as?\b": "", r"(?<=[a-zñ]{2}e)/as?\b": "",
        r"(?<=[a-zñ]{2})\(as?\)(?!\w)": "", r"\b([Ee]l)/[Ll]a\b": r"\1",
        r"(?<=[a-zñ]{2})@(?=s?(?!\w))": "o",
        # titles, where a name follows
        r"(?<![\w.])D\.(?= (?:%s)\b)" % "|".join(sorted(GIVEN["es"])): "Don",
        r"\bSta\.(?= [A-ZÁÉÍÓÚÑ])": "Santa", r"\bSto\.(?= [A-ZÁÉÍÓÚÑ])": "Santo",
        # of messages
        r"(?<!\w)[Xx]q(?=[^.!?\n]*\?)": "por qué",
        r"(?<!\w)xq(?!\w)": "porque", r"(?<!\w)Xq(?!\w)": "Por qué", r"(?<!\w)q(?= [a-zñ])": "que",
        r"(?<!\w)tb(?!\w)": "también", r"(?<= )x(?= (?:la|el|eso|favor|ti|mí)\b)": "por",
        r"\b[Ss]\.(?= [XVI]+\b)": "siglo", r"\b(%s) del (?=\d{4}\b)" % "|".join(SPANISH): r"\1 de ",
        **{
            r"(?:(?<=\d )|(?<=\d de ))%s(?:\.|(?= (?:del? )?\d{4}\b))" % month[:end]: month
            for month in SPANISH
            for end in (4, 3)
            if end < len(month)
        },
    },
}  # fmt: skip
WORDS = {"Max.", "Kap.", "Art.", "art."}  # names and words as well
ORDINALS = "primer segundo tercer cuarto quinto sexto séptimo octavo noveno décimo".split()
IN_PLACE["es"].update(  # 1.º piso, 2ª planta: the network knows the words
    (r"(?<![\w.,:/-])%d\.?%s(?= (?!izq|der|dcha|pta)[a-zñ]{3})" % (count, sign), full)
    for count, word in enumerate(ORDINALS, 1)
    for sign, full in (("º", word), ("ª", word.rstrip("o") + "a"))
)
ENGLISH = table(
    "m/w/d: m/f/x; MwSt.: VAT; Mwst.: VAT; MwSt: VAT; Mwst: VAT; d. h.: i.e.; Abs.: para.; z. B.: e.g.; "
    "bspw.: e.g.; usw.: etc.; usf.: etc.; etc.: etc.; "
    "u. v. m.: and much more; uvm.: and much more; u. a.: among others; o. Ä.: or similar; "
    "o. ä.: or similar; ggf.: if necessary; "
    "inkl.: incl.; incl.: incl.; einschl.: incl.; exkl.: excl.; lt.: according to; gem.: according to; "
    "bzgl.: regarding; betr.: regarding; vgl.: cf.; n. V.: by appointment; s. o.: see above; "
    "s. u.: see below; v. Chr.: BC; n. Chr.: AD; a. C.: BC; d. C.: AD; i. A.: p.p.; p. a.: per year; "
    "Sra.: Ms; Srta.: Miss; Dña.: Doña; Dra.: Dr; dto.: discount; tlf.: tel.; tfno.: tel.; n.º: no.; "
    "nº: no.; núm.: no.; comp.: tab.; gez.: signed; z. Hd.: attn.; i. V.: p.p.; P. D.: P.S.; "
    "Dipl.-Ing.: Dipl.-Ing.; D.ª: Doña; Atte.: Yours sincerely; RR. HH.: HR; IVA: VAT; Fdo.: Signed; "
    "OTAN: NATO; PIB: GDP"
)  # what no network here knows, of either language


def any_of(shorts: Iterable[str]) -> str:
    """A pattern for abbreviations, with or without their blanks."""
    return r"(?<![\w.])(?<!\w/)(?:%s)(?!\w)" % "|".join(
        re.escape(short).replace(r"\ ", r"\s?") for short in shorts
    )


def cased(shorts: Dict[str, str]) -> Dict[str, str]:
    """A table with the longest first, and each with a capital letter too: D. h. -> Das heißt."""
    found = {}
    for short in sorted(shorts, key=len, reverse=True):
        found[short] = full = shorts[short]
        if len(short) > 2:
            found.setdefault(short[0].upper() + short[1:], full[0].upper() + full[1:])
    return found


SHORT = cased(ENGLISH)
SAID = any_of(SHORT)
ENGLISH_OF = {re.sub(r"\s", "", short): full for short, full in SHORT.items()}  # however they are spaced


@lru_cache(maxsize=None)
def rules(language: str) -> Tuple[List[Tuple[Any, str]], Any, Dict[str, str]]:
    """Of a language, compiled when it is first read: what is written out in a place only, any of the others,
    and what is read instead of each, by its letters without blanks.
    """
    shorts = cased(WRITTEN_OUT[language])
    places = [(re.compile(place), full) for place, full in IN_PLACE[language].items()]
    return places, re.compile(any_of(shorts)), {re.sub(r"\s", "", one): full for one, full in shorts.items()}


def said(text: str) -> str:
    """The English of an abbreviation that SAID matches."""
    return ENGLISH_OF[re.sub(r"\s", "", text)]


CITED = table("Abs.: para.; S.: sentence; Satz: sentence; Nr.: no.; Nummer: no.")  # of a law


def citation(text: str) -> str:
    """§ 3 Abs. 2 Satz 1 BGB -> § 3 para. 2 sentence 1 BGB."""
    return " ".join(CITED.get(part, part) for part in re.sub(r"\.(?=\d)", ". ", text).split(" "))


# words with which a sentence begins, and none that may go on after an abbreviation with a number before it
OPENER = re.compile(
    r"\s+(?:Ich|Du|Er|Es|Wir|Ihr|Sie|Der|Die|Das|Ein|Eine|Wer|Was|Wann|Wo|Wie|Warum|Kannst|Können|Hast|Haben|"
    r"Kommst|Kommt|Ist|Bitte|Danke|Ja|Nein|Dann|Danach|Bis|Viele|Liebe|Aber|Jetzt|Heute|Leider|Deshalb|Hier|Man|"
    r"El|La|Los|Las|Un|Una|Es|Yo|Luego|Después|Pero|No|Me|Te|Le|Nos|Hoy|Hace|Hay|Por|Así|Está)(?!\w)"
)


END = re.compile("\r?\n")  # of a line


def opens(text: str) -> bool:
    """Whether a text behind a full stop begins a sentence, as far as its first word tells."""
    return bool(OPENER.match(text))


def ends_too(match: "re.Match[str]") -> bool:
    """Whether the full stop of an abbreviation is that of its line or sentence too: 5 Mio. Das ist viel."""
    after, counted = match.string[match.end() :], re.search(r"\d (?:de )?$", match.string[: match.start()])
    return match.group().endswith(".") and (bool(END.match(after)) or bool(counted and opens(after)))


def in_address(match: "re.Match[str]") -> bool:
    """Whether a match is inside an address of the web or of mail."""
    text = match.string
    start = max(text.rfind(blank, 0, match.start()) for blank in " \n\t(<") + 1
    token = re.match(r"[^\s)>]*", text[start:]).group()
    return "://" in token or token.startswith("www.") or bool(re.search(r"[\w.]@\w+\.\w|\w\.\w{2,}/", token))


def is_word(match: "re.Match[str]") -> bool:
    """Whether what looks like an abbreviation is a word at the end of its sentence: Das gehört Max."""
    after = match.string[match.end() :]
    return match.group() in WORDS and bool(END.match(after) or opens(after))


def written_out(text: str, language: str) -> str:
    """The text with the abbreviations of a language written out; a line keeps the full stop that it ends
    with.
    """
    if language not in WRITTEN_OUT:
        return text
    places, others, full_of = rules(language)
    text += "\n"
    for place, full in places:
        text = place.sub(
            lambda match: match.group() if in_address(match) else match.expand(full) + "." * ends_too(match),
            text,
        )

    def full_form(match: "re.Match[str]") -> str:
        if is_word(match) or in_address(match):
            return match.group()
        return full_of[re.sub(r"\s", "", match.group())] + "." * ends_too(match)

    return others.sub(full_form, text)[:-1]
