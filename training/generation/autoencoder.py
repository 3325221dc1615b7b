"""A sentence through one vector and out again: the LSTM text autoencoder of the course, and
what lies between two sentences -> models/generation/autoencoder.md.

    python -m training.generation.autoencoder --minutes 60        (--data takes a text of your own)
Sutskever et al. 2014 (arXiv:1409.3215) with the sentence as its own translation; words left out of what the
decoder reads and noise on the vector, as Bowman et al. 2016 (arXiv:1511.06349) have it.
"""

import pathlib
import random
import re
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from training import command, loop
from training.command import Amount, Count, Share, Whole
from training.generation import data

# B sentences, T letters, E embedding, D width, Z numbers of the vector, V alphabet

FOLDER = pathlib.Path(__file__).parent.parent.parent / "models" / "generation"
END = 0
STEPS = 5  # sentences from one to the other, both included
SHOWN, PAIRS = 20, 4  # lines, and pairs with what lies between, that the page shows
BANDS = (12, 17), (18, 24), (25, 32)  # characters of the lines that are told of apart
PAGE = """# A sentence through one vector

Written by `make autoencode`: {latent} numbers a line, {minutes:.0f} minutes of training. The lines were held
out. Beside the share of letters that stand in their places is that of another line of the same length: what
chance would say.

| characters | lines | come back whole, % | letters in their places, % | by chance, % |
| --- | --- | --- | --- | --- |
{rows}
| line | as it comes back |
| --- | --- |
{shown}
## Between two lines

The first line and the last are given; the three between are read from the straight line between their
vectors. Of the words there {known:.0f} % are words of the training lines.

{ways}"""


@dataclass(frozen=True)
class Settings:
    data: str = ""  # your own text; tiny-Shakespeare otherwise
    folder: str = "runs/generation-autoencoder"  # for everything that this run writes
    shortest: Count = 12  # characters of a line that is read
    longest: Count = 32  # characters of such a line
    embedding: Count = 48  # numbers of a letter's vector
    width: Count = 192  # of encoder and decoder
    latent: Count = 96  # numbers that a sentence has to go through
    noise: Amount = 0.05  # standard deviation, added to the vector, whose numbers lie in -1..1
    blind: Share = 0.3  # share of the letters that the decoder does not see
    batch: Count = 24  # lines
    epochs: Count = 60
    minutes: Amount = 0  # of training; where it is not 0, it counts and not the epochs
    patience: Count = 99
    learning_rate: Amount = 3e-3
    warmup: Share = 0.03
    decay: Share = 0.5
    weight_decay: Amount = 0.0
    memory: Share = 0.995
    seed: Whole = 1


class Autoencoder(nn.Module):
    """An LSTM reads the sentence, a layer makes the vector of its states, another LSTM writes it again."""

    def __init__(self, alphabet, settings):
        super().__init__()
        self.letters = nn.Embedding(alphabet, settings.embedding)
        self.reader = nn.LSTM(settings.embedding, settings.width, batch_first=True, bidirectional=True)
        self.squeeze = nn.Linear(2 * settings.width, settings.latent)
        self.writer = nn.LSTM(settings.embedding + settings.latent, settings.width, batch_first=True)
        self.out = nn.Linear(settings.width, alphabet)
        self.noise, self.blind = settings.noise, settings.blind

    def encode(self, ids):
        """(B, T) letters, END behind -> (B, Z) in -1..1, of the largest that each state becomes."""
        states = self.reader(self.letters(ids))[0]  # (B, T, 2 D)
        return torch.tanh(self.squeeze(states.max(dim=1)[0]))

    def forward(self, ids):
        """(B, T) letters, END before and behind -> (B, T - 1, V) logits of each after the first."""
        z = self.encode(ids[:, 1:])
        seen = ids[:, :-1]
        if self.training:
            z = z + self.noise * torch.randn_like(z)
            seen = seen.masked_fill(torch.rand(seen.shape, device=seen.device) < self.blind, END)
        return self.out(self.writer(self.read(seen, z))[0])

    def read(self, seen, z):
        return torch.cat([self.letters(seen), z[:, None].expand(-1, seen.shape[1], -1)], dim=2)

    @torch.no_grad()
    def write(self, z, longest):
        """(B, Z) -> (B, longest) likeliest letters, one after the other."""
        letter, state, written = torch.full((len(z), 1), END, dtype=torch.int64), None, []
        for _ in range(longest):
            x, state = self.writer(self.read(letter, z), state)
            letter = self.out(x).argmax(dim=2)  # (B, 1)
            written.append(letter)
        return torch.cat(written, dim=1)


def sentences(settings):
    """(training, held out, alphabet): lines of the text, each once; END is the alphabet's first."""
    found = [line.strip() for line in data.prose(settings.data).split("\n")]
    found = list(dict.fromkeys(one for one in found if settings.shortest <= len(one) <= settings.longest))
    if len(found) < 100:
        raise SystemExit("There are too few lines of a fitting length: %d." % len(found))
    known = "\0" + "".join(sorted(set("".join(found))))
    held_out = [one for one in found if data.held_out(one)]
    return [one for one in found if not data.held_out(one)], held_out, known


def batches(lines, known, size, seed=None):
    """[(ids (B, T),)] of lines of the same length, END before and behind; with a seed they are shuffled."""
    stream = random.Random(seed)
    place_of = {letter: place for place, letter in enumerate(known)}
    lengths = {}
    for line in lines if seed is None else stream.sample(lines, len(lines)):
        lengths.setdefault(len(line), []).append([END] + [place_of[letter] for letter in line] + [END])
    found = [(torch.tensor(group),) for rows in lengths.values() for group in data.split(rows, size)]
    if seed is not None:
        stream.shuffle(found)
    return found


def loss(network, batch, progress):
    """Cross-entropy of each letter and of the end, in nats."""
    (ids,) = batch
    value = F.cross_entropy(network(ids).float().flatten(0, 1), ids[:, 1:].flatten())
    return value, {"loss": value.detach()}


def spelt(ids, known):
    """Letters up to the first END."""
    text = "".join(known[place] for place in ids.tolist())
    return text.partition("\0")[0]


def again(network, lines, known):
    """The lines as they come out."""
    found = {}
    for (ids,) in batches(lines, known, 100):
        written = network.write(network.encode(ids[:, 1:]), ids.shape[1] + 5)
        found.update({spelt(row[1:], known): spelt(out, known) for row, out in zip(ids, written)})
    return [found[line] for line in lines]


def between(network, one, other, known):
    """Sentences on the straight line from one's vector to the other's."""
    z = torch.cat([network.encode(batches([line], known, 1)[0][0][:, 1:]) for line in (one, other)])  # (2, Z)
    shares = torch.linspace(0, 1, STEPS)[:, None]
    written = network.write(z[:1] * (1 - shares) + z[1:] * shares, 60)
    return [spelt(row, known) for row in written]


def in_place(lines, others):
    """Per cent of the lines' letters that the others have in the same places."""
    same = sum(a == b for line, other in zip(lines, others) for a, b in zip(line, other))
    return 100 * same / max(1, sum(map(len, lines)))


def neighbours(lines):
    """For each line another of the same length, where there is one."""
    after = {}
    for line in lines:
        after.setdefault(len(line), []).append(line)
    return {line: rows[place - 1] for rows in after.values() for place, line in enumerate(rows)}


def page(network, sets, settings, minutes):
    """autoencoder.md: how often a line comes back, some of them, and what lies between."""
    training, held_out, known = sets
    came, chance = again(network, held_out, known), neighbours(held_out)
    rows = ""
    for low, high in [(settings.shortest, settings.longest), *BANDS]:
        some = [(line, out) for line, out in zip(held_out, came) if low <= len(line) <= high]
        lines, outs = ([pair[side] for pair in some] for side in (0, 1))
        whole = 100 * np.mean([line == out for line, out in some] or [0])
        told = (
            low,
            high,
            len(some),
            whole,
            in_place(lines, outs),
            in_place(lines, [chance[one] for one in lines]),
        )
        rows += "| %d to %d | %d | %.1f | %.1f | %.1f |\n" % told
    order = random.Random(settings.seed).sample(range(len(held_out)), min(SHOWN, len(held_out)))
    shown = "".join("| %s | %s |\n" % (held_out[place], came[place]) for place in order)
    lexicon = {word for line in training for word in words_of(line)}
    half = len(order) // 2
    pairs = [(held_out[a], held_out[b]) for a, b in zip(order[:half], order[half:])]
    ways = [between(network, one, other, known) for one, other in pairs]
    said = [word for way in ways for line in way[1:-1] for word in words_of(line)]
    ends = [[one, *way[1:-1], other] for (one, other), way in zip(pairs, ways)][:PAIRS]
    return PAGE.format(
        latent=settings.latent,
        minutes=minutes,
        rows=rows,
        shown=shown,
        known=100 * np.mean([word in lexicon for word in said] or [0]),
        ways="\n".join("```\n%s\n```\n" % "\n".join(lines) for lines in ends),
    )


def words_of(line):
    """The words of a line in small letters."""
    return re.findall(r"[^\W\d_]+", line.lower())


@command.interruptible
def main(words=None):
    settings, resume = command.asked(Settings, "Train the text autoencoder, and tell what it can do.", words)
    training, held_out, known = sentences(settings)
    command.begin(settings.folder, resume, training)
    print("%d lines, %d held out" % (len(training), len(held_out)), flush=True)
    torch.manual_seed(settings.seed)

    def after_epoch(averaged, epoch):
        some = held_out[:300]
        same = np.mean([out == line for line, out in zip(some, again(averaged.cpu(), some, known))])
        return {"came_back": round(float(same), 4)}

    network, minutes = loop.fit(
        Autoencoder(len(known), settings),
        loss,
        lambda epoch: batches(training, known, settings.batch, settings.seed * 1000 + epoch),
        settings,
        settings.folder,
        resume,
        after_epoch,
    )
    text = page(network.cpu().eval(), (training, held_out, known), settings, minutes)
    target = (pathlib.Path(settings.folder) if settings.data else FOLDER) / "autoencoder.md"
    target.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
