"""What a translation must not change, sentences as people write them, and the fields tokens and prefix."""

import pytest

from models.translation.sentences import parts, unwrapped
from models.translation.verbatim import Kept, marked, masked, spans, unmasked


@pytest.mark.parametrize(
    "text, kept",
    [
        (
            "Hallo {name}, du hast {count} Nachrichten: %1$s, ${x}, {{y}}",
            ["{name}", "{count}", "%1$s", "${x}", "{{y}}"],
        ),
        ('<p>Siehe <a href="x">hier</a> &amp; dort</p>', ["<p>", '<a href="x">', "</a>", "&amp;", "</p>"]),
        ("Mehr auf https://a.de/b?c=1, oder an info@firma.de.", ["https://a.de/b?c=1", "info@firma.de"]),
        ("bericht_final_v2.pdf von @anna mit #sommer", ["bericht_final_v2.pdf", "@anna", "#sommer"]),
        ("Führe `rm -rf /` nie mit --force aus, in /etc/hosts.", ["`rm -rf /`", "--force", "/etc/hosts"]),
        ("Der Server 192.168.1.1 hat Version 2.13.0.", ["192.168.1.1", "2.13.0"]),
        ("Ruf +49 30 1234567 oder 030/123456 an :)", ["+49 30 1234567", "030/123456", ":)"]),
        ("Das ist **sehr** wichtig, siehe [hier](https://x.de).", ["**", "**", "[", "](https://x.de)"]),
        ("Code :code, Smiley :smile: und ein Wort: so.", [":code", ":smile:"]),
        ("*Hinweis:* kursiv", ["*", "*"]),
        ("Der KV-58 fährt auf der A4, 3-2 für uns.", ["KV-58", "A4", "3-2"]),
        ("Ich wohne in der Lindenstraße 17, dritter Stock.", ["Lindenstraße 17"]),
        ("Sie ist in der Berliner Str. 3a und im Rosenweg 4.", ["Berliner Str. 3a", "Rosenweg 4"]),
        ("Zu Landshut, Rückertstraße 5.", ["Rückertstraße 5"]),
        ("An: Am Alten Markt 5, 50667 Köln. Danke!", ["Am Alten Markt 5, 50667 Köln"]),
        ("Karl-Marx-Allee 34, 60311 Frankfurt am Main", ["Karl-Marx-Allee 34, 60311 Frankfurt am Main"]),
        ("Vivo en la calle de Alcalá, 12.", ["calle de Alcalá, 12"]),
    ],
)
def test_what_must_not_change_is_told_apart(text, kept):
    """Placeholders, markup, addresses, files, code, versions, phones, smileys and signs stay unchanged."""
    assert [text[span.start : span.end] for span in spans(text)] == kept
    assert [span.english for span in spans(text)] == kept


@pytest.mark.parametrize(
    "text, english",
    [
        ("3,5", "3.5"),
        ("0,75", "0.75"),
        ("3.500", "3,500"),
        ("1.234.567", "1,234,567"),
        ("10 000", "10,000"),
        ("2,50 €", "€2.50"),
        ("1.234,56 €", "€1,234.56"),
        ("-7", "-7"),
        ("-3,5 °C", "-3.5 °C"),
        ("3 kg", "3 kg"),
        ("1,80 m", "1.80 m"),
        ("12,5 %", "12.5%"),
        ("5%", "5%"),
        ("2.0", "2.0"),
        ("17:45", "17:45"),
        ("14.03.2024", "14 March 2024"),
        ("3.10.", "3 October"),
        ("007", "007"),
        ("24/7", "24/7"),
        ("50 CHF", "50 CHF"),
        ("$5.99", "$5.99"),
    ],
)
def test_numbers_are_written_the_english_way(text, english):
    """Decimal commas, thousands, money, measures and dates keep their value."""
    assert [span.english for span in spans("Es sind %s hier" % text)] == [english]


@pytest.mark.parametrize(
    "text",
    [
        "Zwei Hunde und 3 Katzen im Jahr 1984.",
        "und/oder, z. B. Nr. 5",
        "Der 18-jährige wohnt im 3. Stock.",
        "ein 3D-Drucker der 90er",
        "Herr Müller sagt: Ja!",
        "Die Bundesstraße 27 ist zu, dieser Weg 3 Euro teurer, auf Platz 3.",
        "Auf dem Heimweg 3 Bier, in der Gasse 5 Leute, der Waldweg 2 Kilometer lang.",
        "Im Mai 2020, 12 Leute",
    ],
)
def test_what_the_network_reads_itself_is_left_to_it(text):
    """Words, small numbers, years and ordinals."""
    assert spans(text) == []


def test_a_small_number_with_uhr_is_a_time():
    assert [span.english for span in spans("um 7.15 Uhr")] == ["7:15"]


def test_what_is_kept_comes_back_in_its_place():
    """The masks may return in another order. What a translation forgets is put at its end."""
    text, kept = marked("Um 7.15 Uhr kommt {name}.", "en")
    assert kept == [Kept("7.15", "7:15"), Kept("{name}", "{name}")] and text == "Um \ue000 Uhr kommt \ue000."
    assert (
        masked("Um 7.15 Uhr kommt {name}.", spans("Um 7.15 Uhr kommt {name}."))
        == "Um \ue000 Uhr kommt \ue001."
    )
    assert unmasked("\ue001 is coming at \ue000.", kept) == "{name} is coming at 7:15."
    assert unmasked("He is coming at \ue000.", kept) == "He is coming at 7:15. {name}"


def spoken(text):
    return [piece for piece, to_translate in parts(text, len, 100) if to_translate]


@pytest.mark.parametrize(
    "text, sentences",
    [
        ("• Brot kaufen", ["Brot kaufen"]),
        ("a) Wasser holen", ["Wasser holen"]),
        ("2. Eine Katze schläft.", ["Eine Katze schläft."]),
        ("3. Stock", ["3. Stock"]),
        ("1. Mai ist ein Feiertag.", ["1. Mai ist ein Feiertag."]),
        ("„Wir kommen.“", ["Wir kommen."]),
        ("(Siehe oben)", ["Siehe oben"]),
        ("„Ja“, sagte er.", ["„Ja“, sagte er."]),
        ("\ue001Hallo Welt\ue001", ["Hallo Welt"]),
        ("a", []),
    ],
)
def test_signs_around_a_sentence_are_no_part_of_it(text, sentences):
    """Bullets, numbers, quotation marks, brackets and markup stay unchanged. A single letter is not a
    sentence.
    """
    assert spoken(text) == sentences
    assert "".join(piece for piece, _ in parts(text, len, 100)) == text


def test_a_sentence_over_two_lines_is_one():
    """A full line that was broken is joined. A salutation, a short line and a list stay lines."""
    assert (
        unwrapped("Der Zug nach Hamburg fährt heute leider erst um\nneun Uhr ab.")
        == "Der Zug nach Hamburg fährt heute leider erst um neun Uhr ab."
    )
    for text in (
        "Sehr geehrte Frau Wagner,\nvielen Dank.",
        "Brot\nMilch\nKäse",
        "Bitte bringen Sie zum nächsten Treffen Folgendes mit:\n- einen Stift",
    ):
        assert unwrapped(text) == text
