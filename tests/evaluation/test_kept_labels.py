import numpy as np
import pytest

from uptake.errors import OutputFailed
from uptake.evaluation.kept_labels import KeptLabels

LABELS = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def test_labels_are_kept_under_their_key_alone(tmp_path):
    kept = KeptLabels(tmp_path / "labels")
    assert not kept.holds("exam", "network", "a")

    kept.write("exam", "network", "a", {"averaged": LABELS, "fold 0": LABELS // 2})

    assert kept.holds("exam", "network", "a")
    assert not kept.holds("exam", "network", "b")
    assert not kept.holds("exam", "other", "a")
    assert not kept.holds("another", "network", "a")
    assert np.array_equal(kept.read("exam", "network", "fold 0"), LABELS // 2)
    assert kept.read("exam", "network", "averaged").dtype == np.uint8


def test_newer_labels_take_the_place_of_older_ones(tmp_path):
    kept = KeptLabels(tmp_path)
    for key, labels in (("a", LABELS), ("b", LABELS + 1)):
        kept.write("exam", "network", key, {"averaged": labels})
    assert not kept.holds("exam", "network", "a")
    assert np.array_equal(kept.read("exam", "network", "averaged"), LABELS + 1)
    assert len([each for each in tmp_path.rglob("*") if each.is_file()]) == 1


def test_a_file_that_was_cut_off_holds_nothing(tmp_path):
    kept = KeptLabels(tmp_path)
    kept.write("exam", "network", "a", {"averaged": LABELS})
    (path,) = tmp_path.rglob("*.npz")
    path.write_bytes(path.read_bytes()[:-40])
    assert not kept.holds("exam", "network", "a")
    path.write_bytes(b"")
    assert not kept.holds("exam", "network", "a")


def test_names_stay_inside_the_folder(tmp_path):
    KeptLabels(tmp_path / "labels").write("../../exam", "a/b", "a", {"averaged": LABELS})
    assert [each.name for each in tmp_path.iterdir()] == ["labels"]


def test_a_disk_that_refuses_is_told(tmp_path):
    (tmp_path / "labels").write_text("a file")
    with pytest.raises(OutputFailed, match="labels of exam exam cannot be kept"):
        KeptLabels(tmp_path / "labels").write("exam", "network", "a", {"averaged": LABELS})
