"""How a text comes back: capitals, closing signs, first letters, names, and words with signs inside."""

import pytest

from models.translation.answers import other_language, translated_texts
from models.translation.verbatim.capitals import quiet
from models.translation.model import model
from models.translation.piece import ended, quoted
from models.translation.pieces import readable, runs
from models.translation.words import Spelling


def said(text, language="de"):
    return translated_texts(model(language + "-en-transformer"), [text], 5)[0]


SEEN = "\n".join(sorted("am Montag um Uhr heute nur is das gut max Personen".split()))


@pytest.mark.parametrize(
    "loud, usual",
    [
        ("HEUTE NUR 5 €", "heute nur 5 €"),
        ("AM MONTAG UM 8 UHR", "am Montag um 8 Uhr"),
        ("MO–FR 9–18 UHR", "Mo–Fr 9–18 Uhr"),
        ("Z. B. MAX. 3 PERSONEN, CA. 5 KM", "z. B. max. 3 Personen, ca. 5 km"),
        ("INFO@FIRMA.DE, {NAME}, A4", "INFO@FIRMA.DE, {NAME}, A4"),
        ("5 KWH, 3 MB, 4 M", "5 kWh, 3 MB, 4 m"),
    ],
)
def test_a_line_in_capitals_is_read_in_usual_letters(loud, usual):
    """Words, units, weekdays and abbreviations; addresses, placeholders and signs stay."""
    assert quiet(loud, "de", Spelling("de", SEEN.encode())) == usual


def test_lines_in_capitals_are_told_from_others():
    text = "Achtung!\nTÜR ZU\n\nBITTE\nDanke.\n"
    assert list(runs(text)) == [("Achtung!\n", False), ("TÜR ZU\n\nBITTE\n", True), ("Danke.\n", False)]
    assert list(runs("\n5 €\nA")) == [("\n5 €\nA", True)] and list(runs("")) == [("", False)]


@pytest.mark.parametrize(
    "text, translation",
    [
        ("HEUTE NUR 5 €", "ONLY €5"),
        ("MO–FR 9–18 UHR", "MON–FRI 9:00–18:00"),
        ("ES IST HALB ACHT", "IT'S HALF PAST SEVEN"),
        ("BITTE NICHT STÖREN!\nDanke.", "PLEASE DON'T DISTURB!\nThank you."),
        ("Hilfe!!!", "Help!!!"),
        ("a) ja", "a) yes"),
        ("Neeeein!!!", "No!!!"),
        ("Übermorgen kommt er.", "The day after tomorrow he comes."),
        ("Das ist WIRKLICH wichtig.", "That's REALLY important."),
        ("- Obst\n- Gemüse", "- Fruit\n- Vegetables"),
        ("| Name | Alter |", "| Name | Age |"),
        ("Evas Auto steht vor Bernds Haus.", "Eva's car is in front of Bernd's house."),
        ("Gr&uuml;n &amp; blau", "Green &amp; blue"),
        ("# Einleitung", "# Introduction"),
        ("Ja/Nein", "Yes/No"),
        ("Januar–März", "January–March"),
        ("In den 90er Jahren", "In the 90s"),
        # dashes, rows of signs, cells, labels, calendars and signatures
        ("Hast du Zeit? — Ja, klar.", "Do you have time? — Yes, clear."),
        ("----- Pause -----", "----- Pause -----"),
        (">>> Hier klicken <<<", ">>> Click here <<<"),
        ('"Apfel","rot","2,50"', '"Apple","red","2.50"'),
        ("1;Apfel;0,50", "1;Apple;0.50"),
        ("Summe: 20 €", "Total: €20"),
        ("Größe 38", "Size 38"),
        ("| Mo | Di | Mi | Do | Fr |", "| Mon | Tue | Wed | Thu | Fri |"),
        ("12 Mo Zahnarzt\n13 Di Schwimmen", "12 Mon dentist\n13 Tue swimming"),
        ("Viele Grüße\nIhr Thomas Keller", "Best wishes\nYours, Thomas Keller"),
        ("Liebe Grüße", "Best wishes"),
        ("Datei > Neu > Ordner", "File > New > Folder"),
        # quotations, endings in brackets, numbers that move
        ("Er las ‚Der Prozess‘ und ‚Das Schloss‘.", "He read ‘The trial’ and ‘The castle’."),
        ("Bringen Sie Ihr(e) Kind(er) mit.", "Bring your children with you."),
        ("Zweieinhalb Stunden später kam er.", "He came two and a half hours later."),
        ("Die Miete stieg von 500 € auf 650 €.", "The rent rose from €500 to €650."),
        ("Thomas Mann schrieb ein Buch.", "Thomas Mann wrote a book."),
        ("Drücke Strg+C.", "Press Ctrl+C."),
        ("Das ist richtig (s. u.).", "That's correct (see below)."),
        ("Es ist spät.", "It's late."),
        # dashes, rows of signs, cells, labels, calendars and signatures
        ("Hast du Zeit? — Ja, klar.", "Do you have time? — Yes, clear."),
        ("----- Pause -----", "----- Pause -----"),
        (">>> Hier klicken <<<", ">>> Click here <<<"),
        ('"Apfel","rot","2,50"', '"Apple","red","2.50"'),
        ("1;Apfel;0,50", "1;Apple;0.50"),
        ("Summe: 20 €", "Total: €20"),
        ("Größe 38", "Size 38"),
        ("| Mo | Di | Mi | Do | Fr |", "| Mon | Tue | Wed | Thu | Fri |"),
        ("12 Mo Zahnarzt\n13 Di Schwimmen", "12 Mon dentist\n13 Tue swimming"),
        ("Viele Grüße\nIhr Thomas Keller", "Best wishes\nYours, Thomas Keller"),
        ("Liebe Grüße", "Best wishes"),
        ("Datei > Neu > Ordner", "File > New > Folder"),
        # quotations, endings in brackets, numbers that move
        ("Er las ‚Der Prozess‘ und ‚Das Schloss‘.", "He read ‘The trial’ and ‘The castle’."),
        ("Bringen Sie Ihr(e) Kind(er) mit.", "Bring your children with you."),
        ("Zweieinhalb Stunden später kam er.", "He came two and a half hours later."),
        ("Die Miete stieg von 500 € auf 650 €.", "The rent rose from €500 to €650."),
        ("Thomas Mann schrieb ein Buch.", "Thomas Mann wrote a book."),
        ("Drücke Strg+C.", "Press Ctrl+C."),
        ("Mit freundlichen Grüßen\nPetra Kühn", "Kind regards\nPetra Kühn"),
        ("Er fragte: „Wie spät ist es?“", "He asked: “How late is it?”"),
        ('"Das ist schön."', '"That\'s nice."'),
        ('"Das ist schön", meinte Paula.', '"That\'s nice," Paula said.'),
        ("„Ich habe keine Zeit“, sagte der Lehrer.", "“I don't have time,” the teacher said."),
        ("„Ja“, aber Anna kam nicht.", "“Yes,” but Anna didn't come."),
        ("18:00 Uhr: Abendessen", "18:00: dinner"),
        ("Alle Preise inkl. MwSt.", "All prices incl. VAT"),
        ("Er ist krank, d. h. er bleibt zu Hause.", "He's ill, i.e. he's staying at home."),
        ("Danke! LG Peter", "Thanks! Best wishes, Peter"),
        (
            "Von: Petra Lange\nAn: Frau Meier\nBetreff: Rechnung",
            "From: Petra Lange\nTo: Mrs Meier\nSubject: Invoice",
        ),
        ("Marie und Johannes kommen mit Max.", "Marie and Johannes are coming with Max."),
        ("Gestern hat Stefan Bäcker angerufen.", "Stefan Bäcker called yesterday."),
        ("Bis morgen 😘😘!!", "See you tomorrow 😘😘!!"),
        ("Viele Grüße\nAnna Weber", "Best wishes\nAnna Weber"),
        ("2. Deckel öffnen.\n3. Augen schließen.", "2. Open the lid.\n3. Close your eyes."),
        (
            "[12:03] Anna: Kommst du?\n[12:04] Ben: Noch nicht",
            "[12:03] Anna: Are you coming?\n[12:04] Ben: Not yet",
        ),
        ('{\n  "titel": "Einstellungen",\n  "ok": "Ja"\n}', '{\n  "titel": "Settings",\n  "ok": "Yes"\n}'),
        ("btn.cancel=Abbrechen", "btn.cancel=Cancel"),
        ("Butter 250 g       2,49 €\nSuppe ..... 4,50 €", "Butter 250 g       €2.49\nSoup ..... €4.50"),
        (
            "Am Sa., 12. Apr. 2025 um 14:33 Uhr schrieb Karin Lohse:\n> Hallo",
            "On Sat, 12 April 2025 at 14:33, Karin Lohse wrote:\n> Hello",
        ),
        ("Es geht mir gut.Und dir?", "I'm fine. And you?"),
        ("**25.000 €**, siehe **config.json**.", "**€25,000**, see **config.json**."),
    ],
)
def test_a_translation_has_the_form_of_its_text(text, translation):
    assert said(text) == translation


@pytest.mark.parametrize(
    "text, translation",
    [
        (
            "Ana Flores y Carlos Guerrero viven en Nueva York.",
            "Ana Flores and Carlos Guerrero live in New York.",
        ),
        ("Ayer hablé con Rosa y Pilar.", "I spoke with Rosa and Pilar yesterday."),
        ("La Casa Blanca está en Washington.", "The White House is in Washington."),
        ("María tiene dos hermanos.", "María has two brothers."),
        ("De: Laura Cortés\nPara: José Ruiz", "From: Laura Cortés\nTo: José Ruiz"),
        ("Un saludo,\nRosa", "\nRosa"),
        ("&iquest;Qu&eacute; hora es? Son 25&euro;.", "What time is it? It's €25."),
        ("Dijo que «no era posible» y se fue.", "possible and"),
        ("Vivo en el 2do piso.", "I live on the second floor."),
        ("Jajaja, qué gracioso", "Hahaha, "),
        ("Medio millón de personas", "Half a million people"),
        ("No beba alcohol.", "Don't drink alcohol."),
        ("No tocar.", "Don't touch."),
        ("Ana vive en Madrid.", "Ana lives in Madrid."),
        ("| Ana | 23 |", "| Ana | 23 |"),
        ("—¿Quién eres? —preguntó el niño.", "—Who are you? —the boy asked."),
        ('"Soy tu padre", respondió el hombre.', '"I\'m your father," the man answered.'),
        ("Estimada Sra. Fernández de la Vega:", "Dear Ms Fernández de la Vega:"),
        ("Vivo en Santiago de Compostela.", "I live in Santiago de Compostela."),
        ("Muy señores míos:", "Dear Sirs:"),
        ("Gracias,\nNuria", "Thanks,\nNuria"),
        ("A 20 km de Madrid", "At 20 km of Madrid"),
        ("id,nombre,precio\n1,mesa,45.00\n2,silla,12.50", "ID,name,price\n1,table,45.00\n2,chair,12.50"),
        ("Estimado/a cliente/a:", "Dear client:"),
    ],
)
def test_names_signs_and_habits_of_spanish_come_through(text, translation):
    """Given names and surnames that are words as well, heads of letters, entities, ordinals, laughter."""
    assert translation in said(text, "es")


@pytest.mark.parametrize("below", ["Ihr Vermieter", "Hausverwaltung Kern", "Petra Kühn\nGeschäftsführerin"])
def test_below_a_letter_only_the_name_stays(below):
    """Who somebody is, instead of the name or under it, is translated."""
    assert below.split()[-1 if "\n" in below else 0] not in said("Mit freundlichen Grüßen\n" + below)


@pytest.mark.parametrize(
    "text, translation", [("Leche", "Milk"), ("salida", "exit"), ("¡Solo 19,99 €!", "Only €19.99!")]
)
def test_a_spanish_word_alone_is_no_name(text, translation):
    assert said(text, "es").lstrip("¡") == translation


@pytest.mark.parametrize(
    "source, translation, shown",
    [
        ("Wirklich?!", "Really?", "Really?!"),
        ("Warte…", "Wait!", "Wait…"),
        ("Kommt!", "Come.", "Come."),
        ("Tee usw.", "Tea etc.", "Tea etc."),
        ("Tee usw", "Tea etc.", "Tea etc."),
        ("Dr. Kern", "Dr Kern.", "Dr Kern"),
        ("Er kommt.", "He comes", "He comes."),
        ("Das Hotel", "The hotel.", "The hotel"),
        ("Sie sagt: „Ja.“", 'She says: "Yes"', 'She says: "Yes."'),
        ("Klick auf „Ja“.", 'Click "Yes"', 'Click "Yes".'),
    ],
)
def test_a_translation_ends_as_its_source(source, translation, shown):
    assert ended(translation, source) == shown


def test_quotation_marks_are_of_one_kind_and_closed():
    assert quoted('"Yes,” she said.', "„Ja“, sagte sie.") == "“Yes,” she said."
    assert quoted('"Yes,” she said.', '"Ja", sagte sie.') == '"Yes," she said.'
    assert quoted('He asked: "Why?', "Er fragte: «Warum?»") == 'He asked: "Why?"'
    assert quoted('5" wide', "5 Zoll breit") == '5" wide'
    assert quoted('He said: "Yes. I will', "Er sagte: „Ja. Ich werde") == "He said: “Yes. I will"
    assert (
        quoted('He said it was "not possible', "Dijo que «no era posible» él")
        == "He said it was not possible"
    )
    assert quoted('"Yes', "Ja") == "Yes"


def test_words_in_capitals_of_another_script_stay_in_capitals():
    assert said("ПРИВЕТ МИР") == "ПРИВЕТ МИР"


def test_the_loud_word_is_loud_where_a_sentence_is_read_in_other_words():
    """Pasado mañana is read as one word less."""
    assert "ALL" in said("Pasado mañana vengo con TODOS mis amigos.", "es")


def test_accents_of_a_name_come_back():
    """Of one that the dictionary does not know."""
    assert "Víctor" in said("Víctor vive en Madrid.", "es")
    assert said("Øystein vive en Oslo.", "es") == "Øystein lives in Oslo."


def test_line_ends_of_old_machines_and_joined_letters_are_read():
    assert readable("Gr&ouml;&#223;e &lt;&nbsp;&copy;") == "Größe &lt;&nbsp;&copy;"
    assert readable("A&#14;B") == "A&#14;B"
    assert readable("eins\rzwei\r\ndrei\u2028vier, ﬁnden") == "eins\nzwei\r\ndrei\nvier, finden"


@pytest.mark.parametrize(
    "text",
    ["Los, los, los!", "Ha ha ha!", "Der Film heißt „The Lord of the Rings“.", "Er las „The end of it“."],
)
def test_repeated_words_and_titles_are_no_other_language(text):
    assert other_language(text, "de") is None
