"""A training of cars that ends in seconds: generated pictures, one epoch (tests/training)."""

from tests.cars.test_training import scene


def words(folder):
    """The words for its command line. Writes its pictures into the folder."""
    (folder / "photos").mkdir()
    for number in range(12):
        scene(number)[0].save(str(folder / "photos" / ("car%02d.png" % number)))
    data = ["--pictures", folder / "photos", "--masks", "", "--table", "", "--more", ""]
    return data + ["--epochs", 1, "--batch", 4, "--perceptual", 0, "--components", 1]
