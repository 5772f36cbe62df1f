from dataclasses import replace

import pytest

from apps.monai_label.trainers.site_recipe import fitted, site_recipe, values_by_class
from apps.monai_label.trainers.train_options import TrainOptions
from apps.monai_label.trainers.training_errors import TrainingRefused
from tests.apps.monai_label.trainers.small_site import write_bundle
from tests.evaluation.small_runs import quick_recipe
from uptake.errors import InputRefused
from uptake.training.recipe import RecipeClass, TruthRule


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_bundle(tmp_path_factory.mktemp("site"))


def test_the_recipe_is_the_bundles_with_its_own_label_values(bundle):
    found = site_recipe(bundle)
    assert [each.truth for each in found.classes] == [TruthRule(), TruthRule(values=(1,)), TruthRule(values=(2,))]
    assert replace(found, classes=quick_recipe().classes) == quick_recipe()


def test_a_fold_has_its_share_of_the_time_and_stops_early(bundle):
    found = fitted(site_recipe(bundle), TrainOptions(seconds=60, patience=3, seed=5), 2).fitting
    assert (found.seconds, found.patience, found.seed, found.epochs) == (30, 3 * found.validate_every, 5, 4)


def test_a_bundle_without_a_recipe_or_with_anothers_is_refused(bundle, tmp_path):
    with pytest.raises(TrainingRefused, match="no recipe"):
        site_recipe(replace(bundle, folder=tmp_path))
    (tmp_path / "configs").mkdir()
    other = replace(quick_recipe(), preprocessing=replace(quick_recipe().preprocessing, spacing_mm=(4.0, 4.0, 4.0)))
    (tmp_path / "configs" / "recipe.json").write_text(other.to_json())
    with pytest.raises(TrainingRefused, match="other preprocessing"):
        site_recipe(replace(bundle, folder=tmp_path))
    (tmp_path / "configs" / "recipe.json").write_text("{")
    with pytest.raises(InputRefused, match=r"recipe\.json"):
        site_recipe(replace(bundle, folder=tmp_path))


def test_announced_values_go_by_their_names():
    announced = {1: "lesion", 2: "primary_tumour", 5: "lymph_node_metastasis", 6: "liver"}
    assert values_by_class(quick_recipe(), announced) == {2: 1, 5: 2}


def test_a_recipe_of_one_lesion_class_takes_every_lesion_but_no_organ():
    lesion = RecipeClass("lesion", TruthRule(values=(1,)))
    recipe = replace(
        quick_recipe(),
        classes=(RecipeClass("background"), lesion),
        network=replace(quick_recipe().network, settings={"classes": 2}),
    )
    announced = {0: "background", 1: "lesion", 2: "primary_tumour", 3: "physiological_uptake", 4: "liver", 5: "made up"}
    assert values_by_class(recipe, announced) == {1: 1, 2: 1}
