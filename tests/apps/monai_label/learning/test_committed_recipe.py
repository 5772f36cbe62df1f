from pathlib import Path

import pytest

from apps.monai_label.learning.__main__ import RECIPE, main
from uptake.training.exam_folder import find_exams
from uptake.training.recipe import find_recipe


def test_the_recipe_is_of_two_classes_and_patches_are_smaller_than_any_crop():
    recipe = find_recipe(str(RECIPE), "small", Path())
    assert [each.name for each in recipe.classes] == ["background", "lesion"]
    assert recipe.preprocessing.field_of_view.axial == "whole"
    # The smallest crop is 131 mm across: a patch as wide would always have the tumour in its middle.
    assert max(side * 5.0 for side in recipe.tiling.patch) <= 120.0
    assert recipe.augmentation.shift_voxels > 0
    assert recipe.inputs[0].normalisation.kind == "fixed"


@pytest.mark.data
def test_a_real_experts_contour_is_a_lesion(data_folder):
    recipe = find_recipe(str(RECIPE), "small", Path())
    exam = find_exams(data_folder / "sts" / "STS_008", recipe)[0].load()
    assert (exam.truth == 1).sum() == pytest.approx(388, abs=2)


def test_nothing_to_report_is_told(tmp_path, capsys):
    assert main(["--out", str(tmp_path), "--report"]) == 2
    assert "no results" in capsys.readouterr().err
