# %% [markdown]
# # Translation: a Transformer, and a GRU with attention
# Attention Is All You Need, Vaswani et al. 2017, arXiv:1706.03762; Bahdanau et al. 2015, arXiv:1409.0473.
#
# From the shell: `make train-translation`, or `python -m training.translation.train --pairs mine.tsv`;
# `--help` lists the settings.
#
# In Colab: `!git clone` this repository, `%cd` into it, `!pip install -r
# training/requirements.txt`, and give the last cell your words:
# `main(["--pairs", "drive/pairs.tsv", "--tests", "", "--folder", "drive/run", "--resume"])`.
# %%
import copy
import json
import math
import pathlib
import random
import re
import sys
from dataclasses import asdict, dataclass, fields, replace

import torch

from models import registry
from models.translation.model import model
from models.translation.network import AttentionGRU, Transformer
from models.translation.search import scripted
from models.translation.words import seen_words
from models.translation.tokenizer import PAD, Tokenizer
from models.translation.verbatim import MASKS
from training import command, export, loop, plots, processes
from training.command import Amount, Count, Factor, Share, Switch, Whole, one_of
from training.translation import lexicon, pairs, quick
from training.translation.networks.convolutional import Convolutional
from training.translation.dress import Dress, Lexicon, mask
from training.translation.grammar import LANGUAGES, Grammar
from training.translation.metrics import agreeing, as_served, copying, scores, translated, validation_loss
from training.translation.quick import cross_entropy, scored
from training.translation.networks.recurrent import LSTM, ContextGRU

# B sentences, S source tokens, T target tokens, D width, V vocabulary
ARCHITECTURES = {  # the first two are served, all are the ladder of docs/study.md
    "transformer": Transformer,
    "gru": AttentionGRU,
    "lstm": LSTM,
    "gru-context": ContextGRU,
    "convolutional": Convolutional,
}
DEFAULT = "de-en-transformer"  # the run that is served by default
TEXT = "../shared/data/text/"  # @ in the lists below
MOST_VALIDATED = 800  # pairs per domain that are validated after each epoch
PAIRS = ",".join(
    "@tatoeba/deu-eng.tsv.xz @multi30k/train.de.gz:@multi30k/train.en.gz @news/deu-eng.tsv.xz "
    "@prose/deu-eng.tsv.xz @manuals/deu-eng.tsv.xz @phrases "
    "training/translation/sentences".split()  # everyday sentences, the project's own
).replace("@", TEXT)
SHARES, NEVER = "26,12,18,9,6,10,15", TEXT + "news/newstest2013.spa-eng.tsv.xz"
TESTS = (
    "@multi30k/test_2016_flickr.de.gz:@multi30k/test_2016_flickr.en.gz,@news/newstest2019.deu-eng.tsv.xz"
).replace("@", TEXT)
SOURCES = (
    "Multi30k (Elliott et al. 2016), research use; sentences from Tatoeba (tatoeba.org, by way of "
    "manythings.org/anki), CC BY 2.0; "
    "WMT news of 2008 to 2018, research use; prose (Wesnoth's dialogues, MLQE-PE, MT-GenEval, guides), CC0, "
    "CC BY, CC BY-SA, MPL, GPL; "
    "manuals, handbooks and messages of programs, free licences; phrases of the project's own; sentences "
    "made by rule"
)

FILES_OF = {  # of a folder
    "-subwords": "subwords.model",
    "-words": "words.txt",
    "-meanings": "meanings.tsv",
    "-ranking": "ranking",
}
EXAMPLES = {  # written for this project
    "de": [
        "Ein kleiner Junge im roten Mantel füttert am See die Enten.",
        "Entschuldigung, wissen Sie, wann der nächste Zug nach Krempelsdorf fährt?",
        "Frau Ostrowek hat gestern 47 Briefe geschrieben, aber keinen abgeschickt.",
        "Wenn es morgen regnet, bleiben wir zu Hause und spielen Karten.",
    ],
    "es": [
        "Mi hermana pequeña no quiere comer verduras.",
        "¿Sabe usted a qué hora sale el tren para Valdemorro?",
        "La señora Ostrowek escribió 47 cartas ayer, pero no envió ninguna.",
        "Si llueve mañana, nos quedaremos en casa jugando a las cartas.",
    ],
}


# %% [markdown]
# ## Settings
# %%
def Shares(text):
    """The type of a setting that is numbers with commas between them, or nothing."""
    return text and ",".join(str(Factor(share)) for share in text.split(","))


@dataclass(frozen=True)
class Settings:
    # transformer or gru, which have attention; lstm, gru-context, convolutional: the ladder of docs/study.md
    architecture: one_of(*ARCHITECTURES) = "transformer"
    source: str = "de"  # the language of the input
    target: str = "en"  # the language of the output
    pairs: str = PAIRS  # TSVs of target, tab, source, or pairs of files SOURCE:TARGET
    # shares of these files in an epoch: 30,12,...; empty: SHARES for the usual files, and by length for
    # others
    shares: Shares = ""
    # share of pairs made by rule (grammar.py): numbers, dates, prices, addresses; 0: none, as for languages
    # other than German and Spanish
    grammar: Amount = 7.0
    epoch_pairs: Whole = 60000  # pairs per epoch; 0: all that there are
    # most pairs of one origin, if a file names it in a third column; handbooks are long and repetitive
    most_of_origin: Whole = 8000
    # how often a sentence is written in another way (dress.py), as a factor; 0: never
    dress: Amount = 1.0
    tests: str = TESTS  # files that are never trained on
    # more files whose targets are never trained on; NEVER for the usual files, because Spanish is tested on
    # it and may start from German
    never: str = ""
    held_out: Share = 0.01  # share of the targets for validation, and the same share for testing
    longest: Count = 350  # characters of a sentence; longer pairs are dropped
    data: str = SOURCES  # what the pairs are, with their licences
    folder: str = "runs/translation/de-en-transformer"  # for everything that this run writes
    initial: str = ""  # a served model of this architecture to start from, such as de-en-transformer
    units: one_of("bpe", "word", "char") = "bpe"  # what a token is: bpe, word or char
    vocabulary: Count = 10000  # subwords of both languages together
    bpe_dropout: Share = 0.1  # share of skipped merges in the source (Provilkov et al. 2020)
    # share of pairs in which a shared name or number is replaced by an invented one, per epoch
    invent: Share = 0.5
    # share of pairs that are followed by another pair, so that a network learns long texts
    joined: Share = 0.08
    width: Count = 256  # of embeddings and layers
    encoder: Count = 5  # layers of the transformer's encoder
    decoder: Count = 2  # layers of its decoder, which runs once per token
    reverse: Switch = 1  # whether the lstm reads the source backwards (Sutskever et al. 2014)
    # share of steps that get the true token (only gru); below 1 as in Bengio et al. 2015, who lower it over
    # time
    teacher_forcing: Share = 1.0
    dropout: Share = 0.2  # Srivastava et al. 2014
    label_smoothing: Share = 0.1  # Szegedy et al. 2016
    epochs: Count = 90
    minutes: Amount = 0  # length of the training; 0: epochs count instead
    patience: Count = 20  # epochs without a better validation loss before it stops
    tokens: Count = 4000  # target tokens in a batch, padding included
    learning_rate: Amount = 1e-3  # at its peak
    warmup: Share = 0.02  # share of the training, at its start
    decay: Share = 0.3  # share of the training, at its end
    weight_decay: Amount = 0.01
    # of the averaged weights, per step; replaces the averaging of checkpoints in Vaswani et al.
    memory: Share = 0.999
    seed: Whole = 1


def settings_of(entry):
    """The settings in a record; one of an earlier version may have others."""
    known = {field.name for field in fields(Settings)}
    return Settings(**{name: value for name, value in entry["settings"].items() if name in known})


# %% [markdown]
# ## Data
# Pairs are split by their target, so a tested sentence was never trained on, in any translation.
# %%
def data(settings):
    """The training sets, the validation pairs, {name: test set}, and what was dropped from which file."""
    tests = {pairs.name(source): pairs.read(source) for source in filter(None, settings.tests.split(","))}
    others = [
        pairs.read(source)
        for source in filter(None, (settings.never or NEVER * (settings.pairs == PAIRS)).split(","))
    ]
    never = {pairs.key(target) for test in [*tests.values(), *others] for _, target in test}
    training, validation, dropped = [], {}, {}
    for source in settings.pairs.split(","):
        name, files = pairs.name(source), [source]
        if pathlib.Path(source).is_dir():
            files = sorted(map(str, pathlib.Path(source).glob("*.tsv")))
        read = [pair for file in files for pair in rows_of(file, settings)]
        if pairs.swapped(read, (settings.source, settings.target)):
            raise SystemExit(
                "%s has its columns the other way round: a line is %s, a tab, and %s."
                % (source, settings.target, settings.source)
            )
        kept, dropped[name] = pairs.clean(read, settings.longest, never, (settings.source, settings.target))
        trained, validated, tests["held out of " + name] = pairs.split(kept, settings.held_out)
        training.append(trained)
        validation[name] = validated[:MOST_VALIDATED]
    if not any(validation.values()) or not all(tests.values()):
        raise SystemExit(
            "There are too few pairs to hold some out: give more of them, or a larger --held-out. Dropped: "
            "%s." % dropped
        )
    if settings.grammar:
        made, stream = Grammar(settings.source), random.Random(0)
        for part in [*validation.values(), *tests.values()]:
            part[:] = [made.fill(pair, stream) for pair in part]
        validation["grammar"] = [made(stream) for _ in range(MOST_VALIDATED // 2)]
    return training, {name: part for name, part in validation.items() if part}, tests, dropped


def rows_of(file, settings):
    """The pairs of a file. From a TSV with three languages (English TAB German TAB Spanish), the source's
    column is used.
    """
    if file.endswith(".tsv") and settings.source in LANGUAGES[1:]:
        rows = [line.split("\t") for line in pairs.lines(file)]
        if all(len(row) == 3 for row in rows):
            return [(row[LANGUAGES.index(settings.source)], row[0]) for row in rows]
    return pairs.read(file, settings.most_of_origin)


def subwords(settings, sets):
    """Train the subwords on the training pairs. Their file is kept in the run's folder, and its bytes are
    returned.
    """
    path = pathlib.Path(settings.folder) / "subwords.model"
    if settings.initial and served_pair(settings.initial) == [settings.source, settings.target]:
        served = model(settings.initial).tokenizer
        if len(served) == settings.vocabulary:
            path.write_bytes(served.pieces.serialized_model_proto())
    if not path.exists():
        import sentencepiece

        drawn = pairs.Mixture(sets, shares(settings, sets), settings.seed)(1, 300000)
        text = (sentence for pair in sorted(set(drawn)) for sentence in pair)
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=text,
                model_prefix=str(path.with_suffix("")),
                model_type=settings.units,
                vocab_size=settings.vocabulary,
                pad_id=0,
                bos_id=1,
                eos_id=2,
                unk_id=3,
                byte_fallback=settings.units == "bpe",
                split_digits=True,
                character_coverage=1.0,
                user_defined_symbols=MASKS,
                normalization_rule_name="nfkc",
                num_threads=1,
                minloglevel=1,
            )
        except RuntimeError as error:
            raise SystemExit("--vocabulary does not suit these pairs: %s" % str(error).rpartition("] ")[2])
    return Tokenizer(path.read_bytes())


def said(settings, sets, times=()):
    """All pairs of all sets, with their slots filled; those of a name in `times` come so many times."""
    stream, made = random.Random(settings.seed), Grammar(settings.source) if settings.grammar else None
    times = [dict(times).get(pairs.name(source), 1) for source in settings.pairs.split(",")]
    known = [pair for part, count in zip(sets, times) for pair in part * count]
    return [made.fill(pair, stream) for pair in known] if made else known


def learn_words(settings, sets, tokenizer):
    """What words and subwords mean, and what follows what, by counting: meanings.tsv, lexicon.pt and ranking
    of the folder.
    """
    known, stream = said(settings, sets), random.Random(settings.seed)
    folder = pathlib.Path(settings.folder)
    (folder / "meanings.tsv").write_bytes(lexicon.meanings(known))
    (folder / "ranking").write_bytes(lexicon.ranking(tokenizer, said(settings, sets, lexicon.TIMES)))
    stream.shuffle(known)
    loop.save(folder / "lexicon.pt", lexicon.lexicon(tokenizer, known))


# %% [markdown]
# ## Loss
# Cross-entropy with smoothed labels, over the tokens that are not padding.
# %%
def loss(settings):
    """The loss of a batch, as the shared loop calls it: (network, (source, target), progress) -> (scalar,
    figures to log).
    """

    def compute(network, batch, progress):
        source, target = batch
        known, wanted = target[:, :-1], target[:, 1:]  # (B, T)
        features = network(source, known, **sampling(settings))  # (B, T, D)
        value, exact = cross_entropy(*scored(network, features, wanted), settings.label_smoothing)
        return value, {"loss": exact.detach()}

    return compute


def shares(settings, sets):
    """The share of each set in an epoch. Without --shares, it is in proportion to the set's length."""
    told = [
        float(share) for share in (settings.shares or SHARES * (settings.pairs == PAIRS)).split(",") if share
    ]
    if told and len(told) != len(sets):
        raise SystemExit(
            "--shares has %d numbers and --pairs %d files: give one for each." % (len(told), len(sets))
        )
    return told or [100 * len(part) / sum(map(len, sets)) for part in sets]


def sampling(settings):
    return {} if settings.teacher_forcing == 1 else {"teacher_forcing": settings.teacher_forcing}


# %% [markdown]
# ## Fit
# %%
def network_of(settings, vocabulary):
    if settings.teacher_forcing < 1 and settings.architecture != "gru":
        raise SystemExit("Only the gru can be trained with --teacher-forcing below 1.")
    own = {
        "lstm": {"reverse": bool(settings.reverse)},
        "transformer": {
            "heads": max(1, settings.width // 64),
            "encoder": settings.encoder,
            "decoder": settings.decoder,
        },
    }.get(settings.architecture, {})
    return ARCHITECTURES[settings.architecture](
        vocabulary, width=settings.width, dropout=settings.dropout, **own
    )


def served_pair(name):
    """(source, target): the languages of a served model."""
    entries = registry.record("translation")["models"]
    found = [[entry["source"], entry["target"]] for entry in entries if entry["name"] == name]
    if not found:
        raise SystemExit(
            "There is no served model %s to start from: choose one of %s."
            % (name, ", ".join(entry["name"] for entry in entries))
        )
    return found[0]


def start_from(served, network, tokenizer):
    """Give the network the weights of a served model, and return how many subwords both have.

    A subword that both have keeps its embedding. A new subword starts with the mean of the subwords that it
    consists of (after Zoph et al. 2016, arXiv:1604.02201). Additional layers are copies of the served model's
    last layer that change nothing at first (Net2Net: Chen et al. 2016, arXiv:1511.05641).
    """
    theirs = {name.partition(".")[2]: weight.float() for name, weight in served.search.named_parameters()}
    state = network.state_dict()
    try:
        known, embedding = served.tokenizer.pieces, state["embedding.weight"].clone()
        ids = [
            [known.piece_to_id(piece)] for piece in map(tokenizer.pieces.id_to_piece, range(len(tokenizer)))
        ]
        shared = [
            i for i, (own,) in enumerate(ids) if known.id_to_piece(own) == tokenizer.pieces.id_to_piece(i)
        ]
        for i in set(range(len(tokenizer))) - set(shared):
            piece = tokenizer.pieces.id_to_piece(i)
            ids[i] = [] if piece in MASKS else known.encode(piece.replace("\u2581", " ").strip())
        for i, parts in enumerate(ids):
            embedding[i] = theirs["embedding.weight"][parts].mean(0) if parts else embedding[i]
        network.load_state_dict({**state, **deeper(theirs, state), "embedding.weight": embedding})
    except RuntimeError:
        raise SystemExit(
            "%s is of another architecture or width: a training can only start from one of its own."
            % served.entry["name"]
        ) from None
    return len(shared)


def deeper(theirs, state):
    """The weights of a served encoder, with copies of its last layer for the additional layers in `state`. At
    first, a copy adds 0 to its input.
    """
    depths = [len(set(re.findall(r"(?m)^encoder\.(\d+)\.", "\n".join(part)))) for part in (theirs, state)]
    more = {}
    for layer in range(*depths):
        for name in [name for name in state if name.startswith("encoder.%d." % layer)]:
            weight = theirs["encoder.%d.%s" % (depths[0] - 1, name.split(".", 2)[2])]
            more[name] = weight * 0 if re.search(r"attention\.out|feed\.3", name) else weight
    return {**theirs, **more}


def fit(settings, sets, validation, tokenizer, network, resume=False):
    folder = pathlib.Path(settings.folder)
    (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=1))
    if loop.device().type == "cpu":
        quick.dropouts(network)
    invent = pairs.Inventions([pair for part in sets for pair in part])
    made = Grammar(settings.source) if settings.grammar else None
    dress = Dress(settings.source, Lexicon(sets[0]), settings.dress)
    mixture, count = (
        pairs.Mixture(sets, shares(settings, sets), settings.seed),
        settings.epoch_pairs or sum(map(len, sets)),
    )
    ruled = round(count * settings.grammar / (settings.grammar + sum(shares(settings, sets))))
    seen = {
        name: list(
            pairs.Batches(tokenizer, [mask(*pair, random.Random(0)) for pair in part], settings.tokens)
        )
        for name, part in validation.items()
    }

    def batches(epoch):
        stream = random.Random(settings.seed * 1000 + epoch)
        drawn = mixture(epoch, count - ruled)
        drawn = [made.fill(pair, stream) for pair in drawn] if made else drawn
        drawn = [invent(pair, stream) if stream.random() < settings.invent else pair for pair in drawn]
        drawn += [made(stream) for _ in range(ruled)]
        drawn = [
            pairs.joined(pair, stream.choice(drawn)) if stream.random() < settings.joined else pair
            for pair in drawn
        ]
        drawn = [dress(pair, stream) for pair in drawn]
        # words and letters have no merges
        dropped = settings.bpe_dropout if settings.units == "bpe" else 0.0
        return pairs.Batches(tokenizer, drawn, settings.tokens, dropped, (settings.seed, epoch))

    def after_epoch(averaged, epoch):
        nats = {name: validation_loss(averaged, part) for name, part in seen.items()}
        mean = sum(nats.values()) / len(nats)
        return {
            "validation_loss": round(mean, 4),
            "perplexity": round(math.exp(mean), 3),
            **{"loss_" + name: round(value, 4) for name, value in nats.items()},
        }

    def terms(batch):  # the loss is a mean over the tokens that are not padding
        return (batch[1][:, 1:] != PAD).sum()

    objective = loss(settings)
    return loop.fit(
        network, objective, batches, settings, folder, resume, after_epoch, "validation_loss", terms
    )


# %% [markdown]
# ## Evaluate
# Cased BLEU and chrF of beam search, computed by sacreBLEU (Post 2018), on sentences that were never trained
# on; and pictures of the attention.
# %%
def show(settings, network, tokenizer, layer, others):
    """Draw curves, and translate sentences that are in no training set, with pictures of the attention.
    Without such sentences, `others` are used.
    """
    folder = pathlib.Path(settings.folder)
    plots.curves(folder)
    texts = EXAMPLES.get(settings.source) or others[:4]
    said, looked = translated(network, tokenizer, texts, layer)
    (folder / "examples.txt").write_text(
        "".join("%s\n%s\n\n" % pair for pair in zip(texts, said)), encoding="utf-8"
    )
    plots.attention(
        [(weights, tokenizer.tokens(theirs), tokenizer.tokens(ours)) for weights, theirs, ours in looked],
        folder / "attention.png",
    )


# %% [markdown]
# ## Export
# `python -m training.export translation` scripts every network in runs/translation/ under torch 1.5.1, in
# half precision.
# %%
def to_export(folder):
    """The network of one run, its lexicon and frequent tokens, the files that go with it {role: bytes}, and
    its facts.
    """
    found = json.loads((folder / "facts.json").read_text())
    files = {part: (folder / file).read_bytes() for part, file in FILES_OF.items()}
    settings = settings_of(found)
    network = network_of(settings, len(Tokenizer(files["-subwords"]))).eval()
    network.load_state_dict(torch.load(str(folder / "state.pt"), map_location="cpu"))
    likely = torch.load(str(folder / "lexicon.pt"))
    return network, likely, {folder.name + part: file for part, file in files.items()}, found


def place(name, before):
    """By this the models are sorted: the default, those that were there `before`, and new ones."""
    return name != DEFAULT, before.index(name) if name in before else len(before)


def publish(weights, folder):
    """Write the models of all runs in `folder` into the folder `weights`. Models there that have no run here
    stay. The first model is the default.
    """
    export.need_old_torch()
    scripts, others, models = {}, {}, []
    for run in export.runs(folder, "translation"):
        network, likely, files, found = to_export(run)
        others.update(files)
        layer = found["attention"]["layer"]
        subwords = files[run.name + "-subwords"]
        checked = agreeing(network, layer, likely, subwords, EXAMPLES.get(found["source"], []))
        scripts[run.name] = scripted(network, layer, Tokenizer(subwords).masks, *likely), checked
        models.append({"name": run.name, **found})
    stay, kept = export.staying(
        weights,
        "translation",
        scripts,
        lambda entry: [entry["name"] + part for part in ("", *FILES_OF)],
    )
    before = [entry["name"] for entry in export.recorded(weights, "translation")["models"]]
    models.sort(key=lambda entry: entry["name"])
    models = sorted(stay + models, key=lambda entry: place(entry["name"], before))
    return export.publish_scripts(
        weights,
        "translation",
        scripts,
        others,
        {
            "description": "Write a sentence, read it in another language, and see where the network looked.",
            "default": models[0]["name"],
            "models": models,
        },
        kept,
    )


def golden():
    """The translation of a sentence by each served model, with greedy search and with a beam of 5."""
    answers = {}
    for entry in registry.record("translation")["models"]:
        asked = [(text, beam) for text in EXAMPLES.get(entry["source"], [])[:1] for beam in (1, 5)]
        said = [model(entry["name"]).translate([text], beam, 1)[0][0] for text, beam in asked]
        answers[entry["name"]] = [
            {"text": text, "beam": beam, "ids": one.target, "score": round(one.score, 4)}
            for (text, beam), one in zip(asked, said)
        ]
    return answers


def facts(settings, network, tokenizer, sets, validation, tests, dropped, minutes):
    """The facts that the record has about this training."""
    network = copy.deepcopy(network).cpu()
    inventions = pairs.Inventions([pair for part in sets for pair in part])
    looked_at = [pair for part in validation.values() for pair in part]
    shares = copying(
        network, tokenizer, [pair for pair in looked_at if inventions.shared(*pair)][:200], inventions
    )
    layer = int(shares.argmax()) if len(shares) else 0
    folder = pathlib.Path(settings.folder)
    likely, files = (
        torch.load(str(folder / "lexicon.pt")),
        [(folder / file).read_bytes() for file in FILES_OF.values()],
    )
    languages = {"source": settings.source, "target": settings.target}
    served = as_served(network, layer, likely, files, languages)
    return {
        **languages,
        "architecture": settings.architecture,
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "attention": {"layer": layer, "on_names": [round(share, 3) for share in shares.tolist()]},
        "metrics": {name: scores(served, network, test) for name, test in tests.items()},
        "data": {
            "source": command.source(settings, "data", "pairs"),
            "training": [len(part) for part in sets],
            "validation": len(looked_at),
            "dropped": dropped,
        },
        "settings": asdict(settings),
        "training": {
            "device": loop.device_name(),
            "hours": round(minutes / 60, 2),
            "torch": torch.__version__,
            "by_hours": by_hours(pathlib.Path(settings.folder)),
        },
    }


def by_hours(folder, most=12):
    """How the validation losses fell with time: nats per token of at most `most`
    epochs at equal distances.
    """
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    every = max(1, round(len(rows) / most))
    return [
        {
            "hours": round(row["minutes"] / 60, 2),
            **{name[5:]: nats for name, nats in row.items() if name.startswith("loss_")},
        }
        for row in rows[::-every][::-1]
    ]


def asked(words=None):
    """The settings from the words of a command line, or from the shell's, and whether to resume."""
    settings, resume = command.asked(Settings, "Train a translation.", words)
    command.name_of(settings.folder)
    if settings.initial:
        served_pair(settings.initial)
    ruled = settings.grammar if settings.source in LANGUAGES[1:] else 0
    return replace(settings, grammar=ruled), resume


@command.interruptible
def main(words=None):
    """Train with the settings of a command line."""
    settings, resume = asked(words)
    processes.start()
    folder = pathlib.Path(settings.folder)
    command.refuse_another(folder, resume)  # before the minutes that reading takes
    torch.manual_seed(settings.seed)
    sets, validation, tests, dropped = data(settings)
    learnt = ("\t".join(pair) for part in sets for pair in part)
    command.begin(folder, resume, learnt, derived=["subwords.model"])
    print(
        "%s pairs to train on, %d to validate, %s to test; dropped: %s; on %s"
        % (
            " + ".join(str(len(part)) for part in sets),
            sum(map(len, validation.values())),
            " + ".join(str(len(part)) for part in tests.values()),
            dropped,
            loop.device(),
        )
    )
    with processes.first_alone():  # all processes use the subwords that the first one trains
        tokenizer = subwords(settings, sets)
    sources = (source for part in sets for source, _ in part)
    (folder / "words.txt").write_bytes(seen_words(sources, settings.source))
    learn_words(settings, sets, tokenizer)
    network = network_of(settings, len(tokenizer))
    if settings.initial:
        shared = start_from(model(settings.initial), network, tokenizer)
        print(
            "starts from %s, which knows %d of the %d subwords" % (settings.initial, shared, len(tokenizer))
        )
    network, minutes = fit(settings, sets, validation, tokenizer, network, resume)
    loop.save(folder / "state.pt", network.state_dict())
    found = facts(settings, network, tokenizer, sets, validation, tests, dropped, minutes)
    (folder / "facts.json").write_text(json.dumps(found, indent=1))
    show(
        settings,
        network,
        tokenizer,
        found["attention"]["layer"],
        [source for part in validation.values() for source, _ in part],
    )
    print("Look at the pictures and the examples in %s, then: make export-translation" % folder)


if __name__ == "__main__":
    main([] if "ipykernel" in sys.modules else None)  # a notebook's own command line is not for this file
