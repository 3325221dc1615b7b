"""The heads and the closings of letters, the labels of forms, and the line that mail programs set above what
is answered: An: is To:, and LG Tom is Best wishes, Tom.
"""

import re

from models.translation.verbatim.abbreviations import table
from models.translation.verbatim.times import DAYS, GERMAN, SPANISH, date

CAPITAL = r"[A-ZÄÖÜÁÉÍÓÚÑ]"
FIELDS = {
    "Von": "From", "De": "From", "An": "To", "Para": "To", "Betreff": "Subject", "Gesendet": "Sent",
    "Datum": "Date", "Anlage": "Attachment", "Anlagen": "Attachments",
}  # fmt: skip
INITIALS = {
    **dict.fromkeys(("LG", "lg", "VG", "vg"), "Best wishes"),
    **dict.fromkeys(("MfG", "mfg"), "Kind regards"),
}
CLOSINGS = {
    "Gruß": "Best wishes",
    "Atentamente": "Yours sincerely",
    **dict.fromkeys(("Un saludo", "Saludos cordiales", "Un cordial saludo"), "Kind regards"),
}
OPENINGS = table(  # and closings, with a comma or a colon
    "Cordialmente: Kind regards; Atentos saludos: Kind regards; Un abrazo: A hug; Gracias: Thanks; "
    "Con cariño: With love; Reciba un cordial saludo: Kind regards; "
    "Reciban un cordial saludo: Kind regards; Le saluda atentamente: Yours sincerely; "
    "Les saluda atentamente: Yours sincerely; Sin otro particular, le saluda atentamente: Yours sincerely; "
    "Muy señor mío: Dear Sir; Muy señores míos: Dear Sirs; Muy Sr. mío: Dear Sir; Muy Sres. míos: Dear Sirs; "
    "Estimado señor: Dear Sir; Estimados señores: Dear Sirs; Estimada señora: Dear Madam; "
    "A quien corresponda: To whom it may concern; A quien pueda interesar: To whom it may concern"
)
LABELS = table(
    "Summe: Total; Menge: Quantity; Vorname: First name; Vorteile: Advantages; Nachteile: Disadvantages; "
    "Dauer: Duration; Rabatt: Discount; Einzelpreis: Unit price; Fläche: Area; Geburtsort: Place of birth; "
    "Beruf: Occupation; Mobil: Mobile; Handy: Mobile; Nebenkosten: Additional costs; "
    "Zubereitung: Preparation; Größe: Size"
)  # of forms and invoices, words that mean something else in a sentence, or that the networks do not know
IN_ENGLISH = {**FIELDS, **INITIALS, **CLOSINGS, **OPENINGS, **LABELS}
HEAD = (
    r"(?m:^(?:{closings})(?=[,.]?[^\S\n]*$)|^(?:{openings})(?=[:,][^\S\n]*$)"
    r"|^Para:[^\S\n]+(?=[^\n]*@))"
    r"|(?:(?<=[.!?)] )|(?<=[a-zäöüß], )|(?<=\n)|^)(?:{initials})"
    r"(?: (?={capital}[\w-]*(?: {capital}[\w-]*)?\s*(?:\n|$))|(?=,?\s*(?:\n|$)))"
    r"|(?m:^(?:Von|An|Cc|CC|Bcc|BCC|Betreff|Gesendet|Anlagen?|Datum):[^\S\n]+(?=\S)"
    r"|^De:[^\S\n]+(?=[^\n]+\n(?:Para|Fecha|Asunto|Enviado|A|CC):))"
).format(
    closings="|".join(CLOSINGS),
    openings="|".join(map(re.escape, OPENINGS)),
    initials="|".join(INITIALS),
    capital=CAPITAL,
)
# Summe: 20 €, Vorteile:
LABEL = r"(?:(?m:^)|(?<=[,;|] ))(?:%s):(?=[^\S\n]*(?:[^\sa-zäöüß]|\n|$))[^\S\n]*" % "|".join(LABELS)
HEAD_NEEDS = ":|,|[LlVv][Gg]|[Mm]f[Gg]|Gruß|Atent|[Ss]alud"
GREETINGS = "Gruß|Grüße|Grüßen|Gruss|Gruesse|Gruessen"  # with which a German letter closes
# the end of a line below which a name stands, however long the line is
LAST_LINE = re.compile(
    r"(?:(?:" + GREETINGS + r")"
    r"|(?<!\w)(?i:un (?:cordial )?saludo|saludos(?: cordiales)?|(?:un |muchos )?abrazos?|atentamente))[,.!]?$"
)
# is in the last word of a closing
CLOSING = re.compile(
    "(?i:" + GREETINGS + "|hochachtungsvoll|saludo|cordial|atentamente|abrazo|beso|cariño|afectuosamente)"
)
# Am 12.04.2025 um 14:33 schrieb Karin Lohse <k@lohse.de>:
REPLIED = (
    r"(?m:^(?:Am (?:([A-Z][a-z])\.?,? )?(?:den )?(\d{1,2})\. ?(\d{1,2}|[^\W\d_]+)\.? ?(\d{2,4})"
    r"|El (?:[a-záé]{3}\.?, )?(\d{1,2}) (?:de )?([^\W\d_]{3,10})\.? (?:de )?(\d{4}))"
    r"(?:,? (?:um |a las? )?(\d{1,2}:\d\d)(?: Uhr)?)?,? "
    r"(?:schrieb ([^\n:]{2,99})|([^\n:]{2,99}) escribió):[^\S\n]*$)"
)


def reply(text: str) -> str:
    """Am Sa., 12. Apr. 2025 um 14:33 schrieb Eva: -> On Sat, 12 April 2025 at 14:33, Eva wrote: and nothing
    where there is no such month.
    """
    weekday, *day, at, one, other = re.fullmatch(REPLIED, text).groups()  # type: ignore[union-attr]
    of_month, month, year = filter(None, day)
    named = [name[:3].lower() for name in (*GERMAN, *SPANISH)]
    if month[:3].lower() in named:
        month = str(named.index(month[:3].lower()) % 12 + 1)
    if not month.isdecimal() or not 1 <= int(month) <= 12:
        return ""
    return "On %s%s%s, %s wrote:" % (
        DAYS[weekday] + ", " if weekday in DAYS else "",
        date("%s.%s.%s" % (of_month, month, year)),
        " at " + at if at else "",
        one or other,
    )


def head(text: str) -> str:
    """What HEAD matches, in English: An: -> To:, LG Tom -> Best wishes, Tom."""
    return IN_ENGLISH.get(text) or re.sub(r"\w+ ?", lambda match: headed(match.group()), text)


def headed(word: str) -> str:
    """A word in English; a name behind the end of a letter comes after a comma: Best wishes, Tom."""
    said = IN_ENGLISH.get(word.strip(), word.strip())
    return said + (", " if word.endswith(" ") else "")
