"""Training on generated pictures: reading, pairing, splitting, the loss, the shared loop, the latent space,
the export.
"""

import copy
import csv
import json
import pathlib
import tarfile
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance

from models import registry
from models.cars.model import model as served
from models.cars.network import CarVAE, doubling
from tests.support.shell import python
from training import export, loop
from training.cars import augmentation, latents, metrics, pictures, train as cars

pytestmark = pytest.mark.training

ROOT = pathlib.Path(__file__).parent.parent.parent
RED = (220, 20, 20)
OLD = torch.__version__.startswith("1.5")


def scene(number):
    """A red car of 64 x 32 pixels on a soft background of many colours, 128 x 128, with its mask."""
    random = np.random.RandomState(number)
    photo = Image.fromarray(random.randint(0, 200, (6, 6, 3)).astype(np.uint8)).resize(
        (128, 128), Image.BICUBIC
    )
    left, top = random.randint(10, 50), random.randint(20, 70)
    mask = Image.new("L", photo.size)
    mask.paste(255, (left, top, left + 64, top + 32))
    photo.paste(RED, mask=mask)
    return photo, mask


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A folder with photos/, masks/ and table.csv for twelve scenes."""
    folder = tmp_path_factory.mktemp("drawn")
    rows = [("file", "confidence", "coverage", "nose")]
    for number in range(12):
        for kind, picture in zip(("photos", "masks"), scene(number)):
            (folder / kind).mkdir(exist_ok=True)
            picture.save(str(folder / kind / ("car%02d.png" % number)))
        rows.append(("photos/car%02d.png" % number, 0.9, 0.5, "LR"[number % 2]))
    with open(str(folder / "table.csv"), "w", newline="") as table:
        csv.writer(table).writerows(rows)
    return folder


@pytest.fixture(scope="module")
def photos(drawn):
    """The twelve with their masks."""
    return pictures.load(drawn / "photos", drawn / "masks")


def small(seed=1):
    """A car VAE with 8 latents and 8 channels, with 300 times less work than the real one."""
    torch.manual_seed(seed)
    return CarVAE(8, (8,) * 5)


def unchanged(**changes):
    """An augmentation that changes only what is named."""
    return augmentation.Augmentation(
        **{**dict(as_it_is=0, own_street=0, white=0, flat=0, repaint=0, light=0, noise=0), **changes}
    )


def near(picture, colour):
    """Where a picture has this colour, within 3 of 255, because warping and mixing round."""
    return (np.abs(picture.astype(int) - colour) <= 3).all(axis=-1)


def pairs(photos, settings, count=24):
    """(index, input, target) of `count` augmented pairs."""
    augmenter, generator = augmentation.Augmenter(photos, settings), np.random.default_rng(1)
    return [(i % len(photos),) + augmenter.pair(i % len(photos), generator) for i in range(count)]


# Reading


def test_a_folder_a_zip_and_a_tar_hold_the_same_pictures(drawn, tmp_path):
    """A zip and a tar of the twelve photos have the same names and pixels."""
    with zipfile.ZipFile(str(tmp_path / "cars.zip"), "w") as zipped, tarfile.open(
        str(tmp_path / "cars.tar"), "w"
    ) as tarred:
        for path in reversed(sorted((drawn / "photos").iterdir())):
            zipped.write(str(path), "some/folder/" + path.name)
            tarred.add(str(path), "./" + path.name)
    folder, *packed = (
        pictures.load(source) for source in (drawn / "photos", tmp_path / "cars.zip", tmp_path / "cars.tar")
    )
    assert folder.names == ["car%02d" % number for number in range(12)]
    for other in packed:
        assert other.names == folder.names and np.array_equal(other.photos, folder.photos)


def test_a_photo_of_a_turned_phone_is_turned_back(tmp_path):
    """EXIF orientation 6 makes the red left half of 40 x 30 the upper half of 30 x 40."""
    picture = Image.new("RGB", (40, 30), "blue")
    picture.paste((255, 0, 0), (0, 0, 20, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(str(tmp_path / "phone.jpg"), exif=exif)
    loaded = pictures.load(tmp_path)
    assert loaded.aspects.tolist() == [0.75]
    assert (
        loaded.photos[0, 20].mean(axis=0).argmax() == 0 and loaded.photos[0, 108].mean(axis=0).argmax() == 2
    )


def test_a_broken_file_is_skipped_and_named(tmp_path, capsys):
    """One of two pictures is good and is read. The name of the other one is printed."""
    scene(1)[0].save(str(tmp_path / "good.png"))
    (tmp_path / "torn.jpg").write_bytes(b"\xff\xd8\xff no more came")
    assert pictures.load(tmp_path).names == ["good"]
    assert "skipped 1 broken files: torn" in capsys.readouterr().out


def test_a_picture_whose_mask_is_broken_is_skipped_and_named(tmp_path, capsys):
    """Without the mask, the picture would become its own target, street included."""
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
        for stem, picture in zip("ab", (scene(1)[0], scene(2)[0])):
            picture.save(str(tmp_path / name / (stem + ".png")))
    (tmp_path / "masks" / "b.png").write_bytes(b"no mask")
    assert pictures.load(tmp_path / "photos", tmp_path / "masks").names == ["a"]
    assert "skipped 1 broken files: b" in capsys.readouterr().out


def test_what_holds_no_pictures_is_told_in_a_sentence(tmp_path):
    """A text file, a missing path, and an empty folder."""
    (tmp_path / "notes.txt").write_text("cars")
    (tmp_path / "empty").mkdir()
    for name in ("notes.txt", "nowhere"):
        with pytest.raises(SystemExit, match=name + " is no folder, zip or tar of pictures."):
            pictures.load(tmp_path / name)
    with pytest.raises(SystemExit, match="empty has no picture to train on."):
        pictures.load(tmp_path / "empty")


def test_only_pictures_with_a_good_mask_are_taken(tmp_path, drawn):
    """Of four rows, one is uncertain, one covers too little, and one too much."""
    table = tmp_path / "table.csv"
    table.write_text(
        "file,confidence,coverage\na/car00.png,0.9,0.5\ncar01.png,0.8,0.5\ncar02.png,0.9,0.3\ncar03.png,0.9,0.95\n"
    )
    assert pictures.good_masks(table) == {"car00"}
    assert pictures.load(drawn / "photos", drawn / "masks", table).names == ["car00"]


def test_noses_are_known_for_all_or_not_at_all(drawn):
    """L is -1 and R is 1. A name that is not in the table makes all of them unknown."""
    assert pictures.noses(drawn / "table.csv", ["car03", "car04"]).tolist() == [1, -1]
    assert pictures.noses(drawn / "table.csv", ["car03", "another"]) is None


# Pairs


def test_without_masks_a_picture_is_its_own_target(drawn):
    """However it is moved and repainted, input and target are equal, and its surroundings are white."""
    alone = pictures.load(drawn / "photos")
    assert not alone.masked.any()
    for _, fed, target in pairs(alone, augmentation.Augmentation(noise=0)):
        assert np.array_equal(fed, target)
    moved = [fed for _, fed, _ in pairs(alone, unchanged(smallest=0.5))]
    assert np.mean([(fed == 255).all(axis=2).mean() for fed in moved]) > 0.2


def test_white_stays_white_without_masks(drawn):
    """Light and paint do not change the white of a picture without a mask."""
    white = pictures.load(drawn / "photos")[np.arange(1)]
    white.photos[:] = 255
    for _, fed, target in pairs(white, unchanged(light=0.5, repaint=1)):
        assert fed.min() == target.min() == 255


def test_noise_reaches_the_input_alone(drawn):
    """With noise on every input, the input differs from the target, and the target is still the picture or
    its mirror image.
    """
    alone = pictures.load(drawn / "photos")
    for i, fed, target in pairs(alone, unchanged(as_it_is=1, noise=1)):
        assert not np.array_equal(fed, target)
        assert any(np.array_equal(target, side) for side in (alone.photos[i], alone.photos[i][:, ::-1]))


def test_the_target_is_the_car_on_white_wherever_it_is_moved(photos):
    """Where the target is red, the input is red too. Where the target is white, the input has other
    surroundings.
    """
    places = set()
    for _, fed, target in pairs(photos, unchanged()):
        red, white = near(target, RED), near(target, 255)
        assert red.mean() > 0.02 and red.mean() + white.mean() > 0.95
        assert near(fed[red], RED).all()
        assert (fed[white].min(axis=1) < 250).mean() > 0.9
        places.add(tuple(np.argwhere(red).mean(axis=0).round()))
    assert len(places) > 20


def test_a_car_moves_with_its_street(photos):
    """In its own street, the car is at the same place in input and target, and only
    the input has the street.
    """
    for _, fed, target in pairs(photos, unchanged(own_street=1)):
        red, white = near(target, RED), near(target, 255)
        assert red.mean() > 0.05 and near(fed[red], RED).all()
        assert fed[white].max() < 250


def test_unchanged_a_pair_is_the_photo_and_the_car_on_white(photos):
    """Only the mirror image is left, and it mirrors both."""
    white = pictures.on_white(photos.photos, photos.alphas)
    mirrored = 0
    for i, fed, target in pairs(photos, unchanged(as_it_is=1)):
        turn = slice(None, None, 1 if np.array_equal(fed, photos.photos[i]) else -1)
        mirrored += turn.step == -1
        assert np.array_equal(fed, photos.photos[i][:, turn]) and np.array_equal(target, white[i][:, turn])
    assert 4 < mirrored < 20


def test_the_light_changes_input_and_target_alike(photos):
    """The car becomes brighter or darker by the same amount in both."""
    levels = set()
    for _, fed, target in pairs(photos, unchanged(as_it_is=1, light=0.3)):
        car = (target != 255).any(axis=2)
        assert np.array_equal(fed[car], target[car])
        levels.add(int(target[car][:, 0].max()))
    assert len(levels) > 10


def test_an_epoch_shows_every_photo_once_and_some_of_the_more(photos):
    """Eight photos, and two of four more: five batches of two. The same seed gives the same batches."""
    augmenter = augmentation.Augmenter(photos, unchanged(as_it_is=1))
    # (10, 3, S, S)
    epoch = lambda seed: torch.cat([fed for fed, _ in augmentation.Batches(augmenter, 8, 2, 2, [1, seed])])
    known = augmentation.tensor(photos.photos)
    seen = [
        next(i for i in range(12) if any(torch.equal(side, known[i]) for side in (x, x.flip(2))))
        for x in epoch(1)
    ]
    assert set(range(8)) < set(seen) and len(set(seen)) == 10
    assert torch.equal(epoch(1), epoch(1)) and not torch.equal(epoch(1), epoch(2))


# Held-out pictures


def hashed(hashes):
    """Pictures that have only perceptual hashes."""
    n = len(hashes)
    names = ["%d" % i for i in range(n)]
    return pictures.Pictures(
        names, np.zeros((n, 1, 1, 3)), np.zeros((n, 1, 1)), np.zeros(n, bool), np.ones(n), hashes
    )


def test_near_duplicates_stay_on_the_same_side(tmp_path):
    """Twenty photos, and the same saved again as JPEG a tenth brighter: no pair is split, and both sides have
    some.
    """
    for number in range(20):
        photo = scene(number)[0]
        photo.save(str(tmp_path / ("%02d_a.png" % number)))
        ImageEnhance.Brightness(photo).enhance(1.1).save(str(tmp_path / ("%02d_b.jpg" % number)), quality=60)
    apart = pictures.held_out(pictures.load(tmp_path), share=3)
    assert np.array_equal(apart[::2], apart[1::2])
    assert 0 < apart.sum() < 40


def test_the_split_does_not_depend_on_the_order_of_pictures():
    """500 pictures and near-duplicates that differ in one bit of 64. In another order, the same ones are held
    out, about a tenth.
    """
    random = np.random.RandomState(1)
    hashes, order = np.tile(random.rand(500, 64) < 0.5, (2, 1)), random.permutation(1000)
    hashes[500:, 0] ^= True
    apart = pictures.held_out(hashed(hashes))
    assert np.array_equal(pictures.held_out(hashed(hashes[order])), apart[order])
    assert 70 < apart.sum() < 130


def test_of_a_few_pictures_one_is_held_out():
    """Of three pictures, one is held out even with a share of one in a million. Of no pictures, none is."""
    three = hashed(np.random.RandomState(1).rand(3, 64) < 0.5)
    assert pictures.held_out(three, share=10**6).sum() == 1
    assert (~pictures.held_out(three[:0])).tolist() == []


def test_pictures_that_are_all_the_same_cannot_be_trained_on(tmp_path):
    """Two copies of one photo leave nothing for training."""
    for name in "ab":
        scene(1)[0].save(str(tmp_path / (name + ".png")))
    with pytest.raises(SystemExit, match="needs two pictures at least"):
        cars.data(cars.Settings(pictures=str(tmp_path), masks="", table="", more=""))


# Loss


def test_kl_is_0_of_the_prior_and_half_a_nat_a_dimension_of_a_mean_of_1():
    """With three dimensions: a mean of 2 gives 4 / 2 each, and a variance of e, whose logarithm is 1, gives
    (e - 1 - 1) / 2.
    """
    zeros = torch.zeros(1, 3)
    assert cars.kl(zeros, zeros).tolist() == [0]
    assert cars.kl(zeros + 1, zeros).tolist() == [1.5]
    assert cars.kl(zeros + 2, zeros).tolist() == [6]
    assert cars.kl(zeros, zeros + 1).item() == pytest.approx(3 * (np.e - 2) / 2)


def test_the_kl_counts_more_and_more_during_its_warm_up():
    """Halfway through the warm-up, half of beta 2 counts; after it, all. 8 latents with mean 1 are 4 nats,
    for a picture of 192 numbers.
    """
    target = torch.zeros(4, 3, 8, 8)
    network = lambda photo: (target + 0.5, torch.ones(4, 8), torch.zeros(4, 8))  # an error of 0.25
    objective = cars.loss(cars.Settings(beta=2, beta_warmup=0.2, perceptual=0))
    values = [objective(network, (target, target), progress)[0].item() for progress in (0, 0.1, 0.2, 1)]
    assert values == pytest.approx([0.25, 0.25 + 4 / 192, 0.25 + 8 / 192, 0.25 + 8 / 192])
    at_once = cars.loss(cars.Settings(beta=2, beta_warmup=0, perceptual=0))
    assert at_once(network, (target, target), 0)[0].item() == pytest.approx(0.25 + 8 / 192)


def test_the_perceptual_distance_is_0_to_itself_and_grows_with_blur(photos):
    """A photo, and its means over 3 and 9 pixels."""
    photo = augmentation.tensor(photos.photos[:1])
    blurred = [torch.nn.functional.avg_pool2d(photo, side, 1, side // 2) for side in (3, 9)]
    distances = [metrics.perceptual(picture, photo).item() for picture in [photo] + blurred]
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert 1e-3 < distances[1] < distances[2]


def test_the_perceptual_distance_joins_in_the_second_half_even_in_a_batch_of_two(photos):
    """It is measured on a quarter of the batch, but on at least one picture."""
    target = augmentation.tensor(photos.photos[:2])
    network = lambda photo: (target * 0.5, torch.zeros(2, 8), torch.zeros(2, 8))
    objective = cars.loss(cars.Settings(perceptual=1.0))
    first, second = (objective(network, (target, target), progress)[0].item() for progress in (0.5, 0.6))
    assert second - first == pytest.approx(metrics.perceptual(target[:1] * 0.5, target[:1]).item(), rel=1e-3)


# The shared loop


def test_the_learning_rate_rises_stays_and_falls_to_0():
    """It rises for a tenth and falls for a half of the training. Its peak is 4."""
    rates = [loop.learning_rate(progress, 4, 0.1, 0.5) for progress in (0, 0.05, 0.1, 0.5, 0.75, 1)]
    assert rates == pytest.approx([0, 2, 4, 4, 2, 0])
    assert [loop.learning_rate(progress, 4, 0, 0) for progress in (0, 1)] == [4, 4]


def test_the_average_of_a_constant_network_is_that_network():
    """This holds for weights and buffers after any number of steps, and the average is in evaluation mode."""
    network = small()
    average = loop.Average(network, 0.999)
    for _ in range(20):
        average.update(network)
    for mine, its in zip(average.network.state_dict().values(), network.state_dict().values()):
        assert torch.allclose(mine, its)
    assert not average.network.training


def test_the_average_follows_a_network_that_changes():
    """From 0 to 1, the first step goes 10 / 11 of the way. With memory 0 it goes the whole way."""
    network = torch.nn.Linear(1, 1, bias=False)
    for memory, expected in ((0.999, 10 / 11), (0, 1)):
        network.weight.data.fill_(0)
        average = loop.Average(network, memory)
        network.weight.data.fill_(1)
        average.update(network)
        assert average.network.weight.item() == pytest.approx(expected)


def fitted(photos, folder, network, resume=False, broken=None, **changes):
    """The averaged network of a training in batches of 4. Epoch `broken` is interrupted at its beginning."""
    settings = cars.Settings(**{**dict(epochs=2, learning_rate=3e-3, perceptual=0), **changes})
    augmenter = augmentation.Augmenter(photos)

    def batches(epoch):
        if epoch == broken:
            raise KeyboardInterrupt
        return augmentation.Batches(augmenter, len(photos), 0, 4, [settings.seed, epoch])

    return loop.fit(network, cars.loss(settings), batches, settings, folder, resume)[0]


def log(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_the_error_falls_and_each_epoch_has_its_line(photos, tmp_path):
    """After ten epochs, it is at most two thirds of that in the first."""
    fitted(photos, tmp_path, small(), epochs=10)
    lines = log(tmp_path)
    assert [line["epoch"] for line in lines] == list(range(1, 11))
    assert lines[-1]["error"] < 0.67 * lines[0]["error"]


def test_a_training_that_was_broken_off_and_resumed_ends_with_the_same_weights(photos, tmp_path):
    """The network and the random numbers at the restart do not matter: the checkpoint has everything."""
    whole = fitted(photos, tmp_path / "whole", small())
    with pytest.raises(KeyboardInterrupt):
        fitted(photos, tmp_path / "broken", small(), broken=2)
    resumed = fitted(photos, tmp_path / "broken", small(seed=2), resume=True)
    for mine, its in zip(resumed.state_dict().values(), whole.state_dict().values()):
        assert torch.equal(mine, its)
    assert [line["epoch"] for line in log(tmp_path / "broken")] == [1, 2]


def test_resume_without_a_checkpoint_says_that_it_begins_anew(photos, tmp_path, capsys):
    """It prints one sentence with the folder's name. With a checkpoint, it prints none."""
    for _ in range(2):
        fitted(photos, tmp_path / "none", small(), resume=True)
    told = "%s holds no checkpoint to go on from: the training begins anew.\n" % (tmp_path / "none")
    assert capsys.readouterr().out == told


def test_after_each_epoch_there_is_a_checkpoint_and_a_finished_training_is_not_repeated(photos, tmp_path):
    """The first checkpoint says 1, the last one 2. After that, resuming adds no line to the log and gives the
    same weights.
    """
    with pytest.raises(KeyboardInterrupt):
        fitted(photos, tmp_path, small(), broken=2)
    assert torch.load(str(tmp_path / "checkpoint.pt"))["epoch"] == 1
    done = fitted(photos, tmp_path, small(), resume=True)
    assert torch.load(str(tmp_path / "checkpoint.pt"))["epoch"] == 2
    again = fitted(photos, tmp_path, small(seed=2), resume=True, broken=3)
    assert torch.equal(again.mean.weight, done.mean.weight) and len(log(tmp_path)) == 2


def test_half_a_checkpoint_never_replaces_a_whole_one(tmp_path):
    """If a state cannot be written completely, the previous one stays."""
    path = tmp_path / "checkpoint.pt"
    loop.save(path, {"epoch": 1})
    with pytest.raises(Exception, match="(?i)pickle"):
        loop.save(path, {"epoch": 2, "not to be written": lambda: 0})
    assert torch.load(str(path)) == {"epoch": 1}


def test_minutes_are_the_length_where_they_are_not_0(photos, tmp_path):
    """A fiftieth of a minute is the length, in spite of a million epochs. The minutes before a break count
    too.
    """
    fitted(photos, tmp_path, small(), epochs=10**6, minutes=0.02)
    assert torch.load(str(tmp_path / "checkpoint.pt"))["minutes"] >= 0.02
    lines = len(log(tmp_path))
    fitted(photos, tmp_path, small(), resume=True, epochs=10**6, minutes=0.02)
    assert 1 <= lines == len(log(tmp_path))


# The latent space


def test_a_direction_finds_the_coordinate_that_its_property_is():
    """The properties are 3 z0 and -2 z1 of normal latents. One deviation more is one step along z0, and one
    step back along z1.
    """
    z = np.random.RandomState(1).randn(4000, 6)
    ways = latents.directions(z, z[:, :2] * [3, -2])
    assert ways == pytest.approx(np.array([[1, 0, 0, 0, 0, 0], [0, -1, 0, 0, 0, 0]]), abs=0.08)


def test_a_direction_leaves_the_other_properties_where_they_are():
    """The properties z0 and z0 + z1 are correlated. The direction of the first one goes back along z1 by the
    same amount.
    """
    z = np.random.RandomState(1).randn(4000, 3)
    measured = np.stack([z[:, 0], z[:, 0] + z[:, 1]], axis=1)
    assert latents.directions(z, measured)[0] == pytest.approx([1, -1, 0], abs=0.08)


def test_a_property_that_does_not_vary_has_no_direction():
    """Its direction is 0, and the other property keeps its own."""
    z = np.random.RandomState(1).randn(500, 3)
    ways = latents.directions(z, np.stack([np.ones(500), z[:, 0]], axis=1))
    assert ways == pytest.approx(np.array([[0, 0, 0], [1, 0, 0]]), abs=0.2)


def test_the_density_finds_two_clusters():
    """300 latents around -5 and 100 around 5, with deviation 1: the weights, centres
    and variances are found.
    """
    random = np.random.RandomState(1)
    z = np.concatenate([random.randn(300, 2) - 5, random.randn(100, 2) + 5])
    weights, means, factors = latents.density(z, 2)
    order = means[:, 0].argsort()
    assert weights[order] == pytest.approx([0.75, 0.25], abs=0.01)
    assert means[order] == pytest.approx(np.array([[-5, -5], [5, 5]]), abs=0.4)
    # the traces of the covariances
    assert np.einsum("kij,kij->k", factors, factors) == pytest.approx([2, 2], abs=1)


def test_what_is_drawn_at_temperature_0_are_the_centres():
    """Each centre comes about as often as its weight says. The seed repeats them."""
    arrays = {
        "weights": np.array([0.25, 0.75]),
        "means": np.array([[-5.0], [5.0]]),
        "factors": np.ones((2, 1, 1)),
    }
    drawn = latents.draw(arrays, 1000, 0, seed=1)
    assert set(drawn[:, 0]) == {-5, 5} and abs((drawn > 0).mean() - 0.75) < 0.05
    assert np.array_equal(latents.draw(arrays, 9, 1, seed=1), latents.draw(arrays, 9, 1, seed=1))


def test_the_monotony_of_a_perfect_direction_is_1():
    """The properties are coordinates: rank correlation 1, a change of 6 in deviations of 2, and no change of
    the other one.
    """
    z = np.array([[-2.0, -2, 7], [2, 2, 7]])  # both coordinates have deviation 2
    ranks, drifts = latents.monotony(lambda z: z, z, lambda z: z[:, :2], np.eye(3)[:2])
    assert ranks.tolist() == [1, 1]
    assert drifts == pytest.approx(np.array([[3, 0], [0, 3]]))
    against, _ = latents.monotony(lambda z: z, z, lambda z: z[:, :2], np.array([[-1, 0, 0], [0, 0, 0]]))
    assert against.tolist() == [-1, 0]


def test_mirrored_pictures_look_to_opposite_sides(photos):
    """A measure that is learned from dark halves on the left gives a mirrored picture the negative, with the
    right sign.
    """
    seen = np.ones((10, 3, 128, 128), np.float32)
    for i in range(10):
        seen[i, :, i : i + 60, 10 : 40 + i] = 0.2
    view = latents.view_measure(seen, -np.ones(10))
    assert (view(seen) < 0).all()
    assert view(seen[..., ::-1]) == pytest.approx(-view(seen), abs=1e-5)


def test_colour_brightness_and_size_are_those_of_the_car():
    """A car with red 0.8, green 0.2 and blue 0.1 on a quarter of the frame."""
    picture = np.ones((1, 3, 128, 128), np.float32)
    picture[0, :, :64, :64] = np.array([0.8, 0.2, 0.1])[:, None, None]
    luma = 0.299 * 0.8 + 0.587 * 0.2 + 0.114 * 0.1
    assert latents.properties(picture, lambda seen: [9]) == pytest.approx(
        np.array([[0.7, luma, 0.25, 9]]), abs=1e-4
    )


@pytest.mark.parametrize(
    "table, names",
    [("table.csv", ["colour", "brightness", "size", "view"]), ("", ["colour", "brightness", "size"])],
)
def test_there_is_a_direction_of_the_view_where_noses_are_known(photos, drawn, table, names):
    """Three directions need no table. Every figure of the record is a number."""
    settings = cars.Settings(table=table and str(drawn / table), components=2)
    arrays, listed = cars.latent_space(
        settings, small().eval(), photos[np.arange(10)], photos[np.arange(10, 12)]
    )
    assert [direction["name"] for direction in listed] == names
    assert arrays["directions"].shape == (len(names), 8) and arrays["factors"].shape == (2, 8, 8)
    assert arrays["map_places"].shape == (10, 2) and arrays["map_latents"].shape == (10, 8)
    json.dumps(listed, allow_nan=False)


# The map


def clusters():
    """Latents of two clusters far apart, 60 each, with 8 numbers."""
    random = np.random.RandomState(1)
    return np.concatenate([random.randn(60, 8) - 5, random.randn(60, 8) + 5])


def test_the_map_is_the_same_at_every_call_and_within_its_frame():
    """Twenty of 120 latents, at places from 0 to 1; each is one of the latents it came from."""
    places, chosen = latents.on_a_map(clusters(), most=20, seed=1)
    again, _ = latents.on_a_map(clusters(), most=20, seed=1)
    assert np.array_equal(places, again) and places.shape == (20, 2) and chosen.shape == (20, 8)
    assert places.min() >= 0 and places.max() <= 1
    assert (chosen[:, None] == clusters()[None]).all(axis=-1).any(axis=-1).all()


def test_the_map_keeps_clusters_apart():
    """The nearest car on the map is of the same cluster."""
    places, chosen = latents.on_a_map(clusters(), most=40, seed=1)
    apart = np.abs(places[:, None] - places[None]).max(axis=-1) + np.eye(40)
    side = chosen.mean(axis=1) > 0
    assert (side == side[apart.argmin(axis=1)]).all()


def test_the_cars_of_the_map_are_spread_evenly_however_many_are_taken():
    """Of a grid of 5 x 5 places, the first is the middle one. The first nine are a grid of 3 x 3."""
    grid = np.array([(x, y) for x in range(5) for y in range(5)]) / 4
    chosen = grid[latents.spread(grid, 9)]
    assert chosen[0].tolist() == [0.5, 0.5]
    assert sorted(chosen.tolist()) == [[x / 2, y / 2] for x in range(3) for y in range(3)]


def test_too_few_latents_have_no_map():
    """t-SNE cannot lay out seven latents."""
    assert latents.on_a_map(np.zeros((7, 8))) is None


# Export


def exported(folder, network):
    """The record that training.export writes for a network."""
    torch.manual_seed(1)
    inputs = {
        "encode": [torch.rand(n, 3, 128, 128) for n in (1, 5)],
        "decode": [torch.randn(n, 8) for n in (1, 5)],
    }
    examples = {name: tensors[0] for name, tensors in inputs.items()}
    export.publish_locally(folder, "cars", network, examples, inputs, {"means": np.zeros(3)}, {"latent": 8})
    return json.loads((folder / "cars.json").read_text())


def used(seed=1):
    """A network whose batch normalisation has seen pictures, in training mode."""
    network = small(seed)
    network(torch.rand(4, 3, 128, 128))
    return network


def test_the_exported_network_is_the_trained_one(tmp_path):
    """For inputs that were not traced, one and five at a time, to 1e-5 if both have 16 bits per number."""
    network = used()
    record = exported(tmp_path, network)
    served = torch.jit.load(str(tmp_path / "cars.pt")).float()
    fresh = {
        "encode": [torch.rand(n, 3, 128, 128) for n in (1, 5)],
        "decode": [torch.randn(n, 8) for n in (1, 5)],
    }
    rounded = export.fused(copy.deepcopy(network).eval()).half().float()
    assert export.furthest_apart(rounded, served, fresh) <= 1e-5
    assert (
        export.furthest_apart(network.eval(), served, fresh)
        <= export.ROUNDING
        >= record["export"]["rounded_minus_eager"]
    )
    assert record["export"]["traced_minus_eager"] <= 1e-5 and record["latent"] == 8


def test_an_upsampling_and_the_convolution_after_it_are_one_transposed_convolution():
    """This holds up to the edge of the picture. The number of outputs stays the same."""
    network = doubling(3, 5).eval()
    x = torch.rand(2, 3, 7, 4)
    expected = network(x)
    assert [type(layer).__name__ for layer in (export.fused(network)[0], network[1][0])] == [
        "Identity",
        "ConvTranspose2d",
    ]
    assert network(x).shape == (2, 5, 14, 8) and torch.allclose(network(x), expected, atol=1e-6)


def test_a_trace_that_is_not_the_network_is_refused_and_replaces_nothing(tmp_path, monkeypatch):
    """A bias that changed by a tenth is noticed, and the earlier export is still there."""
    exported(tmp_path, used())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    fused = export.fused

    def moved(network):
        if isinstance(network, CarVAE):
            network.mean.bias.data += 0.1
        return fused(network)

    monkeypatch.setattr(export, "fused", moved)
    with pytest.raises(
        SystemExit,
        match="The traced network differs from the eager one by 0.1, and in 16 bits by 0.1; 1e-05 and 5e-03 "
        "are the most.",
    ):
        exported(tmp_path, used())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_record_tells_the_files_by_their_sha256(tmp_path):
    """The hash and the size of each file are those on the disk."""
    entries = exported(tmp_path, used())["files"]
    assert {role: entry["file"] for role, entry in entries.items()} == {
        "network": "cars.pt",
        "latents": "cars.npz",
    }
    for entry in entries.values():
        path = tmp_path / entry["file"]
        assert (export.sha256(path), path.stat().st_size) == (entry["sha256"], entry["bytes"])


def test_serving_takes_what_torch_1_5_exported_and_nothing_newer(tmp_path, monkeypatch):
    """The registry finds both files. It refuses an archive of today's torch before anything is loaded."""
    exported(tmp_path, used())
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path))
    if OLD:
        assert registry.Weights("cars", tmp_path).files() == {
            "network": tmp_path / "cars.pt",
            "latents": tmp_path / "cars.npz",
        }
    else:
        with pytest.raises(registry.WeightsUnavailable, match="archive version"):
            registry.Weights("cars", tmp_path).files(torch="1.5.1")


def test_other_weights_are_another_version(tmp_path):
    """Two networks that differ only in their weights have two versions."""
    assert (
        exported(tmp_path / "a", used(seed=1))["version"] != exported(tmp_path / "b", used(seed=2))["version"]
    )


# The whole story


@pytest.fixture(scope="module")
def story(drawn, tmp_path_factory):
    """The folder and the output of a training from the shell: one epoch on twelve pictures without masks."""
    folder = tmp_path_factory.mktemp("story")
    output = python(
        "training.cars.train",
        "--pictures",
        drawn / "photos",
        "--masks",
        "",
        "--table",
        "",
        "--more",
        "",
        "--folder",
        folder,
        "--epochs",
        1,
        "--batch",
        4,
        "--perceptual",
        0,
        "--components",
        1,
    )
    return folder, output


def size_of(path):
    with Image.open(str(path)) as picture:
        return picture.size


def test_a_training_from_the_shell_leaves_pictures_a_film_and_facts(story):
    """The pictures have their sizes. There are a film, a state and a record, with at most eleven photos and
    at least one held out.
    """
    folder, output = story
    sizes = {
        name: size_of(folder / (name + ".png"))
        for name in ("curves", "reconstructions", "generated", "interpolation", "edits")
    }
    assert sizes["generated"] == (16 * 128, 4 * 128) and sizes["edits"] == (9 * 128, 3 * 128)
    assert sizes["interpolation"][0] == 12 * 128 and sizes["reconstructions"][1] == 3 * 128
    assert (folder / "epochs.mp4").stat().st_size > 1000
    facts = json.loads((folder / "facts.json").read_text())
    assert facts["data"]["training"] + facts["data"]["held_out"] == 12 and facts["data"]["held_out"] >= 1
    assert facts["latent"] == 64 and "NaN" not in json.dumps(facts)
    assert "%d photos held out" % facts["data"]["held_out"] in output


def test_what_was_trained_from_the_shell_is_exported_from_the_shell(story, tmp_path, monkeypatch):
    """The export goes to the given folder and can be served. With another torch, the command says what to
    use.
    """
    words = ("training.export", "cars", "--folder", story[0], "--weights", tmp_path / "new")
    if not OLD:
        with pytest.raises(AssertionError, match="export under Python 3.8"):
            python(*words)
        return
    python(*words)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["cars.json", "cars.npz", "cars.pt"]
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path / "new"))
    model = served()
    assert list(model.directions) == ["colour", "brightness", "size"]
    assert model.decode(model.draw(1, 0, 0.8)).shape == (3, 128, 128)
    assert len(model.map["places"]) == len(model.map["latents"]) >= 8
