"""Bad bundles: each is refused with one clear error, and nothing in them is ever unpickled."""

import hashlib
import json
import pickle

import pytest
import safetensors.torch
import torch

from tests.inference.model_store.small_bundle import save_small, small_bundle, small_network
from uptake.errors import BundleRefused
from uptake.inference.model_store import build_network, label_class, list_bundles, load_bundle, load_weights, verify

WEIGHTS = "models/fold_0.safetensors"


@pytest.fixture
def folder(tmp_path):
    return save_small(tmp_path / "models", folds=(0,)).folder


def change(folder, edit):
    path = folder / "configs" / "metadata.json"
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))


def put(*keys_and_value):
    *keys, last, value = keys_and_value

    def edit(document):
        for key in keys:
            document = document[key]
        document[last] = value

    return edit


def replace_weights(folder, content):
    """Put other weights there, with the hash and size that they have."""
    (folder / WEIGHTS).write_bytes(content)

    def edit(document):
        document["uptake"]["weights"][0] |= {
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
        }

    change(folder, edit)


def refusal(folder, words):
    with pytest.raises(BundleRefused) as refused:
        verify(folder, build_network)
    text = str(refused.value)
    assert words in text
    assert "head_neck_tiny" in text
    assert "\n" not in text
    assert refused.value.exit_status == 2
    return text


class Trap:
    sprung = False

    def __reduce__(self):
        return (setattr, (Trap, "sprung", True))


@pytest.fixture
def trap():
    Trap.sprung = False
    yield Trap()
    assert not Trap.sprung


def test_a_sound_bundle_is_not_refused(folder):
    assert verify(folder, build_network).folds == (0,)


@pytest.mark.parametrize("missing", ["configs/metadata.json", "LICENSE", "docs/README.md", WEIGHTS])
def test_a_missing_file_is_named(missing, folder):
    (folder / missing).unlink()
    refusal(folder, f"{missing} is missing")


def test_one_flipped_bit_is_a_wrong_hash(folder):
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS).write_bytes(content)
    refusal(folder, "wrong hash")


def test_a_wrong_hash_is_found_before_the_file_is_parsed(folder, monkeypatch):
    monkeypatch.setattr(safetensors.torch, "load", lambda content: pytest.fail("parsed before the hash was checked"))
    (folder / WEIGHTS).write_bytes(b"x" * (folder / WEIGHTS).stat().st_size)
    refusal(folder, "wrong hash")


def test_a_shortened_file_is_refused_by_its_size(folder):
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:100])
    refusal(folder, "has 100 bytes")


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("hash_too", [False, True])
def test_a_pickle_in_place_of_safetensors_is_refused_and_not_run(hash_too, protocol, folder, trap):
    content = pickle.dumps(trap, protocol)
    if hash_too:
        replace_weights(folder, content)
    else:
        (folder / WEIGHTS).write_bytes(content)
    refusal(folder, "holds a pickle")


@pytest.mark.parametrize("zipped", [False, True])
def test_a_torch_checkpoint_renamed_to_safetensors_is_refused(zipped, folder, tmp_path, trap):
    torch.save({"x": trap}, tmp_path / "model.pt", _use_new_zipfile_serialization=zipped)
    replace_weights(folder, (tmp_path / "model.pt").read_bytes())
    refusal(folder, "holds a pickle")


@pytest.mark.parametrize("path", ["models/model.pt", "models/fold_0.pth", "models/x.ckpt", "models/x.PKL"])
def test_a_pickle_named_in_the_metadata_is_refused(path, folder):
    change(folder, lambda document: document["uptake"]["weights"][0].update(path=path))
    refusal(folder, "is a pickle")


@pytest.mark.parametrize(
    "path",
    [
        "../other/models/fold_0.safetensors",
        "models/../../x.safetensors",
        "/etc/x.safetensors",
        "models\\..\\x.safetensors",
        "..\\x.safetensors",
        "C:/x.safetensors",
    ],
)
def test_a_path_that_leaves_the_bundle_is_refused(path, folder):
    change(folder, lambda document: document["uptake"]["weights"][0].update(path=path))
    refusal(folder, "leaves the bundle")


@pytest.mark.parametrize("linked", [WEIGHTS, "models", "configs/metadata.json"])
def test_a_link_that_leaves_the_bundle_is_refused(linked, folder, tmp_path):
    (folder / linked).rename(tmp_path / "outside")
    (folder / linked).symlink_to(tmp_path / "outside")
    refusal(folder, "leaves the bundle")


def test_a_link_in_a_circle_is_refused(folder):
    (folder / WEIGHTS).unlink()
    (folder / WEIGHTS).symlink_to(folder / WEIGHTS)
    refusal(folder, "is missing")


def test_a_git_lfs_pointer_says_what_to_do(folder):
    (folder / WEIGHTS).write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert "git lfs pull" in refusal(folder, "Git LFS pointer")


@pytest.mark.parametrize(
    "content",
    [
        b"nonsense" * 3,
        (2**40).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"{}" + b"x" * 9,
    ],
)
def test_what_is_not_safetensors_is_refused_though_its_hash_is_right(content, folder):
    replace_weights(folder, content)
    refusal(folder, "is not a safetensors file")


def test_a_header_as_long_as_a_pickle_is_marked_is_no_pickle(folder):
    # 0x0280 and 0x010480 as lengths of the header begin with the bytes of pickle protocols 2 and 4.
    tensors = small_network().state_dict()
    for length in (0x010480, 0x010280):
        plain = safetensors.torch.save(tensors, metadata={"note": ""})
        filled = length - int.from_bytes(plain[:8], "little")
        content = safetensors.torch.save(tensors, metadata={"note": "x" * filled})
        assert content[:2] == length.to_bytes(8, "little")[:2]
        replace_weights(folder, content)
        assert verify(folder, build_network)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (put("uptake", "format", 2), "its format is 2"),
        (put("uptake", "needs_uptake", "99.0.0"), "needs Uptake 99.0.0"),
        (put("uptake", "needs_uptake", "new"), "three numbers"),
        (put("version", "one"), "three numbers"),
        (put("uptake", "classes", 1, "name", "spaceship"), "'spaceship' is unknown; known are lesion"),
        (put("uptake", "classes", 1, "type", "value", "999"), "other codes"),
        (put("uptake", "classes", 1, "role", "anatomy"), "other codes or another role"),
        (put("uptake", "classes", 2, "value", 5), "numbered 0, 1, 2"),
        (put("network_data_format", "inputs", "image", "num_channels", 4), "4 input channels, but 2"),
        (put("network_data_format", "outputs", "pred", "num_channels", 2), "2 classes, but 3"),
        (put("uptake", "network", "settings", "in_channels", 4), "in_channels 4, but 2"),
        (put("uptake", "network", "settings", "classes", 2), "classes 2, but 3"),
        (put("uptake", "network", "settings", "surprise", 1), "no setting surprise"),
        (put("uptake", "network", "name", "transformer"), "no network 'transformer'"),
        (put("uptake", "network", "parameters", 7), "7 are recorded"),
        (put("uptake", "network", "flops_per_patch", 7), "7 are recorded"),
        (put("uptake", "tiling", "patch", [8, 16, 17]), "does not take the bundle's patch"),
        (put("uptake", "tiling", "overlap", [1.0, 0.0, 0.0]), "overlap"),
        (put("uptake", "preprocessing", "spacing_mm", [0, 1, 1]), "spacing_mm"),
        (put("uptake", "inputs", 0, "kind", "MR"), "'MR' is unknown"),
        (put("uptake", "inputs", 1, "unit", "g/ml"), "must be in HU"),
        (put("uptake", "inputs", 0, "normalisation", "kind", "magic"), "'magic' is unknown"),
        (put("uptake", "surprise", 1), "surprise"),
        (put("uptake", "weights", 0, "sha256", "abc"), "sha256"),
        (put("uptake", "training", "digital_patients_only", "yes"), "digital_patients_only"),
        (put("task", "two\nlines\x1b[31m"), "task"),
        (put("uptake", 1), 'no "uptake" object'),
    ],
)
def test_metadata_that_cannot_be_used_say_where(edit, words, folder):
    change(folder, edit)
    refusal(folder, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", 'no "uptake" object'),
        ('{"uptake": {"x": NaN}}', "NaN is not a JSON number"),
        ('{"uptake": {}, "uptake": {}}', "a key occurs twice"),
        ("[" * 100_000, "is not JSON"),
        (" " * (4 * 1024 * 1024 + 1), "is larger than"),
    ],
)
def test_metadata_that_are_not_json_objects_are_refused(text, words, folder):
    (folder / "configs" / "metadata.json").write_text(text)
    refusal(folder, words)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda t: t.popitem(), "is missing"),
        (lambda t: t.update(extra=torch.zeros(1)), "extra is not the network's"),
        (lambda t: t.update({next(iter(t)): torch.zeros(5, 4)}), "is 5x4, the network needs"),
        (
            lambda t: t.update({name: each.half() for name, each in t.items()}),
            "float16, the network needs",
        ),
        (lambda t: next(iter(t.values())).fill_(torch.nan), "not finite"),
    ],
)
def test_tensors_that_do_not_fit_the_network_are_named(edit, words, folder):
    tensors = {name: each.clone() for name, each in small_network().state_dict().items()}
    edit(tensors)
    replace_weights(folder, safetensors.torch.save(tensors))
    refusal(folder, words)


def test_weights_of_a_network_with_other_channels_do_not_fit(folder):
    replace_weights(folder, safetensors.torch.save(small_network(in_channels=4).state_dict()))
    refusal(folder, "x4x3x3x3, the network needs 4x2x3x3x3")


def test_a_fold_that_is_not_there_is_refused_with_those_that_are(folder):
    with pytest.raises(BundleRefused, match=r"no weights for fold 3.*it has: 0"):
        load_weights(load_bundle(folder), 3, build_network)


def test_no_such_bundle_points_to_the_list(tmp_path):
    with pytest.raises(BundleRefused, match="uptake models list"):
        load_bundle(tmp_path / "none")


def test_the_list_shows_sound_and_broken_bundles_beside_each_other(folder):
    models = folder.parent
    save_small(models, folds=(0,), bundle=small_bundle(name="wrong_hash"))
    (models / "wrong_hash" / WEIGHTS).write_bytes(b"x" * (folder / WEIGHTS).stat().st_size)
    (models / "empty").mkdir()
    (models / ".hidden").mkdir()
    (models / "README.md").write_text("not a bundle")
    found = {each.folder: each for each in list_bundles(models)}
    assert {name: each.state for name, each in found.items()} == {
        "empty": "refused",
        "head_neck_tiny": "hash ok",
        "wrong_hash": "refused",
    }
    assert found["head_neck_tiny"].classes == ("primary_tumour", "lymph_node_metastasis")
    assert found["head_neck_tiny"].digital_patients_only
    assert "wrong hash" in found["wrong_hash"].problem
    assert "metadata.json is missing" in found["empty"].problem
    assert found["wrong_hash"].parameters == found["head_neck_tiny"].parameters > 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "Head Neck"}, "lower case"),
        ({"classes": (label_class(0, "background"),)}, "at least one more"),
        ({"inputs": ()}, "kind PT"),
    ],
)
def test_a_bundle_that_makes_no_sense_is_a_programming_error(changes, words):
    with pytest.raises(ValueError, match=words):
        small_bundle(**changes)


@pytest.mark.parametrize(("value", "name"), [(0, "lesion"), (1, "background")])
def test_class_0_and_only_class_0_is_background(value, name):
    with pytest.raises(ValueError, match="background"):
        label_class(value, name)
