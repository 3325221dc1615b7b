"""The ten nearest words among the shipped vectors: numpy as it is served, faiss (Johnson et al. 2017,
arXiv:1702.08734) and Annoy (Spotify).

It measures how long an index takes to build, its size, the time of a question, and the share of true
neighbours that are found. Each way is a process with one thread (bench/speed/peers.py). The libraries are in
.venv-peers. faiss's exact search gives the true neighbours.
"""

import json
import time
from contextlib import ExitStack

import numpy as np

from bench.speed import words
from bench.speed.peers import HOUSE, PEERS, ROOT, Peer, made_ready, side_by_side, spread

EXACT, QUESTIONS = "faiss, exact", 200
CHOSEN = {  # {name: (its Python, the way, its arguments)}
    "numpy, as it is served": (HOUSE, "ours", []),
    EXACT: (PEERS, "faiss", ["Flat", ""]),
    "faiss, 350 cells, 16 of them searched": (PEERS, "faiss", ["IVF350,Flat", "nprobe=16"]),
    "faiss, HNSW of 16 links, 64 candidates": (
        PEERS,
        "faiss",
        ["HNSW16,Flat", "efConstruction=40,efSearch=64"],
    ),
    "Annoy, 10 trees": (PEERS, "annoy", [10]),
    "Annoy, 100 trees": (PEERS, "annoy", [100]),
}


def known(answering, began, *files):
    """A function that answers questions. For ["index"] it gives the processor seconds since `began`, and the
    megabytes of its files.
    """
    facts = {
        "seconds": time.process_time() - began,
        "megabytes": sum(file.stat().st_size for file in files) / 1e6,
    }
    return lambda question: facts if question[0] == "index" else answering(question)


def ours(size):
    """Ours. Its files are the vectors as they are served, with 8 bits per number, and the words. The table of
    the first pass is built at a start.
    """
    from models.words.model import model

    began = time.process_time()
    model().leading
    return known(words.ours(size), began, *words.folder_of(size).glob("words-[vr]*.npz"))


def faiss(size, kind, parameters):
    import faiss

    faiss.omp_set_num_threads(1)
    names, rows, vectors = words.read(size)
    began = time.process_time()
    index, file = (
        faiss.index_factory(vectors.shape[1], kind, faiss.METRIC_INNER_PRODUCT),
        words.folder_of(size) / (kind + ".faiss"),
    )
    faiss.ParameterSpace().set_index_parameters(index, parameters)
    index.train(vectors)
    index.add(vectors)
    faiss.write_index(index, str(file))
    return known(
        words.by_index(names, rows, vectors, lambda vector, count: index.search(vector, count)[1][0]),
        began,
        file,
    )


def annoy(size, trees):
    from annoy import AnnoyIndex

    names, rows, vectors = words.read(size)
    began = time.process_time()
    index, file = AnnoyIndex(vectors.shape[1], "angular"), words.folder_of(size) / ("%d.annoy" % trees)
    index.set_seed(1)
    for row, vector in enumerate(vectors):
        index.add_item(row, vector)
    index.build(trees, n_jobs=1)
    index.save(str(file))
    return known(
        words.by_index(names, rows, vectors, lambda vector, count: index.get_nns_by_vector(vector[0], count)),
        began,
        file,
    )


WAYS = {"ours": ours, "faiss": faiss, "annoy": annoy, "prepared": words.prepared}


def shipped():
    """The number of words that have shipped vectors."""
    return json.loads((ROOT / "weights" / "words.json").read_text())["words"]


def compared(size, ways=tuple(CHOSEN), questions=QUESTIONS):
    """{way: its row of the table}. All are asked in turn for the neighbours of the same words, drawn from the
    first `size`.
    """
    made_ready(HOUSE, __name__, "prepared", size)
    names = (words.folder_of(size) / "names.txt").read_text().split("\n")
    asked = [
        ["neighbours", names[row]]
        for row in np.random.RandomState(1).choice(len(names), questions, replace=False)
    ]
    with ExitStack() as stack:
        variables = {"WEIGHTS_FOLDER": str(words.folder_of(size))}
        peers = {}
        for name in ways:
            python, way, told = CHOSEN[name]
            peers[name] = stack.enter_context(Peer(python, __name__, way, size, *told, variables=variables))
        index = {name: peer.ask(["index"])[1] for name, peer in peers.items()}
        taken = side_by_side(peers, asked, 0, 1)
    return {
        name: {
            "to build, s": round(index[name]["seconds"], 1),
            "MB": round(index[name]["megabytes"], 1),
            "ms a question": round(spread(one["milliseconds"])["median"], 2),
            "recall@10": round(words.agreement(one["answers"], taken[EXACT]["answers"]), 3),
        }
        for name, one in taken.items()
    }
