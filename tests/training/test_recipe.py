import json
from pathlib import Path

import pytest

from tests.training.small_training import RECIPE, small_recipe
from uptake.errors import InputRefused
from uptake.networks.catalogue import network, settings_of
from uptake.networks.size import flops
from uptake.training.recipe import find_recipe, recipe_of

MODELS = Path(__file__).parents[2] / "models"


def edited(path, value):
    document = json.loads(json.dumps(RECIPE))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(document)


def test_a_recipe_reads_back_what_it_writes():
    recipe = small_recipe()
    assert recipe_of(recipe.to_json(), "again") == recipe


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("fitting", "epoch"), 3, "fitting has no 'epoch'"),
        (("fitting", "epochs"), "many", "fitting.epochs must be int"),
        (("fitting", "batch"), True, "fitting.batch must be int"),
        (("classes", 1, "name"), "no_such_class", "no_such_class"),
        (("classes", 1, "truth"), {}, "no truth"),
        (("inputs", 1, "kind"), "MR", "PT, and CT"),
        (("tiling", "patch"), [8, 16], "tiling.patch must have 3 entries"),
        (("network", "settings", "classes"), 2, "classes is 2, but 3"),
        (("network", "settings", "in_channels"), 1, "in_channels is 1, but 2"),
        (("inputs",), [{"name": "pet", "kind": "PT", "normalisation": {"kind": "min-max"}}], "in_channels is 2, but 1"),
        (("schema",), "uptake.recipe/2", "schema"),
        (("augmentation", "mirror"), 2.0, "chances"),
    ],
)
def test_a_recipe_with_a_fault_is_refused_by_name(path, value, words):
    with pytest.raises(InputRefused, match=words):
        recipe_of(edited(path, value), "broken.json")


@pytest.mark.parametrize("scale", ["small", "paper"])
def test_the_shipped_recipes_follow_the_paper(scale):
    recipe = find_recipe("head_neck_mtv", scale, MODELS)

    assert recipe.preprocessing.spacing_mm == (2.5, 2.5, 2.5)
    assert recipe.tiling.patch == (32, 128, 128)
    assert recipe.tiling.overlap[0] == 0.75
    assert recipe.tiling.fwhm == 1.0
    assert [each.name for each in recipe.classes] == ["background", "primary_tumour", "lymph_node_metastasis"]
    assert recipe.inputs[1].normalisation.clip == (-150, 150)
    assert recipe.preprocessing.field_of_view.axial == "head_neck"
    assert (recipe.splits.folds, recipe.splits.validation) == (5, 0.2)


def test_the_small_network_is_small_and_the_published_training_is_as_published():
    small, paper = (find_recipe("head_neck_mtv", scale, MODELS) for scale in ("small", "paper"))
    module = network(settings_of(small.network.name, small.network.settings))

    assert flops(module, (1, 2, 32, 128, 128)) <= 10e9
    assert (paper.fitting.optimiser.name, paper.fitting.batch, paper.fitting.epochs) == ("adadelta", 16, 200)
    assert paper.fitting.patience == 30
    assert paper.augmentation is None


def test_a_recipe_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputRefused, match="no recipe nothing at scale small"):
        find_recipe("nothing", "small", tmp_path)
