"""The steps of the words: CBOW, skip-gram, fastText and GloVe on the same text for the same time; and ways to
find the neighbours of a word.
"""

import itertools
import json
import sys
import time

import numpy as np
from matplotlib import pyplot

from bench.study import neighbours
from bench.study.tables import as_asked, folder_of, table
from training.words import corpus, glove, maps, similarity, train as words, word2vec

# W words, D embedding
TITLE, MINUTES = "Words", 3
CORPUS, LINES = words.Settings().corpus, 300_000  # its first sentences, 6.4 million words
ALL = {"size": 100, "window": 5, "negative": 5, "least": 5}
METHODS = {  # with the learning rates of the authors' programs
    "CBOW": {"method": "cbow", "learning_rate": 0.05},
    "skip-gram": {"method": "skipgram", "learning_rate": 0.025},
    "fastText": {"method": "fasttext", "learning_rate": 0.05},
    "GloVe": {"method": "glove", "learning_rate": 0.05},
}
SEARCH = "neighbour search"
STEPS = {**METHODS, SEARCH: neighbours.CHOSEN}
PARTS = 50  # parts of the text; the clock is read after each
PROBES = "car paris king music sad doctor computer einstein running monday".split()
MAPPED = {group: maps.PROBES[group] for group in ("vehicles", "countries", "feelings", "motion")}


def sentences(folder):
    """The first LINES of the corpus, each a list of tokens."""
    prepared = folder / "corpus.txt"
    if not prepared.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "text.txt", "w", encoding="utf-8") as text:
            text.writelines(itertools.islice(corpus.lines(CORPUS), LINES))
        corpus.tokenised(folder / "text.txt", prepared)
    return [list(map(sys.intern, sentence)) for sentence in corpus.Sentences(prepared)]


def fitted(settings, text, minutes):
    """(model, seconds, epochs) of a training that lasts this many minutes of one processor's time, including
    the counting of words and pairs.

    The learning rate falls with time. An epoch of GloVe goes over its pairs; an epoch of the others goes over
    the text.
    """
    began, model = time.process_time(), word2vec.network(settings)
    model.build_vocab(text)
    parts = [text] if settings.method == "glove" else [text[place::PARTS] for place in range(PARTS)]
    for done, part in enumerate(itertools.cycle(parts)):
        left = 1 - (time.process_time() - began) / (60 * minutes)
        if left <= 0 and done:
            return model, time.process_time() - began, done / len(parts)
        rate = settings.learning_rate * max(left, 0.01)
        model.train(part, total_examples=len(part), epochs=1, start_alpha=rate, end_alpha=rate)


def trained(folder, step, text, minutes):
    """((words, vectors (W, D)), facts) of a method. It is trained first, unless its folder has the result."""
    place, settings = folder_of(folder, step), {**ALL, **METHODS[step], "minutes": minutes}
    as_asked(place, settings)
    if not (place / "facts.json").exists():
        place.mkdir(parents=True, exist_ok=True)
        model, seconds, epochs = fitted(words.Settings(**ALL, **METHODS[step]), text, minutes)
        model.wv.save(str(place / "own.kv"))
        (place / "facts.json").write_text(json.dumps({"seconds": round(seconds), "epochs": round(epochs, 1)}))
        (place / "settings.json").write_text(json.dumps(settings))
    return glove.load(place / "own.kv"), json.loads((place / "facts.json").read_text())


def judged(known, vectors, facts):
    """A row of the table."""
    scores = similarity.scores(known, vectors, similarity.folder())
    shares = {"analogies, %": "analogies", "semantic, %": "semantic", "syntactic, %": "syntactic"}
    return {
        **{column: round(100 * scores[key], 1) for column, key in shares.items()},
        "WordSim-353": round(scores["wordsim"], 3),
        "SimLex-999": round(scores["simlex"], 3),
        "epochs": facts["epochs"],
        "seconds": facts["seconds"],
    }


def nearest(known, vectors, word, count=5):
    """The words with the highest cosine to a word, nearest first."""
    if word not in known:
        return []
    unit = similarity.unit(vectors)
    order = np.argsort(-(unit @ unit[known.index(word)]))
    return [known[row] for row in order[: count + 1] if known[row] != word][:count]


def draw_maps(found, path):
    """Draw the same words for each method, one panel per method and one colour per group."""
    figure, axes = pyplot.subplots(2, 2, figsize=(13, 10))
    colours = dict(zip(MAPPED, pyplot.get_cmap("Dark2").colors))
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    for axis, (step, (known, vectors)) in zip(axes.flat, found.items()):
        shown = maps.probed({word: row for row, word in enumerate(known)}, MAPPED)
        points = maps.plane(similarity.unit(vectors[[row for *_, row in shown]]))  # (N, 2)
        for (group, word, _), point in zip(shown, points):
            axis.annotate(word, point, color=colours[group], ha="center", va="center", fontsize=10)
        axis.set(
            title=step,
            xlim=(points[:, 0].min() - 9, points[:, 0].max() + 9),
            ylim=(points[:, 1].min() - 4, points[:, 1].max() + 4),
        )
    figure.tight_layout()
    figure.savefig(str(path), dpi=80)
    pyplot.close(figure)


def draw_search(rows, path):
    """Draw the share of neighbours that is found over the time of a question."""
    figure, axis = pyplot.subplots(figsize=(8, 4.5))
    for name, row in rows.items():
        point = row["ms a question"], row["recall@10"]
        axis.scatter(*point, s=20)
        axis.annotate(name, point, xytext=(5, -12), textcoords="offset points", fontsize=8)
    axis.set(xscale="log", xlabel="milliseconds a question, one thread", ylabel="recall@10")
    axis.xaxis.set_major_formatter("{x:g}")
    axis.margins(x=0.25, y=0.15)
    figure.tight_layout()
    figure.savefig(str(path), dpi=100)
    pyplot.close(figure)


def of_methods(folder, steps, minutes, charts):
    """Markdown: the scores of the methods, the neighbours of ten words by each method, and a map for each
    method.
    """
    text, found, rows = sentences(folder), {}, {}
    for step in steps:
        print("%s: %s" % (TITLE, step), flush=True)
        found[step], facts = trained(folder, step, text, minutes)
        rows[step] = judged(*found[step], facts)
    draw_maps(found, charts / "study-words.png")
    near = {
        word: {step: ", ".join(nearest(*vectors, word)) for step, vectors in found.items()} for word in PROBES
    }
    return [
        "%s million words of English Wikipedia, the %s of them that occur %d times and more; %d dimensions, "
        "%d words to either side, for all "
        "the same time of one processor (`seconds`; counting is part of it), the learning rate falling with "
        "it."
        % (
            round(sum(map(len, text)) / 1e6, 1),
            format(len(next(iter(found.values()))[0]), ","),
            ALL["least"],
            ALL["size"],
            ALL["window"],
        ),
        table(rows),
        "Scores as in models/words/evaluation.md, among all these words; a question with a word that they "
        "lack counts as wrong. An epoch of GloVe goes over "
        "the pairs that are near each other, each taken with the probability of its weight; of the others, "
        "over the text, where words more frequent than "
        "%g are passed over at times. GloVe's form of AdaGrad and its batch were chosen by these very "
        "scores; nothing of the others was. One seed each: "
        "near figures are no ranking." % words.Settings().sample,
        "### What is near",
        table(near),
        "### The same words on four maps",
        "![t-SNE of forty words](study-words.png)",
    ]


def of_search(charts):
    """Markdown: ways to find the ten nearest shipped words, and their costs."""
    size = neighbours.shipped()
    rows = neighbours.compared(size)
    draw_search(rows, charts / "study-words-search.png")
    return [
        "### What finds it",
        "The ten nearest among the %s shipped words, asked for %d of them in turn; one thread, medians. All "
        "hold the vectors that are served, which have 8 "
        "bits a number: ours as they are, with the words, the others as float32. Recall is of the exact "
        "search among these. "
        "Magnitude, which the seed compared with faiss and Annoy, has had no release since 2020."
        % (format(size, ","), neighbours.QUESTIONS),
        table(rows),
        "![recall over milliseconds](study-words-search.png)",
    ]


def study(folder, steps, minutes, charts):
    """Train the steps that are not yet trained, and compare all. Returns Markdown; the charts go to the
    folder `charts`.
    """
    charts.mkdir(parents=True, exist_ok=True)
    methods = [step for step in steps if step in METHODS]
    parts = of_methods(folder, methods, minutes, charts) if methods else []
    return "\n\n".join(parts + (of_search(charts) if SEARCH in steps else []))
