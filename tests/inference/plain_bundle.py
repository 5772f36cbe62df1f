"""A tiny bundle whose network marks what is bright in the PET, so that INT8 can agree with float32, with exams."""

from dataclasses import dataclass

import numpy as np
import torch

from tests.inference.model_store.small_bundle import TEXTS, small_bundle, small_network
from uptake.inference.model_store import save_bundle


@dataclass
class Case:
    array: np.ndarray
    body: np.ndarray


def cases(count, seed=0, shape=(8, 16, 16)):
    """Exams with a body of small noise, a bright box, and a brighter one; as large as one patch if nothing is said."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        array = random.normal(0.0, 0.05, (2, *shape)).astype(np.float32)
        body = np.zeros(shape, dtype=bool)
        body[1:-1, 1:-1, 1:-1] = True
        z, y, x = (int(each) for each in random.integers(1, 4, 3))
        array[0, z : z + 4, y : y + 6, x : x + 5] = 1.0
        array[0, z : z + 4, y + 7 : y + 11, x + 6 : x + 10] = 2.0
        made.append(Case(array, body))
    return made


def bright_network():
    """The PET's centre voxels through every layer by way of the skip, and logits that grow with them."""
    network = small_network()
    with torch.no_grad():
        for name, each in network.named_parameters():
            each.copy_(torch.ones(each.shape) if name.endswith("norm.weight") else torch.zeros(each.shape))
            if name.endswith("convolution.weight") and name.startswith("encoder"):
                each[:, 0, 1, 1, 1] = 1.0
            if name.endswith("convolution.weight") and name.startswith("decoder"):
                each[:, each.shape[1] // 2, 1, 1, 1] = 1.0
        head = [each for name, each in network.named_parameters() if name.startswith("heads")]
        head[-2][1, 0], head[-1][1] = 10.0, -12.0
        head[-2][2, 0], head[-1][2] = 20.0, -42.0
    return network


def save_plain(models, folds=(0,), **changes):
    weights = {fold: bright_network().state_dict() for fold in folds}
    return save_bundle(small_bundle(**changes), weights, TEXTS, models)
