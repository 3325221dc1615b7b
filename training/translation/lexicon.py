"""What words and subwords mean, learnt from pairs of sentences in a minute: IBM Model 1, by
expectation-maximisation (Brown et al. 1993, Computational Linguistics 19 (2), section 4.1).
"""

import re
from collections import Counter

import numpy as np
import torch

# O places where a source and a target token are in one pair, V vocabulary, K likeliest targets

PAIRS = 60000  # that are looked at for subwords
ROUNDS = 6  # of expectation-maximisation
LIKELIEST, FREQUENT = 40, 500  # target tokens of each source token, and those that any sentence may say
MEANINGS = 4  # of a word at most
LEAST, LEAST_BACK = 0.1, 0.003  # probability of a meaning given the word, and of the word given the meaning
KNOWN_WELL = 20, 100  # times in training from which on a word needs less of a hint, and none
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
