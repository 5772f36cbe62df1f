from types import SimpleNamespace

import numpy as np
import pytest

from apps.monai_label.exams.prepared_exams import PreparedExams


def exam(voxels):
    volume = SimpleNamespace(array=np.zeros(voxels, np.float32))
    return SimpleNamespace(suv=volume, ct=None)


def test_exams_in_memory_are_bounded_and_prepared_once():
    held, made = PreparedExams(100), []

    def prepare(name, voxels):
        def make():
            made.append(name)
            return exam(voxels)

        return held.get(name, make)

    first = prepare("a", 10)
    assert prepare("a", 10) is first
    prepare("b", 10)
    prepare("a", 10)
    prepare("c", 10)  # 120 bytes: b, the longest unused, goes
    assert held.bytes_held == 80
    prepare("a", 10)
    prepare("b", 10)
    assert made == ["a", "b", "c", "b"]
    prepare("large", 1000)
    assert held.bytes_held == 4000


def test_an_exam_that_fails_is_asked_for_again():
    held = PreparedExams(100)

    def broken():
        raise KeyError

    with pytest.raises(KeyError):
        held.get("a", broken)
    assert held.get("a", lambda: exam(1)).suv.array.size == 1
