"""The answer for one text: its sentences joined again, alternatives, tokens, attention, and the tree of a
search.
"""

import heapq
import re
from typing import Any, Dict, List, Optional, Sequence

from models.translation.model import Model, Translation
from models.translation.piece import Piece
from models.translation.pieces import pieces_of, readable

# S source tokens, T target tokens, of all sentences of a text

Reply = Dict[str, Any]

OTHERS = 5  # of the likeliest tokens at each place of a translation
DECIMALS = 4
NAMES = {"de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian"}
WORDS = {  # frequent function words; a word of one language that looks like another's is in both lists
    "de": "der die das und ist nicht ich du er sie es wir ihr ein eine einen einem dem den des mit auf für "
    "von zu im in sich auch wie hat bei nach aus wird wenn",
    "en": "the and is are was of to in that it he she you they we with for on at this have has his her my "
    "your not what when would can do does don t s a",
    "es": "el la los las y es no de que en un una por con para su lo le me te mi se a al del como más pero "
    "está son muy qué fue ha tiene yo él ella",
    "fr": "le la les et est ne pas de que en un une pour avec sur il elle nous vous je ce cette au dans qui "
    "sont été plus a me te se",
    "it": "il lo la gli le e è non di che in un una per con su mi si al del della come più ma sono questo "
    "questa ho ha era a",
}
SETS = {code: frozenset(words.split()) for code, words in WORDS.items()}
# another language needs this many function words, and this many times as many as the expected language
ENOUGH = 3


def translated_texts(translator: Model, texts: Sequence[str], beam: int) -> List[str]:
    """The best translation of each text, as a caller reads it."""
    pieces = [pieces_of(readable(text), translator) for text in texts]
    sentences = list(dict.fromkeys(piece.text for text in pieces for piece in text if piece.spoken))
    found = dict(zip(sentences, translator.translate(sentences, beam, beam)))
    return [joined(text, [found[piece.text][0] for piece in text if piece.spoken]) for text in pieces]


def answer(
    translator: Model,
    text: List[Piece],
    options: List[List[Translation]],
    alternatives: int,
    attention: bool,
    tokens: bool,
) -> Reply:
    """The answer for one text: its sentences are translated, and what stood between them stays."""
    ways = combined(options, alternatives + 1)
    best, spoken = ways[0], [piece for piece in text if piece.spoken]
    reply: Reply = {
        "translation": joined(text, best),
        "score": score(best),
        "alternatives": [{"text": joined(text, way), "score": score(way)} for way in ways[1:]],
        "source_tokens": [
            token
            for piece, one in zip(spoken, best)
            for token in piece.tokens(translator.tokenizer.tokens(one.source), 0)
        ],
        "target_tokens": [
            token
            for piece, one in zip(spoken, best)
            for token in piece.tokens(translator.tokenizer.tokens(one.target), 1, True)
        ],
    }
    if tokens:
        reply["tokens"] = [
            one
            for place, (piece, said) in enumerate(zip(spoken, best))
            for one in sure(translator, piece, said, place)
        ]
    return {**reply, "attention": matrix(best)} if attention else reply


def sure(translator: Model, piece: Piece, said: Translation, sentence: int) -> List[Reply]:
    """Each token of a sentence's translation: its probability, and the likeliest tokens at its place."""
    texts = piece.tokens([translator.tokenizer.token(i) for i in said.target], 1, True)
    return [
        {
            "text": text,
            "probability": round(p, DECIMALS),
            "sentence": sentence,
            "others": [
                {"text": shown(translator, piece, other, not place), "probability": round(q, DECIMALS)}
                for other, q in others
                if other != i
            ],
        }
        for place, (text, i, (p, others)) in enumerate(zip(texts, said.target, translator.sure(said, OTHERS)))
    ]


def trees(
    translator: Model, text: List[Piece], prefixes: List[str], beam: int, best: int
) -> List[List[Reply]]:
    """The tree of the search for each sentence of a text. Each node comes after the
    node that it continues.
    """
    spoken = [piece for piece in text if piece.spoken]
    begun = prefixes + [""] * (len(spoken) - len(prefixes))
    return [
        [
            {
                "parent": None if node.parent < 0 else node.parent,
                "text": shown(translator, piece, node.token, node.parent < 0),
                "score": round(node.score, DECIMALS),
                "fate": node.fate,
            }
            for node in translator.tree(piece.text, piece.hidden(prefix), beam, best)
        ]
        for piece, prefix in zip(spoken, begun)
    ]


def shown(translator: Model, piece: Piece, token: int, first: bool) -> str:
    """A token of a sentence's translation, as a caller reads it; `first` says whether it begins it."""
    return piece.tokens([translator.tokenizer.token(token)], 1, first)[0]


def combined(sentences: List[List[Translation]], count: int) -> List[List[Translation]]:
    """`count` combinations of one translation per sentence: first that of each sentence's choice, which keeps
    names and reads best, then the others by their scores, best first.
    """
    chosen = [options[0] for options in sentences]
    best: List[List[Translation]] = [[]]
    sums = [0.0]
    for options in sentences:
        ways = [
            (so_far + one.score * len(one.source), place, one)
            for place, so_far in enumerate(sums)
            for one in options
        ]
        ways = heapq.nlargest(count + 1, ways, key=lambda way: way[0])
        sums, best = [way[0] for way in ways], [best[way[1]] + [way[2]] for way in ways]
    others = [way for way in best if any(one is not other for one, other in zip(way, chosen))]
    return [chosen, *others][:count]


def joined(text: List[Piece], translations: Sequence[Translation]) -> str:
    """The text with each sentence replaced by its translation."""
    spoken = iter(translations)
    return "".join(piece.shown(next(spoken).text) if piece.spoken else piece.text for piece in text)


def score(translations: Sequence[Translation]) -> Optional[float]:
    """The mean of the sentences' scores, weighted by their source tokens. None if nothing was translated."""
    count = sum(len(one.source) for one in translations)
    return (
        round(sum(one.score * len(one.source) for one in translations) / count, DECIMALS) if count else None
    )


def matrix(translations: Sequence[Translation]) -> List[List[float]]:
    """The attention of a text (T, S): one block per sentence and zeros elsewhere, since no sentence looks at
    another.
    """
    width = sum(len(one.source) for one in translations)
    rows, left = [], 0
    for one in translations:
        right = width - left - len(one.source)
        rows += [[0] * left + row + [0] * right for row in one.attention.round(DECIMALS).tolist()]
        left += len(one.source)
    return rows


def other_language(text: str, expected: str) -> Optional[str]:
    """The English name of the language that the text seems to be in, if that is clearly not the expected
    language. Otherwise None.
    """
    plain = re.sub(r"„[^„“”]*[“”]|“[^“”]*”|\"[^\"]*\"|«[^«»]*»|»[^«»]*«", " ", text)  # a title, perhaps
    words = set(re.findall(r"\w+", (plain if re.search(r"\w", plain) else text).lower()))
    counts = {code: sum(word in known for word in words) for code, known in SETS.items()}
    best = max(counts, key=lambda code: counts[code])
    if best == expected or counts[best] < ENOUGH * max(1, counts.get(expected, 0)):
        return None
    return NAMES[best]


def warning(text: str, expected: str) -> Optional[str]:
    """A sentence for the caller if the text seems to be in another language. Otherwise None."""
    other = other_language(text, expected)
    if other is None:
        return None
    return "The text reads like %s, and this model reads %s: its translation is a guess." % (
        other,
        NAMES.get(expected, expected),
    )
