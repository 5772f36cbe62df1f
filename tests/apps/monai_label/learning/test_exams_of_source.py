import shutil
from pathlib import Path

import pytest

from apps.monai_label.exams.folder_source import FolderSource
from apps.monai_label.learning.__main__ import RECIPE
from apps.monai_label.learning.exams_of_source import exams_of_source
from uptake.errors import InputRefused
from uptake.training.recipe import find_recipe


@pytest.fixture
def two(data_folder, tmp_path):
    for name in ("STS_008", "STS_019"):
        shutil.copytree(data_folder / "sts" / name, tmp_path / "exams" / name)
    return tmp_path / "exams"


@pytest.mark.data
def test_experts_contours_become_labels_and_then_truth_for_training(two, tmp_path):
    recipe = find_recipe(str(RECIPE), "small", Path())
    source = FolderSource(two, tmp_path / "stored")
    found = exams_of_source(source, two, recipe, tmp_path / "work")
    assert len({each.patient for each in found}) == 2
    # 388 and 239 voxels in the README's table of contours, of 72 and 72 mm3, here in voxels of 125 mm3.
    volumes = sorted(int((each.labels() == 1).sum()) for each in found)
    assert volumes == pytest.approx([239 * 0.0719 / 0.125, 388 * 0.0719 / 0.125], rel=0.12)
    stored = list((tmp_path / "stored").rglob("*.dcm"))
    assert len(stored) == 2
    again = exams_of_source(source, two, recipe, tmp_path / "work")
    assert [each.folder for each in again] == [each.folder for each in found]
    assert list((tmp_path / "stored").rglob("*.dcm")) == stored


@pytest.mark.data
def test_a_source_without_those_exams_is_told(two, tmp_path):
    (tmp_path / "empty").mkdir()
    source = FolderSource(tmp_path / "empty", tmp_path / "stored")
    with pytest.raises(InputRefused, match=r"none of the folder's exams|no exam"):
        exams_of_source(source, two, find_recipe(str(RECIPE), "small", Path()), tmp_path / "work")
