"""Training on our own sentences: reading, cleaning, splitting, invented names, batches, the quick loss, early
stopping.
"""

import gzip
import itertools
import json
import lzma
import pathlib
import random
import re
from dataclasses import dataclass

import pytest
import torch

from models import registry
from models.translation.model import model
from models.translation.tokenizer import BEGIN, END, PAD
from models.translation.verbatim import MASKS
from tests.support.shell import python
from training import export, loop
from training.translation.train import ARCHITECTURES
from training.translation import dress, evaluate, lexicon, pairs, quick, train as translation
from training.translation.metrics import translated

pytestmark = pytest.mark.training


class Letters:
    """A tokenizer for tests: each letter is a token, and `a` is 4."""

    def ids(self, texts, dropout=0.0):
        return [[ord(letter) - 93 for letter in text] + [END] for text in texts]


@pytest.fixture(scope="module")
def german():
    return model("de-en-transformer").tokenizer


# Lexicon

HOUSES = [
    ("Der Hund schläft.", "The dog sleeps."),
    ("Die Katze schläft.", "The cat sleeps."),
    ("Der Hund bellt.", "The dog barks."),
    ("Die Katze und der Hund.", "The cat and the dog."),
    ("Kirsche", "cherry"),
]


def test_words_mean_what_is_always_beside_them():
    """Hund is dog by three sentences, Kirsche by one that is short; bellt is there once, in a longer one."""
    lines = dict(line.split("\t", 1) for line in lexicon.meanings(HOUSES * 2).decode().splitlines())
    assert lines["Hund"].split("\t")[1].endswith(" dog") and lines["Katze"].split("\t")[1].endswith(" cat")
    assert lines["Kirsche"] == "100\t100 cherry" and list(lines) == sorted(lines)


def test_a_lexicon_has_the_likely_tokens_of_each_and_those_that_any_sentence_may_say(german):
    table, frequent = lexicon.lexicon(german, HOUSES)
    hund, dog = (german.ids([text])[0][0] for text in ("Hund", "dog"))
    assert table.shape == (len(german), lexicon.LIKELIEST) and dog in table[hund].tolist()
    assert {0, 1, 2, 3, *german.masks} <= set(frequent.tolist())


# Pairs


def test_a_tsv_is_target_tab_source_and_more_columns_are_left_out(tmp_path):
    """Tatoeba's files have English first, the other language second, and a note third."""
    (tmp_path / "pairs.tsv").write_text("Hello.\tHallo.\tnote\n\nThe tree.\tDer Baum.\n", encoding="utf-8")
    assert pairs.read(str(tmp_path / "pairs.tsv")) == [("Hallo.", "Hello."), ("Der Baum.", "The tree.")]


def test_a_mark_of_the_encoding_and_an_empty_column_are_no_words(tmp_path):
    """Editors of Windows begin a file with one."""
    (tmp_path / "pairs.tsv").write_text("Hello.\tHallo.\nThe tree.\t\n", encoding="utf-8-sig")
    assert pairs.read(str(tmp_path / "pairs.tsv")) == [("Hallo.", "Hello."), ("", "The tree.")]


def test_columns_that_are_the_other_way_round_are_seen_in_all_sentences_together():
    """Each alone is too short to tell its language."""
    right = [("Der Hund ist groß.", "The dog is big."), ("Das Haus und der Baum.", "The house and the tree.")]
    wrong = [pair[::-1] for pair in right]
    assert [pairs.swapped(rows, ("de", "en")) for rows in (right, wrong, [])] == [False, True, False]
    assert not pairs.swapped([("Le chien est grand et la maison est petite.", right[0][1])], ("fr", "en"))


@pytest.mark.parametrize("ending, opened", [("", open), (".gz", gzip.open), (".xz", lzma.open)])
def test_two_files_of_lines_are_read_plain_and_packed(tmp_path, ending, opened):
    """SOURCE:TARGET, line by line."""
    for name, text in (("de", "Hallo.\nGrün\n"), ("en", "Hello.\nGreen\n")):
        with opened(str(tmp_path / (name + ending)), "wt", encoding="utf-8") as file:
            file.write(text)
    assert pairs.read("%s/de%s:%s/en%s" % (tmp_path, ending, tmp_path, ending)) == [
        ("Hallo.", "Hello."),
        ("Grün", "Green"),
    ]


@pytest.mark.parametrize(
    "text, sentence",
    [
        (b"Hello.\tHallo.\nno tab here\n", "line 2, has no tab"),
        (b"\xff\xfe\t\n", "cannot be read as lines of text"),
        (b"", "holds no pair of sentences"),
    ],
)
def test_a_file_that_holds_no_pairs_is_told_in_a_sentence(tmp_path, text, sentence):
    """The sentence names the file, and the line if one is wrong."""
    (tmp_path / "pairs.tsv").write_bytes(text)
    with pytest.raises(SystemExit, match=r"pairs\.tsv.*" + sentence):
        pairs.read(str(tmp_path / "pairs.tsv"))


def test_files_of_different_lengths_cannot_be_pairs(tmp_path):
    (tmp_path / "de").write_text("Eins.\nZwei.\n")
    (tmp_path / "en").write_text("One.\n")
    with pytest.raises(SystemExit, match="has 2 lines and .* has 1"):
        pairs.read("%s/de:%s/en" % (tmp_path, tmp_path))


def test_a_missing_file_is_told_in_a_sentence():
    with pytest.raises(SystemExit, match="nowhere.tsv cannot be read"):
        pairs.read("nowhere.tsv")


def test_doubles_long_pairs_and_what_is_tested_on_are_dropped_and_counted():
    """The test sentence is recognised with other case and punctuation too."""
    found = [("Ja.", "Yes."), ("Ja.", "Yes."), ("Jo.", "Yes."), ("x" * 11, "y"), ("Ein Hund", "A DOG!")]
    kept, dropped = pairs.clean(found, longest=10, never={pairs.key("a dog")})
    assert kept == [("Ja.", "Yes."), ("Jo.", "Yes.")]
    assert dropped == {"twice": 1, "longer than 10 characters": 1, "in a test set": 1}


def test_all_translations_of_a_target_are_on_the_same_side():
    """Of 2,000 targets, each in three pairs and three spellings, about a tenth is held out twice."""
    spelled = [
        ("Quelle %d %d" % (i, k), spelling)
        for i in range(2000)
        for k, spelling in enumerate(("say %d" % i, "Say %d." % i, "SAY, %d!" % i))
    ]
    parts = pairs.split(spelled, 0.1)
    keys = [{pairs.key(target) for _, target in part} for part in parts]
    assert sum(map(len, parts)) == 6000 and not (keys[0] & keys[1] or keys[0] & keys[2] or keys[1] & keys[2])
    assert 150 < len(keys[1]) < 250 and 150 < len(keys[2]) < 250


# Invented names


TOM = ("Tom wohnt seit 1990 in Boston.", "Tom has lived in Boston since 1990.")


def test_the_same_invented_name_stands_in_both_sentences():
    """Names and numbers that both sentences have are replaced, and nothing else."""
    source, target = pairs.Inventions([TOM])(TOM, random.Random(1))
    assert not {"Tom", "Boston", "1990"} & set((source + target).replace(".", "").split())
    name, place = source.split(" wohnt seit ")[0], source.split(" in ")[1][:-1]
    year = source.split(" seit ")[1].split()[0]
    assert target == "%s has lived in %s since %s." % (name, place, year)


def test_a_name_keeps_its_s():
    """Toms Hund is Tom's dog, whatever the new name is."""
    pair = ("Tom sah Toms Hund.", "Tom saw Tom's dog.")
    source, target = pairs.Inventions([pair])(pair, random.Random(1))
    name = source.split(" sah ")[0]
    assert (source, target) == ("%s sah %ss Hund." % (name, name), "%s saw %s's dog." % (name, name))


def test_a_word_that_is_also_written_small_is_no_name():
    """Both sentences begin with In; `in` is a word."""
    known = [("Er ist in Rom.", "He is in Rome.")] * 2
    pair = ("In Bonn regnet es.", "In Bonn it rains.")
    assert pairs.Inventions(known + [pair]).shared(*pair) == {"Bonn"}


def test_a_number_with_a_comma_or_a_colon_is_left_alone():
    """The two languages write 7:30 and 3,5 differently."""
    pair = ("Um 7:30 waren es 3,5 von 12.", "At 7:30 it was 3.5 of 12.")
    assert pairs.Inventions([pair]).shared(*pair) == {"12"}


def test_a_number_word_becomes_any_number_in_both_sentences():
    """Captions have number words and hardly any digits. Half of the time, a number that nobody has seen
    replaces the word.
    """
    pair = ("Zwei Hunde jagen drei Katzen.", "Two dogs chase three cats.")
    inventions, stream = pairs.Inventions([pair]), random.Random(2)
    assert inventions.numerals(*pair) == [("zwei", "two"), ("drei", "three")]
    for source, target in (inventions(pair, stream) for _ in range(200)):
        ours, theirs = (
            re.fullmatch("(.+) Hunde jagen (.+) Katzen.", source).groups(),
            re.fullmatch("(.+) dogs chase (.+) cats.", target).groups(),
        )
        assert all(
            one == other or (one, other) in (("Zwei", "Two"), ("drei", "three"))
            for one, other in zip(ours, theirs)
        )


def test_a_number_word_that_stands_twice_stays():
    """It would be a guess which of them is meant."""
    pair = ("Zwei und zwei ist vier.", "Two and two are four.")
    assert pairs.Inventions([pair]).numerals(*pair) == [("vier", "four")]


# Batches and the loss


def test_batches_hold_every_pair_once_padded_at_the_end():
    """The target begins with BEGIN, both end with END, then comes PAD. No batch has
    more tokens than allowed.
    """
    some = [("a" * n, "b" * n) for n in range(1, 30)]
    batches = list(pairs.Batches(Letters(), some, tokens=60, seed=(1,)))
    lengths = sorted(int(row.ne(PAD).sum()) - 1 for source, _ in batches for row in source)
    assert lengths == list(range(1, 30))
    for source, target in batches:
        assert source.numel() <= 60 and (target[:, 0] == BEGIN).all()
        assert (source.eq(END).sum(dim=1) == 1).all() and (target.eq(END).sum(dim=1) == 1).all()


def test_the_quick_loss_is_cross_entropy_with_smoothed_labels():
    """Two tokens of three. Smoothing 0.3 gives 0.8, 0.1, 0.1. Value and gradient are compared with
    autograd's.
    """
    logits = torch.tensor([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]], requires_grad=True)
    wanted = torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
    expected = -(wanted * logits.log_softmax(dim=1)).sum(dim=1).mean()
    (gradient,) = torch.autograd.grad(expected, logits)
    value, exact = quick.cross_entropy(logits, torch.tensor([0, 2]), 0.3)
    value.backward()
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)
    assert exact.item() == pytest.approx(
        torch.nn.functional.cross_entropy(logits, torch.tensor([0, 2])).item(), rel=1e-6
    )
    assert torch.allclose(logits.grad, gradient, atol=1e-7)


def test_the_quick_dropout_drops_its_share_and_keeps_the_mean():
    """A quarter of a million ones becomes 0, and the others 4 / 3. In evaluation mode nothing changes."""
    layer, ones = quick.Dropout(0.25), torch.ones(1000, 1000)
    dropped = layer(ones)
    assert 0.245 < dropped.eq(0).float().mean().item() < 0.255
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert dropped.mean(dim=0).std().item() < 0.03  # no column more than another; by chance it is 0.018
    assert torch.equal(layer.eval()(ones), ones)


def test_quick_dropouts_take_the_place_of_all_and_leave_the_weights():
    """The state has the same names, and no nn.Dropout is left."""
    network = ARCHITECTURES["transformer"](20, width=8, heads=2)
    names = list(network.state_dict())
    quick.dropouts(network)
    assert list(network.state_dict()) == names
    assert not [module for module in network.modules() if isinstance(module, torch.nn.Dropout)]


def test_scheduled_sampling_feeds_the_network_its_own_words():
    """Without teacher forcing, only the first known token matters."""
    torch.manual_seed(1)
    network = ARCHITECTURES["gru"](20, width=8).eval()
    source, known, other = (
        torch.tensor([[5, 6, END]]),
        torch.tensor([[BEGIN, 7, 8]]),
        torch.tensor([[BEGIN, 9, 9]]),
    )
    assert torch.equal(network(source, known, 0.0), network(source, other, 0.0))
    assert not torch.equal(network(source, known), network(source, other))


# Early stopping


@dataclass
class Brief:
    """The settings of a training of one weight."""

    epochs: int = 9
    minutes: float = 0
    patience: int = 2
    learning_rate: float = 0.1
    warmup: float = 0
    decay: float = 0
    weight_decay: float = 0
    memory: float = 0
    seed: int = 1


def stopped(folder, figures, resume=False):
    """The log of a training with these validation losses, and the weight of the epoch that is returned."""
    network, weights = torch.nn.Linear(1, 1), {}

    def after_epoch(averaged, epoch):
        weights[epoch] = averaged.weight.item()
        return {"validation_loss": figures[epoch - 1]}

    def loss(network, batch, progress):
        return network(batch[0]).sum(), {}

    best, _ = loop.fit(
        network,
        loss,
        lambda epoch: [[torch.ones(1, 1)]],
        Brief(),
        folder,
        resume,
        after_epoch,
        "validation_loss",
    )
    epochs = [json.loads(line)["epoch"] for line in (folder / "log.jsonl").read_text().splitlines()]
    return epochs, [epoch for epoch, weight in weights.items() if weight == best.weight.item()]


def test_a_training_ends_when_it_no_longer_gets_better_and_hands_back_its_best(tmp_path):
    """The second epoch is the best. Two worse ones end the training, which had nine."""
    assert stopped(tmp_path, [5, 3, 4, 4, 1, 1, 1, 1, 1]) == ([1, 2, 3, 4], [2])


def test_a_training_that_gets_better_goes_on_to_its_end(tmp_path):
    assert stopped(tmp_path, list(range(9, 0, -1))) == (list(range(1, 10)), [9])


def test_a_resumed_training_remembers_that_it_was_over(tmp_path):
    stopped(tmp_path, [5, 3, 4, 4, 1, 1, 1, 1, 1])
    assert stopped(tmp_path, [9] * 9, resume=True)[0] == [1, 2, 3, 4]


# The story


SENTENCES = [
    ("%s %s %s %d." % (a, b, c, n), "%s %s %s %d." % (x, y, z, n))
    for n, ((a, x), (b, y), (c, z)) in enumerate(
        itertools.product(
            [("Der Hund", "The dog"), ("Eine Frau", "A woman"), ("Tom", "Tom"), ("Mein Vater", "My father")],
            [("sieht", "sees"), ("mag", "likes"), ("sucht", "seeks")],
            [
                ("den Ball", "the ball"),
                ("ein Haus", "a house"),
                ("Boston", "Boston"),
                ("das Meer", "the sea"),
            ],
        )
    )
]


@pytest.fixture(scope="module", params=["gru", "transformer"])
def story(request, tmp_path_factory):
    """The folder and the output of a training of two epochs from the shell."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "pairs.tsv").write_text("".join("%s\t%s\n" % (target, source) for source, target in SENTENCES))
    words = [
        "--architecture",
        request.param,
        "--pairs",
        folder / "pairs.tsv",
        "--tests",
        "",
        "--held-out",
        0.1,
        "--epoch-pairs",
        0,
        "--grammar",
        0,
        "--folder",
        folder / "run",
        "--vocabulary",
        320,
        "--width",
        32,
        "--epochs",
        2,
    ]
    return folder / "run", python("training.translation.train", *words)


def test_a_training_from_the_shell_leaves_pictures_translations_and_facts(story):
    """Curves, heat maps of attention, the translated examples, and a record without NaN."""
    folder, output = story
    facts = json.loads((folder / "facts.json").read_text())
    assert (
        "pairs to train on" in output
        and (folder / "curves.png").stat().st_size > 1000 < (folder / "attention.png").stat().st_size
    )
    assert (folder / "examples.txt").read_text(encoding="utf-8").startswith(translation.EXAMPLES["de"][0])
    assert facts["data"]["training"][0] + facts["data"]["validation"] + facts["metrics"]["held out of pairs"][
        "sentences"
    ] == len(SENTENCES)
    assert len(facts["attention"]["on_names"]) == {"gru": 1, "transformer": 2}[
        facts["architecture"]
    ] and "NaN" not in json.dumps(facts)


def test_a_trained_state_is_what_is_exported(story):
    """The network that to_export gives scores as the record says."""
    network, (table, frequent), files, facts = translation.to_export(story[0])
    assert sum(weight.numel() for weight in network.parameters()) == facts["parameters"] and len(
        files["run-subwords"]
    ) > 1000 < len(files["run-words"]) + len(table) * len(frequent)


@pytest.mark.filterwarnings("ignore:Glyph:UserWarning")  # an untrained network gives any characters
@pytest.mark.parametrize("units, vocabulary", [("word", 40), ("char", 35)])
def test_tokens_can_be_words_or_letters(units, vocabulary, tmp_path):
    """The default share of dropped merges counts only for subwords. Words have no attention to parts of
    names, so none is reported.
    """
    (tmp_path / "pairs.tsv").write_text(
        "".join("%s\t%s\n" % (target, source) for source, target in SENTENCES)
    )
    translation.main(
        [
            "--architecture",
            "gru",
            "--pairs",
            str(tmp_path / "pairs.tsv"),
            "--epoch-pairs",
            "0",
            "--tests=",
            "--held-out",
            "0.1",
            "--width",
            "8",
            "--folder",
            str(tmp_path / "run"),
            "--epochs",
            "1",
            "--units",
            units,
            "--vocabulary",
            str(vocabulary),
        ]
    )
    facts = json.loads((tmp_path / "run" / "facts.json").read_text())
    assert (facts["attention"]["on_names"] == []) == (units == "word") and facts["attention"]["layer"] == 0


def test_an_export_leaves_models_alone_whose_runs_are_not_here():
    """Their entries stay unchanged, and so do each one's five files."""

    def files(entry):
        return [entry["name"] + part for part in ("", *translation.FILES_OF)]

    stay, kept = export.staying(registry.folder(), "translation", ["de-en-transformer"], files)
    entries = registry.record("translation")["models"]
    assert stay == [entry for entry in entries if entry["name"] != "de-en-transformer"]
    assert len(kept) == 5 * len(stay) and all(path.exists() for path in kept.values())
    assert export.staying(pathlib.Path("nowhere"), "translation", [], files) == ([], {})


@pytest.mark.parametrize("name", ["de-en-transformer", "de-en-gru"])
def test_an_evaluation_scores_the_words_that_a_person_wrote(name):
    """Per subword, as a served script sees them: right words cost less than others. A record of an earlier
    version may name settings that are gone.
    """
    served = model(name)
    right, wrong = (
        evaluate.forced_loss(served, [("Ein Hund läuft.", text)])
        for text in ("A dog is running.", "Two cars see money.")
    )
    assert 0 < right < wrong / 2
    assert translation.settings_of(served.entry).architecture == name.rpartition("-")[2]


def test_only_the_gru_can_be_taught_without_a_teacher():
    with pytest.raises(SystemExit, match="Only the gru"):
        translation.network_of(translation.Settings(architecture="lstm", teacher_forcing=0.5), 20)


def test_a_training_can_start_from_a_served_model():
    """With the same subwords, the network translates as the served one. With fewer, it keeps those that both
    have.
    """
    served = model("de-en-transformer")
    network = translation.network_of(translation.Settings(width=256, encoder=5), len(served.tokenizer))
    assert translation.start_from(served, network, served.tokenizer) == len(served.tokenizer)
    said, _ = translated(network, served.tokenizer, ["Eine Frau fährt auf einem Fahrrad."], beam=1)
    assert said == [served.translate(["Eine Frau fährt auf einem Fahrrad."], 1, 1)[0][0].text]


def test_a_deeper_network_begins_as_the_served_one():
    """Additional layers add 0 at first, but their gradients need not be 0."""
    served, source = model("de-en-transformer"), torch.tensor([[5, 6, 7, 2]])
    same, deeper = (
        translation.network_of(translation.Settings(width=256, encoder=layers), len(served.tokenizer)).eval()
        for layers in (5, 7)
    )
    for network in (same, deeper):
        translation.start_from(served, network, served.tokenizer)
    assert torch.allclose(same(source, source), deeper(source, source), atol=1e-5)


def test_a_new_subword_begins_with_the_mean_of_those_it_was_made_of():
    """Spanish subwords in the German network: "▁casa" is new there, and the subwords
    it consists of are not.
    """
    served, new = model("de-en-transformer"), model("es-en-transformer").tokenizer
    network = translation.network_of(translation.Settings(width=256, encoder=5), len(new))
    assert 0 < translation.start_from(served, network, new) < len(new)
    known, theirs = served.tokenizer.pieces, served.search.network.embedding.weight
    parts = known.encode("casa")
    assert len(parts) > 1 and all(known.unk_id() != part for part in parts)
    own = network.embedding.weight[new.pieces.piece_to_id("\u2581casa")]
    assert torch.allclose(own, theirs[parts].float().mean(0), atol=1e-6)


def test_a_training_cannot_start_from_another_kind_of_network():
    served = model("de-en-transformer")
    network = translation.network_of(translation.Settings(architecture="gru"), len(served.tokenizer))
    with pytest.raises(SystemExit, match="of another architecture or width"):
        translation.start_from(served, network, served.tokenizer)


def test_only_a_served_model_can_be_started_from():
    with pytest.raises(
        SystemExit, match="no served model fr-en to start from: choose one of de-en-transformer"
    ):
        translation.served_pair("fr-en")


def test_a_folder_that_holds_a_training_is_not_trained_over(story):
    with pytest.raises(AssertionError, match="go on with --resume"):
        python("training.translation.train", "--folder", story[0])


def test_a_pair_is_learnt_with_masks_as_it_is_served():
    """The same letter on both sides, and markup a blank away from its word; what the target says otherwise is
    left to the network.
    """
    source = "Um halb neun ist **heute** {name} da, um 7.15 Uhr."
    target = "{name} is there **today** at half past eight, at seven fifteen."
    ours, theirs = dress.mask(source, target, random.Random(1))
    clock, left, right, name = [letter for letter in ours if letter in MASKS]
    assert ours == "Um %s ist %s heute %s %s da, um 7.15 Uhr." % (clock, left, right, name)
    assert theirs == "%s is there %s today %s at %s, at seven fifteen." % (name, left, right, clock)
