from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.small_training import small_recipe
from uptake.training.augmentation import Augmentation, augmented
from uptake.training.cache import PreparedTraining
from uptake.training.patches import PatchSource


@pytest.fixture
def exam(tmp_path):
    labels = np.zeros((40, 20, 12), np.uint8)
    labels[30:33, 4:6, 4:6], labels[5, 17, 9] = 1, 2
    image = np.stack([labels + 1.0, np.ones(labels.shape)]).astype(np.float16)
    np.save(tmp_path / "image.npy", image)
    np.save(tmp_path / "labels.npy", labels)
    return PreparedTraining("one", "p", True, "", Path(tmp_path))


def source(exam, **fitting):
    recipe = small_recipe(**fitting)
    return PatchSource([exam], recipe)


def test_the_same_place_gives_the_same_batch_and_another_another(exam):
    patches = source(exam)
    images, labels = patches.batch((0, 3, 5), 2)
    again, _ = source(exam).batch((0, 3, 5), 2)
    other, _ = patches.batch((0, 4, 5), 2)
    assert images.shape == (2, 2, 8, 16, 16)
    assert labels.shape == (2, 1, 8, 16, 16)
    assert labels.dtype == torch.int64
    assert torch.equal(images, again)
    assert not torch.equal(images, other)


def test_patches_around_lesions_hold_every_class_alike(exam):
    def hits(foreground):
        patches = source(exam, foreground=foreground, seed=3)
        _, labels = patches.batch((0, 0, 0), 60)
        return [float((labels == value).flatten(1).any(1).float().mean()) for value in (1, 2)]

    often, seldom = hits(1.0), hits(0.0)
    assert min(often) > 0.3
    assert sum(often) >= 0.9
    assert sum(seldom) < sum(often) - 0.2


def test_an_exam_smaller_than_the_patch_lies_in_its_middle(exam):
    image = source(exam).batch((0, 0, 0), 1)[0]
    inside = (image[0, 1] > 0.5).any(0).any(0)
    assert inside.sum() <= 16
    plain = PatchSource([exam], small_recipe())
    plain._augmentation = Augmentation()
    column = (plain.batch((0, 0, 0), 1)[0][0, 1] == 1.0).any(0).any(0)
    assert torch.equal(column, torch.tensor([False] * 2 + [True] * 12 + [False] * 2))


def test_labels_move_with_the_image():
    labels = torch.zeros(1, 4, 32, 32, dtype=torch.int64)
    labels[:, :, 5:12, 18:27] = 1
    image = labels.float().repeat(2, 1, 1, 1)
    how = Augmentation(mirror=0.5, move=1.0, turn_deg=20, scale=0.2, shift_voxels=3)
    moved = 0
    for seed in range(6):
        new_image, new_labels = augmented(image, labels, how, np.random.default_rng(seed))
        both = ((new_image[0] > 0.5) == (new_labels[0] > 0)).float().mean()
        moved += not torch.equal(new_labels, labels)
        assert both > 0.99
        assert new_labels.sum() > 0.5 * labels.sum()
    assert moved == 6


def test_intensities_change_by_channel_and_nothing_by_default():
    image, labels = torch.full((2, 2, 4, 4), 0.5), torch.zeros(1, 2, 4, 4, dtype=torch.int64)
    same, _ = augmented(image, labels, Augmentation(), np.random.default_rng(0))
    assert torch.equal(same, image)
    bright, _ = augmented(image, labels, Augmentation(brightness=0.2), np.random.default_rng(0))
    levels = bright.flatten(1).unique(dim=1).squeeze()
    assert levels[0] != levels[1]
    assert ((levels >= 0.4) & (levels <= 0.6)).all()
