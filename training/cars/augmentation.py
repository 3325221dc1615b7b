"""Changes to a training picture before the network sees it: moved, pasted on other backgrounds, repainted,
relit, noisy.

Pictures and their masks come from training.cars.pictures. Every random number comes from a numpy generator.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from tqdm import tqdm

from models.cars.pictures import SIZE

# B batch, N pictures, S side of the square


def surroundings(photo, alpha):
    """The photo with its car painted over from the edges: a background for other cars."""
    half = (SIZE // 2, SIZE // 2)
    hole = (cv2.resize(alpha, half) > 20).astype(np.uint8)
    hole = cv2.dilate(hole, np.ones((5, 5), np.uint8))
    return cv2.resize(cv2.inpaint(cv2.resize(photo, half), hole, 3, cv2.INPAINT_TELEA), (SIZE, SIZE))


@dataclass(frozen=True)
class Augmentation:
    """How often and how far a training picture is changed: 0 to 1, unless another unit is given."""

    as_it_is: float = 0.3  # share of photos that stay whole; they may be mirrored
    own_street: float = 0.25  # share of cars that stay in their own street and move a little
    white: float = 0.15  # share put on white; the rest is put on a colour or on another photo's surroundings
    flat: float = 0.05
    smallest: float = 0.55  # the smallest side of a pasted car, as a share of the frame
    repaint: float = 0.25  # share whose hue is changed, in input and target
    light: float = 0.15  # largest change of brightness and contrast, in input and target
    noise: float = 0.25  # share of inputs with sensor noise or blur


class Augmenter:
    """Turns (photo, alpha) into the input and the target of the network."""

    def __init__(self, pictures, settings=Augmentation()):
        self.pictures, self.settings = pictures, settings
        masked = np.flatnonzero(pictures.masked)
        self.streets = [
            surroundings(pictures.photos[i], pictures.alphas[i])
            for i in tqdm(masked, desc="surroundings", disable=None)
        ]

    def pair(self, index, generator):
        """One picture -> (input, target), both uint8 (S, S, 3)."""
        s = self.settings
        photo, alpha = self.pictures.photos[index], self.pictures.alphas[index]
        if generator.random() < 0.5:
            photo, alpha = photo[:, ::-1], alpha[:, ::-1]
        photo = self.repainted(photo, generator)
        if self.pictures.masked[index]:
            photo = self.relit(photo, generator)  # only here: a white background must stay white
        kind = generator.random()
        if kind < s.as_it_is:
            scene = photo
        elif kind < s.as_it_is + s.own_street and self.pictures.masked[index]:
            scale = generator.uniform(0.85, 1.1) * generator.uniform(0.95, 1.05, size=2)
            move = placing(scale, generator)
            scene = warped(photo, move, cv2.BORDER_REFLECT_101)
            photo, alpha = scene, warped(alpha, move, cv2.BORDER_CONSTANT)
        else:
            scale = generator.uniform(s.smallest, 1.05) * np.array([1, generator.uniform(0.65, 1)])
            move = placing(scale, generator)
            photo, alpha = warped(photo, move, cv2.BORDER_REPLICATE), warped(alpha, move, cv2.BORDER_CONSTANT)
            scene = blend(photo, alpha, self.background(index, kind - s.as_it_is - s.own_street, generator))
        target = blend(photo, alpha, np.full_like(photo, 255))
        return self.noisy(scene, generator), target

    def background(self, index, kind, generator):
        """White, a flat colour, or the surroundings of another photo, enlarged and mirrored at random: uint8
        (S, S, 3).

        A picture without a mask is its own target, so it stays on white.
        """
        s = self.settings
        if kind < s.white or not self.pictures.masked[index]:
            return np.full((SIZE, SIZE, 3), 255, np.uint8)
        if kind < s.white + s.flat:
            return np.full((SIZE, SIZE, 3), generator.integers(0, 256, 3), np.uint8)
        street = self.streets[generator.integers(len(self.streets))]
        move = placing(np.full(2, generator.uniform(1, 1.8)), generator)
        return warped(street[:, :: generator.choice([-1, 1])], move, cv2.BORDER_REFLECT_101)

    def repainted(self, photo, generator):
        """Change the hue of some pictures: uint8 (S, S, 3)."""
        if generator.random() >= self.settings.repaint:
            return photo
        hsv = cv2.cvtColor(np.ascontiguousarray(photo), cv2.COLOR_RGB2HSV)
        # OpenCV's hue has 180 steps per circle
        hsv[..., 0] = (hsv[..., 0].astype(int) + generator.integers(180)) % 180
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)

    def relit(self, photo, generator):
        """Change brightness and contrast a little: uint8 (S, S, 3)."""
        contrast, brightness = 1 + generator.uniform(-self.settings.light, self.settings.light, 2)
        table = ((np.arange(256) - 128) * contrast + 128) * brightness
        return table.clip(0, 255).astype(np.uint8)[photo]

    def noisy(self, scene, generator):
        """Noise or blur, as a camera adds it."""
        if generator.random() >= self.settings.noise:
            return scene
        if generator.random() < 0.5:
            return cv2.GaussianBlur(scene, (0, 0), generator.uniform(0.4, 1.2))
        noise = generator.normal(0, generator.uniform(2, 10), scene.shape)
        return (scene + noise).clip(0, 255).astype(np.uint8)


def placing(scale, generator):
    """An affine matrix (2, 3) that scales by (x, y) and shifts at random. The frame stays covered, or the car
    stays inside it.
    """
    room = SIZE * (1 - scale)  # (2,), negative if the picture is enlarged
    shift = generator.uniform(0, 1, 2) * room
    return np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]]], np.float32)


def warped(picture, move, border):
    """The picture moved by an affine matrix. Outside of it, OpenCV's border mode decides."""
    return cv2.warpAffine(
        np.ascontiguousarray(picture), move, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderMode=border
    )


def blend(photo, alpha, background):
    """The car of the photo on the background: uint8 (S, S, 3)."""
    weight = alpha[..., None].astype(np.uint16)  # (S, S, 1)
    return ((photo * weight + background * (255 - weight)) // 255).astype(np.uint8)


def tensor(photos):
    """uint8 (N, S, S, 3) -> float (N, 3, S, S) in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(photos)).permute(0, 3, 1, 2).float().div(255)  # (N, 3, S, S)


class Batches:
    """One epoch of augmented pairs: all photos and some of the pictures in `more`. Order and changes depend
    only on the seed.

    `told`: (names, targets) -> a list of tensors that are added to each batch, for a conditional network.
    """

    def __init__(self, augmenter, photos, some, size, seed, told=lambda names, targets: []):
        self.augmenter, self.photos, self.some, self.size, self.seed, self.told = (
            augmenter,
            photos,
            some,
            size,
            seed,
            told,
        )

    def __len__(self):
        return max(1, (self.photos + self.some) // self.size)

    def __iter__(self):
        generator = np.random.default_rng(self.seed)
        more = np.arange(self.photos, len(self.augmenter.pictures))
        order = np.concatenate([np.arange(self.photos), generator.permutation(more)[: self.some]])
        order = generator.permutation(order)
        for at in range(len(self)):
            chosen = order[at * self.size : (at + 1) * self.size]
            pairs = [self.augmenter.pair(i, generator) for i in chosen]
            photos, targets = (tensor(np.stack(side)) for side in zip(*pairs))  # (B, 3, S, S) each
            yield [photos, targets, *self.told([self.augmenter.pictures.names[i] for i in chosen], targets)]
