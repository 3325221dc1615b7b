"""The networks of training/generation/architectures.py in numpy, a letter at a time: what was
read is kept as a state (for the Transformer: keys and values), so that a letter is a few products.

Their weights are the state_dict's, under its names.
"""

from typing import Any, Dict, List, NamedTuple

import numpy as np

# B texts, E embedding, D width, H heads, V alphabet, K letters that the MLP sees, C conditions, W window

Arrays = Dict[str, np.ndarray]
State = List[Any]
BASE = 10000  # of the rotary wavelengths
SMALL = 1e-5  # added to a variance


class Shape(NamedTuple):
    """What the arrays do not say of themselves."""

    architecture: str
    layers: int
    heads: int
    context: int  # letters that a Transformer looks back


class Network:
    """step(ids, state) -> the logits of what follows; `begin` gives the state before any letter."""

    conditioned = True  # whether conditions change what it writes

    def __init__(self, arrays: Arrays, shape: Shape):
        self.arrays, self.shape = arrays, shape

    def begin(self, condition: np.ndarray) -> State:
        """The state of (B, C) conditions: their vectors, and what the architecture keeps."""
        tables = [self.arrays["conditions.%d.weight" % place] for place in range(condition.shape[1])]
        given = np.zeros((len(condition), self.arrays["letters.weight"].shape[1]), np.float32)  # (B, E)
        for place, table in enumerate(tables):
            given += table[condition[:, place]]
        return [given] + self.empty(*given.shape)

    def step(self, ids: np.ndarray, state: State) -> np.ndarray:
        """(B,) letters -> (B, V) logits; the state is changed."""
        x = self.arrays["letters.weight"][ids] + state[0]  # (B, E)
        return self.linear("out", self.read(x, state))

    def linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self.arrays[name + ".weight"].T + self.arrays[name + ".bias"]

    def empty(self, count: int, embedding: int) -> State:
        raise NotImplementedError

    def read(self, x: np.ndarray, state: State) -> np.ndarray:
        raise NotImplementedError


class Bigram(Network):
    """The counts of pairs, as probabilities."""

    conditioned = False

    def begin(self, condition: np.ndarray) -> State:
        return []

    def step(self, ids: np.ndarray, state: State) -> np.ndarray:
        counts = self.arrays["counts"][ids]
        return np.log(counts / counts.sum(axis=1, keepdims=True))


class MLP(Network):
    """The state is the vectors of the last K letters, zeros before the first."""

    def empty(self, count: int, embedding: int) -> State:
        seen = self.arrays["hidden.weight"].shape[1] // embedding
        return [np.zeros((count, seen, embedding), np.float32)]

    def read(self, x: np.ndarray, state: State) -> np.ndarray:
        state[1] = np.concatenate([state[1][:, 1:], x[:, None]], axis=1)  # (B, K, E)
        return np.tanh(self.linear("hidden", state[1].reshape(len(x), -1)))


class Recurrent(Network):
    """The state is the cells' output and, of an LSTM, their memory; one of each a layer."""

    def empty(self, count: int, embedding: int) -> State:
        zeros = np.zeros((count, self.arrays["cells.weight_hh_l0"].shape[1]), np.float32)  # (B, D)
        return [(zeros, zeros) for _ in range(self.shape.layers)]

    def read(self, x: np.ndarray, state: State) -> np.ndarray:
        for layer in range(self.shape.layers):
            output, memory = state[1 + layer]
            new = x @ self.arrays["cells.weight_ih_l%d" % layer].T + self.arrays["cells.bias_ih_l%d" % layer]
            old = (
                output @ self.arrays["cells.weight_hh_l%d" % layer].T
                + self.arrays["cells.bias_hh_l%d" % layer]
            )
            state[1 + layer] = self.cell(new, old, output, memory)
            x = state[1 + layer][0]
        return x


class RNN(Recurrent):
    def cell(self, new: np.ndarray, old: np.ndarray, output: np.ndarray, memory: np.ndarray) -> State:
        return [np.tanh(new + old), memory]


class GRU(Recurrent):
    """Cho et al. 2014, with the reset after the product, as torch has it."""

    def cell(self, new: np.ndarray, old: np.ndarray, output: np.ndarray, memory: np.ndarray) -> State:
        reset, update, candidate = np.split(new, 3, axis=1)
        old_reset, old_update, old_candidate = np.split(old, 3, axis=1)
        candidate = np.tanh(candidate + sigmoid(reset + old_reset) * old_candidate)
        keep = sigmoid(update + old_update)
        return [(1 - keep) * candidate + keep * output, memory]


class LSTM(Recurrent):
    def cell(self, new: np.ndarray, old: np.ndarray, output: np.ndarray, memory: np.ndarray) -> State:
        into, forget, candidate, out = np.split(new + old, 4, axis=1)
        memory = sigmoid(forget) * memory + sigmoid(into) * np.tanh(candidate)
        return [sigmoid(out) * np.tanh(memory), memory]


class Transformer(Network):
    """The state is the number of letters read and, of each layer, keys
    and values of the last W, in a ring; keys know their place by their angle.
    """

    def empty(self, count: int, embedding: int) -> State:
        heads, window = self.shape.heads, self.shape.context
        ring = (count, heads, window, embedding // heads)  # the embedding is as wide as the layers
        return [0] + [
            (np.zeros(ring, np.float32), np.zeros(ring, np.float32)) for _ in range(self.shape.layers)
        ]

    def read(self, x: np.ndarray, state: State) -> np.ndarray:
        for layer in range(self.shape.layers):
            x = self.block("blocks.%d." % layer, x, state[1], *state[2 + layer])
        state[1] += 1
        return self.norm("norm", x)

    def block(self, name: str, x: np.ndarray, place: int, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
        count, heads = len(x), self.shape.heads
        parts = self.linear(name + "attend", self.norm(name + "first", x)).reshape(count, 3, heads, -1)
        at, filled = place % keys.shape[2], min(place + 1, keys.shape[2])
        keys[:, :, at], values[:, :, at] = turned(parts[:, 1], place), parts[:, 2]
        query = turned(parts[:, 0], place)[:, :, None] / np.float32(parts.shape[3] ** 0.5)  # (B, H, 1, D / H)
        weights = softmax(query @ keys[:, :, :filled].transpose(0, 1, 3, 2))  # (B, H, 1, W)
        mixed = (weights @ values[:, :, :filled]).reshape(count, -1)  # (B, D)
        x = x + self.linear(name + "mix", mixed)
        wide = np.maximum(self.linear(name + "widen", self.norm(name + "second", x)), 0) ** 2
        return x + self.linear(name + "narrow", wide)

    def norm(self, name: str, x: np.ndarray) -> np.ndarray:
        centred = x - x.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + np.float32(SMALL))
        return centred / spread * self.arrays[name + ".weight"] + self.arrays[name + ".bias"]


def turned(x: np.ndarray, place: int) -> np.ndarray:
    """Rotary places (Su et al. 2021) of (B, H, D / H)."""
    size = x.shape[2]
    angles = place * float(BASE) ** (-np.arange(0, size, 2) / size)
    cosines, sines = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    left, right = x[:, :, : size // 2], x[:, :, size // 2 :]
    return np.concatenate([left * cosines - right * sines, left * sines + right * cosines], axis=2)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """In 0..1."""
    return 1 / (1 + np.exp(-x))


def softmax(x: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    odds = np.exp(x - x.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


NETWORKS = {"bigram": Bigram, "mlp": MLP, "rnn": RNN, "gru": GRU, "lstm": LSTM, "transformer": Transformer}


def network(arrays: Arrays, shape: Shape) -> Network:
    """The network of an architecture with these weights, in 32 bits."""
    whole = {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}
    return NETWORKS[shape.architecture](whole, shape)
