"""Whether a text is in English, which is all that the classifiers read: by its function words, those of five
other languages, and words that the vocabulary does not have.
"""

from typing import Container, List

from models.classification.vocabulary import Word

# Words that English shares with one of the others (a, in, was, an, no, die, film) are in neither list.
ENGLISH = frozenset(
    """
    the of and is it i you that this these those for with not n't are be been being were what how who which
    where when why whose whom there here from at by to my your his its our their him us them they she we if or
    but than then because while about into out up down after before between through during under off all any
    each every some many much few most other others another such only own same too very just now again once
    ever never always 'm 're 've 'll 'd 's do does did done doing have having has had can could would should
    may might must shall ca let lets please yes yeah ok okay thanks thank sorry hello hi hey goodbye bye get
    got make made take took go goes going gone went know knew think thought see saw seen look looks say said
    says tell told came give gave gives want wants need needs like likes love loved hate hated feel felt keep
    find found call leave left put ask good great best better bad worse worst nice happy new old little big
    more less first last next right wrong time day night morning evening today tomorrow yesterday week year
    years people way thing things something nothing anything everything someone anyone everyone woman one two
    three movie story book mean does watch back well still even both nor yet
    """.split()
)
FOREIGN = frozenset(
    # German
    """
    der das dem ein eine einen einem einer eines kein keine keinen und oder aber ich du er sie wir ihr mich
    dich sich uns euch mir dir ihm ihn ihnen mein meine meinen meiner dein deine deinen sein seine seinen ihre
    ihren unser unsere euer ist sind bist seid waren wäre wird werden wurde wurden habe haben hast hatte
    hatten kann kannst können konnte könnte könnten muss müssen soll sollen sollte möchte möchten mag wollen
    willst nicht nichts nie sehr schon noch nur auch wenn weil dass daß ob wie wer wen wem wann warum wieso
    woher wohin welche welcher welches mit von zu zum zur bei beim aus nach auf für über unter durch gegen
    ohne um vom im ins bis seit hier dort heute morgen gestern immer viel mehr ganz gern gerne bitte danke ja
    nein doch etwas alles alle jetzt dann denn diese dieser dieses diesen gibt geht machen uhr guten gute
    leider keiner jemand niemand wieder zwei drei langweilig schlecht schön
    """
    # Spanish
    """
    el los las una uno unos unas del al y e o que qué es está están estoy estás estaba fue fueron ser soy
    eres somos ha han hay hemos tengo tiene tienes tenemos tenía puedo puede puedes quiero quiere quieres por
    para sobre desde hasta entre pero porque como cómo cuando cuándo donde dónde quién cuál cuánto cuántos si
    sí muy más menos ya también siempre nunca nada algo todo todos toda todas este esta esto estos estas ese
    esa eso esos aquí ahí allí ahora hoy mañana ayer yo tú él ella usted nosotros ellos ellas lo les se mi mis
    tu tus su sus nos nuestro nuestra gracias buenos buenas mucho mucha muchos gusta gustó voy va vamos hace
    hacer ni otro otra cada dos bien mal tan
    """
    # French
    """
    le une au aux et où est t suis êtes sommes était étaient être avez avons ont avait avoir je il elle
    nous vous ils elles ce cet cette ces ça cela mes ta tes sa ses notre votre vos leur leurs lui moi toi eux
    qui quoi quel quelle quels quand pourquoi combien ne pas rien jamais toujours très trop aussi dans sur
    sous avec sans chez vers mais donc tout tous toute toutes peux peut veux veut fait faire vais vont c'est
    n'est j'ai j'aime d'un d'une qu'il qu'elle qu'on s'il n'a l'on en deux bonjour merci un la des à j'en
    n'ai quelque peu même encore déjà ici
    """
    # Italian
    """
    gli di da nel nella nei della delle dei degli dello alla dal dalla sul sulla tra fra ma anche non che chi
    cosa quando perché quanto quale è o sei siamo siete erano essere ho hai abbiamo avete hanno aveva avere
    ti ci vi lei noi voi loro mio mia tuo tua suo sua nostro questo questa questi queste quello quella più
    meno molto molta troppo poco tutto tutti tutte niente nulla ancora sempre mai già oggi domani ieri grazie
    prego buongiorno bello bella un' dell' posso può vuole voglio fatto
    """
    # Dutch
    """
    het een dat dit deze ik jij hij zij ze wij jullie hun hen mijn jouw zijn haar ons onze ben heb hebt heeft
    hebben kan kunnen kon moet moeten wil wilt willen zal zullen zou wordt worden werd niet geen niets nooit
    altijd ook maar omdat als dan naar voor bij op aan uit om tot te zonder tegen onder tussen wat waar
    wanneer waarom hoe welke heel erg veel meer nog wel daar nu vandaag gisteren goed goede slecht mooi leuk
    dank bedankt alsjeblieft nee
    """.split()
)
OPENERS = "¿¡"  # they begin a Spanish question or exclamation


def foreign(words: List[Word], known: Container[str]) -> bool:
    """Whether a text has more words of the other languages than of English.

    An unknown word counts half, since English has some too, and one alone says nothing, nor does a name or a
    number. In a text without a word of the other languages, half of the words must be unknown.
    """
    capitals = {form for word in words if word.text[:1].isupper() for form in word.forms}
    forms = [form for word in words for form in word.forms]
    english = sum(form in ENGLISH for form in forms)
    other = sum(form in FOREIGN or form in OPENERS for form in forms)
    small = [form for form in forms if form.isalpha() and form not in capitals and form not in FOREIGN]
    unknown = sum(form not in known for form in small)
    return 2 * other + unknown > 2 * english + 1 and (other > 0 or 2 * unknown >= len(small))
