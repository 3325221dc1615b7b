"""Scenes like the photos that people upload: other cars, night, rain, a phone's noise; and whole scenes with
a known box.

The simpler changes are in augmentation.py. Every random number comes from a numpy generator.
"""

import cv2
import numpy as np

from models.cars.pictures import SIZE
from training.cars.augmentation import Augmentation, Augmenter, blend, placing, warped

# S side of the square
NO_CAR, GREY = 0.2, 0.12  # shares of scenes
UPLOADS = Augmentation(as_it_is=0.3, own_street=0.3, white=0.12, flat=0.03, smallest=0.6)


class Uploads(Augmenter):
    """Pairs as the Augmenter makes them, with changes that make them more like uploads."""

    def __init__(self, pictures, settings=UPLOADS, textures=()):
        super().__init__(pictures, settings)
        self.textures = textures  # pictures without cars for `scene`: uint8 (H, W, 3) each, at least S x S
        self.masked = np.flatnonzero(pictures.masked)

    def background(self, index, kind, generator):
        """The Augmenter's background. Some streets get another car behind the car."""
        scene = super().background(index, kind, generator)
        street = kind >= self.settings.white + self.settings.flat and self.pictures.masked[index]
        return (
            self.with_car(scene, generator.uniform(0.25, 0.6), generator)[0]
            if street and generator.random() < 0.3
            else scene
        )

    def with_car(self, scene, share, generator, aspect=1.0, overhang=0.15):
        """Paste a random car, `share` of the frame wide, into a scene: (scene uint8 (S, S, 3), alpha uint8
        (S, S)).

        `aspect`: width / height of the frame. `overhang`: share of the car that may be outside of it.
        """
        index = self.masked[generator.integers(len(self.masked))]
        photo, alpha = self.pictures.photos[index], self.pictures.alphas[index]
        if generator.random() < 0.5:
            photo, alpha = photo[:, ::-1], alpha[:, ::-1]
        photo = self.relit(self.repainted(photo, generator), generator)
        scale = np.array([share, share * aspect / self.pictures.aspects[index]])
        scale = scale * min(1, 1.1 / scale.max())
        room = SIZE * (1 + 2 * overhang * scale - scale)  # a car may be a little outside the frame
        shift = generator.uniform(0, 1, 2) * room - SIZE * overhang * scale
        move = np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]]], np.float32)
        # blurred first, because a picture that is made much smaller aliases
        smooth = cv2.GaussianBlur(photo, (0, 0), 0.35 / scale.min()) if scale.min() < 0.5 else photo
        photo, alpha = warped(smooth, move, cv2.BORDER_REPLICATE), warped(alpha, move, cv2.BORDER_CONSTANT)
        return blend(photo, alpha, scene), alpha

    def noisy(self, scene, generator):
        """Weather, and the noise of a phone's camera."""
        kind = generator.random()
        if kind < 0.06:
            scene = night(scene, generator)
        elif kind < 0.11:
            scene = rain(scene, generator)
        scene = super().noisy(scene, generator)
        return compressed(scene, generator) if generator.random() < 0.2 else scene

    def street(self, generator):
        """A background without a car: surroundings with the car painted over, or a piece of a texture with
        pieces of real streets and edges on it: uint8 (S, S, 3).
        """
        if self.textures and generator.random() < 0.5:
            scene = piece(self.textures[generator.integers(len(self.textures))], generator)
        else:
            scene = warped(
                self.streets[generator.integers(len(self.streets))],
                placing(generator.uniform(1, 2, 2), generator),
                cv2.BORDER_REFLECT_101,
            )
        scene = np.ascontiguousarray(scene[:, :: generator.choice([-1, 1])])
        for _ in range(generator.integers(0, 10)):
            self.paste_street(scene, generator)
        return structured(scene, generator)

    def paste_street(self, scene, generator):
        """Paste a piece of a random photo that has no car in it into the scene, in place."""
        index = self.masked[generator.integers(len(self.masked))]
        height, width = generator.integers(12, 56, 2)
        for _ in range(8):
            top, left = generator.integers(0, SIZE - height), generator.integers(0, SIZE - width)
            if self.pictures.alphas[index][top : top + height, left : left + width].mean() < 4:
                break
        else:
            return
        real = self.pictures.photos[index][top : top + height, left : left + width]
        scale = generator.uniform(0.8, 2.5, 2)
        real = cv2.resize(
            np.ascontiguousarray(real), (int(min(SIZE, width * scale[0])), int(min(SIZE, height * scale[1])))
        )
        top, left = (
            generator.integers(0, SIZE - len(real) + 1),
            generator.integers(0, SIZE - real.shape[1] + 1),
        )
        scene[top : top + len(real), left : left + real.shape[1]] = real

    def within(self, generator):
        """A whole photo, made smaller, on a background, so that its surroundings end inside the frame: (scene
        uint8 (S, S, 3), alpha uint8 (S, S)).
        """
        index = self.masked[generator.integers(len(self.masked))]
        scale = generator.uniform(0.4, 1) * np.array([1, generator.uniform(0.6, 1)])
        move = placing(scale, generator)
        photo, alpha = (
            warped(each[index], move, cv2.BORDER_CONSTANT)
            for each in (self.pictures.photos, self.pictures.alphas)
        )
        window = warped(np.full((SIZE, SIZE), 255, np.uint8), move, cv2.BORDER_CONSTANT)
        window = cv2.GaussianBlur(window, (0, 0), generator.uniform(0.5, 3))
        return blend(photo, window, self.street(generator)), alpha

    def scene(self, generator):
        """A whole photo uint8 (S, S, 3), the car's box as shares of the frame, float (4,) left, top, right,
        bottom, and whether there is a car, 0 or 1.
        """
        kind = generator.random()
        if kind < NO_CAR:
            scene = grey(self.noisy(self.without_car(generator), generator), generator)
            return scene, np.zeros(4, np.float32), 0.0
        kind = (kind - NO_CAR) / (1 - NO_CAR)
        if kind < 0.11:
            scene, alpha = self.within(generator)
        elif kind < 0.22:  # a photo unchanged or moved a little
            index = self.masked[generator.integers(len(self.masked))]
            move = placing(generator.uniform(0.8, 1.15, 2), generator)
            scene = warped(self.pictures.photos[index], move, cv2.BORDER_REFLECT_101)
            alpha = warped(self.pictures.alphas[index], move, cv2.BORDER_CONSTANT)
            if generator.random() < 0.5:
                scene, alpha = scene[:, ::-1], alpha[:, ::-1]
        else:
            share, aspect = generator.uniform(0.2, 1.0), generator.uniform(0.65, 1.9)
            scene = self.street(generator)
            for _ in range(generator.choice([0, 0, 1, 2])):
                scene, _ = self.with_car(scene, share * generator.uniform(0.3, 0.7), generator, aspect)
            scene, alpha = self.with_car(scene, share, generator, aspect)
        scene = self.noisy(np.ascontiguousarray(scene), generator)
        return grey(scene, generator), box(alpha), 1.0

    def without_car(self, generator):
        """A scene without a car: a background, a texture as it is, or either with an object that is none, so
        that neither an object in the middle nor a pasted edge means a car. uint8 (S, S, 3).
        """
        kind = generator.random()
        plain = self.textures and kind < 0.6
        scene = whole(self.textures[generator.integers(len(self.textures))], generator) if plain else None
        scene = self.street(generator) if scene is None else scene
        return self.with_thing(scene, generator) if kind > 0.35 else scene

    def with_thing(self, scene, generator):
        """Paste a piece of a texture or of a street into a scene, in the outline of a car on its side or on
        its roof, or of an ellipse. uint8 (S, S, 3).
        """
        content = (
            piece(self.textures[generator.integers(len(self.textures))], generator)
            if self.textures
            else self.streets[generator.integers(len(self.streets))]
        )
        if generator.random() < 0.5:
            alpha = np.rot90(
                self.pictures.alphas[self.masked[generator.integers(len(self.masked))]],
                generator.integers(1, 4),
            )
        else:
            alpha = np.zeros((SIZE, SIZE), np.uint8)
            axes = tuple(int(side) for side in generator.integers(SIZE // 5, SIZE // 2, 2))
            cv2.ellipse(
                alpha, (SIZE // 2, SIZE // 2), axes, float(generator.uniform(0, 180)), 0, 360, 255, -1
            )
        move = placing(generator.uniform(0.3, 1.0, 2), generator)
        alpha = warped(np.ascontiguousarray(alpha), move, cv2.BORDER_CONSTANT)
        return blend(warped(np.ascontiguousarray(content), move, cv2.BORDER_REPLICATE), alpha, scene)


def grey(scene, generator):
    """Some scenes without their colours: uint8 (S, S, 3)."""
    if generator.random() > GREY:
        return scene
    return np.repeat(cv2.cvtColor(np.ascontiguousarray(scene), cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def whole(texture, generator):
    """Most of a picture, squeezed into a square, as a whole photo comes to the finder: uint8 (S, S, 3)."""
    height, width = (int(side * generator.uniform(0.7, 1)) for side in texture.shape[:2])
    top, left = (
        generator.integers(0, texture.shape[0] - height + 1),
        generator.integers(0, texture.shape[1] - width + 1),
    )
    cut = cv2.resize(
        np.ascontiguousarray(texture[top : top + height, left : left + width]),
        (SIZE, SIZE),
        interpolation=cv2.INTER_AREA,
    )
    return np.ascontiguousarray(cut[:, :: generator.choice([-1, 1])])


def piece(texture, generator):
    """A piece of a picture, at least S pixels high and wide. Some get their colours in another order. uint8
    (S, S, 3).
    """
    height, width = (
        int(generator.integers(SIZE // 2, side + 1)) for side in np.minimum(texture.shape[:2], 5 * SIZE)
    )
    top, left = (
        generator.integers(0, texture.shape[0] - height + 1),
        generator.integers(0, texture.shape[1] - width + 1),
    )
    cut = cv2.resize(
        texture[top : top + height, left : left + width], (SIZE, SIZE), interpolation=cv2.INTER_AREA
    )
    return cut[..., generator.permutation(3)] if generator.random() < 0.5 else cut


def structured(scene, generator):
    """Add the edges of streets: poles, kerbs, rows of windows, leaves, each to some scenes. uint8 (S, S, 3),
    changed in place.
    """
    colour = lambda: [int(value) for value in generator.integers(0, 256, 3)]  # noqa: E731
    for _ in range(generator.choice([0, 0, 1, 3, 6])):
        start, way = (
            generator.integers(0, SIZE, 2),
            generator.integers(-90, 91, 2) * generator.choice([[0, 1], [1, 0], [1, 1]]),
        )
        cv2.line(
            scene,
            tuple(map(int, start)),
            tuple(map(int, start + way)),
            colour(),
            int(generator.integers(1, 4)),
        )
    if generator.random() < 0.3:
        width, height, paint = *generator.integers(3, 14, 2), colour()
        left, top = generator.integers(0, SIZE, 2)
        for x in range(left, min(SIZE, left + 6 * width), 2 * width):
            for y in range(top, min(SIZE, top + 6 * height), 2 * height):
                cv2.rectangle(scene, (int(x), int(y)), (int(x + width), int(y + height)), paint, -1)
    if generator.random() < 0.3:
        grain = cv2.resize(
            generator.normal(0, generator.uniform(10, 50), (SIZE // 2, SIZE // 2, 1)).astype(np.float32),
            (SIZE, SIZE),
        )[..., None]
        fade = np.linspace(*generator.permutation([0, 1]), SIZE)[:, None, None]
        scene = (scene + grain * fade).clip(0, 255).astype(np.uint8)
    return scene


def box(alpha):
    """The box around an alpha mask (S, S), as shares of the frame: left, top, right, bottom, float32 (4,)."""
    rows, columns = np.flatnonzero((alpha > 127).any(axis=1)), np.flatnonzero((alpha > 127).any(axis=0))
    if not len(rows):
        return np.zeros(4, np.float32)
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32) / len(alpha)


def night(scene, generator):
    """Make a scene darker and warmer, with more contrast: uint8 (S, S, 3)."""
    light = (scene / 255.0) ** generator.uniform(1.2, 1.8) * generator.uniform(0.5, 0.9)
    return (
        (255 * light * np.array([1, generator.uniform(0.8, 1), generator.uniform(0.6, 1)]))
        .clip(0, 255)
        .astype(np.uint8)
    )


def rain(scene, generator):
    """Make a scene paler, with slanted streaks: uint8 (S, S, 3)."""
    drops = (generator.random((SIZE, SIZE)) < 0.01).astype(np.float32)
    length = int(generator.integers(5, 13))
    kernel = cv2.warpAffine(
        np.eye(length, dtype=np.float32),
        np.array([[0.3, 0, length / 3], [0, 1, 0]], np.float32),
        (length, length),
    )
    streaks = cv2.filter2D(drops, -1, kernel)[..., None]
    return (scene * 0.85 + 25 + 60 * streaks).clip(0, 255).astype(np.uint8)


def compressed(scene, generator):
    """Compress a scene as a JPEG of low quality, some of them at half the size: uint8 (S, S, 3)."""
    if generator.random() < 0.4:
        scene = cv2.resize(
            cv2.resize(scene, (SIZE // 2, SIZE // 2), interpolation=cv2.INTER_AREA), (SIZE, SIZE)
        )
    _, coded = cv2.imencode(
        ".jpg", np.ascontiguousarray(scene), [cv2.IMWRITE_JPEG_QUALITY, int(generator.integers(25, 75))]
    )
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)
