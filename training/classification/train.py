# %% [markdown]
# # Classification: the sentiment of a sentence, the subject of a question
# From a bag of words to a Transformer. models/classification/network.py names the papers.
#
# From the shell: `make train-classification ARGS="--task question"`. Your own texts:
# `ARGS="--data mine.csv --folder runs/classification/mine"`, a CSV with the columns text and label,
# or a TSV with label and text. `--help` lists the settings.
#
# In Colab: `!git clone` this repository, `%cd` into it, `!pip install -r
# training/requirements.txt`, and give the last cell your words:
# `main(["--data", "drive/tickets.csv", "--folder", "drive/run", "--resume"])`.
# %%
import copy
import itertools
import json
import lzma
import pathlib
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from models.classification.language import foreign
from models.classification.model import entries, model, shares
from models.classification.network import ARCHITECTURES, PAD, UNKNOWN, Classifier
from models.classification.vocabulary import Vocabulary, words_of
from training import command, export, loop, plots, processes
from training.command import Amount, Count, File, Name, Share, Switch, Whole, one_of
from training.classification import charts, classical, data, metrics, negation

# B texts, T words, D embedding, C classes, V vocabulary
TEXT = "../shared/data/text/classification/"
FILES = {  # {task: (files to train on, files to test on)}
    "sentiment": (["imdb.train", "rotten_tomatoes", "sst2.train"], ["imdb.test", "sst2.test"]),
    "question": (["trec.train"], ["trec.test"]),
}
# {task: sentences for validation}; they are also in Rotten Tomatoes, where they are left out
KEPT_OUT = {"sentiment": "sst2.dev"}
SOURCES = {
    "sentiment": "IMDB (Maas et al. 2011), SST-2 (Socher et al. 2013), Rotten Tomatoes (Pang & Lee 2005), "
    "research use",
    "question": "TREC (Li & Roth 2002), research use",
}
TAUGHT = (
    "; sentences labelled by all-MiniLM-L6-v2 (Wang et al. 2020, Apache 2.0), fine-tuned on the same texts"
)
LABELLED = {
    "question": ", among them questions of Tatoeba (CC BY 2.0) and about titles of Wikipedia (CC BY-SA)"
}
EXAMPLES = {  # written for this project
    "sentiment": [
        "Not bad at all: I laughed from the first scene to the last.",
        "Two hours of my life that I will not get back.",
    ],
    "question": ["How many moons does Saturn have?", "Name the painter of the ceiling in Sant'Elena."],
}
# numbers of n-grams to try as `reach`; a text has about twice as many n-grams as words
REACHES = 1, 40, 80, 160, 320, 640
MOST_WIDE = 4  # above this number of classes no n-grams are added; each class takes one to two megabytes
UNSEEN = 0.02  # initial spread of the vectors of words that have no vector


# %% [markdown]
# ## Settings
# %%
@dataclass(frozen=True)
class Settings:
    task: Name = ""  # sentiment, which it is without --data, or question; with --data, the folder's name
    data: str = ""  # your own file; empty: the course's files for the task
    test: str = ""  # your own file to test on; empty: a tenth of --data
    # fasttext, cnn, lstm, bilstm, transformer, or several of them joined by +; naive-bayes, logistic, svm
    architecture: str = "cnn"
    features: one_of(*classical.FEATURES) = "tfidf"  # or counts; for naive-bayes, logistic and svm
    # for everything that this run writes; the model is served under the folder's name; empty:
    # runs/classification/ and the task
    folder: str = ""
    initial: str = ""  # the folder of a run with the same sizes, to continue from
    held_out: Share = 0.1  # share of the texts for validation
    taught: File = ""  # file of sentences that teacher.py labelled, to train on as well
    negations: Whole = 0  # number of phrases that negation.py makes, to train on as well; only for sentiment
    share: Share = 1.0  # of the training texts, for curves over their number
    # the word vectors of this project; none: start without vectors
    embeddings: one_of("words", "none") = "words"
    dimensions: Count = 100  # of a word's vector; with words at most 152
    tuned: Whole = 12000  # number of the most frequent words whose vectors learn; 0: none learn
    words: Whole = 30000  # number of frequent English words that are known in addition to those of the texts
    # whether n-grams are added to the network; for scikit-learn, whether pairs of words are
    ngrams: Switch = 1
    width: Count = 100  # of the layers
    members: Count = 1  # encoders of each kind whose answers are averaged
    dropout: Share = 0.5  # Srivastava et al. 2014
    word_dropout: Share = 0.1  # share of the words that are replaced by the unknown word (Iyyer et al. 2015)
    longest: Count = 200  # words of a text in training; of a longer text, the beginning and the end are used
    reviews: Share = 1.0  # share of the reviews (texts longer than data.LONG) in an epoch
    passages: Whole = 1  # passages of one to three sentences from each of these reviews, in an epoch
    batch: Count = 6000  # words in a batch, padding included
    epochs: Count = 6
    minutes: Amount = 0  # length of the training; 0: epochs count instead
    patience: Count = 2  # epochs without a better validation loss before it stops
    label_smoothing: Share = 0.05  # Szegedy et al. 2016
    learning_rate: Amount = 1e-3  # at its peak
    warmup: Share = 0.05  # share of the training, at its start
    decay: Share = 0.7  # share of the training, at its end
    weight_decay: Amount = 1e-3
    memory: Share = 0.99  # of the averaged weights, per step
    seed: Whole = 1


# %% [markdown]
# ## Data
# No tested text is trained on. SST's sentences are looked for inside Rotten Tomatoes' snippets, and reviews
# among reviews.
# %%
def texts(settings):
    """(training, validation, {name: test}) as lists of (text, label), and how many texts were taken out."""
    if settings.data:
        rest = data.read(settings.data)
        rest, test = (rest, data.read(settings.test)) if settings.test else data.split(rest, 0.1)
        tests, outside = {pathlib.Path(settings.test or settings.data).name: test}, []
    else:
        if settings.task not in FILES:
            raise SystemExit(
                "There is no task %s: choose one of %s, or give --data." % (settings.task, ", ".join(FILES))
            )
        names, tested = FILES[settings.task]
        rest = [pair for name in names for pair in data.read(TEXT + name + ".tsv.xz")]
        tests = {name: data.read(TEXT + name + ".tsv.xz") for name in tested}
        outside = data.read(TEXT + KEPT_OUT[settings.task] + ".tsv.xz") if settings.task in KEPT_OUT else []
    kept = data.without(
        rest, [pair for test in tests.values() for pair in test] + outside, inside=not settings.data
    )
    training, validation = data.split(kept, settings.held_out)
    if outside:  # a sentence may be part of a training text, so validation uses a separate file
        training += [pair for pair in validation if len(pair[0]) <= data.SNIPPET]
        validation = [pair for pair in validation if len(pair[0]) > data.SNIPPET]
    training = data.without(training, validation)
    # SST's sentences are also in Rotten Tomatoes; each is used once
    once = list({(data.letters(text), label): (text, label) for text, label in training}.values())
    if settings.data and len(once) < len(training):
        print("Texts that are there twice are used once: %d were left out." % (len(training) - len(once)))
    training = once[: round(settings.share * len(training))]
    validation, *tested = data.of_known_classes(training, validation + outside, *tests.values())
    tests = dict(zip(tests, tested))
    if len({label for _, label in training}) < 2 or not validation or not all(tests.values()):
        raise SystemExit(
            "There are too few texts: two classes are needed, and some texts of each to train, validate and "
            "test on."
        )
    return training, validation, tests, len(rest) - len(kept)


def known_words(settings, training):
    """The words that the network will know, most frequent first, and their vectors (V, D), with PAD and
    UNKNOWN.
    """
    counts = Counter(word for text, _ in training for word in classical.split_words(text))
    named, vectors = {}, None
    if settings.embeddings == "words":
        # the shipped vectors; other embeddings do not need them
        from models.words.model import model as words_model

        shipped = words_model()
        vectors = shipped.vectors[:, : settings.dimensions].astype(np.float32)
        if vectors.shape[1] < settings.dimensions:
            raise SystemExit("The word vectors have %d dimensions: lower --dimensions." % vectors.shape[1])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6
        named = {word: row for row, word in enumerate(shipped.vocabulary.words)}
    words = [word for word, count in counts.most_common() if count > 1 or word in named]
    words += [word for word in list(named)[: settings.words] if word not in counts]
    table = np.random.RandomState(settings.seed).normal(
        0, UNSEEN if named else 0.1, (len(words) + 2, settings.dimensions)
    )
    table[[PAD, UNKNOWN]] = 0
    rows = [(place, named[word]) for place, word in enumerate(words, 2) if word in named]
    if rows:
        here, there = map(list, zip(*rows))
        # about the spread of GloVe's vectors
        table[here] = vectors[there] * settings.dimensions**0.5 * 0.5
    return words, torch.tensor(table, dtype=torch.float32)


# %% [markdown]
# ## Loss
# Cross-entropy of each member with the class, or with a teacher's probabilities. Some of the words are made
# unknown.
# %%
def loss(settings):
    """The loss of a batch, as the shared loop calls it: (network, (ids, probabilities (B, C)), progress) ->
    (scalar, figures to log).
    """

    def compute(network, batch, progress):
        ids, wanted = batch
        hidden = (torch.rand(ids.shape, device=ids.device) < settings.word_dropout) & (ids != PAD)
        ids = torch.where(hidden, torch.full_like(ids, UNKNOWN), ids)
        logs = [F.log_softmax(logits.float(), dim=1) for logits in network.members(ids)]  # each (B, C)
        value = -sum((wanted * log).sum(dim=1).mean() for log in logs) / len(logs)
        return value, {"loss": value.detach()}

    return compute


# %% [markdown]
# ## Fit
# %%
def network_of(settings, vectors, classes, ngrams=False):
    """The untrained network, with an n-gram table if `ngrams`."""
    torch.manual_seed(settings.seed)
    return Classifier(
        vectors,
        len(classes),
        settings.architecture,
        settings.width,
        settings.tuned,
        settings.members,
        settings.dropout,
        ngrams,
    )


def beside(settings, classes):
    """Whether n-grams are added to the network. Their table has a column per class, so with many classes it
    would be larger than the network.
    """
    return bool(settings.ngrams) and len(classes) <= MOST_WIDE


def fit(settings, network, vocabulary, sets, resume=False):
    """(averaged network, minutes) from the shared loop. Each epoch draws new passages of reviews."""
    ends = set(map(vocabulary.ids.get, ".!?"))
    training, validation, taught = sets["training"], sets["validation"], sets["taught"]
    smooth = settings.label_smoothing
    wanted = (1 - smooth) * np.eye(network.wide.shape[1], dtype=np.float32) + smooth / network.wide.shape[1]

    def batches(epoch):
        stream = random.Random(settings.seed * 1000 + epoch)
        long = [pair for pair in training if len(pair[0]) > data.LONG]
        reviews = stream.sample(long, round(settings.reviews * len(long)))
        drawn = [
            (data.passage(ids, ends, stream), label)
            for ids, label in reviews
            for _ in range(settings.passages)
        ]
        whole = [pair for pair in training if len(pair[0]) <= data.LONG] + reviews
        whole = [(data.cropped(ids, settings.longest), label) for ids, label in whole]
        certain = [(ids, wanted[label]) for ids, label in whole + drawn]
        return loop.enough(lambda again: data.batches(certain + taught, settings.batch, stream)[0])

    shorter = [(data.cropped(ids, settings.longest), label) for ids, label in validation]
    labels = [label for _, label in validation]

    def after_epoch(averaged, epoch):
        logits = metrics.logits_of(copy.deepcopy(averaged).cpu(), shorter)
        right = float((logits.argmax(axis=1) == labels).mean())
        return {
            "validation_loss": round(metrics.nats(logits, labels), 4),
            "validation_accuracy": round(right, 4),
        }

    return loop.fit(
        network,
        loss(settings),
        batches,
        settings,
        settings.folder,
        resume,
        after_epoch,
        judge="validation_loss",
    )


def grouped(examples):
    """The examples in up to two groups: those that are not reviews, and those that are."""
    parts = [[], []]
    for ids, label in examples:
        parts[len(ids) > data.LONG].append((ids, label))
    return [part for part in parts if part]


def with_ngrams(network, training, groups, count):
    """Add n-grams to the network, and return the chosen figures.

    The weight, and the number of n-grams from which a text gets all of it, are those with the smallest mean
    of the groups' cross-entropies. Reviews are one group and sentences another, so that neither decides
    alone.
    """
    labels = [[label for _, label in group] for group in groups]
    deep = [metrics.logits_of(network, group) for group in groups]
    network.ngrams = True
    network.wide = torch.from_numpy(classical.ngram_weights(training, count).astype(np.float32))
    wide = [metrics.logits_of(network.beside, group) for group in groups]
    # number of n-grams of each text
    sizes = [np.diff(classical.presence(group).indptr)[:, None] for group in groups]

    def nats(weight, reach, calm, heat):
        total = 0
        for one, other, size, wanted in zip(deep, wide, sizes, labels):
            share = np.minimum(1, size / reach)
            mixed = (one + weight * other * share) / (1 + calm * share)
            total += metrics.nats(mixed / heat, wanted)
        return total

    most = 3 if sum(map(len, groups)) >= metrics.FEW else 1
    tried = itertools.product(np.arange(0, most + 0.1, 0.5), REACHES, (0, 0.5, 1), (0.8, 1, 1.2, 1.5, 2))
    weight, reach, calm, _ = min(tried, key=lambda one: nats(*one))
    network.wide *= float(weight)
    network.reach.fill_(reach)
    network.calm.fill_(calm)
    return {"ngram_weight": float(weight), "ngram_reach": reach, "calm": calm}


# %% [markdown]
# ## Evaluate
# Accuracy on the tests with its 95 % interval, calibration, the confusion matrix, and the most certain
# mistakes.
# %%
def show(settings, judged, classes):
    """Write confusion.png and mistakes.txt for the first test. `judged` is (logits, labels, texts)."""
    logits, labels, said = judged
    probabilities, kind, names = metrics.kinds(metrics.softmax(logits), labels, classes)
    charts.confusion(
        metrics.confusion(probabilities, kind, len(names)),
        names,
        pathlib.Path(settings.folder) / "confusion.png",
    )
    lines = metrics.mistakes(probabilities, kind, said, names)
    (pathlib.Path(settings.folder) / "mistakes.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def classical_logits(settings, training, asked, classes):
    """Fit scikit-learn's classifier -> {name: (B, C)} for the texts in `asked`. They are log-probabilities if
    the classifier has probabilities.
    """
    fitted = classical.pipeline(settings.architecture, settings.features, settings.ngrams)
    fitted.fit([text for text, _ in training], [classes.index(label) for _, label in training])
    found = {}
    for name, pairs in asked.items():
        said = [text for text, _ in pairs]
        scores = (
            fitted.decision_function(said)
            if hasattr(fitted[-1], "decision_function")
            else fitted.predict_log_proba(said)
        )
        scores = np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores
        found[name] = np.full((len(pairs), len(classes)), -30.0)
        found[name][:, fitted.classes_] = scores
    return found


# %% [markdown]
# ## Export
# `make export-classification` traces every network in runs/classification/ under torch 1.5.1, in half
# precision.
# %%
def to_export(folder):
    """The network of one run, its vocabulary as bytes, and its facts."""
    found = json.loads((folder / "facts.json").read_text())
    words = lzma.decompress((folder / "words.xz").read_bytes())
    count = len(words.decode().split("\n")) + 2
    settings = Settings(**found["settings"])
    network = network_of(
        settings,
        torch.zeros(count, settings.dimensions),
        found["classes"],
        beside(settings, found["classes"]),
    ).eval()
    network.load_state_dict(torch.load(str(folder / "state.pt"), map_location="cpu"))
    return network.fold(), words, found


def traced(network):
    """(module, agrees): the network in half precision, and a function that checks whether a loaded file
    equals it.
    """
    methods = ["forward", "beside"] if network.ngrams else ["forward"]
    example = torch.tensor([[2, 3, 4, 5, 6, 7, PAD], [5, 6, 7, 8, 9, 10, 11]])
    module = export.trace(network, {method: (example,) for method in methods})
    fresh = [torch.randint(2, len(network.vectors), shape) for shape in ((1, 1), (1, 9), (4, 33), (2, 300))]
    apart = export.furthest_apart(network, module, {method: fresh for method in methods})
    if not apart <= 1e-4:
        raise SystemExit("The traced network differs from the eager one by %.2g." % apart)
    expected = [network(ids) for ids in fresh]

    def agrees(loaded):
        rounded = [float((loaded.float()(ids) - logits).abs().max()) for ids, logits in zip(fresh, expected)]
        return max(rounded) < 0.05

    return module.half(), agrees


def place(name):
    """By this the models are sorted: those that are asked by default come first."""
    return list(FILES).index(name) if name in FILES else len(FILES), name


def publish(weights, folder):
    """Write the models of all runs in `folder` into the folder `weights`. Models there that have no run here
    stay. Runs in ladder/ only give their figures to the record.
    """
    export.need_old_torch()
    scripts, others, models, rungs = {}, {}, [], []
    found = export.runs(folder, "classification")
    networks = [run for run in found if (run / "state.pt").exists()]
    if len(networks) < len(found):
        said = ", ".join(run.name for run in found if run not in networks)
        print("Not exported, since naive-bayes, logistic and svm are not served: %s." % said)
    if not networks:
        raise SystemExit("There is no network in %s: make train-classification trains one." % folder)
    for run in sorted(networks, key=lambda run: place(run.name)):
        network, words, found = to_export(run)
        role = next((name for name, kept in others.items() if kept == words), run.name + "-words")
        others[role] = words
        scripts[run.name] = traced(network)
        alone = found.pop("ngrams_alone", None)
        entry = {"name": run.name, "words": role, "file": run.name, "method": "forward", **found}
        models.append(entry)
        if alone:
            named = {"name": run.name + "-ngrams", "architecture": "nb-svm", "method": "beside"}
            rungs.append({**entry, **named, **alone})
    stay, kept = export.staying(
        weights, "classification", scripts, lambda entry: [entry["words"], entry["file"]]
    )
    # what is served as a part of another network comes last
    models = sorted(
        models + rungs + stay, key=lambda entry: (entry["name"] != entry["file"], place(entry["name"]))
    )
    told = ("task", "architecture", "features", "minutes", "metrics")
    ladder = [json.loads(path.read_text()) for path in sorted(folder.glob("ladder/*/facts.json"))]
    ladder = ladder or export.recorded(weights, "classification").get("ladder", [])
    return export.publish_scripts(
        weights,
        "classification",
        scripts,
        others,
        {
            "description": "Write a sentence, read what it feels or asks, and see which words say so.",
            "models": models,
            "ladder": [{key: entry[key] for key in told} for entry in ladder],
        },
        kept,
    )


def golden():
    """The answers of each served model to our own sentences."""
    return {
        entry["name"]: [
            {"text": text, "probabilities": {label: round(value, 3) for label, value in said.items()}}
            for text in EXAMPLES.get(entry["task"], [])
            for said in [model(entry["name"]).verdict(text, False).probabilities]
        ]
        for entry in entries()
    }


def facts(settings, classes, sizes, minutes, found):
    """The facts that the record has about this training. `found` are figures."""
    return {
        "task": settings.task,
        "architecture": settings.architecture,
        "features": settings.features,
        "classes": classes,
        "minutes": round(minutes, 1),
        "data": {
            "source": (pathlib.Path(settings.data).name or SOURCES[settings.task])
            + (TAUGHT + LABELLED.get(settings.task, "") if settings.taught else ""),
            **sizes,
        },
        "settings": asdict(settings),
        "training": {
            "device": loop.device_name(),
            "hours": round(minutes / 60, 2),
            "torch": torch.__version__,
        },
        **found,
    }


def judged(logits, labels, classes):
    """The temperature that the validation texts give, and the figures of each test, from {name: (B, C)} and
    {name: [class]}.
    """
    heat = metrics.temperature(logits["validation"], labels["validation"])
    scores = {name: metrics.figures(logits[name], labels[name], classes, heat) for name in logits}
    return {"temperature": round(heat, 4), "validation": scores.pop("validation"), "metrics": scores}


def begun(settings, training, classes):
    """The words that the network knows, and the network before training: untrained, or with the state of the
    run that `initial` names.
    """
    if not settings.initial:
        words, vectors = known_words(settings, training)
        return words, network_of(settings, vectors, classes)
    before = pathlib.Path(settings.initial)
    was = json.loads((before / "facts.json").read_text())
    for name, now in (("architecture", settings.architecture), ("classes", classes)):
        if was[name] != now:
            raise SystemExit(
                "%s has other %s (%s) than this training (%s)."
                % (
                    before,
                    name,
                    data.shortened([was[name]] if isinstance(was[name], str) else was[name]),
                    data.shortened([now] if isinstance(now, str) else now),
                )
            )
    words = lzma.decompress((before / "words.xz").read_bytes()).decode().split("\n")
    network = network_of(settings, torch.zeros(len(words) + 2, settings.dimensions), classes)
    state = torch.load(str(before / "state.pt"), map_location="cpu")
    state.update({name: network.state_dict()[name] for name in ("wide", "reach", "calm")})  # fitted again
    network.load_state_dict(state)
    return words, network


def train_network(settings, sets, classes, resume):
    """Train a network -> logits of validation and tests, minutes, and what the record says about it."""
    folder = pathlib.Path(settings.folder)
    words, network = begun(settings, sets["training"], classes)
    command.begin(folder, resume, [*words, *map("\t".join, sets["training"])])
    vocabulary = Vocabulary(words)
    (folder / "words.xz").write_bytes(lzma.compress("\n".join(words).encode()))
    examples = {name: data.encoded(vocabulary, classes, pairs) for name, pairs in sets.items()}
    learnt = {name: examples[name] for name in ("training", "validation")}
    said = data.read_taught(settings.taught, classes) if settings.taught else []
    if settings.negations:  # what a rule labels surely, a teacher does not label as well
        said = [pair for pair in said if not negation.NEGATES.search(pair[0])]
        said += negation.phrases(sets["training"], settings.negations)
    learnt["taught"] = [(np.array(vocabulary.look_up(words_of(text))), row) for text, row in said]
    network, minutes = fit(settings, network, vocabulary, learnt, resume)
    network = network.cpu().eval()
    told = {}
    if beside(settings, classes):
        groups = grouped(examples["validation"])
        if settings.task in KEPT_OUT and not settings.data:
            groups.append(data.encoded(vocabulary, classes, negation.to_choose_by()))
        told = with_ngrams(network, examples["training"], groups, len(classes))
    loop.save(folder / "state.pt", network.state_dict())
    plots.curves(folder)
    logits = {name: metrics.logits_of(network, rows) for name, rows in examples.items() if name != "training"}
    parameters = sum(weight.numel() for weight in network.parameters()) + network.vectors.numel()
    if network.ngrams:  # the n-grams alone are a rung too
        reach = float(network.reach)
        alone = {
            name: metrics.logits_of(network.beside, rows) / shares([list(ids) for ids, _ in rows], reach)
            for name, rows in examples.items()
            if name != "training"
        }
        labels = {name: [label for _, label in examples[name]] for name in alone}
        told["ngrams_alone"] = judged(alone, labels, classes)
    told["english"] = english(sets["training"], vocabulary)
    return logits, minutes, {"parameters": parameters, "words_known": len(words), **told}


def english(training, vocabulary):
    """Whether most of the training texts look English: if not, no answer says that a text does not."""
    strange = sum(foreign(words_of(text), vocabulary.ids) for text, _ in training)
    return 2 * strange < len(training)


def asked(words=None):
    """The settings from the words of a command line, and whether to resume."""
    settings, resume = command.asked(Settings, "Train a classifier.", words)
    names = set(settings.architecture.split("+"))
    if not names <= set(ARCHITECTURES) and settings.architecture not in classical.CLASSIFIERS:
        known = ", ".join([*ARCHITECTURES, *classical.CLASSIFIERS])
        raise SystemExit("There is no architecture %s: choose one of %s." % (settings.architecture, known))
    if settings.data and pathlib.Path(settings.folder).name in ("", *FILES):
        raise SystemExit(
            "Name a folder for your own classes, such as --folder runs/classification/mine: an export of %s "
            "replaces the model that ships." % (settings.folder or "the usual one")
        )
    if settings.architecture in classical.CLASSIFIERS and resume:
        raise SystemExit("%s is fitted at once, and has nothing to resume." % settings.architecture)
    if settings.initial and not (pathlib.Path(settings.initial) / "state.pt").exists():
        raise SystemExit("--initial must name the folder of a network, and %s holds none." % settings.initial)
    name = command.name_of(settings.folder or "sentiment")
    task = settings.task or (name if settings.data else "sentiment")
    return replace(settings, task=task, folder=settings.folder or "runs/classification/" + task), resume


@command.interruptible
def main(words=None):
    """Train with the settings of a command line."""
    settings, resume = asked(words)
    processes.start()
    folder = pathlib.Path(settings.folder)
    command.refuse_another(folder, resume)
    training, validation, tests, dropped = texts(settings)
    folder.mkdir(parents=True, exist_ok=True)
    classes = sorted({label for _, label in training})
    sets = {"training": training, "validation": validation, **tests}
    print(
        "%s; %d classes; %d taken out since they are tested on"
        % (", ".join("%d %s" % (len(pairs), name) for name, pairs in sets.items()), len(classes), dropped),
        flush=True,
    )
    if settings.data:
        counts = Counter(label for _, label in training)
        print("Classes: " + data.shortened(["%s (%d)" % (label, counts[label]) for label in classes], 20))
    began = time.time()
    if settings.architecture in classical.CLASSIFIERS:
        logits = classical_logits(
            settings, training, {name: pairs for name, pairs in sets.items() if name != "training"}, classes
        )
        minutes, told = (time.time() - began) / 60, {}
    else:
        logits, minutes, told = train_network(settings, sets, classes, resume)
    if settings.initial:  # what it started from took time too
        minutes += json.loads((pathlib.Path(settings.initial) / "facts.json").read_text())["minutes"]
    labels = {name: [classes.index(label) for _, label in pairs] for name, pairs in sets.items()}
    found = facts(
        settings,
        classes,
        {name: len(pairs) for name, pairs in sets.items()},
        minutes,
        {**told, **judged(logits, labels, classes)},
    )
    (folder / "facts.json").write_text(json.dumps(found, indent=1))
    first = next(iter(tests))
    show(settings, (logits[first], labels[first], [text for text, _ in sets[first]]), classes)
    print(json.dumps({**told, "validation": found["validation"], **found["metrics"]}, indent=1))
    print("Look at the pictures and mistakes.txt in %s" % folder, end="")
    served = settings.architecture not in classical.CLASSIFIERS
    print(
        ", then: make export-classification"
        if served
        else "; %s is only to compare with." % settings.architecture
    )


if __name__ == "__main__":
    main([] if "ipykernel" in sys.modules else None)  # a notebook's own command line is not for this file
