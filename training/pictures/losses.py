"""What style transfer makes small, as pure functions, for training, optimisation, evaluation and tests.

Gatys et al. 2016, Image style transfer using convolutional neural networks; Johnson et al. 2016,
arXiv:1603.08155. Each distance is divided by the size of what is aimed at, so that one weight serves
paintings of any contrast.
"""

import torch.nn.functional as F

# B pictures, C channels, H height, W width


def gram(features):
    """How much channels agree, averaged over the places: (B, C, H, W) -> (B, C, C)."""
    flat = features.flatten(2)  # (B, C, H * W)
    return flat @ flat.transpose(1, 2) / flat.shape[2]  # (B, C, C)


def style_distance(found, wanted):
    """How far Gram matrices are from a painting's, as a share of its size: (B, C, C), twice -> (B,)."""
    return ((found - wanted) ** 2).mean(dim=(1, 2)) / (wanted**2).mean(dim=(1, 2))


def content_distance(found, wanted):
    """How far features are from the photo's, as a share of their size: (B, C, H, W), twice -> (B,)."""
    return ((found - wanted) ** 2).mean(dim=(1, 2, 3)) / (wanted**2).mean(dim=(1, 2, 3))


def total_variation(pictures):
    """The mean square of the steps between neighbours, to the right and down: (B, C, H, W) -> (B,)."""
    right = (pictures[:, :, :, 1:] - pictures[:, :, :, :-1]) ** 2
    down = (pictures[:, :, 1:] - pictures[:, :, :-1]) ** 2
    return right.mean(dim=(1, 2, 3)) + down.mean(dim=(1, 2, 3))  # (B,)


def lattice(pictures, stride=4):
    """The variance of the means of the stride x stride places of each cell, over the whole picture:
    (B, C, H, W) -> (B,). What a network draws in step with its own strides, such as a checkerboard, has much
    of it, and a photo hardly any.
    """
    height, width = (side // stride * stride for side in pictures.shape[2:])
    cells = pictures[:, :, :height, :width].unfold(2, stride, stride).unfold(3, stride, stride)
    places = cells.mean(dim=(2, 3))  # (B, C, stride, stride)
    return places.flatten(2).var(dim=2, unbiased=False).mean(dim=1)  # (B,)


def shade_distance(pictures, photos):
    """1 less the correlation of how light places of 8x8 pixels are in pictures and in their photos:
    (B, 3, H, W), twice -> (B,), 0 where light and dark lie as they did, 2 where they are the other way round.

    Deep features hardly mind blurred spots of light, which show as halos; this does.
    """
    weights = pictures.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)  # ITU-R BT.601
    found, wanted = (
        F.avg_pool2d((side * weights).sum(dim=1, keepdim=True), 8).flatten(1) for side in (pictures, photos)
    )  # (B, places) each
    found, wanted = (side - side.mean(dim=1, keepdim=True) for side in (found, wanted))
    spread = (found**2).mean(dim=1) * (wanted**2).mean(dim=1)  # (B,)
    return (
        1 - (found * wanted).mean(dim=1) / (spread + 1e-6).sqrt()
    )  # 1e-6: a plain photo has no light and dark
