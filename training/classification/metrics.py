"""Figures of a classifier: accuracy with its interval, calibration error, the temperature that improves it,
the most certain mistakes.
"""

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

from training.classification import data

# B texts, C classes

BINS = 15  # for the calibration error
FEW = 100  # validation texts, below which they do not decide how sure a network is


def logits_of(network, examples, words=12000, label=None):
    """Logits (B, C) of examples, in their order; with a label, a progress bar has it."""
    found = [None] * len(examples)
    sets, groups = data.batches(examples, words)
    with torch.no_grad():
        for (ids, _), group in tqdm(list(zip(sets, groups)), desc=label, disable=label is None):
            for place, row in zip(group, network(ids).float().numpy()):
                found[place] = row
    return np.array(found)


def softmax(logits):
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def nats(logits, labels):
    return float(F.cross_entropy(torch.tensor(logits), torch.tensor(labels)))


def temperature(logits, labels):
    """The number by which to divide the logits so that the cross-entropy is smallest (Guo et al. 2017,
    arXiv:1706.04599). A few texts, all of them right, cannot tell that a network should be surer than
    it is: with them it is 1 at least.
    """
    tried = np.geomspace(0.3 if len(labels) >= FEW else 1, 5, 200)
    return float(min(tried, key=lambda value: nats(logits / value, labels)))


def interval(share, count):
    """The 95 % interval of a share in `count` trials (Wilson 1927)."""
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return [round(100 * float(middle - reach), 1), round(100 * float(middle + reach), 1)]


def calibration_error(probabilities, labels):
    """ECE: the distance between confidence and accuracy, over bins of equal width (Naeini et al. 2015)."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    return float(
        sum(abs(sure[bins == one].sum() - right[bins == one].sum()) for one in range(BINS)) / len(labels)
    )


def kinds(probabilities, labels, classes):
    """(probabilities, labels, names) of the kinds. A kind is the part of a class name before its colon."""
    each = [label.partition(":")[0] for label in classes]
    names = list(dict.fromkeys(each))
    summed = np.stack([probabilities[:, [one == name for one in each]].sum(axis=1) for name in names], axis=1)
    return summed, np.array([names.index(each[label]) for label in labels]), names


def figures(logits, labels, classes, heat):
    """The record's figures of a test set. Accuracy and errors are in per cent."""
    fine, labels = softmax(logits / heat), np.asarray(labels)
    coarse, kind, names = kinds(fine, labels, classes)
    share = float((coarse.argmax(axis=1) == kind).mean())
    told = {
        "texts": len(labels),
        "accuracy": round(100 * share, 2),
        "interval": interval(share, len(labels)),
        "ece_before": round(100 * calibration_error(kinds(softmax(logits), labels, classes)[0], kind), 2),
        "ece": round(100 * calibration_error(coarse, kind), 2),
    }
    return (
        {**told, "fine": round(100 * float((fine.argmax(axis=1) == labels).mean()), 2)}
        if len(names) < len(classes)
        else told
    )


def confusion(probabilities, labels, count):
    """(C, C) counts: rows are the true classes, columns the predicted ones."""
    table = np.zeros((count, count), int)
    np.add.at(table, (labels, probabilities.argmax(axis=1)), 1)
    return table


def mistakes(probabilities, labels, texts, names, most=20):
    """The most certain mistakes, one line each."""
    wrong = [
        place
        for place in np.argsort(-probabilities.max(axis=1))
        if probabilities[place].argmax() != labels[place]
    ]
    return [
        "%.3f %s, and it is %s: %s"
        % (
            probabilities[place].max(),
            names[probabilities[place].argmax()],
            names[labels[place]],
            " ".join(texts[place].split())[:300],
        )
        for place in wrong[:most]
    ]
