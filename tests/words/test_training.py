"""Training of word vectors on our own texts and tables: reading, importing, improving, subwords, scores, the
whole training.
"""

import gzip
import json
import lzma
import pathlib
import random
import subprocess
import tarfile
import timeit

import numpy as np
import pytest
from tests.support.shell import python

from models import registry
from models.words.model import Model
from models.words.tokenizer import normal, tokens, unaccented
from training import export
from training.words import (
    cooccurrence,
    corpus,
    embeddings,
    glove,
    similarity,
    subwords,
    train as words,
    vocabulary,
    word2vec,
    wordnet,
)

pytestmark = pytest.mark.training
ROOT = pathlib.Path(__file__).parent.parent.parent


# Going without


@pytest.mark.parametrize(
    "words, fetched",
    [
        ("", True),
        ("--glove ''", True),
        ("--glove '' --wordnet ''", False),
        ("--wordnet=/wordnet --glove=vectors.npy", False),
        ("--help", False),
    ],
)
def test_npm_is_asked_only_for_what_is_not_given(words, fetched):
    """What `make train-words` would do on a machine without npm."""
    told = subprocess.run(
        ["make", "-n", "NPM=false", "train-words", "ARGS=" + words],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=True,
    ).stdout
    assert ("false install --prefix runs/words" in told) == fetched
    assert "-m training.words.train " + words in told.replace("  ", " ")


# Tokens


@pytest.mark.parametrize(
    "text, expected",
    [
        ("This is Anil Bhatt !", "This is Anil Bhatt !"),
        ("It cost $100B (sic) :(", "It cost $100B (sic) :("),
        ("don't can’t Anil's o'clock", "do n't ca n’t Anil 's o'clock"),
        ("a well-known 20-year-old, e.g. in the U.S.", "a well-known 20-year-old , e.g. in the U.S."),
        ("1,000,000.50 at 10:30 on 2020-01-05: 50%", "1,000,000.50 at 10:30 on 2020-01-05 : 50 %"),
        (
            "see https://a.org/b?c=d. me@x.co.uk #python @you",
            "see https://a.org/b?c=d . me@x.co.uk #python @you",
        ),
        ("👍🏽 👨‍👩‍👧 🇩🇪 happy:) wait...", "👍🏽 👨‍👩‍👧 🇩🇪 happy :) wait ..."),
        ("Dr. No (the film) of Mr. Smith.", "Dr. No ( the film ) of Mr. Smith ."),
        ("C++ and C#, AT&T", "C++ and C# , AT&T"),
        ("हिन्दी में। naïve", "हिन्दी में । naïve"),
    ],
)
def test_tokens_are_those_a_reader_would_name(text, expected):
    """If the tokens are written with spaces between them, they are the same tokens again."""
    assert tokens(text) == expected.split(" ")
    assert tokens(expected) == expected.split(" ")


HARD = [
    "a." * 1000,
    "www." * 500,
    "a@" * 1000,
    "aa.aa-" * 333,
    "'" * 2000,
    "n't" * 666,
    ":-(" * 666,
    "1," * 1000,
    "😀\u200d" * 999,
    "ab.c" * 500,
]


@pytest.mark.parametrize("text", HARD)
def test_no_text_takes_the_tokenizer_long(text):
    """The hardest 2,000 characters for each pattern: the best of three runs takes less than a fifth of a
    second, which is a hundred times the usual time.
    """
    assert min(timeit.repeat(lambda: tokens(text), number=1, repeat=3)) < 0.2


def test_a_word_is_looked_up_in_one_form():
    """Lower case, one code point per accented letter, a straight apostrophe. Accents
    are removed on request.
    """
    assert normal(" Cafe\u0301 ") == "caf\u00e9" and normal("DON’T") == "don't"
    assert unaccented("caf\u00e9") == "cafe" and unaccented("straße") == "strasse"


# The corpus


@pytest.mark.parametrize(
    "name, opener", [("text.txt", open), ("text.txt.gz", gzip.open), ("text.txt.xz", lzma.open)]
)
def test_a_text_is_read_plain_or_packed(tmp_path, name, opener):
    """Two lines with words and one without give one sentence per line, in lower case, with counts."""
    with opener(str(tmp_path / name), "wt") as file:
        file.write("The Car, the car!\n\nIt's new\n")
    counts = corpus.tokenised(tmp_path / name, tmp_path / "tokens.txt")
    assert (tmp_path / "tokens.txt").read_text() == "the car , the car !\nit 's new\n"
    assert counts["the"] == 2 and counts["'s"] == 1


@pytest.mark.parametrize(
    "name, content, sentence",
    [
        ("none.txt", None, "cannot be read"),
        ("empty.txt", b"", "holds no words"),
        ("picture.txt", b"\x89PNG\xff\xfe", "is no text"),
        ("zeros.txt", b"a\0b\n", "is no text"),
        ("false.xz", b"no xz", "damaged"),
        ("false.gz", b"no gz", "damaged"),
        (
            "cut.xz",
            lzma.compress(random.Random(1).getrandbits(8 * 999).to_bytes(999, "big"))[:500],
            "damaged|no text",
        ),
    ],
)
def test_a_corpus_that_cannot_be_read_is_named(tmp_path, name, content, sentence):
    """One sentence without a traceback. No partial file gets the final name."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SystemExit, match=sentence):
        corpus.tokenised(tmp_path / name, tmp_path / "tokens.txt")
    assert not (tmp_path / "tokens.txt").exists()


# Import


VECTORS = np.array([[1, 2, 3], [4, 5, 6.5]], np.float32)


def written(folder, kind):
    """Two words in one of the formats: (path, vocabulary)."""
    lines = "the 1 2 3\ncar 4 5 6.5\n"
    package = {
        "words": ["the", "car"],
        "dimensions": 3,
        "vectors": {"the": [1, 2, 3, 0.5, 0], "car": [4, 5, 6.5, 0.1, 1]},
    }
    path = (
        folder
        / {
            "text": "glove.txt",
            "header": "w2v.txt",
            "gz": "glove.txt.gz",
            "npy": "v.npy",
            "folder": "wink",
            "tgz": "wink.tgz",
        }[kind]
    )
    if kind in ("text", "header"):
        path.write_text(("2 3\n" if kind == "header" else "") + lines)
    elif kind == "gz":
        path.write_bytes(gzip.compress(lines.encode()))
    elif kind == "npy":
        np.save(str(path), VECTORS.astype(np.float16))
        (folder / "vocabulary.txt").write_text("the\ncar\n")
    else:
        (folder / "wink").mkdir()
        (folder / "wink" / glove.PACKAGE).write_text(json.dumps(package))
        if kind == "tgz":
            with tarfile.open(str(path), "w:gz") as archive:
                archive.add(str(folder / "wink"), "package")
    return path, str(folder / "vocabulary.txt") if kind == "npy" else ""


@pytest.mark.parametrize("kind", ["text", "header", "gz", "npy", "folder", "tgz"])
def test_vectors_are_imported_from_every_format(tmp_path, kind):
    """Each gives the same two words and numbers."""
    known, vectors = glove.load(*written(tmp_path, kind))
    assert known == ["the", "car"] and vectors.dtype == np.float32 and vectors == pytest.approx(VECTORS)


@pytest.mark.parametrize(
    "content, sentence",
    [
        ("the 1 2\ncar 1\n", "line 2: 1 numbers, the first line has 2"),
        ("the 1 x\n", "line 1: a word"),
        ("", "0 words"),
    ],
)
def test_a_file_of_vectors_that_is_damaged_is_named(tmp_path, content, sentence):
    """The sentence has the line, if there is one."""
    (tmp_path / "glove.txt").write_text(content)
    with pytest.raises(SystemExit, match=sentence):
        glove.load(tmp_path / "glove.txt")


# Scores


SQUARE = (["a", "b", "c", "d", "e"], np.array([[1, 0], [1, 1], [0, 1], [-1, 1], [-1, -1]], np.float32))


def test_the_rank_correlation_of_the_same_order_is_1_and_a_word_left_out_counts_as_0():
    """The cosines 0.71, 0, -0.71 have the order of the judgements, also with an unknown word in between."""
    index, vectors = {word: row for row, word in enumerate(SQUARE[0])}, similarity.unit(SQUARE[1])
    assert similarity.spearman(index, vectors, [("a", "b", 9), ("a", "c", 5), ("a", "d", 1)]) == (
        pytest.approx(1),
        1,
    )
    assert similarity.spearman(index, vectors, [("a", "b", 1), ("a", "c", 5), ("a", "d", 9)])[
        0
    ] == pytest.approx(-1)
    assert (
        similarity.spearman(
            index, vectors, [("a", "b", 9), ("a", "unknown", 5), ("a", "d", 1), ("b", "e", 0)]
        )[1]
        == 0.75
    )


def test_an_analogy_excludes_the_words_of_the_question():
    """c + b - a = (0, 1) + (1, 1)/1.41 - (1, 0) is nearest to c, which is in the question, and then to d."""
    index, vectors = {word: row for row, word in enumerate(SQUARE[0])}, similarity.unit(SQUARE[1])
    assert similarity.analogies(index, vectors, [("a", "b", "c", "d")]) == (1, 1)
    assert similarity.analogies(index, vectors, [("a", "b", "c", "d"), ("a", "b", "c", "unknown")]) == (
        0.5,
        0.5,
    )


def test_the_sets_are_read_as_gensim_has_them():
    """353 and 999 pairs and 19,544 questions, in lower case. The two halves make up the whole."""
    where = similarity.folder()
    judged = similarity.pairs(where / similarity.PAIRS["wordsim"])
    assert len(judged) == 353 and judged[0] == ("love", "sex", 6.77)
    assert len(similarity.pairs(where / similarity.PAIRS["simlex"])) == 999
    sections = similarity.questions(where / similarity.ANALOGIES)
    assert sum(map(len, sections.values())) == 19544 and sections["capital-common-countries"][0] == (
        "athens",
        "greece",
        "baghdad",
        "iraq",
    )
    assert 0.4 < np.mean([similarity.half(first + " " + second) for first, second, _ in judged]) < 0.6


# Post-processing


def test_dominant_directions_are_removed():
    """Points around (5, 5, 5) that spread along the first axis lose the mean and this axis."""
    points = np.random.RandomState(1).randn(2000, 3) * [9, 1, 1] + 5
    left = embeddings.centred(points, 1)
    assert left.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-8)
    assert left.std(axis=0) == pytest.approx([0, 1, 1], abs=0.1)


def test_a_word_that_one_side_lacks_is_filled_by_regression():
    """The other side is this one times 2 plus 1. The missing word gets just that, and the others stay."""
    guide = np.random.RandomState(1).randn(50, 3)
    known = ["w%d" % i for i in range(49)]
    found = embeddings.filled(known + ["missing"], known, (guide * 2 + 1)[:49], guide, ridge=1e-9)
    assert found == pytest.approx(guide * 2 + 1, abs=1e-4)


def test_side_by_side_cosines_are_weighted_means():
    """Cosines 1 and 0 with weights 2 and 1: (4 * 1 + 1 * 0) / 5."""
    both = similarity.unit(
        embeddings.joined([np.array([[1, 0], [2, 0.0]]), np.array([[1, 0], [0, 1.0]])], [2, 1])
    )
    assert both[0] @ both[1] == pytest.approx(0.8)


def test_kin_are_drawn_together_and_others_stay():
    """Two words at 0 and 1 are kin with weight 1: they move to a third and to two thirds. The third word has
    no kin and stays.
    """
    vectors = np.array([[0.0], [1.0], [5.0]])
    drawn = embeddings.retrofitted(
        vectors, {"a": 0, "b": 1, "c": 2}, {("a", "b"): 1.0, ("b", "a"): 1.0}, strength=1.0, rounds=60
    )
    assert drawn[:, 0] == pytest.approx([1 / 3, 2 / 3, 5], abs=1e-6)


def test_projection_keeps_cosines_and_puts_the_widest_column_first():
    """Of ten columns, two carry nothing. The other eight keep every cosine, and their variances fall."""
    vectors = similarity.unit(np.random.RandomState(1).randn(500, 10) * [0, 9, 1, 2, 3, 0, 4, 5, 6, 7])
    turned = embeddings.projected(vectors, 8)
    assert turned @ turned.T == pytest.approx(vectors @ vectors.T, abs=1e-9)
    assert (np.diff((turned**2).sum(axis=0)) <= 1e-9).all()


def test_eight_bits_keep_unit_vectors():
    """Cosines to the exact vectors are above 0.9999, and lengths are 1."""
    vectors = similarity.unit(np.random.RandomState(1).randn(100, 150))
    codes, _ = embeddings.quantised(vectors)
    back = codes * embeddings.rescaled(codes)[:, None]
    assert np.linalg.norm(back, axis=1) == pytest.approx(np.ones(100), abs=1e-6)
    assert (back * vectors).sum(axis=1).min() > 0.9999


@pytest.mark.parametrize(
    "rank, word, ships",
    [
        (100, "car", True),
        (30000, "zzyx", False),
        (30000, "prohertrib", False),
        (9000, "euro359", False),
        (9000, "mp3", True),
        (900, "u.s.", True),
        (100, "well-known", True),
        (9000, "-", True),
        (9000, "--", False),
        (9000, "http://a.b", False),
        (300000, "marmot", True),
    ],
)
def test_words_that_another_source_knows_ship(rank, word, ships):
    """The corpus has car, well and known; the dictionary has marmot."""
    assert vocabulary.kept(rank, word, {"car": 50, "well": 50, "known": 50, "zzyx": 1}, {"marmot"}) == ships


def test_words_that_the_import_lacks_join_at_their_frequency():
    """n't is less frequent than the first of three words and more frequent than the second. Halves of words
    stay out.
    """
    counts = {"the": 900, "car": 300, "rare": 30, "n't": 400, "ller": 400}
    assert vocabulary.lacking(["the", "car", "rare"], counts) == ["n't"]
    assert vocabulary.merged(["the", "car", "rare"], ["n't"], counts) == ["the", "n't", "car", "rare"]


def test_kin_are_read_from_wordnets_files(tmp_path):
    """car and auto are in one set, with the hypernym vehicle. Half of the uses of car are another sense."""
    used = {
        "car%1:06:00::": "00000010 1 1",
        "car%1:06:01::": "00000030 2 1",
        "auto%1:06:00::": "00000010 1 0",
        "vehicle%1:06:00::": "00000020 1 0",
    }
    (tmp_path / "index.sense").write_text("".join("%s %s\n" % line for line in used.items()))
    sets = (
        "  licence",
        "00000010 06 n 02 car 0 auto 0 001 @ 00000020 n 0000 | a",
        "00000020 06 n 01 vehicle 0 000 | b",
        "00000030 06 n 01 car 0 000 | c",
    )
    (tmp_path / "data.noun").write_text("\n".join(sets))
    for part in ("verb", "adj", "adv"):
        (tmp_path / ("data." + part)).write_text("")
    found = wordnet.edges(tmp_path, {"car": 0, "auto": 1, "vehicle": 2})
    assert found["car", "auto"] == found["auto", "car"] == 0.5
    assert found["vehicle", "auto"] == 0.5 and found["car", "vehicle"] == 0.25
    assert wordnet.lemmas(tmp_path) == {"car", "auto", "vehicle"}


# Subwords


def test_ngrams_that_add_up_to_the_vectors_are_found():
    """Vectors are made from n-grams, and the fit reproduces them, also for words that it has not seen."""
    known = [
        "%s%s" % (first, second)
        for first in ("car", "bus", "tram", "ship")
        for second in ("s", "less", "like", "port")
    ]
    parts = {
        part: vector
        for part, vector in zip(
            ("car", "bus", "tram", "ship", "s", "less", "like", "port"), np.random.RandomState(1).randn(8, 5)
        )
    }
    vectors = np.array(
        [
            parts[first] + parts[second]
            for first in ("car", "bus", "tram", "ship")
            for second in ("s", "less", "like", "port")
        ]
    )
    grams = subwords.table(known[:-1], (3, 6), 200)
    design = subwords.design(known, grams, (3, 6))
    fitted = subwords.fitted(design[:-1], vectors[:-1].astype(np.float32), np.ones(15), 1e-3, 200)
    made = similarity.unit(design @ fitted)
    assert (made * similarity.unit(vectors)).sum(axis=1)[:-1].min() > 0.98
    assert subwords.ranks(made[-1:], similarity.unit(vectors), [15], 2)["median_rank_of_the_word"] == 1


def test_a_row_of_the_design_is_a_mean_over_ngrams():
    """<aaa> has aaa once and <aa once, and both are known: a half each. A word with no known n-gram has
    nothing.
    """
    assert subwords.design(["aaa", "xyz"], ["aaa", "<aa"], (3, 3)).toarray().tolist() == [[0.5, 0.5], [0, 0]]


# The whole story


SENTENCES = [
    "the %s %s the %s on the road" % (who, does, what)
    for who in ("king", "queen", "man", "woman")
    for does in ("drives", "sees", "likes")
    for what in ("car", "truck", "bus", "horse")
] * 10
SMALL = (
    "--glove",
    "",
    "--wordnet",
    "",
    "--size",
    "96",
    "--least",
    "1",
    "--epochs",
    "2",
    "--dimensions",
    "80",
    "--ngrams",
    "50",
    "--sample",
    "1",
)


def trained(folder, method="skipgram", epochs=2, resume=False, size=12):
    """The vectors of a small training in this process."""
    (folder / "tokens.txt").write_text("\n".join(SENTENCES))
    settings = words.Settings(folder=str(folder), method=method, size=size, least=1, sample=1, epochs=epochs)
    return word2vec.fit(settings, folder / "tokens.txt", resume)


@pytest.mark.parametrize("method", word2vec.METHODS)
def test_every_method_trains_and_goes_on_from_its_checkpoint(tmp_path, method, monkeypatch):
    """Interrupted after the first of two epochs and resumed, it gives the same vectors and two lines in the
    log.
    """
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    (known, vectors), _ = trained(tmp_path / "whole", method)
    save = word2vec.saved

    def breaks(folder, model, progress):
        save(folder, model, progress)
        raise KeyboardInterrupt

    monkeypatch.setattr(word2vec, "saved", breaks)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "broken", method)
    monkeypatch.setattr(word2vec, "saved", save)
    (again, resumed), _ = trained(tmp_path / "broken", method, resume=True)
    assert again == known and resumed == pytest.approx(vectors, abs=1e-6)
    with pytest.raises(SystemExit, match="--resume"):
        trained(tmp_path / "broken", method)
    (tmp_path / "broken" / "own.kv").unlink()  # stopped between the last checkpoint and it
    assert trained(tmp_path / "broken", method, resume=True)[0][0] == known
    with pytest.raises(SystemExit, match="began with another --method or --size"):
        trained(tmp_path / "broken", method, resume=True, size=3)


def test_resume_without_a_checkpoint_says_that_it_begins_anew(tmp_path, capsys):
    trained(tmp_path, epochs=1, resume=True)
    assert (
        "%s holds no checkpoint to go on from: the training begins anew." % tmp_path
        in capsys.readouterr().out
    )


def test_words_near_each_other_are_counted_by_one_over_their_distance():
    """a b c, and a b in another sentence: a and b are twice at 1, b and c at 1, a and c at 2. Nothing counts
    across sentences.
    """
    counts = cooccurrence.counted(np.array([0, 1, 2, -1, -1, 0, 1, -1, -1]), 2, 3)
    assert counts.toarray().tolist() == [[0, 2, 0.5], [2, 0, 1], [0.5, 1, 0]]


def test_glove_learns_the_logarithms_of_the_counts():
    """The products of the vectors plus their biases come near the logarithms, and words in the same places
    come together.
    """
    model = cooccurrence.GloVe(12, 5, 1, 1)
    model.build_vocab([sentence.split() for sentence in SENTENCES])
    for _ in range(40):
        model.train(None, 0.1, 0.1)
    first, second = (model.vectors[side][model.pairs[side]] for side in (0, 1))  # (P, D + 1)
    said = (first[:, :-1] * second[:, :-1]).sum(axis=1) + first[:, -1] + second[:, -1]
    assert (
        model.pairs.shape[1] > 60
        and np.abs(said - model.logs).mean() < 0.1 * np.abs(model.logs - model.logs.mean()).mean()
    )
    assert model.wv.similarity("car", "truck") > model.wv.similarity("car", "king") + 0.3


def beside(folder):
    """Vectors to import and a WordNet for the sentences: --glove and --wordnet."""
    known = "the king queen man woman car truck bus horse on road drives sees likes prohertrib".split()
    rows = [
        "%s %s" % (word, " ".join("%.3f" % number for number in np.random.RandomState(place).randn(6)))
        for place, word in enumerate(known)
    ]
    (folder / "glove.txt").write_text("\n".join(rows) + "\n")
    (folder / "index.sense").write_text(
        "".join("%s%%1:06:00:: 00000010 1 1\n" % word for word in ("car", "truck"))
    )
    for part in ("noun", "verb", "adj", "adv"):
        (folder / ("data." + part)).write_text(
            "00000010 06 n 02 car 0 truck 0 000 | a\n" if part == "noun" else ""
        )
    return "--glove", folder / "glove.txt", "--wordnet", folder


@pytest.mark.parametrize("imported", [False, True])
def test_from_a_text_to_weights_by_the_shell(tmp_path, imported):
    """A text, alone or with a WordNet and vectors to join: train, export, and train nothing on resuming. The
    record describes the file.
    """
    (tmp_path / "text.txt").write_text("\n".join(SENTENCES))
    line = (
        "training.words.train",
        "--corpus",
        tmp_path / "text.txt",
        "--folder",
        tmp_path / "run",
        *SMALL,
        *(beside(tmp_path) if imported else ()),
    )
    for more in ((), ("--resume",)):
        python(*line, *more)
        assert len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) == 2
    python("training.export", "words", "--folder", tmp_path / "run", "--weights", tmp_path / "weights")
    record = json.loads((tmp_path / "weights" / "words.json").read_text())
    known, vectors = glove.load(tmp_path / "weights" / "words-vectors.npz")
    assert record["words"] == len(known) == 14 and vectors.shape == (14, 80) and "prohertrib" not in known
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(14), abs=1e-5)
    assert record["files"]["vectors"]["bytes"] == (tmp_path / "weights" / "words-vectors.npz").stat().st_size


def test_vectors_in_two_files_are_served_and_read_as_they_were_in_one(tmp_path, monkeypatch):
    """Rows before and after the border between the files are right, also after an export of fewer words."""
    words, random = ["the", "car", "truck", "tea", "gneiss", "schist", "basalt"], np.random.default_rng(1)
    vectors = similarity.unit(random.standard_normal((7, 80)))
    arrays = embeddings.packed(words, vectors, ["<ca", "car"], vectors[:2])
    monkeypatch.setattr(embeddings, "FIRST", 4)
    export.publish_arrays(tmp_path, "words", embeddings.files(arrays), {"ngram_lengths": [3, 3]})
    assert np.load(str(tmp_path / "words-vectors.npz"))["vectors"].shape == (4, 80)
    known, found = glove.load(tmp_path / "words-vectors.npz")
    served = Model(registry.Weights("words", tmp_path))
    assert known == words and found == pytest.approx(vectors, abs=0.02)
    assert [served.look_up(word).vector for word in words] == [
        pytest.approx(vector, abs=0.02) for vector in vectors
    ]
    assert served.nearest(vectors[5], 1, [])[0][0] == "schist"
    fewer = embeddings.packed(words[:3], vectors[:3], ["<ca"], vectors[:1])
    export.publish_arrays(tmp_path, "words", embeddings.files(fewer), {"ngram_lengths": [3, 3]})
    assert (
        glove.load(tmp_path / "words-vectors.npz")[1].shape == (3, 80)
        and len(Model(registry.Weights("words", tmp_path)).vectors) == 3
    )


def test_a_method_that_there_is_not_is_named():
    """The sentence names the existing methods."""
    with pytest.raises(AssertionError, match="cbow, skipgram, fasttext, glove"):
        python("training.words.train", "--method", "magic")


# What ships


def test_the_record_says_what_the_shipped_file_holds():
    """At most 25 MB, at least 100,000 words, rows of length 1, and n-grams with the lengths in the record."""
    record = json.loads((ROOT / "weights" / "words.json").read_text())
    known, vectors = glove.load(ROOT / "weights" / "words-vectors.npz")
    assert (
        len(known) == len(set(known)) == record["words"] >= 100000
        and vectors.shape[1] == record["dimensions"]
    )
    assert sum(path.stat().st_size for path in (ROOT / "weights").glob("words-*.npz")) <= 25e6
    assert np.linalg.norm(vectors[::97], axis=1) == pytest.approx(np.ones(len(vectors[::97])), abs=1e-4)
    assert not [word for word in known if word != normal(word) or not word or len(word.split()) != 1]
    assert not {"prohertrib", "worldsources", "euro359"} & set(known)


def test_the_shipped_vectors_pass_the_bars():
    """The record's analogies, WordSim-353 and SimLex-999, and SimLex-999 again computed from the file."""
    record = json.loads((ROOT / "weights" / "words.json").read_text())
    figures = record["metrics"]["all"]
    assert figures["analogies"] >= 0.66 and figures["wordsim"] >= 0.70 and figures["simlex"] >= 0.37
    known, vectors = glove.load(ROOT / "weights" / "words-vectors.npz")
    index = {word: row for row, word in enumerate(known)}
    judged = similarity.pairs(similarity.folder() / similarity.PAIRS["simlex"])
    assert similarity.spearman(index, vectors, judged)[0] == pytest.approx(figures["simlex"], abs=1e-3)
