"""The teacher: MiniLM (Wang et al. 2020, arXiv:2002.10957), fine-tuned on a task, labels sentences that have
no label. The small networks learn from its probabilities (Hinton et al. 2015, arXiv:1503.02531; Tang et al.
2019, arXiv:1903.12136). It is not served.

make teach-classification ARGS="--task question"        (torch 2; it downloads the weights, 83 MB)
"""

import functools
import hashlib
import itertools
import json
import pathlib
import random
import re
import unicodedata
import zipfile
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from training import command, loop
from training.command import Amount, Count, File, Share, Whole
from training.classification import data, metrics, train, unlabelled

# B texts, T word pieces, D = 384 embedding, H = 12 heads, C classes

RELEASED = "build/minilm/all_minilm_l6_v2/model.zip"
# of the weights that sentence-transformers published as all-MiniLM-L6-v2, Apache 2.0
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # pragma: allowlist secret
LAYERS, HEADS, LONGEST = 6, 12, 128
TESTED = 2000  # texts of each test at most, evenly spread; the reviews would take longer than the training
LONG = 600  # letters; a longer text is a review, which is not read as a whole
KINDS = ".weight", ".bias"


@dataclass(frozen=True)
class Settings:
    task: str = "sentiment"  # or question
    released: str = RELEASED  # the published weights
    folder: str = "runs/classification-teacher/sentiment"  # for everything that this run writes
    initial: File = ""  # a state.pt to start from; empty: the published weights
    frozen: Whole = 3  # layers that do not learn; their outputs are computed once
    reviews: Whole = 0  # number of reviews from which one to three sentences are also read
    most: Whole = 60000  # sentences to label
    batch: Count = 3000  # word pieces, padding included
    epochs: Whole = 2  # 0: `initial` labels as it is
    minutes: Amount = 0  # length of the training; 0: epochs count instead
    patience: Count = 99
    learning_rate: Amount = 1.5e-4
    warmup: Share = 0.08
    decay: Share = 0.92
    weight_decay: Amount = 0.01
    memory: Share = 0  # of the averaged weights; 0: no averaging
    seed: Whole = 1


def contents(released):
    """(tensors by name, ids of word pieces) of the published file. Its SHA-256 is
    checked before it is read.
    """
    try:
        with zipfile.ZipFile(released) as archive:
            raw, told = archive.read("model.safetensors"), json.loads(archive.read("tokenizer.json"))
    except OSError as error:
        said = "%s cannot be read (%s): make teach-classification fetches it."
        raise SystemExit(said % (released, error.strerror))
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise SystemExit("%s holds other weights than those that are expected." % released)
    size = int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8 : 8 + size])
    tensors = {
        name: torch.frombuffer(bytearray(raw[8 + size + start : 8 + size + end]), dtype=torch.float32).view(
            one["shape"]
        )
        for name, one in head.items()
        if one.get("dtype") == "F32"
        for start, end in [one["data_offsets"]]
    }
    return tensors, told["model"]["vocab"]


class WordPieces:
    """A text -> the ids of its pieces (Devlin et al. 2019): lower case, no accents,
    the longest match first.
    """

    def __init__(self, ids):
        self.ids = ids
        self.word = functools.lru_cache(None)(self.word)

    def __call__(self, text):
        plain = "".join(
            sign for sign in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(sign) != "Mn"
        )
        return np.array(
            [piece for word in re.findall(r"\w+|[^\w\s]", plain) for piece in self.word(word)], int
        )

    def word(self, word):
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = self.ids.get(("##" if start else "") + word[start:end])
                if piece is not None:
                    break
            else:
                return [self.ids["[UNK]"]]
            found.append(piece)
            start = end
        return found

    def framed(self, pieces):
        """The ids as BERT reads them: [CLS], the pieces, [SEP]."""
        return np.concatenate([[self.ids["[CLS]"]], pieces[: LONGEST - 2], [self.ids["[SEP]"]]])


class Layer(nn.Module):
    """Attention and two linear layers, with a normalisation after each (Vaswani et al. 2017)."""

    def __init__(self, tensors):
        super().__init__()
        parts = ["attention.self." + name for name in ("query", "key", "value")]
        self.project = linear(
            {kind: torch.cat([tensors[part + kind] for part in parts]) for kind in KINDS}, ""
        )
        self.join = linear(tensors, "attention.output.dense")
        self.widen, self.narrow = linear(tensors, "intermediate.dense"), linear(tensors, "output.dense")
        self.first, self.second = (
            norm(tensors, "attention.output.LayerNorm"),
            norm(tensors, "output.LayerNorm"),
        )

    def forward(self, x, mask):
        B, T, D = x.shape
        query, key, value = self.project(x).view(B, T, 3, HEADS, -1).permute(2, 0, 3, 1, 4)  # (B, H, T, D/H)
        heads = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        drop = functools.partial(F.dropout, p=0.1, training=self.training)
        x = self.first(x + drop(self.join(heads.transpose(1, 2).reshape(B, T, D))))
        return self.second(x + drop(self.narrow(F.gelu(self.widen(x)))))


def linear(tensors, name):
    layer = nn.Linear(*tensors[name + ".weight"].shape[::-1])
    layer.load_state_dict({kind[1:]: tensors[name + kind] for kind in KINDS})
    return layer


def norm(tensors, name):
    layer = nn.LayerNorm(len(tensors[name + ".weight"]), eps=1e-12)
    layer.load_state_dict({kind[1:]: tensors[name + kind] for kind in KINDS})
    return layer


class MiniLM(nn.Module):
    """Ids (B, T), 0 at the end -> logits (B, C), from the mean over the pieces. The
    embeddings do not learn.
    """

    def __init__(self, tensors, classes):
        super().__init__()
        of = "embeddings.%s_embeddings.weight"
        self.register_buffer("pieces", tensors[of % "word"])
        self.register_buffer("places", tensors[of % "position"][:LONGEST] + tensors[of % "token_type"][0])
        self.norm = norm(tensors, "embeddings.LayerNorm")
        within = [
            {name[len(start) :]: value for name, value in tensors.items() if name.startswith(start)}
            for start in ("encoder.layer.%d." % layer for layer in range(LAYERS))
        ]
        self.layers = nn.ModuleList(map(Layer, within))
        self.drop, self.head = nn.Dropout(0.1), nn.Linear(self.pieces.shape[1], classes)

    def forward(self, ids):
        return self.upper(self.lower(ids, 0), ids, 0)

    def lower(self, ids, layers):
        """The input of layer number `layers`: (B, T, D)."""
        x = self.norm(F.embedding(ids, self.pieces) + self.places[: ids.shape[1]])
        for layer in self.layers[:layers]:
            x = layer(x, (ids != 0)[:, None, None])
        return x

    def upper(self, x, ids, layers):
        """The logits (B, C), from the input of layer number `layers`."""
        for layer in self.layers[layers:]:
            x = layer(x, (ids != 0)[:, None, None])
        mask = (ids != 0).unsqueeze(2).to(x.dtype)  # (B, T, 1)
        return self.head(self.drop((x * mask).sum(dim=1) / mask.sum(dim=1)))


def lesson(settings, pieces, training, classes):
    """[(ids, class)] of sentences and of passages from reviews. Each sentence comes once, although SST's are
    also in Rotten Tomatoes.
    """
    ends, stream = {pieces.ids[sign] for sign in ".!?"}, random.Random(settings.seed)
    once = {(data.letters(text), label): text for text, label in training if len(text) < LONG}
    reviews = [pair for pair in training if len(pair[0]) >= LONG]
    drawn = stream.sample(reviews, min(settings.reviews, len(reviews)))
    passages = [(data.passage(pieces(text), ends, stream), label) for text, label in drawn]
    both = [(pieces(text), label) for (_, label), text in once.items()] + passages
    return [(pieces.framed(ids), classes.index(label)) for ids, label in both]


def fine_tune(settings, network, examples):
    """Train the layers that are not frozen. The outputs of the frozen layers are stored in 16 bits."""
    stream, frozen = random.Random(settings.seed), settings.frozen
    for part in (network.norm, *network.layers[:frozen]):
        part.requires_grad_(False)
    network.eval()
    kept = []
    with torch.no_grad(), loop.half_precision(loop.device()):
        for ids, wanted in data.batches(examples, settings.batch, stream)[0]:
            kept.append((network.lower(ids, frozen).bfloat16(), ids, wanted))

    def loss(network, batch, progress):
        x, ids, wanted = batch
        value = F.cross_entropy(network.upper(x.float(), ids, frozen).float(), wanted, label_smoothing=0.05)
        return value, {"loss": value.detach()}

    return loop.fit(network, loss, lambda epoch: stream.sample(kept, len(kept)), settings, settings.folder)[0]


def said(network, examples):
    """The logits (N, C) of pairs (ids, anything)."""
    with loop.half_precision(loop.device()):
        return metrics.logits_of(network, examples, 4000)


def main(words=None):
    """Fine-tune the teacher, test it, and write its probabilities for sentences without a label."""
    parser = command.parser_of(Settings, "Let a large network label sentences for the small ones.")
    settings = Settings(**vars(parser.parse_args(words)))
    folder = pathlib.Path(settings.folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors, ids = contents(settings.released)
    pieces = WordPieces(ids)
    training, validation, tests, _ = train.texts(train.Settings(task=settings.task))
    classes = sorted({label for _, label in training})
    torch.manual_seed(settings.seed)
    network = MiniLM(tensors, len(classes))
    if settings.initial:
        network.load_state_dict(torch.load(settings.initial, map_location="cpu"))
    if settings.epochs or settings.minutes:
        network = fine_tune(settings, network, lesson(settings, pieces, training, classes))
    network = network.cpu().eval()
    loop.save(folder / "state.pt", network.state_dict())
    for name, pairs in tests.items():
        known = [
            (pieces.framed(pieces(text)), classes.index(label))
            for text, label in pairs[:: -(-len(pairs) // TESTED)]
            if label in classes
        ]
        print(
            name,
            metrics.figures(said(network, known), [label for _, label in known], classes, 1.0),
            flush=True,
        )
    tested = {data.letters(text) for pairs in (validation, *tests.values()) for text, _ in pairs}
    found = (
        text for text in unlabelled.sentences(settings.task, training) if data.letters(text) not in tested
    )
    asked = list(itertools.islice(found, settings.most))
    logits = said(network, [(pieces.framed(pieces(text)), 0) for text in asked])
    data.write_taught(folder / "taught.tsv.xz", classes, asked, metrics.softmax(logits))
    print("%d sentences are in %s" % (len(asked), folder / "taught.tsv.xz"))


if __name__ == "__main__":
    main()
