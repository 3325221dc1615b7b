"""Neighbours, analogies and similarities of words, compared with gensim, faiss's exact index and hnswlib, for
ten thousand, a hundred thousand and a million words.

The vectors are the shipped ones, or the first of them. For more words, shipped vectors with noise are added.
"""

from contextlib import ExitStack

import numpy as np

from bench.speed.peers import HOUSE, PEERS, ROOT, Peer, made_ready, side_by_side, spread

# V vocabulary, D dimensions

FOLDER = ROOT / "build" / "bench"
COUNT = 10  # neighbours asked for
NOISE = 0.4  # relative to the length of a vector


def vectors_of(size):
    """(names, int8 vectors (V, D), scales (V,)) of `size` words."""
    from models.words.model import model

    words = model()
    names, codes, scales = words.vocabulary.words[:size], words.vectors[:size], words.scales[:size]
    more = size - len(names)
    if more > 0:
        random = np.random.default_rng(1)
        drawn = words.vectors[random.integers(0, len(words.vectors), more)].astype(np.float32)  # (more, D)
        lengths = np.linalg.norm(drawn, axis=1, keepdims=True) / drawn.shape[1] ** 0.5
        drawn += NOISE * lengths * random.standard_normal(drawn.shape, np.float32)
        reach = np.abs(drawn).max(axis=1, keepdims=True) / 127
        new = np.rint(drawn / reach).astype(np.int8)
        names = names + ["word%d" % i for i in range(more)]
        codes, scales = (
            np.concatenate([codes, new]),
            np.concatenate([scales, 1 / np.linalg.norm(new.astype(np.float32), axis=1)]),
        )
    return names, codes, scales.astype(np.float32)


def folder_of(size):
    return FOLDER / ("words-%d" % size)


def prepared(size):
    """The same vectors in two forms: for ours, as weights with a record; for the others, as float32 of length
    1.
    """
    from models import registry
    from training.words import embeddings
    from training.export import publish_arrays

    names, codes, scales = vectors_of(size)
    folder = folder_of(size)
    arrays = {
        "words": np.frombuffer("\n".join(names).encode(), np.uint8),
        "vectors": codes,
        "scales": scales,
        **np.load(str(registry.folder() / "words-ngrams.npz")),
    }
    publish_arrays(folder, "words", embeddings.files(arrays), {})
    vectors = codes.astype(np.float32)
    np.save(str(folder / "vectors.npy"), vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    (folder / "names.txt").write_text("\n".join(names))
    return lambda question: True


def read(size):
    names = (folder_of(size) / "names.txt").read_text().split("\n")
    return names, {name: row for row, name in enumerate(names)}, np.load(str(folder_of(size) / "vectors.npy"))


def ours(size):
    from models.words.model import cosine, model

    words = model()  # WEIGHTS_FOLDER points to the vectors of this size

    def neighbours(name):
        word = words.look_up(name)
        return [name for name, _ in words.nearest(word.vector, COUNT, [word])]

    def analogy(a, b, c):
        return [
            name for name, _ in words.analogy([words.look_up(b), words.look_up(c)], [words.look_up(a)], COUNT)
        ]

    def similarities(pairs):
        asked = [word for pair in pairs for word in pair]
        # before
        known = (
            words.look_up_all(asked)
            if hasattr(words, "look_up_all")
            else {word: words.look_up(word) for word in dict.fromkeys(asked)}
        )
        return [cosine(known[a], known[b]) for a, b in pairs]

    def floor(_):
        """Read what the first pass reads, as fast as this core can add these numbers."""
        return float(words.leading.reshape(-1) @ ones)

    ones = np.ones(words.leading.size, np.float32)
    return answering(neighbours, analogy, similarities, floor)


def gensim(size):
    from gensim.models import KeyedVectors

    names, _, vectors = read(size)
    keyed = KeyedVectors(vectors.shape[1])
    keyed.add_vectors(names, vectors)
    keyed.fill_norms()
    return answering(
        lambda name: [word for word, _ in keyed.most_similar(name, topn=COUNT)],
        lambda a, b, c: [word for word, _ in keyed.most_similar([b, c], [a], topn=COUNT)],
        lambda pairs: [float(keyed.similarity(a, b)) for a, b in pairs],
    )


def by_index(names, rows, vectors, search):
    """search(vector (1, D), count) gives rows, nearest first."""

    def without(vector, asked):
        return [names[row] for row in search(vector[None], COUNT + len(asked)) if names[row] not in asked][
            :COUNT
        ]

    return answering(
        lambda name: without(vectors[rows[name]], [name]),
        lambda a, b, c: without(vectors[rows[b]] + vectors[rows[c]] - vectors[rows[a]], [a, b, c]),
        lambda pairs: np.einsum(
            "nd,nd->n", *(vectors[[rows[pair[side]] for pair in pairs]] for side in (0, 1))
        ).tolist(),
    )


def faiss(size):
    import faiss

    faiss.omp_set_num_threads(1)
    names, rows, vectors = read(size)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return by_index(names, rows, vectors, lambda vector, count: index.search(vector, count)[1][0])


def hnswlib(size):
    """hnswlib's index is built once and kept. For a million words it is built less carefully, and still takes
    minutes.
    """
    import hnswlib

    names, rows, vectors = read(size)
    index, file = hnswlib.Index(space="ip", dim=vectors.shape[1]), folder_of(size) / "hnsw.bin"
    if file.exists():
        index.load_index(str(file), max_elements=size)
    else:
        index.init_index(max_elements=size, M=16, ef_construction=100 if size < 1_000_000 else 40)
        index.add_items(vectors, num_threads=2)
        index.save_index(str(file))
    index.set_num_threads(1)
    index.set_ef(100)
    return by_index(names, rows, vectors, lambda vector, count: index.knn_query(vector, k=count)[0][0])


def answering(neighbours, analogy, similarities, floor=None):
    return lambda question: {
        "neighbours": neighbours,
        "analogy": analogy,
        "similarities": similarities,
        "floor": floor,
    }[question[0]](*question[1:])


WAYS = {"ours": ours, "gensim": gensim, "faiss": faiss, "hnswlib": hnswlib, "prepared": prepared}


def tasks(size):
    """{task: questions}, the same for a size at every call. Words that a person might ask about come from the
    frequent ones.
    """
    names, random = (folder_of(size) / "names.txt").read_text().split("\n"), np.random.default_rng(1)

    def drawn(count, most=None):
        return [names[row] for row in random.choice(most or len(names), count, replace=False)]

    return {
        "neighbours": [["neighbours", word] for word in drawn(30)],
        "analogy": [["analogy", *drawn(3, 5000)] for _ in range(30)],
        "1,000 similarities": [["similarities", [drawn(2) for _ in range(1000)]]],
    }


def agreement(answers, exact):
    """The mean share of the exact answer's words that were found; for similarities,
    the largest difference.
    """
    if isinstance(exact[0][0], float):
        return float(np.abs(np.subtract(answers[0], exact[0])).max())
    return float(np.mean([len(set(answers[place]) & set(exact[place])) / COUNT for place in exact]))


def measured(seconds, sizes, quick):
    """{task among V: {way: spread, with "recall"}, and "floor"}. With `quick`, hnswlib's index of many words
    is not built.
    """
    found = {}
    for size in sizes:
        made_ready(HOUSE, __name__, "prepared", size)
        with ExitStack() as stack:
            variables = {"WEIGHTS_FOLDER": str(folder_of(size))}
            ways = {"ours": HOUSE, "gensim": PEERS, "faiss": PEERS, "hnswlib": PEERS}
            if quick and size > 10_000:
                del ways["hnswlib"]
            peers = {
                way: stack.enter_context(Peer(python, __name__, way, size, variables=variables))
                for way, python in ways.items()
            }
            for task, questions in tasks(size).items():
                taken = side_by_side(peers, questions, seconds, 1)
                rows = {
                    way: {
                        **spread(one["milliseconds"]),
                        "recall": agreement(one["answers"], taken["faiss"]["answers"]),
                    }
                    for way, one in taken.items()
                }
                if task == "neighbours":
                    rows["the floor: reading the first pass's table"] = spread(
                        [took for _ in range(5) for took in peers["ours"].ask(["floor", 0])[0]]
                    )
                found["%s, %s words" % (task, format(size, ","))] = rows
    return found
