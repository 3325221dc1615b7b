"""What words and subwords mean, and what follows what, learnt from pairs of sentences in a few minutes: IBM
Model 1, by expectation-maximisation (Brown et al. 1993, Computational Linguistics 19 (2), section 4.1), and
a trigram model.
"""

import io
import re
from collections import Counter

import numpy as np
import torch

from models.translation.ranking import END, FINENESS, NOTHING, START, found

# O places where a source and a target token are in one pair, V vocabulary, K likeliest targets

PAIRS = 60000  # that are looked at for subwords
TIMES = {"phrases": 2, "sentences": 3}  # that pairs of everyday language count for a ranking
ROUNDS = 6  # of expectation-maximisation
LIKELIEST, FREQUENT = 40, 500  # target tokens of each source token, and those that any sentence may say
MEANINGS = 4  # of a word at most
LEAST, LEAST_BACK = 0.1, 0.003  # probability of a meaning given the word, and of the word given the meaning
KNOWN_WELL = 20, 100  # times in training from which on a word needs less of a hint, and none
DISCOUNT = 0.75  # of each count of the trigram model
SELDOM = 3, 5  # a pair or three of tokens that is there so often at most is not kept
LEAST_MEANT = 0.005  # probability of a source token given a target token
SHORT = 5  # words of a source in which also a word counts that is there once
WORD, TARGET = re.compile(r"[^\W\d_]{2,}"), re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def likely(sources, targets):
    """Arrays of different ids, one of each pair -> ids of a source and a target unit that are in one pair,
    and the probabilities of each given the other (four arrays).
    """
    size = 1 + max(int(ids.max()) for ids in targets if len(ids))
    key = np.concatenate([(s[:, None] * size + t).ravel() for s, t in zip(sources, targets)])  # (O,)
    ends = np.cumsum([0] + [len(t) for t in targets])
    each = np.concatenate(  # (O,) which target unit of which pair
        [np.tile(np.arange(end, end + len(t)), len(s)) for end, s, t in zip(ends, sources, targets)]
    )
    keys, key = np.unique(key, return_inverse=True)
    of, to = keys // size, keys % size
    p = count = np.ones(len(keys))
    for _ in range(ROUNDS):
        share = p[key]
        share /= np.bincount(each, share)[each]
        count = np.bincount(key, share)
        p = count / np.bincount(of, count)[of]
    return of, to, p, count / np.bincount(to, count)[to]


def best(of, p, most):
    """(id, places of its `most` likeliest) for each id of `of`, which rises."""
    for places in np.split(np.arange(len(of)), np.flatnonzero(np.diff(of)) + 1):
        yield int(of[places[0]]), places[np.argsort(-p[places], kind="stable")[:most]]


def lexicon(tokenizer, known):
    """Pairs of sentences -> the LIKELIEST target tokens of each source token (V, K), and the FREQUENT ones
    of all, with each letter, digit, sign and mask that is a token.
    """
    known = known[:: max(1, len(known) // PAIRS)]
    sources, targets = ([np.unique(ids) for ids in tokenizer.ids(list(side))] for side in zip(*known))
    of, to, p, _ = likely(sources, targets)
    size = len(tokenizer)
    table = torch.zeros(size, LIKELIEST, dtype=torch.int16)
    for token, places in best(of, p, LIKELIEST):
        table[token, : len(places)] = torch.from_numpy(to[places].astype(np.int16))
    said = np.bincount(np.concatenate(targets), minlength=size)
    frequent = set(np.argsort(-said, kind="stable")[:FREQUENT].tolist()) | set(range(4))
    short = {i for i in range(size) if len(tokenizer.token(i).strip()) <= 1}
    return table, torch.tensor(sorted(frequent | short | set(tokenizer.masks)))


def ranking(tokenizer, known):
    """Pairs of sentences -> the bytes that models/translation/ranking.py reads."""
    size = len(tokenizer)
    sources, targets = (tokenizer.ids(list(side)) for side in zip(*known))
    arrays = followers(np.concatenate([[START, START, *ids] for ids in targets]), size)
    of, to, p, _ = likely(
        [np.unique([NOTHING, *ids]) for ids in targets], [np.unique(ids) for ids in sources]
    )
    kept = (p >= LEAST_MEANT) & (of != END) & (to != END)
    kept[0] = True  # so that there is one at least
    file = io.BytesIO()
    for array in [*arrays, differences((of * size + to)[kept]), quantised(p[kept])]:
        np.save(file, array, allow_pickle=False)
    return file.getvalue()


def followers(said, size):
    """Ids of sentences, which begin with START twice, one sentence after the other -> the first seven arrays
    of a Ranking, by absolute discounting. What is not kept counts for the shorter context.
    """
    tokens = np.flatnonzero(said != START)
    single = np.bincount(said[tokens], minlength=size)
    one = (single - DISCOUNT).clip(0) / single.sum()
    one += (1 - one.sum()) / size
    pairs, two, behind_one = discounted(said[tokens - 1] * size + said[tokens], size, size, SELDOM[0])
    before = said[tokens - 2] * size + said[tokens - 1]
    at, there = found(pairs, before)
    triples, three, behind_two = discounted((at * size + said[tokens])[there], size, len(pairs), SELDOM[1])
    return [
        *map(quantised, (one, behind_one)),
        differences(pairs),
        *map(quantised, (two, behind_two)),
        differences(triples),
        quantised(three),
    ]


def discounted(keys, size, contexts, seldom):
    """Keys context * size + token, as often as they were seen -> those that were seen more than `seldom`
    times, the discounted probability of each, and the share that is left behind each context (contexts,).
    """
    keys, counts = np.unique(np.append(keys, 0), return_counts=True)  # so that there is one at least
    total = np.bincount(keys // size, counts, contexts)
    kept = counts > seldom
    kept[0] = True
    keys, p = keys[kept], (counts[kept] - DISCOUNT) / total[keys[kept] // size]
    return keys, p, 1 - np.bincount(keys // size, p, contexts)


def differences(keys):
    """Keys that rise -> how much each is above the one before, which packs well."""
    return np.diff(keys, prepend=0).astype(np.uint32)


def quantised(p):
    """Probabilities as a Ranking reads them."""
    return (-FINENESS * np.log(np.maximum(p, 1e-9))).round().clip(0, 255).astype(np.uint8)


def meanings(known):
    """Pairs of sentences -> the lines that models/translation/words.py's Dictionary reads."""
    ours, theirs, often, forms, sure = {}, {}, Counter(), Counter(), set()
    sources, targets = [], []
    for source, target in known:
        words, said = list(dict.fromkeys(WORD.findall(source))), TARGET.findall(target)
        often.update(words)
        forms.update(said)
        sure.update(words if len(words) <= SHORT else ())
        # 0 is the empty word, which function words of the target may come from
        sources.append(np.array([0] + sorted(ours.setdefault(word, len(ours) + 1) for word in words)))
        targets.append(np.array(sorted({theirs.setdefault(word.lower(), len(theirs)) for word in said}), int))
    usual = {}
    for form, _ in forms.most_common():
        usual.setdefault(form.lower(), form)
    words, said = [""] + list(ours), list(theirs)
    of, to, p, back = likely(sources, targets)
    lines = []
    for one, places in best(of, p, MEANINGS):
        found = [
            "%d %s" % (round(100 * p[at]), usual[said[to[at]]])
            for at in places
            if p[at] >= LEAST and back[at] >= LEAST_BACK
        ]
        if found and one and (often[words[one]] > 1 or words[one] in sure):
            some, none = KNOWN_WELL
            need = min(100, round(100 * some / often[words[one]])) if often[words[one]] < none else 0
            lines.append("\t".join([words[one], str(need), *found]))
    return b"".join(sorted(line.encode() + b"\n" for line in lines))
