"""The steps of the car study: the effects of their flags on training, and the figures that judge them, on
generated scenes.
"""

import json
import re

import numpy as np
import pytest
import torch

from bench.study import adversaries
from bench.study import car_figures as figures
from bench.study import cars as study
from models.cars.network import CarVAE
from tests.cars.test_training import drawn, photos, scene  # noqa: F401 (fixtures)
from training.cars import augmentation, conditions, ladder, train as cars

pytestmark = pytest.mark.training


def small(**kind):
    torch.manual_seed(1)
    return CarVAE(8, (8,) * 5, **kind).eval()


def painted(*colours):
    """Cars of one colour each on white: float (N, 3, 128, 128)."""
    seen = np.ones((len(colours), 3, 128, 128), np.float32)
    for car, colour in zip(seen, colours):
        car[:, 30:90, 20:100] = np.array(colour)[:, None, None]
    return seen


# Networks


def test_a_plain_autoencoder_samples_nothing_and_a_vae_does():
    """The autoencoder gives the same picture twice, that of the mean, in training mode and outside of it. The
    VAE gives two different ones.
    """
    x = torch.rand(2, 3, 128, 128)
    plain, variational = small(variational=False), small()
    assert torch.equal(plain(x)[0], plain(x)[0]) and torch.equal(
        plain(x)[0], plain.decode(plain.encode(x)[0])
    )
    assert not torch.equal(variational(x)[0], variational(x)[0])


def test_a_condition_changes_the_latent_and_the_picture():
    """Each input counts alone: with condition 1 or 0 the means differ, and so do the
    pictures of one latent.
    """
    network, x, z = small(condition=3), torch.rand(1, 3, 128, 128), torch.randn(1, 8)
    one, other = torch.eye(3)[:1], torch.eye(3)[1:2]
    assert not torch.allclose(network.encode(x, one)[0], network.encode(x, other)[0])
    assert not torch.allclose(network.decode(z, one), network.decode(z, other))
    assert network(x, one)[0].shape == x.shape


def test_the_served_network_has_the_parameters_that_it_had():
    """By default there is no condition, so the shipped state has the names and shapes of the network."""
    shapes = {name: value.shape for name, value in CarVAE().state_dict().items()}
    assert shapes["encoder.0.0.weight"] == (32, 3, 3, 3) and shapes["spread.weight"] == (4096, 64)
    assert CarVAE().variational and list(shapes) == list(CarVAE(condition=3).state_dict())


# Losses


def value(words, progress=1, batch=4):
    """The loss of a network that answers half white for black pictures, from latents with mean 1: error 0.25,
    KL 4 nats.
    """
    target = torch.zeros(batch, 3, 64, 64)
    network = lambda photo: (target + 0.5, torch.ones(batch, 8), torch.zeros(batch, 8))
    return cars.loss(cars.asked(words.split())[0])(network, (target, target), progress)


def test_a_plain_autoencoder_has_no_kl():
    """Whatever beta is, the loss is only the error. For the VAE, beta 2 adds two KLs of 4 nats over 12,288
    numbers.
    """
    plain, figures = value("--variational 0 --beta 2 --perceptual 0")
    assert plain.item() == pytest.approx(0.25) and list(figures) == ["error"]
    assert value("--beta 2 --perceptual 0")[0].item() == pytest.approx(0.25 + 8 / 12288)


def test_a_dfc_vae_sees_no_pixels():
    """Without weight for the pixels and without beta, only the perceptual distance is left, from the first
    batch on.
    """
    words = "--beta 0 --perceptual 2 --perceptual-share 1 --perceptual-from 0 --pixels"
    alone, beside = (value("%s %d" % (words, pixels), 0.01)[0].item() for pixels in (0, 1))
    assert alone > 0.01 and beside - alone == pytest.approx(0.25, abs=1e-5)


def test_noise_is_of_the_input_alone_and_of_the_deviation_that_is_asked_for():
    """A denoising network gets grey with noise of up to 0.4. Noise of 0.1 moves grey by 0.1 in the mean
    square.
    """
    fed = []
    target = torch.full((4, 3, 64, 64), 0.5)
    network = lambda photo: (fed.append(photo), (photo * 0, torch.zeros(4, 8), torch.zeros(4, 8)))[1]
    error = cars.loss(cars.asked("--noise 0.4 --perceptual 0".split())[0])(network, (target, target), 0)[1][
        "error"
    ]
    spread = (fed[0] - target).std(dim=(1, 2, 3))
    assert (
        error.item() == pytest.approx(0.25)
        and (spread > 0).all()
        and (spread < 0.41).all()
        and spread.unique().numel() == 4
    )
    assert cars.noisy(target, 0.1).sub(target).std().item() == pytest.approx(0.1, abs=0.005)


# Conditions


def test_a_colour_is_found_whatever_the_size_of_the_car():
    """One colour of each class, beside dark glass on a tenth of the car."""
    paints = [
        (0.8, 0.1, 0.1),
        (0.8, 0.7, 0.1),
        (0.1, 0.6, 0.1),
        (0.1, 0.2, 0.8),
        (0.6, 0.1, 0.7),
        (0.1, 0.1, 0.1),
        (0.45,) * 3,
        (0.8,) * 3,
    ]
    seen = painted(*paints)
    seen[:, :, 30:36, 20:100] = 0.05
    assert conditions.colours(seen).tolist() == list(range(8))


def test_a_body_is_the_last_that_its_label_names(tmp_path):
    """A Wagon Van is a van. A coupe is one wherever its label says so. A GS is unknown, and so is a car
    without a row.
    """
    labels = [
        "Ford E-Series Wagon Van 2012",
        "Infiniti G Coupe IPL 2012",
        "Buick Regal GS 2012",
        "Dodge Dakota Club Cab 2007",
    ]
    table = tmp_path / "table.csv"
    table.write_text("file,label\n" + "".join("%d.jpg,%s\n" % line for line in enumerate(labels)))
    names = list(conditions.BODIES)
    found = conditions.bodies(str(table), ["0", "1", "2", "3", "elsewhere"])
    assert [names[one] if one >= 0 else "" for one in found] == ["van", "coupe", "", "pickup", ""]
    assert conditions.one_hot(found, len(names)).sum(axis=1).tolist() == [1, 1, 0, 1, 0]


def test_the_colour_that_is_told_is_that_of_the_target_as_it_was_repainted(photos):  # noqa: F811
    """The condition of red cars with a changed hue is their new colour."""
    augmenter = augmentation.Augmenter(photos, augmentation.Augmentation(as_it_is=1, repaint=1, light=0))
    told = lambda names, targets: conditions.told("colour", "", names, targets)
    for _, targets, condition in augmentation.Batches(augmenter, 12, 0, 6, [1, 1], told):
        assert (
            condition.argmax(dim=1).tolist() == conditions.colours(targets.numpy()).tolist()
            and condition.sum() == 6
        )
        assert len(set(condition.argmax(dim=1).tolist())) > 2


@pytest.mark.parametrize("words", ["--condition colour", "--variational 0"])
def test_a_network_of_the_study_is_not_exported(tmp_path, words):
    """The command gives the reason before it reads or writes anything."""
    settings, _ = cars.asked(words.split())
    (tmp_path / "facts.json").write_text(json.dumps({"latent": 64, "settings": vars(settings)}))
    with pytest.raises(SystemExit, match="holds a network of the study"):
        cars.to_export(tmp_path)


# Figures


def test_latents_of_one_class_apart_do_not_overlap_and_mixed_ones_do(monkeypatch):
    """Two clusters with distance 20, one class each: 0 %. The same classes at random: about half, the same as
    for any two.
    """
    random = np.random.RandomState(1)
    sides = np.arange(400) % 2
    z = random.randn(400, 4) + 20 * sides[:, None]
    for known, expected in ((sides, 0), (random.randint(0, 2, 400), 50)):
        monkeypatch.setattr(figures, "classes", lambda settings, seen: {"side": known[seen]})
        step = figures.Step(None, None, z[:300], z[300:])
        near, chance = figures.overlap(step, np.arange(300), np.arange(300, 400))["side"]
        assert near == pytest.approx(expected, abs=4) and chance == pytest.approx(50, abs=2)


def test_the_recall_counts_each_class_alike():
    """Nine of nine and none of one give 50 %. Unknown classes do not count."""
    wanted = np.array([0] * 9 + [1, -1])
    assert figures.recall(np.zeros(11, int), wanted) == 50 and figures.recall(wanted, wanted) == 100


def test_a_decoder_that_paints_what_it_is_told_obeys_and_one_that_is_deaf_does_not(monkeypatch, photos):  # noqa: F811
    """With eight colours, they reach 100 % and an eighth."""
    paints = np.array(
        [
            (0.8, 0.1, 0.1),
            (0.8, 0.7, 0.1),
            (0.1, 0.6, 0.1),
            (0.1, 0.2, 0.8),
            (0.6, 0.1, 0.7),
            (0.1, 0.1, 0.1),
            (0.45,) * 3,
            (0.8,) * 3,
        ]
    )
    settings, z = cars.Settings(condition="colour", table=""), np.random.RandomState(1).randn(20, 3)
    monkeypatch.setattr(figures, "TOLD", 2)
    monkeypatch.setattr(
        figures, "classes", lambda settings, seen: {"colour": conditions.colours(figures.white(seen).numpy())}
    )
    for deaf, expected in ((False, 100), (True, 12)):
        step = figures.Step(settings, None, z, np.zeros((12, 3)))
        step.decode = lambda z, condition: painted(
            *paints[0 if deaf else np.asarray(condition).argmax(axis=1)]
            .reshape(-1, 3)
            .repeat(len(z) if deaf else 1, axis=0)
        )
        row = figures.obeyed(step, photos, photos)
        assert (
            row["drawn from N(0, I)"] == row["drawn from the density"] == expected and row["by chance"] == 12
        )


def test_a_network_that_gives_its_input_back_cleans_nothing(monkeypatch, photos):  # noqa: F811
    """Its PSNR is that of the noise, about 20 dB for 0.1. The Gaussian filter's is higher."""
    monkeypatch.setattr(cars, "reconstructed", lambda network, fed: fed)
    before, filtered, after = figures.cleaned(None, photos)[0.1]
    assert before == after and 20 < before < 24 and filtered > before


# The study


@pytest.fixture(scope="module")
def garage(tmp_path_factory):
    """The words for 36 generated scenes, with labels and noses, of which some are held out; and twelve more
    with the name of a free car model.
    """
    folder = tmp_path_factory.mktemp("garage")
    rows = ["file,label,confidence,coverage,nose"]
    for number in range(48):
        picture, mask = scene(number)
        for kind, each in (("photos", picture), ("masks", mask)) if number < 36 else (("more", picture),):
            (folder / kind).mkdir(exist_ok=True)
            each.save(
                str(
                    folder
                    / kind
                    / (("%s_%02d.png" % (study.FREE[0], number)) if kind == "more" else "%02d.png" % number)
                )
            )
        rows.append(
            "%02d.png,%s 2012,0.9,0.5,%s" % (number, ("Audi Sedan", "Ford Van")[number % 2], "LR"[number % 2])
        )
    (folder / "table.csv").write_text("\n".join(rows))
    files = "--pictures {0}/photos --masks {0}/masks --table {0}/table.csv --more {0}/more".format(folder)
    return files + " --batch 8 --perceptual 0 --latent 8"


def test_steps_are_trained_once_and_judged(garage, monkeypatch, tmp_path):
    """Every table has a line for each of its steps, and every picture exists. A second study trains nothing
    and gives the same text.
    """
    steps = ["autoencoder", "CVAE, body"]
    monkeypatch.setattr(study, "ALL", garage + " --epochs 1")
    monkeypatch.setattr(figures, "TOLD", 2)
    first = study.study(tmp_path, steps, 0, tmp_path)
    # the autoencoder has a column in the table of noise
    assert [first.count("| %s |" % name) for name in steps] == [4, 4]
    assert re.search(r"\| any photos \| \d+ \| \d+ \| \d+ \|", first)
    charts = re.findall(r"\((study-cars-.*png)\)", first)
    assert len(charts) == 6 and all((tmp_path / name).stat().st_size > 1000 for name in charts)
    monkeypatch.setattr(cars, "fit", lambda *settings: pytest.fail("trained again"))
    assert study.study(tmp_path, steps, 0, tmp_path) == first


# Adversaries


def test_the_two_players_of_a_dcgan_learn_to_draw_and_to_tell():
    """From one grey again and again, the discriminator soon tells it from others, and the generator comes
    near it. Pictures and judgements have the shapes of a batch.
    """
    torch.manual_seed(1)
    generator, discriminator = adversaries.Generator(4, (16, 8, 8, 8, 8)), adversaries.Discriminator((8,) * 5)
    assert generator(torch.randn(3, 4)).shape == (3, 3, 128, 128)
    assert discriminator(torch.rand(3, 3, 128, 128)).shape == (3,)
    parts = {"generator": generator, "discriminator": discriminator}
    for name in tuple(parts):
        parts[name + "_optimiser"] = torch.optim.Adam(parts[name].parameters(), 4e-3, adversaries.BETAS)
    real = torch.full((4, 3, 128, 128), 0.9)
    apart = lambda: abs(generator(torch.randn(4, 4)).mean().item() - 0.9)
    before = apart()
    for _ in range(20):
        adversaries.played(parts, real)
    assert (discriminator(real) - discriminator(generator(torch.randn(4, 4)))).mean() > 1
    for _ in range(80):
        adversaries.played(parts, real)
    assert apart() < before / 2


def test_a_dcgan_goes_on_from_its_checkpoint(photos, tmp_path):  # noqa: F811
    """Two epochs, and one after one, give the same generator."""
    words = "--latent 4 --batch 6 --epochs %d --folder %s"
    settings = lambda epochs, name: ladder.asked((words % (epochs, tmp_path / name)).split())[0]
    whole = adversaries.dcgan(settings(2, "whole"), photos)
    adversaries.dcgan(settings(1, "parts"), photos)
    again = adversaries.dcgan(settings(2, "parts"), photos)
    assert all(map(torch.equal, whole.state_dict().values(), again.state_dict().values()))


def test_adversaries_are_compared_once_beside_a_dcgan(garage, monkeypatch, tmp_path):
    """The DCGAN has figures of new cars alone. A second study trains nothing and gives the same text."""
    steps = ["VAE, one level", "VAE, two levels", "DCGAN"]
    monkeypatch.setattr(adversaries, "ALL", garage + " --epochs 1 --width 0.25 --judge-every 2")
    monkeypatch.setattr(adversaries, "SQUEEZENET", "")
    first = adversaries.study(tmp_path, steps, 0, tmp_path)
    lines = {line.split(" | ")[0].strip("| "): line.split(" | ") for line in first.splitlines()}
    assert set(steps) <= set(lines) and lines["DCGAN"][4:9] == [""] * 5
    assert all(lines[step][9] for step in steps) and lines["VAE, one level"][8]  # KIDs
    assert lines["VAE, one level"][4] == lines["VAE, one level"][5]  # there is no detail
    for chart in ("reconstructions", "drawn"):
        assert (tmp_path / ("study-adversaries-%s.png" % chart)).stat().st_size > 1000
    monkeypatch.setattr(adversaries, "played", lambda *players: pytest.fail("trained again"))
    monkeypatch.setattr(ladder, "step", lambda *settings: pytest.fail("trained again"))
    assert adversaries.study(tmp_path, steps, 0, tmp_path) == first
