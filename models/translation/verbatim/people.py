"""Names that are words as well, which no counting of words tells from them: Peter Koch, Rosa Blanco."""

from typing import Dict, FrozenSet

# behind a given name these are surnames
SURNAMES: Dict[str, FrozenSet[str]] = {
    "de": frozenset(
        "Adler Bauer Baum Bäcker Beck Becker Berg Bergmann Bischof Böhm Brand Braun Busch Engel Engels "
        "Bürger Glaser Kaufmann Keller Kluge Löwe Mann Pfeffer Stern Strauß "
        "Ernst Falk Fischer Fleischer Förster Frank Frost Fuchs Fürst Gärtner Graf Groß Grün Haas Hahn "
        "Hammer Herbst Herzog Hirsch Horn Jäger Jung Kaiser Kern Klein Koch König Kraft Krieger Krüger "
        "Kuhn Kurz Lang Lange Maurer Metzger Müller Nagel Papst Pfeiffer Reich Richter Ritter Roth Schäfer "
        "Schmied Schneider Schreiber Schuster Schwarz Seiler Sommer Sperling Stein Stolz Sturm Töpfer "
        "Vogel Wagner Weber Weiß Winter Wirth Wolf Zimmermann".split()
    )
}
# words with a capital letter behind these belong to the name
GIVEN: Dict[str, FrozenSet[str]] = {
    "es": frozenset(
        "Adrián Alba Alberto Alejandro Alfonso Alicia Álvaro Amparo Ana Andrea Andrés Ángel Ángela Ángeles "
        "Antonio Beatriz Belén Blanca Carlos Carmen Clara Claudia Concepción Consuelo Cristina Daniel David "
        "Diego Dolores Eduardo Elena Emilio Enrique Esperanza Eva Felipe Fernando Francisco Gabriel Gloria "
        "Hugo Ignacio Inés Irene Isabel Iván Jaime Javier Jesús Joaquín Jorge José Juan Julia Laura "
        "Leo Lorena Lucas Lucía Luis Luz Manuel Marta Martín Mateo Mercedes Miguel Mónica Natalia "
        "Nuria Óscar Pablo Patricia Paula Paz Pedro Pilar Rafael Ramón Raquel Raúl Remedios Ricardo "
        "Roberto Rosa Rubén Santiago Sara Sergio Silvia Sofía Soledad Susana Teresa Tomás Verónica Vicente "
        "Víctor Victoria Yolanda".split()
    )
}
# of these, words with which a sentence or a cell may begin as well
WORDS_TOO = frozenset(
    "Alba Amparo Ángel Ángeles Blanca Clara Concepción Consuelo Cruz Dolores Esperanza Gloria Leo Luz "
    "Mercedes Paz Pilar Remedios Rosa Santiago Soledad Victoria".split()
)
# what a network says for them, which is nobody's name
ENGLISH_FORMS: Dict[str, Dict[str, str]] = {
    "de": {
        "Elisabeth": "Elizabeth", "Heinrich": "Henry", "Jakob": "Jacob", "Johann": "John",
        "Johannes": "John", "Maria": "Mary", "Marie": "Mary", "Max": "max",
    },
    "es": {
        "Carlos": "Charles", "Jorge": "George", "Juan": "John", "María": "Mary", "Miguel": "Michael",
        "Pablo": "Paul", "Pedro": "Peter", "Tomás": "Tom", "Marcos": "Marks",
    },
}  # fmt: skip
