"""Ten neighbours of a word, one thread: ours beside gensim, plain numpy and faiss's exact index: `make bench-neighbours`.

All hold the shipped vectors and answer the same questions in turn, from a word to ten words with their cosines. The table has median
times, the fastest (a busy machine slows all), and the recall: how many of the ten that exact float32 arithmetic finds are found.
"""

import argparse
import os
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")  # before numpy reads them

import faiss
import numpy as np
from gensim.models import KeyedVectors

from models.words.model import model

# V vocabulary, D dimensions

COUNT = 10


def ours(names, vectors):
    words = model()

    def nearest(name):
        word = words.look_up(name)
        return words.nearest(word.vector, COUNT, [word])

    return nearest


def gensim(names, vectors):
    keyed = KeyedVectors(vectors.shape[1])
    keyed.add_vectors(names, vectors)
    keyed.fill_norms()
    return lambda name: keyed.most_similar(name, topn=COUNT)


def numpy(names, vectors):
    rows = {name: row for row, name in enumerate(names)}

    def nearest(name):
        cosines = vectors @ vectors[rows[name]]  # (V,)
        best = np.argpartition(-cosines, COUNT)[: COUNT + 1]
        best = best[np.argsort(-cosines[best])]
        return [(names[row], cosines[row]) for row in best if names[row] != name][:COUNT]

    return nearest


def faiss_exact(names, vectors):
    rows = {name: row for row, name in enumerate(names)}
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)

    def nearest(name):
        cosines, found = index.search(vectors[rows[name] : rows[name] + 1], COUNT + 1)  # (1, 11)
        return [(names[row], cosine) for row, cosine in zip(found[0], cosines[0]) if names[row] != name][:COUNT]

    return nearest


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--questions", type=int, default=2000, help="words asked, drawn from the whole vocabulary")
    questions = parser.parse_args().questions
    faiss.omp_set_num_threads(1)
    words = model()
    names = words.vocabulary.words
    vectors = words.vectors.astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)  # (V, D)
    ways = {"gensim": gensim, "numpy float32": numpy, "faiss exact": faiss_exact, "ours, two passes": ours}
    ways = {name: make(names, vectors) for name, make in ways.items()}
    times = {name: [] for name in ways}
    found = {name: 0 for name in ways}
    for asked in np.random.default_rng(1).choice(names, questions, replace=False):
        asked, answers = str(asked), {}
        for name, nearest in ways.items():
            began = time.perf_counter()
            answers[name] = {word for word, _ in nearest(asked)}
            times[name].append(1000 * (time.perf_counter() - began))
        for name in ways:
            found[name] += len(answers[name] & answers["numpy float32"])
    print("%d words of %d dimensions, %d questions, one thread\n" % (*vectors.shape, questions))
    print("| | median, ms | of gensim | fastest, ms | recall@%d |\n|---|---|---|---|---|" % COUNT)
    for name in ways:
        median = np.median(times[name])
        print("| %s | %.2f | %.2f | %.2f | %.4f |" % (name, median, median / np.median(times["gensim"]), min(times[name]), found[name] / questions / COUNT))


if __name__ == "__main__":
    main()
