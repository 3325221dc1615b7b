# %% [markdown]
# # Generation: names and prose, a letter at a time
# From counted pairs to a Transformer; training/generation/architectures.py names the papers.
#
# From the shell: `make train-generation ARGS="--kind names --architecture lstm"`; your own list or text:
# `ARGS="--data teas.txt --folder runs/generation/teas"`. `--help` lists the settings.
#
# In Colab: `!git clone` this repository, `%cd` into it, `!pip install -r training/requirements.txt`,
# and give the last cell your words: `main(["--kind", "prose", "--folder", "drive/run", "--resume"])`.
# %%
import json
import lzma
import pathlib
import sys
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F

from models.generation import sampling
from models.generation.characters import EITHER, GENDERS
from models.generation.model import entries, hashed, model
from models.generation.network import Shape, network as in_numpy
from training import command, export, loop, plots
from training.command import Amount, Count, Share, Whole, one_of
from training.generation import data
from training.generation.architectures import ARCHITECTURES

# B texts, T letters, V alphabet, C conditions
ANY = "any"  # origin
KINDS = {  # what differs from the settings below by default
    "names": {},
    "prose": {"width": 256, "context": 128, "batch": 16, "dropout": 0.1, "learning_rate": 3e-3},
}
SOURCES = {
    "names": "makemore's list (32,033 names, no licence known), children born in the USA since 1990 (Social "
    "Security Administration, public domain), genderly (MIT) and another list of Indian names (no licence "
    "known), gender-guesser's list (Jörg Michael, GFDL)",
    "prose": "tiny-Shakespeare (public domain)",
}
EQUAL, ROUNDED = 1e-3, 0.1  # most that logits may differ: numpy's from torch's, and with 16 bits a number
SHOWN = 10  # names of an epoch's samples
SHOWN_LETTERS = 300  # of an epoch's prose


# %% [markdown]
# ## Settings
# %%
@dataclass(frozen=True)
class Settings:
    kind: one_of(*KINDS) = "names"  # or prose
    data: str = ""  # your own list of names, or text; what the course has otherwise
    architecture: one_of(*ARCHITECTURES) = "lstm"  # bigram, mlp, rnn, gru, lstm, transformer
    folder: str = "runs/generation/names-lstm"  # what this run writes; its name is served
    initial: str = ""  # a served network to start from, of the same data and settings: names-lstm
    repeated: Count = 1  # times that an epoch has makemore's names
    layers: Count = 1  # of RNN, GRU, LSTM and Transformer
    width: Count = 320  # of each layer
    embedding: Count = 64  # of a letter's vector; the Transformer's is as wide as its layers
    heads: Count = 4  # of the Transformer's attention
    context: Count = 32  # letters that it reads at once, and looks back
    seen: Count = 8  # letters that the MLP sees
    dropout: Share = 0.2  # Srivastava et al. 2014
    blur: Share = 0.2  # share of the names whose gender is not told, and of those whose origin is not
    batch: Count = 256  # names, or windows of prose
    epochs: Count = 30
    minutes: Amount = 0  # of training; where it is not 0, it counts and not the epochs
    patience: Count = 6  # epochs without a better held-out figure, after which it stops
    learning_rate: Amount = 4e-3  # at its peak
    warmup: Share = 0.03  # share of the training
    decay: Share = 0.6  # share of the training, at its end
    weight_decay: Amount = 0.01
    memory: Share = 0.998  # of the averaged weights, a step
    seed: Whole = 1


# %% [markdown]
# ## Data
# A tenth is held out: of names by their spelling, of prose its last tenth.
# %%
def texts(settings):
    """(training, held out, alphabet, origins): rows of names, or letters of a text as (T,) numbers."""
    if settings.kind == "prose":
        text = data.prose(settings.data)
        border = int(0.9 * len(text))
        known = "".join(sorted(set(text[:border])))
        if len(text) - border <= settings.context or border <= settings.context * 2:
            raise SystemExit("The text is too short: it has %d characters." % len(text))
        ids = torch.tensor([known.find(letter) for letter in text])
        return ids[:border], ids[border:].clamp(min=0), known, []
    rows = data.own_names(settings.data) if settings.data else data.names()
    training = [row for row in rows if not data.held_out(row[0])]
    held_out = [row for row in rows if data.held_out(row[0])]
    if not training or not held_out:
        raise SystemExit("There are too few names: %d." % len(rows))
    origins = [ANY] + sorted({origin for _, _, origin in rows})
    return training, held_out, data.alphabet(name for name, _, _ in rows), origins


def learnt(sets):
    """What a training learns from, as texts."""
    told = [sets[0].numpy().tobytes()] if torch.is_tensor(sets[0]) else map("\t".join, sets[0])
    return [sets[2], *told]


def batches(settings, sets, epoch, again=0):
    """The batches of an epoch; `again` is how often it had all of the data before."""
    training, _, known, origins = sets
    seed = settings.seed * 1000 + epoch + 10**9 * again
    if settings.kind == "prose":
        return data.prose_batches(training, settings.context, settings.batch, seed)
    more = [row for row in training if row[1:] == (EITHER, "american")] * (settings.repeated - 1)
    return data.name_batches(training + more, origins, known, settings.batch, seed)


def conditions(settings, sets):
    """How many values each condition has."""
    return (len(GENDERS), len(sets[3])) if settings.kind == "names" else ()


# %% [markdown]
# ## Loss
# The negative log-likelihood of the next letter, in nats. Behind a name's end nothing counts.
# %%
def nats(network, ids, condition, first=0):
    """(sum of nats, how many letters) of (B, T + 1) letters: each from those before it, from `first`."""
    logits = network(ids[:, :-1], condition).float()  # (B, T, V)
    lost = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none").view_as(ids[:, 1:])
    counted = torch.ones_like(lost)
    if condition.shape[1]:  # names: number 0 ends one, and what follows is padding
        counted[:, 1:] = (ids[:, 1:-1] != 0).float()
    return (lost * counted)[:, first:].sum(), counted[:, first:].sum()


def loss(settings):
    """The loss of a batch as the shared loop calls it: (network, batch, progress) -> (scalar, figures)."""

    def compute(network, batch, progress):
        ids, condition = batch
        if condition.shape[1]:
            hidden = torch.rand(condition.shape, device=condition.device) < settings.blur
            condition = condition.masked_fill(hidden, 0)  # either gender, any origin
        total, count = nats(network, ids, condition)
        return total / count, {"loss": (total / count).detach()}

    return compute


# %% [markdown]
# ## Evaluate
# In nats a character on what was held out. Prose is read in windows that overlap by half, so that each
# letter has half a window before it at least, as it has where the network is served.
# %%
@torch.no_grad()
def held_out_nats(network, settings, sets, rows=None, every=1):
    """Nats a character of the held-out tenth, of other names, or of every so many windows of prose."""
    if settings.kind == "names":
        pairs = data.name_batches(rows or sets[1], sets[3], sets[2], 500)
        first = 0
    else:
        first = settings.context // 2
        whole = torch.cat([sets[0][-first:], sets[1]])
        windows = whole.unfold(0, settings.context + 1, settings.context - first)[::every]
        pairs = [(rows, torch.zeros(len(rows), 0, dtype=torch.int64)) for rows in windows.split(32)]
    found = [nats(network.eval().cpu(), ids, condition, first) for ids, condition in pairs]
    return float(sum(total for total, _ in found) / sum(count for _, count in found))


def figures(network, settings, sets):
    """What the record tells: nats and bits a character, and the nats of makemore's held-out names."""
    value = held_out_nats(network, settings, sets)
    told = {"nats": round(value, 4), "bits": round(value / np.log(2), 4)}
    if settings.kind == "names" and not settings.data:
        american = [(name, EITHER, "american") for name in data.makemore() if data.held_out(name)]
        told["makemore_nats"] = round(held_out_nats(network, settings, sets, american), 4)
        for gender in GENDERS[1:]:
            rows = [row for row in sets[1] if row[1:] == (gender, "indian")]
            told["indian_%s_nats" % gender] = round(held_out_nats(network, settings, sets, rows), 4)
    return told


def nats_told(facts):
    """The nats by which networks are compared: of names those of makemore's list, where it was read."""
    return facts["metrics"].get("makemore_nats", facts["metrics"]["nats"])


def samples(network, settings, alphabet):
    """What a network writes, by the code that serves: names, or a stretch of prose."""
    shape = Shape(settings.architecture, settings.layers, settings.heads, settings.context)
    served = in_numpy({name: array.numpy() for name, array in network.cpu().state_dict().items()}, shape)
    draw = sampling.Draw(temperature=0.8)
    if settings.kind == "names":
        found = sampling.names(served, alphabet, sampling.Wanted((0, 0), "", draw, settings.seed), SHOWN)
        return ", ".join(name.letters.capitalize() for name in found)
    choices = sampling.prose(served, [max(0, alphabet.find("\n"))], SHOWN_LETTERS, draw, settings.seed)
    return "".join(alphabet[choice.letter] for choice in choices)


# %% [markdown]
# ## Fit
# %%
def network_of(settings, alphabet, counts):
    """The untrained network."""
    torch.manual_seed(settings.seed)
    return ARCHITECTURES[settings.architecture](alphabet, settings, counts)


def start_from(served, network, sets):
    """Give a network the weights of a served one, and return
    the minutes that it was trained; SystemExit where they do not fit.
    """
    weights = {name: torch.from_numpy(array) for name, array in served.network.arrays.items()}
    shapes = [
        {name: tuple(part.shape) for name, part in of.items()} for of in (weights, network.state_dict())
    ]
    if (served.alphabet, served.entry["origins"]) != tuple(sets[2:]) or shapes[0] != shapes[1]:
        raise SystemExit(
            "%s has other letters, origins or settings: leave --initial out." % served.entry["name"]
        )
    network.load_state_dict(weights)
    return served.entry["minutes"]


def fit(settings, sets, resume=False):
    """(network, minutes, with those of the one that it starts from). Each epoch's
    samples go to samples.txt; bigrams are counted and not trained.
    """
    network, before = network_of(settings, len(sets[2]), conditions(settings, sets)), 0.0
    if settings.initial:
        before = start_from(model(settings.initial), network, sets)
    if settings.architecture == "bigram":
        for ids, _ in batches(settings, sets, 1):
            for row in ids:
                network.count(row[: 2 + int((row != 0).sum())] if settings.kind == "names" else row)
        return network, 0.0
    book = pathlib.Path(settings.folder) / "samples.txt"

    def after_epoch(averaged, epoch):
        with book.open("a" if resume or epoch > 1 else "w", encoding="utf-8") as file:
            file.write("Epoch %d\n%s\n\n" % (epoch, samples(averaged, settings, sets[2])))
        every = 4 if settings.kind == "prose" and len(sets[1]) > 10000 else 1
        return {"held_out": round(held_out_nats(averaged, settings, sets, every=every), 4)}

    network, minutes = loop.fit(
        network,
        loss(settings),
        lambda epoch: loop.enough(lambda again: batches(settings, sets, epoch, again)),
        settings,
        settings.folder,
        resume,
        after_epoch,
        judge="held_out",
    )
    return network, before + minutes


# %% [markdown]
# ## Export
# `make export-generation` writes every network under runs/generation/ in 16 bits a number, once numpy says
# with these what torch said in training. Any torch may do it: nothing is traced.
# %%
def known(settings, sets):
    """What tells new from known, compressed: sorted hashes of the names, or the training text itself."""
    if settings.kind == "prose":
        return lzma.compress("".join(sets[2][letter] for letter in sets[0].tolist()).encode())
    hashes = sorted({hashed(name) for name, _, _ in sets[0] + sets[1]})
    return lzma.compress(np.array(hashes, "<u4").tobytes())


def restored(folder):
    """(network, settings, facts) of a run."""
    found = told_by(folder)
    settings = Settings(**found["settings"])
    counts = (len(GENDERS), len(found["origins"])) if settings.kind == "names" else ()
    network = network_of(settings, len(found["alphabet"]), counts).eval()
    network.load_state_dict(torch.load(str(folder / "state.pt"), map_location="cpu"))
    return network, settings, found


def to_export(folder):
    """The arrays of one run in 16 bits, and its facts; SystemExit where numpy differs from torch."""
    network, settings, found = restored(folder)
    arrays = {name: array.numpy() for name, array in network.state_dict().items()}
    # counts are too large for 16 bits
    small = {
        name: array.astype(np.float16 if name != "counts" else np.float32) for name, array in arrays.items()
    }
    ids = torch.randint(len(found["alphabet"]), (2, settings.context))
    condition = torch.zeros(2, 2 if settings.kind == "names" else 0, dtype=torch.int64)
    with torch.no_grad():
        expected = network(ids, condition)[:, -1].numpy()
    for given, most in ((arrays, EQUAL), (small, ROUNDED)):
        apart = abs(last_logits(given, settings, ids.numpy(), condition.numpy()) - expected).max()
        if not apart <= most:
            raise SystemExit("%s: numpy's logits differ from torch's by %.2g." % (folder.name, apart))
    return small, found


def last_logits(arrays, settings, ids, condition):
    """(B, V) what follows (B, T) letters, by the code that serves."""
    shape = Shape(settings.architecture, settings.layers, settings.heads, settings.context)
    served = in_numpy(arrays, shape)
    state = served.begin(condition)
    return [served.step(letters, state) for letters in ids.T][-1]


def publish(weights, folder):
    """Write what the runs under `folder` trained into the folder `weights`, and after them the rungs that the
    study trained beside it, the best first; a rung of the name of a run, or of what serves by default, only
    tells its figures. Networks there that were not trained anew stay, and keep their places. Returns the
    record.
    """
    record = export.recorded(weights, "generation")
    runs = sorted(trained(folder), key=lambda run: ("lstm" not in run.name, run.name))
    rungs = sorted(trained(folder.parent / "study" / folder.name), key=lambda run: nats_told(told_by(run)))
    if not runs + rungs:
        export.runs(folder, "generation")  # says which command makes one
    files = {role: weights / told["file"] for role, told in record["files"].items()}
    first = {entry["kind"]: entry["name"] for entry in reversed(record["models"])}  # what serves by default
    taken = [run.name for run in runs] + list(first.values())
    books = {entry["known"]: book_of(files[entry["known"]]) for entry in record["models"]}
    groups, models = {}, {}
    for run in runs + [rung for rung in rungs if rung.name not in taken]:
        arrays, found = to_export(run)
        del found["settings"]["folder"]  # of the machine that trained it
        book = (run / "known.xz").read_bytes()
        role = next((name for name, kept in books.items() if kept == book), "%s-known" % run.name)
        if books.get(role) != book:
            books[role], groups[role] = book, {"xz": np.frombuffer(book, np.uint8)}
        groups[run.name] = arrays
        models[run.name] = {"name": run.name, "known": role, **found}
    stay = {entry["name"]: entry for entry in record["models"] if entry["known"] not in groups}
    models = {**stay, **models}
    kept = {
        role: files[role]
        for entry in models.values()
        for role in (entry["name"], entry["known"])
        if role not in groups
    }
    told = ("kind", "architecture", "parameters", "minutes", "metrics")
    ladder = [told_by(rung) for rung in rungs if rung.name in taken] or record.get("ladder", [])
    return export.publish_arrays(
        weights,
        "generation",
        groups,
        {
            "description": "Invent names, go on with a text, and look at every letter's alternatives.",
            "models": list(models.values()),
            "ladder": [{key: entry[key] for key in told} for entry in ladder],
        },
        kept,
    )


def book_of(file):
    """What a file of the weights has to tell new from known, compressed."""
    with np.load(str(file), allow_pickle=False) as arrays:
        return arrays["xz"].tobytes()


def trained(folder):
    """The runs in a folder that came to their end."""
    return [run for run in export.ended(folder) if (run / "state.pt").exists()]


def told_by(run):
    """The facts of a run."""
    return json.loads((run / "facts.json").read_text())


def golden():
    """What each served network writes of a seed, and the likeliest letters that it goes on with."""
    told = {}
    for entry in entries():
        network, draw = model(entry["name"]), sampling.Draw(temperature=0.8)
        if entry["kind"] == "names":
            drawn = network.names(network.wanted(EITHER, entry["origins"][0], "", draw, 1), 5)
            told[entry["name"]] = [name.letters for name, _ in drawn]
        else:
            told[entry["name"]] = network.prose("To be", 40, draw, 1).text
    return told


# %% [markdown]
# ## The whole story
# %%
def facts(settings, sets, network, minutes):
    """What the record says of this training."""
    return {
        "kind": settings.kind,
        "architecture": settings.architecture,
        "alphabet": sets[2],
        "origins": sets[3],
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "minutes": round(minutes, 1),
        "metrics": figures(network, settings, sets),
        "data": {
            "source": pathlib.Path(settings.data).name or SOURCES[settings.kind],
            "training": len(sets[0]),
            "held_out": len(sets[1]),
        },
        "settings": asdict(settings),
        "training": {
            "device": loop.device_name(),
            "hours": round(minutes / 60, 2),
            "torch": torch.__version__,
        },
    }


def asked(words=None):
    """The settings that the words of a command line give, and whether to resume."""
    parser = command.parser_of(Settings, "Train a network that writes.")
    command.resuming(parser)
    given, _ = parser.parse_known_args(words)
    parser.set_defaults(
        folder="runs/generation/%s-%s" % (given.kind, given.architecture), **KINDS[given.kind]
    )
    arguments = vars(parser.parse_args(words))
    resume = arguments.pop("resume")
    if arguments["width"] % (2 * arguments["heads"]):
        raise SystemExit("--width must be a multiple of twice the --heads.")
    settings = Settings(**arguments)
    command.name_of(settings.folder)
    served = [entry["name"] for entry in entries()] if settings.initial else [""]
    if settings.initial not in served:
        raise SystemExit(
            "There is no served network %s to start from: choose one of %s."
            % (settings.initial, ", ".join(served))
        )
    return settings, resume


@command.interruptible
def main(words=None):
    """Train as the words of a command line say."""
    settings, resume = asked(words)
    folder = pathlib.Path(settings.folder)
    command.refuse_another(folder, resume)  # before the time that reading takes
    sets = texts(settings)
    command.begin(folder, resume, learnt(sets))
    (folder / "known.xz").write_bytes(known(settings, sets))
    unit = "names" if settings.kind == "names" else "characters"
    print("%d %s, %d held out; %d letters" % (len(sets[0]), unit, len(sets[1]), len(sets[2])), flush=True)
    network, minutes = fit(settings, sets, resume)
    network = network.cpu().eval()
    loop.save(folder / "state.pt", network.state_dict())
    found = facts(settings, sets, network, minutes)
    (folder / "facts.json").write_text(json.dumps(found, indent=1))
    if (folder / "log.jsonl").exists():
        plots.curves(folder)
    print(json.dumps(found["metrics"], indent=1))
    print(samples(network, settings, sets[2]))
    print("Look at samples.txt and curves.png in %s, then: make export-generation" % folder)


if __name__ == "__main__":
    main([] if "ipykernel" in sys.modules else None)  # a notebook's own command line is none of ours
