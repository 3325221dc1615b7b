# %% [markdown]
# # Translation: a Transformer, and a GRU with attention
# Attention Is All You Need, Vaswani et al. 2017, arXiv:1706.03762; Bahdanau et al. 2015, arXiv:1409.0473.
#
# From the shell: `make train-translation`, or `python -m training.translation --pairs mine.tsv`; `--help` lists the settings.
#
# In Colab: `!git clone` this repository, `%cd` into it, `!pip install -r training/requirements.txt`, and give the last cell your words:
# `main(["--pairs", "drive/pairs.tsv", "--tests", "", "--folder", "drive/run", "--resume"])`.
# %%
import argparse
import copy
import json
import math
import pathlib
import random
import sys
from dataclasses import asdict, dataclass, fields

import torch

from models import registry
from models.translation.model import model
from models.translation.network import ARCHITECTURES
from models.translation.search import scripted
from models.translation.stand_ins import seen_words
from models.translation.tokenizer import PAD, Tokenizer
from training import export, loop, pairs, plots, quick
from training.quick import cross_entropy
from training.translation_metrics import agreeing, copying, scores, translated, validation_loss

# B sentences, S source tokens, T target tokens, D width, V vocabulary
DEFAULT = "de-en-transformer"  # the run that serves where nothing is asked for
TEXT = "../shared/data/text/"
SOURCES = (
    "Multi30k (Elliott et al. 2016), research use; "
    "sentences from Tatoeba (tatoeba.org, by way of manythings.org/anki), CC BY 2.0"
)

EXAMPLES = {  # written for this purpose
    "de": ["Ein kleiner Junge im roten Mantel füttert am See die Enten.", "Entschuldigung, wissen Sie, wann der nächste Zug nach Krempelsdorf fährt?",
           "Frau Ostrowek hat gestern 47 Briefe geschrieben, aber keinen abgeschickt.", "Wenn es morgen regnet, bleiben wir zu Hause und spielen Karten."],
    "es": ["Mi hermana pequeña no quiere comer verduras.", "¿Sabe usted a qué hora sale el tren para Valdemorro?",
           "La señora Ostrowek escribió 47 cartas ayer, pero no envió ninguna.", "Si llueve mañana, nos quedaremos en casa jugando a las cartas."],
}


# %% [markdown]
# ## Settings
# %%
@dataclass(frozen=True)
class Settings:
    architecture: str = "transformer"  # or gru, with attention; lstm, gru-context, convolutional: the ladder of docs/study.md
    source: str = "de"  # the language to read
    target: str = "en"  # the language to write
    pairs: str = TEXT + "tatoeba/deu-eng.tsv.xz," + TEXT + "multi30k/train.de.gz:" + TEXT + "multi30k/train.en.gz"  # TSVs, or SOURCE:TARGET
    repeat: str = "1,3"  # how often each of them counts in an epoch: captions are few
    tests: str = TEXT + "multi30k/test_2016_flickr.de.gz:" + TEXT + "multi30k/test_2016_flickr.en.gz"  # never trained on
    held_out: float = 0.01  # share of the targets kept for validation, and again for testing
    longest: int = 250  # characters of a sentence; longer pairs are dropped
    data: str = SOURCES  # what the pairs are, and their licence
    folder: str = "runs/translation/de-en-transformer"  # everything that this run writes
    initial: str = ""  # a served model to start from, of this architecture: de-en-transformer
    units: str = "bpe"  # what a token is: or word, or char
    vocabulary: int = 8000  # subwords of both languages together
    bpe_dropout: float = 0.1  # of the source's merges (Provilkov et al. 2020)
    invent: float = 0.5  # share of the pairs with a shared name or number that get another one, in each epoch
    numbers: int = 8  # how often a pair with a shared number counts in an epoch: they are few, and copying wants practice
    joined: float = 0.1  # share of the pairs that come with another one behind them, so that long texts are nothing new
    width: int = 256  # of embeddings and layers
    reverse: int = 1  # whether the lstm reads the source backwards (Sutskever et al. 2014)
    teacher_forcing: float = 1.0  # share of steps that see the true token before (gru; below 1: as in Bengio et al. 2015, who let it fall)
    dropout: float = 0.2  # Srivastava et al. 2014
    label_smoothing: float = 0.1  # Szegedy et al. 2016
    epochs: int = 14
    minutes: float = 0  # of training; where it is not 0, it counts and not the epochs
    patience: int = 3  # epochs without a better validation loss, after which it stops
    tokens: int = 3000  # of the target in a batch, padding included
    learning_rate: float = 1e-3  # at its peak
    warmup: float = 0.05  # share of the training
    decay: float = 0.6  # share of the training, at its end
    weight_decay: float = 0.01
    memory: float = 0.999  # of the averaged weights, a step: the checkpoint averaging of Vaswani et al., without the checkpoints
    seed: int = 1


# %% [markdown]
# ## Data
# Pairs are split by their target, so that a sentence that is tested on was never trained on, in whatever translation.
# %%
def data(settings):
    """Training sets, validation pairs, the test sets by name, and what was dropped from which file."""
    tests = {pairs.name(source): pairs.read(source) for source in filter(None, settings.tests.split(","))}
    tested = {pairs.key(target) for test in tests.values() for _, target in test}
    training, validation, dropped = [], [], {}
    for source in settings.pairs.split(","):
        name = pairs.name(source)
        kept, dropped[name] = pairs.clean(pairs.read(source), settings.longest, tested)
        trained, validated, tests["held out of " + name] = pairs.split(kept, settings.held_out)
        training.append(trained)
        validation += validated
    if not validation or not all(tests.values()):
        raise SystemExit("There are too few pairs to hold some out: give more of them, or a larger --held-out.")
    return training, validation, tests, dropped


def subwords(settings, sets):
    """Train the subwords on the training pairs; the bytes of their file are kept in the run's folder."""
    path = pathlib.Path(settings.folder) / "subwords.model"
    if settings.initial and served_pair(settings.initial) == [settings.source, settings.target]:
        path.write_bytes(model(settings.initial).tokenizer.pieces.serialized_model_proto())
    if not path.exists():
        import sentencepiece

        text = (sentence for pair in sorted({pair for part in sets for pair in part}) for sentence in pair)
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=text, model_prefix=str(path.with_suffix("")), model_type=settings.units, vocab_size=settings.vocabulary,
            pad_id=0, bos_id=1, eos_id=2, unk_id=3, byte_fallback=settings.units == "bpe", split_digits=True, character_coverage=1.0,
            normalization_rule_name="nfkc", num_threads=1, minloglevel=1)
    return Tokenizer(path.read_bytes())


# %% [markdown]
# ## Loss
# Cross-entropy with smoothed labels, over the tokens that are no padding.
# %%
def loss(settings):
    """The loss of a batch as the shared loop calls it: (network, (source, target), progress) -> (scalar, figures to log)."""

    def compute(network, batch, progress):
        source, target = batch
        known, wanted = target[:, :-1], target[:, 1:]  # (B, T)
        features = network(source, known, **sampling(settings))[wanted != PAD]  # (N, D)
        value, exact = cross_entropy(network.score(features), wanted[wanted != PAD], settings.label_smoothing)
        return value, {"loss": exact.detach()}

    return compute


def sampling(settings):
    return {} if settings.teacher_forcing == 1 else {"teacher_forcing": settings.teacher_forcing}


# %% [markdown]
# ## Fit
# %%
def network_of(settings, vocabulary):
    if settings.architecture not in ARCHITECTURES:
        raise SystemExit("There is no architecture %s: choose one of %s." % (settings.architecture, ", ".join(ARCHITECTURES)))
    if settings.teacher_forcing < 1 and settings.architecture != "gru":
        raise SystemExit("Only the gru can be trained with --teacher-forcing below 1.")
    own = {"reverse": bool(settings.reverse)} if settings.architecture == "lstm" else {}
    return ARCHITECTURES[settings.architecture](vocabulary, width=settings.width, dropout=settings.dropout, **own)


def served_pair(name):
    """The languages of a served model."""
    entries = registry.record("translation")["models"]
    found = [[entry["source"], entry["target"]] for entry in entries if entry["name"] == name]
    if not found:
        raise SystemExit("There is no served model %s to start from: choose one of %s." % (name, ", ".join(entry["name"] for entry in entries)))
    return found[0]


def start_from(served, network, tokenizer):
    """Give the network the weights of a served model; of the embeddings, those of the subwords that both have (Zoph et al. 2016, arXiv:1604.02201)."""
    theirs = {name.partition(".")[2]: weight.float() for name, weight in served.search.named_parameters()}
    ours = {tokenizer.pieces.id_to_piece(i): i for i in range(len(tokenizer))}
    known = {i: ours.get(served.tokenizer.pieces.id_to_piece(i)) for i in range(len(served.tokenizer))}
    shared = [i for i, place in known.items() if place is not None]
    state = network.state_dict()
    try:
        embedding = state["embedding.weight"].clone()
        embedding[[known[i] for i in shared]] = theirs["embedding.weight"][shared]
        network.load_state_dict({**state, **theirs, "embedding.weight": embedding})
    except RuntimeError:
        raise SystemExit("%s is of another architecture or width: a training can only start from one of its own." % served.entry["name"]) from None
    return len(shared)


def fit(settings, sets, validation, tokenizer, network, resume=False):
    folder = pathlib.Path(settings.folder)
    (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=1))
    if loop.device().type == "cpu":
        quick.dropouts(network)
    invent = pairs.Inventions([pair for part in sets for pair in part])
    repeat = [int(times) for times in settings.repeat.split(",")]
    everything = [pair for part, times in zip(sets, repeat) for pair in part * times]
    everything += [pair for part in sets for pair in part if any(map(str.isdigit, invent.shared(*pair)))] * (settings.numbers - 1)
    changeable = [bool(invent.shared(*pair) or invent.numerals(*pair)) for pair in everything]
    seen = list(pairs.Batches(tokenizer, validation, settings.tokens))

    def batches(epoch):
        stream = random.Random(settings.seed * 1000 + epoch)
        drawn = [invent(pair, stream) if may and stream.random() < settings.invent else pair for pair, may in zip(everything, changeable)]
        drawn = [pairs.joined(pair, stream.choice(drawn)) if stream.random() < settings.joined else pair for pair in drawn]
        dropped = settings.bpe_dropout if settings.units == "bpe" else 0.0  # there are no merges of words or letters
        return pairs.Batches(tokenizer, drawn, settings.tokens, dropped, (settings.seed, epoch))

    def after_epoch(averaged, epoch):
        nats = validation_loss(averaged, seen)
        return {"validation_loss": round(nats, 4), "perplexity": round(math.exp(nats), 3)}

    return loop.fit(network, loss(settings), batches, settings, folder, resume, after_epoch, judge="validation_loss")


# %% [markdown]
# ## Evaluate
# Cased BLEU and chrF of beam search, as sacreBLEU counts them (Post 2018), on what was never trained on; and a look at the attention.
# %%
def show(settings, network, tokenizer, layer, others):
    """Curves, and what it makes of sentences that are in no training set, with its attention; of `others` where there are no such."""
    folder = pathlib.Path(settings.folder)
    plots.curves(folder)
    texts = EXAMPLES.get(settings.source) or others[:4]
    said, looked = translated(network, tokenizer, texts, layer)
    (folder / "examples.txt").write_text("".join("%s\n%s\n\n" % pair for pair in zip(texts, said)), encoding="utf-8")
    plots.attention([(weights, tokenizer.tokens(theirs), tokenizer.tokens(ours)) for weights, theirs, ours in looked], folder / "attention.png")


# %% [markdown]
# ## Export
# `python -m training.export translation` scripts every network under runs/translation/ under torch 1.5.1, in half precision.
# %%
def to_export(folder):
    """Of one run: the network, the files that go with it {role: bytes}, and its facts."""
    found = json.loads((folder / "facts.json").read_text())
    subwords = (folder / "subwords.model").read_bytes()
    network = network_of(Settings(**found["settings"]), len(Tokenizer(subwords))).eval()
    network.load_state_dict(torch.load(str(folder / "state.pt"), map_location="cpu"))
    return network, {folder.name + "-subwords": subwords, folder.name + "-words": (folder / "words.txt").read_bytes()}, found


def publish(weights, folder):
    """Write what all runs under `folder` trained into the folder `weights`; the first is what serves where nothing is asked for."""
    export.need_old_torch()
    scripts, others, models = {}, {}, []
    for run in sorted((path.parent for path in folder.glob("*/facts.json")), key=lambda path: path.name != DEFAULT):
        network, files, found = to_export(run)
        others.update(files)
        layer = found["attention"]["layer"]
        scripts[run.name] = scripted(network, layer), agreeing(network, layer, next(iter(files.values())), EXAMPLES.get(found["source"], []))
        models.append({"name": run.name, **found})
    return export.publish_scripts(weights, "translation", scripts, others, {
        "description": "Write a sentence, read it in another language, and see where the network looked.",
        "default": models[0]["name"], "models": models})


def golden():
    """What each served model says of a sentence, by greedy search and by a beam of 5."""
    answers = {}
    for entry in registry.record("translation")["models"]:
        asked = [(text, beam) for text in EXAMPLES.get(entry["source"], [])[:1] for beam in (1, 5)]
        said = [model(entry["name"]).translate([text], beam, 1)[0][0] for text, beam in asked]
        answers[entry["name"]] = [{"text": text, "beam": beam, "ids": one.target, "score": round(one.score, 4)} for (text, beam), one in zip(asked, said)]
    return answers


def facts(settings, network, tokenizer, sets, validation, tests, dropped, minutes):
    """What the record says of this training."""
    network = copy.deepcopy(network).cpu()
    inventions = pairs.Inventions([pair for part in sets for pair in part])
    shares = copying(network, tokenizer, [pair for pair in validation if inventions.shared(*pair)][:200], inventions)
    layer = int(shares.argmax()) if len(shares) else 0
    return {
        "source": settings.source, "target": settings.target, "architecture": settings.architecture,
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "attention": {"layer": layer, "on_names": [round(share, 3) for share in shares.tolist()]},
        "metrics": {name: scores(network, tokenizer, test, layer) for name, test in tests.items()},
        "data": {"source": settings.data, "training": [len(part) for part in sets], "validation": len(validation), "dropped": dropped},
        "settings": asdict(settings),
        "training": {"device": loop.device_name(), "hours": round(minutes / 60, 2), "torch": torch.__version__},
    }


def asked(words=None):
    """The settings that the words of a command line give, those of the shell where none are given, and whether to resume."""
    parser = argparse.ArgumentParser(description="Train a translation.", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for field in fields(Settings):
        parser.add_argument("--" + field.name.replace("_", "-"), type=field.type, default=field.default, help=" ")
    parser.add_argument("--resume", action="store_true", help="go on from the folder's checkpoint")
    arguments = vars(parser.parse_args(words))
    resume = arguments.pop("resume")
    return Settings(**arguments), resume


def main(words=None):
    """Train as the words of a command line say."""
    settings, resume = asked(words)
    folder = pathlib.Path(settings.folder)
    if (folder / "checkpoint.pt").exists() and not resume:
        raise SystemExit("%s holds a training already: go on with --resume, or name another --folder." % folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    sets, validation, tests, dropped = data(settings)
    print("%s pairs to train on, %d to validate, %s to test; dropped: %s; on %s" % (
        " + ".join(str(len(part)) for part in sets), len(validation), " + ".join(str(len(part)) for part in tests.values()), dropped, loop.device()))
    tokenizer = subwords(settings, sets)
    (folder / "words.txt").write_bytes(seen_words(source for part in sets for source, _ in part))
    network = network_of(settings, len(tokenizer))
    if settings.initial:
        shared = start_from(model(settings.initial), network, tokenizer)
        print("starts from %s, which knows %d of the %d subwords" % (settings.initial, shared, len(tokenizer)))
    network, minutes = fit(settings, sets, validation, tokenizer, network, resume)
    loop.save(folder / "state.pt", network.state_dict())
    found = facts(settings, network, tokenizer, sets, validation, tests, dropped, minutes)
    (folder / "facts.json").write_text(json.dumps(found, indent=1))
    show(settings, network, tokenizer, found["attention"]["layer"], [source for source, _ in validation])
    print("Look at the pictures and the examples in %s, then: make export-translation" % folder)


if __name__ == "__main__":
    main([] if "ipykernel" in sys.modules else None)  # a notebook's own command line is none of ours
