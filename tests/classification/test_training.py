"""Training a classifier on your own texts, as a newcomer would."""

import gzip
import json
import random
import shutil
import zipfile

import pytest

pytestmark = pytest.mark.training

import torch  # noqa: E402 (only where training's packages are)

from models import registry  # noqa: E402
from models.classification.network import ARCHITECTURES, Classifier  # noqa: E402
from training.classification import data, evaluate, metrics, negation, teacher, train, unlabelled  # noqa: E402

PRAISE = [("very good , it was good", "positive")] * 9
COMPLAINT = [("very bad , it was bad", "negative")] * 9
PARTS = {"billing": "invoice refund card", "technical": "crash login error", "other": "hello thanks opening"}


@pytest.fixture
def tickets(tmp_path):
    """A CSV of 180 texts in three classes, told apart by a word."""
    words = [(label, word) for label, all_ in PARTS.items() for word in all_.split()]
    lines = [
        "my %s is here as number %d today,%s" % (word, number, label)
        for number in range(20)
        for label, word in words
    ]
    path = tmp_path / "tickets.csv"
    path.write_text("text,label\n" + "\n".join(lines) + "\n")
    return path


def trained(path, folder, *words):
    train.main(
        [
            "--data",
            str(path),
            "--folder",
            str(folder),
            "--embeddings",
            "none",
            "--dimensions",
            "16",
            "--width",
            "8",
            *words,
        ]
    )
    return json.loads((folder / "facts.json").read_text())


@pytest.mark.parametrize("architecture", ["naive-bayes", "logistic", "svm", "cnn"])
def test_three_classes_of_tickets_are_learnt(tickets, tmp_path, architecture):
    facts = trained(
        tickets,
        tmp_path / "run",
        "--architecture",
        architecture,
        "--epochs",
        "12",
        "--learning-rate",
        "0.02",
        "--batch",
        "200",
    )
    assert facts["classes"] == ["billing", "other", "technical"]
    assert facts["metrics"]["tickets.csv"]["accuracy"] > 90
    assert (tmp_path / "run" / "confusion.png").exists()


@pytest.mark.parametrize("architecture", [*ARCHITECTURES, "cnn+bilstm"])
def test_padding_changes_no_answer(architecture):
    torch.manual_seed(1)
    network = Classifier(torch.randn(50, 12), 3, architecture, width=8, tuned=10, ngrams=True).eval()
    ids = torch.tensor([[4, 9, 30, 7]])
    padded = torch.tensor([[4, 9, 30, 7, 0, 0, 0], [5, 6, 7, 8, 9, 10, 11]])
    assert torch.allclose(network(ids)[0], network(padded)[0], atol=1e-5)


def test_folding_what_was_learnt_changes_no_answer():
    network = Classifier(torch.randn(50, 12), 3, "cnn", width=8, tuned=10).eval()
    network.tuned.data.normal_()
    ids = torch.tensor([[4, 9, 30, 7]])
    before = network(ids)
    assert torch.allclose(network.fold()(ids), before, atol=1e-6)


def test_ngrams_count_for_less_in_a_short_text():
    """Two words and their pair are three n-grams. Full weight needs twelve, so they have a quarter."""
    network = Classifier(torch.zeros(9, 4), 2, "fasttext", ngrams=True).eval()
    network.wide[:] = torch.tensor([-1.0, 1.0])
    ids = torch.tensor([[4, 5]])
    whole = network.beside(ids)
    network.reach.fill_(12)
    assert torch.allclose(network.beside(ids), whole / 4)


def test_what_a_teacher_said_is_read_as_it_was_written(tmp_path):
    """To three decimals. A file with other classes is refused."""
    path = tmp_path / "taught.tsv.xz"
    data.write_taught(path, ["no", "yes"], ["not bad", "bad"], [[0.25, 0.75], [1.0, 0.0]])
    assert [(text, list(row)) for text, row in data.read_taught(path, ["no", "yes"])] == [
        ("not bad", [0.25, 0.75]),
        ("bad", [1.0, 0.0]),
    ]
    with pytest.raises(SystemExit, match="other classes"):
        data.read_taught(path, ["good", "bad"])


def test_a_network_learns_from_what_a_teacher_said(tickets, tmp_path):
    """Only the teacher's file says what a voucher is about."""
    path = tmp_path / "taught.tsv.xz"
    texts = ["my voucher %d is here" % number for number in range(60)]
    data.write_taught(path, ["billing", "other", "technical"], texts, [[0, 1, 0]] * 60)
    sizes = ["--epochs", "8", "--learning-rate", "0.02", "--batch", "200", "--taught", str(path)]
    trained(tickets, tmp_path / "run", "--architecture", "fasttext+cnn", *sizes)
    network, words, found = train.to_export(tmp_path / "run")
    vocabulary = train.Vocabulary(
        train.lzma.decompress((tmp_path / "run" / "words.xz").read_bytes()).decode().split("\n")
    )
    ids = torch.tensor([vocabulary.look_up(train.words_of("my voucher is here"))])
    assert found["classes"][network(ids).argmax()] == "other"


@pytest.mark.skipif(not torch.__version__.startswith("1.5."), reason="only torch 1.5.1 may export")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_an_export_of_your_own_texts_leaves_the_other_models_alone(tickets, tmp_path):
    """The models that were there stay as they were; their lists of words are packed as gzip."""
    weights = tmp_path / "weights"
    weights.mkdir()
    before = registry.record("classification")
    for file in [*registry.folder().glob("classification*")]:
        shutil.copy(str(file), str(weights / file.name))
    trained(tickets, tmp_path / "runs" / "tickets", "--architecture", "fasttext", "--epochs", "1")
    record = train.publish(weights, tmp_path / "runs")
    own = [entry for entry in record["models"] if entry["file"] == "tickets"]
    assert [entry for entry in record["models"] if entry not in own] == before["models"]
    assert record["models"][2] == own[0] and own[0]["data"]["source"] == "tickets.csv"
    assert own[0]["task"] == "tickets" and own[0]["settings"]["data"] == "tickets.csv"
    assert record["ladder"] == before["ladder"]
    words = record["files"]["question-words"]["file"]
    packed = registry.folder() / before["files"]["question-words"]["file"]
    assert gzip.decompress((weights / words).read_bytes()) == registry.unpacked(packed.read_bytes())
    listed = {entry["file"] for entry in record["files"].values()} | {"classification.json"}
    assert {path.name for path in weights.iterdir()} == listed


def test_labels_of_trec_are_read_in_words():
    """Labels of your own texts stay unchanged."""
    said = [data.in_words(label) for label in ("ENTY:cremat", "NUM:count", "billing", "to: whom")]
    assert said == ["entity:creative work", "number:count", "billing", "to: whom"]


def test_a_word_is_split_into_its_longest_pieces():
    """In lower case and without accents. A word of other signs is unknown."""
    names = "[UNK] cafe good ##bye ##s !".split()
    pieces = teacher.WordPieces({name: place for place, name in enumerate(names)})
    assert [names[place] for place in pieces("Cafés, goodbyes!")] == (
        ["cafe", "##s", "[UNK]", "good", "##bye", "##s", "!"]
    )


def test_other_weights_than_those_released_are_refused(tmp_path):
    with zipfile.ZipFile(str(tmp_path / "model.zip"), "w") as archive:
        archive.writestr("model.safetensors", b"other")
        archive.writestr("tokenizer.json", "{}")
    with pytest.raises(SystemExit, match="other weights"):
        teacher.contents(tmp_path / "model.zip")


def test_a_rule_says_the_contrary():
    """One place of a text is reversed, in both directions."""
    stream = random.Random(1)
    said = list(unlabelled.negations(["it was fun", "it does n't work", "nothing here"], stream))
    assert said[0] in ("it was n't fun", "it was never fun")
    assert said[1:] == ["it does work"]


def test_phrases_by_rule_know_what_not_does():
    """With one adjective per class: the adjective keeps its class, and with n't it gets the opposite one."""
    said = dict(negation.phrases(PRAISE + COMPLAINT, 400))
    assert said["very good"].argmax() == said["it is n't bad"].argmax() == 1
    assert said["very bad"].argmax() == said["it is n't good"].argmax() == 0


def test_no_phrase_to_judge_by_is_learnt_from():
    judging = {data.letters(text) for text, _ in data.read(negation.PHRASES)}
    assert "notgoodatall" in judging
    assert not judging & {data.letters(text) for text, _ in negation.phrases(PRAISE + COMPLAINT, 200)}


def test_a_tested_sentence_is_found_inside_a_longer_one():
    """SST's sentences are parts of Rotten Tomatoes' snippets, with another spelling."""
    pairs = [
        ("It is Crème-smooth , really . I liked it .", "positive"),
        ("Something else entirely .", "negative"),
    ]
    assert data.without(pairs, [("it is cr me smooth, really", "positive")], inside=True) == pairs[1:]


def test_a_csv_without_its_columns_is_a_sentence(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("body,kind\nhello,a\n")
    with pytest.raises(SystemExit, match="must have the columns text and label"):
        data.read(path)


@pytest.mark.parametrize(
    "text, sentence",
    [
        ('text,label\nhello,a\n"never closed,b\nhi,a\n', "line 3: a quote is not closed"),
        ('text,label\nhello,a\n"closed" too early,b\n', "line 3: a quote is not closed, or not doubled"),
        ("text,label\nhello, you,a\n", "line 2, has 3 columns, and the first line has 2"),
        ("", "must have the columns text and label in its first line; it has none"),
        ("body;kind\nhello;a\n", "must have the columns text and label in its first line; it has body;kind"),
    ],
)
def test_a_csv_that_cannot_be_meant_is_a_sentence_with_its_line(tmp_path, text, sentence):
    (tmp_path / "mine.csv").write_text(text)
    with pytest.raises(SystemExit, match=sentence):
        data.read(tmp_path / "mine.csv")


@pytest.mark.parametrize(
    "name, text",
    [("mine.csv", "text,label\n a,x\n,y\n\nb\nc, x\n"), ("mine.tsv", "x\ta\ny\t\n\n\tb\nx\tc\n")],
)
def test_rows_without_a_text_or_a_label_are_counted(tmp_path, capsys, name, text):
    """Two of four are left out. Empty lines do not count, and blanks around a label are no part of it."""
    (tmp_path / name).write_text(text)
    assert data.read(tmp_path / name) == [("a", "x"), ("c", "x")]
    said = capsys.readouterr().out
    assert "without a text or a label are left out, 2 of 4" in said
    assert "in the lines %s." % ("3, 5" if name == "mine.csv" else "2, 4") in said


def test_a_row_may_have_lines_and_commas_between_quotes(tmp_path):
    (tmp_path / "mine.csv").write_text('label,text\na,"one, two\nand ""three"""\nb,four\n')
    assert data.read(tmp_path / "mine.csv") == [('one, two\nand "three"', "a"), ("four", "b")]


def test_a_spreadsheets_semicolons_and_tabs_part_columns_too(tmp_path):
    for sign in ";\t":
        (tmp_path / "mine.csv").write_text("Label;Text\na;one, two\n".replace(";", sign))
        assert data.read(tmp_path / "mine.csv") == [("one, two", "a")]


def test_a_tsv_may_have_a_header_in_its_own_order_only(tmp_path):
    (tmp_path / "mine.tsv").write_text("label\ttext\na\tone\n")
    assert data.read(tmp_path / "mine.tsv") == [("one", "a")]
    (tmp_path / "mine.tsv").write_text("text\tlabel\none\ta\n")
    with pytest.raises(SystemExit, match="has the text first"):
        data.read(tmp_path / "mine.tsv")


def test_texts_of_any_script_are_told_apart():
    texts = ["Где мой заказ 5?", "Верните деньги 5", "где мой заказ 5", "😀", "😡", "Crème!"]
    assert len({data.letters(text) for text in texts}) == 5 and data.letters("Crème!") == "crme"


def test_what_cannot_go_on_is_a_sentence(tickets, tmp_path):
    """A classical method with --resume, and a start from no network, or from one of other classes."""
    with pytest.raises(SystemExit, match="logistic is fitted at once"):
        trained(tickets, tmp_path / "run", "--architecture", "logistic", "--resume")
    trained(tickets, tmp_path / "cnn", "--epochs", "1")
    with pytest.raises(SystemExit, match="must name the folder of a network"):
        trained(tickets, tmp_path / "run", "--initial", str(tmp_path))
    with pytest.raises(SystemExit, match="has other architecture"):
        trained(tickets, tmp_path / "run", "--initial", str(tmp_path / "cnn"), "--architecture", "lstm")
    other = tmp_path / "other.csv"
    other.write_text(tickets.read_text().replace(",other", ",rest"))
    with pytest.raises(SystemExit, match="has other classes .*other.*rest"):
        trained(other, tmp_path / "run", "--initial", str(tmp_path / "cnn"))


def test_few_texts_make_no_network_surer_and_german_ones_no_note(tickets, tmp_path, capsys):
    """Each class is named with its number of texts, and copies are counted."""
    german = tmp_path / "german.csv"
    german.write_text(tickets.read_text().replace("is here as number", "ist heute nicht da unter der Nummer"))
    german.write_text(german.read_text() + "".join(german.read_text().splitlines(True)[-40:]))
    facts = trained(german, tmp_path / "run", "--epochs", "3", "--learning-rate", "0.02")
    assert facts["temperature"] >= 1 and facts["english"] is False
    said = capsys.readouterr().out
    assert "Classes: billing (" in said and "used once" in said


def test_a_class_that_is_only_tested_is_named(capsys):
    found = data.of_known_classes([("a", "x")], [("b", "x"), ("c", "rare")], [("d", "rare")])
    assert found == [[("b", "x")], []] and "rare" in capsys.readouterr().out


def test_texts_of_one_class_are_too_few(tmp_path):
    """Also if the others were there, but are tested alone."""
    path = tmp_path / "mine.csv"
    path.write_text("text,label\n" + "".join("word %d,a\n" % number for number in range(60)))
    with pytest.raises(SystemExit, match="two classes are needed"):
        train.texts(train.Settings(task="mine", data=str(path)))


def test_a_task_of_your_own_has_its_folders_name():
    """Unless --task names another. Without --data the folder has the task's name."""
    own = ["--data", "tickets.csv", "--folder", "runs/classification/tickets"]
    assert train.asked(own)[0].task == "tickets"
    assert train.asked([*own, "--task", "sentiment"])[0].task == "sentiment"
    assert train.asked([])[0].folder == "runs/classification/sentiment"
    assert train.asked(["--task", "question"])[0].folder == "runs/classification/question"
    with pytest.raises(SystemExit, match="must have only letters"):
        train.asked(["--data", "tickets.csv", "--folder", "runs/classification/my tickets"])


def test_a_training_goes_on_with_its_own_data_alone(tickets, tmp_path):
    """Other texts leave every file of the folder as it is."""
    folder = tmp_path / "run"
    trained(tickets, folder, "--epochs", "1")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    other = tmp_path / "other.csv"
    other.write_text(tickets.read_text().replace("today", "tomorrow"))
    with pytest.raises(SystemExit, match="began with other data"):
        trained(other, folder, "--epochs", "2", "--resume")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(SystemExit, match="began with another network"):
        trained(tickets, folder, "--epochs", "2", "--width", "9", "--resume")
    trained(tickets, folder, "--epochs", "2", "--resume")
    assert len((folder / "log.jsonl").read_text().splitlines()) == 2


def test_a_small_table_has_steps_enough(tickets, tmp_path):
    """Sixty texts fit into one batch: it comes thirty times in an epoch."""
    small = tmp_path / "small.csv"
    small.write_text("".join(tickets.read_text().splitlines(True)[:61]))
    trained(small, tmp_path / "run", "--epochs", "1")
    state = torch.load(str(tmp_path / "run" / "checkpoint.pt"))
    assert state["steps"] == 30


@pytest.mark.skipif(not torch.__version__.startswith("1.5."), reason="only torch 1.5.1 may export")
def test_naive_bayes_is_not_exported_and_says_so(tickets, tmp_path):
    trained(tickets, tmp_path / "runs" / "bayes", "--architecture", "naive-bayes")
    with pytest.raises(SystemExit, match="There is no network in .*make train-classification"):
        train.publish(tmp_path / "weights", tmp_path / "runs")


def test_a_task_of_your_own_is_evaluated_by_what_its_training_wrote():
    """The course has no test set for it, whatever it is called."""
    told = {"tickets.csv": {"accuracy": 90.0}}
    for task in ("tickets", "sentiment"):
        entry = {"name": "tickets", "task": task, "settings": {"data": "tickets.csv"}, "metrics": told}
        assert evaluate.measured(entry, "0" * 64) == told
    assert evaluate.official({"task": "question", "settings": {}})


def test_calibration_error_of_a_boaster():
    """Sure at 0.9 and right in half of the cases gives 0.4."""
    assert metrics.calibration_error(torch.tensor([[0.9, 0.1]] * 4).numpy(), [0, 1, 0, 1]) == pytest.approx(
        0.4
    )


def test_classes_of_your_own_do_not_replace_the_model_that_ships():
    """The command asks for a folder before it reads anything."""
    with pytest.raises(SystemExit, match="Name a folder for your own classes"):
        train.asked(["--data", "tickets.csv", "--task", "tickets"])
    assert train.asked(["--data", "a.csv", "--folder", "runs/classification/a"])[0].data == "a.csv"
