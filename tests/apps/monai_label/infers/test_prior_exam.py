"""The exam before this one: laid on it, and given to networks that read it."""

from dataclasses import replace

import numpy as np
import pytest

from apps.monai_label.infers.bundle_labels import listed_bundle
from apps.monai_label.infers.exam_channels import exam_channels
from apps.monai_label.infers.infer_errors import ModelUnavailable
from apps.monai_label.infers.prior_alignment import align_rigidly
from tests.apps.monai_label.infers.exam_of_spheres import Store, places
from tests.lesion_bundle import save_lesion_bundle
from tests.reporting.exam_factory import make_conversion, make_exam, make_series
from uptake.exam import PreparedExam
from uptake.geometry import ImageGeometry
from uptake.inference.model_store import InputChannel, Normalisation
from uptake.volume import CtVolume, LabelMap, SuvVolume

PRIOR_UID = "1.2.3.77"
PET = ImageGeometry((40, 44, 60), (6.0, 6.0, 6.0), (-177.0, -129.0, -117.0))
CT = ImageGeometry((48, 66, 90), (5.0, 4.0, 4.0), (-178.0, -130.0, -117.5))
SHIFT_MM = np.array([14.0, -9.0, 20.0])
ANGLE = np.deg2rad(6.0)
KINDS = {"PRIOR_PT": "g/ml", "PRIOR_CT": "HU", "PRIOR_LESIONS": "1"}


def here_to_prior(x, y, z):
    """Where a place of the patient was in the prior exam."""
    return (
        np.cos(ANGLE) * x - np.sin(ANGLE) * y + SHIFT_MM[0],
        np.sin(ANGLE) * x + np.cos(ANGLE) * y + SHIFT_MM[1],
        z + SHIFT_MM[2],
    )


def back(x, y, z):
    x, y, z = x - SHIFT_MM[0], y - SHIFT_MM[1], z - SHIFT_MM[2]
    return np.cos(ANGLE) * x + np.sin(ANGLE) * y, -np.sin(ANGLE) * x + np.cos(ANGLE) * y, z


def patient(x, y, z):
    """SUV and HU at places of the patient: a body with lungs, a spine off the middle, an organ and a lesion."""
    body = (abs(x) / 120) ** 4 + (abs(y) / 80) ** 4 + (abs(z) / 85) ** 4 < 1
    suv, hu = np.where(body, 1.0, 0.0), np.where(body, 30.0, -1000.0)
    for cx, cy, cz, radius, level, density in (
        (-60, -10, 35, 32, 0.4, -800), (55, -10, 35, 28, 0.4, -800), (10, 45, 0, 14, 1.2, 700),
        (-50, 10, -40, 25, 3, 80),
    ):  # fmt: skip
        inside = (x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 < radius**2
        suv, hu = np.where(inside, level, suv), np.where(inside, density, hu)
    lesion = lesion_at(x, y, z)
    return np.where(lesion, 8.0, suv), np.where(lesion, 60.0, hu)


def lesion_at(x, y, z):
    return (x - 40) ** 2 + (y + 10) ** 2 + (z + 30) ** 2 < 15**2


def exam_at(uid, where, *, with_ct=True):
    suv = patient(*where(*places(PET)))[0].astype(np.float32)
    exam = make_exam(PET, None, False, None)
    exam = replace(exam, pet=replace(exam.pet, series_uid=uid))
    ct = CtVolume(patient(*where(*places(CT)))[1].astype(np.float32), CT) if with_ct else None
    exam = replace(exam, ct=make_series("CT", "CT", CT)) if with_ct else exam
    return PreparedExam(exam, SuvVolume(suv, PET), ct, make_conversion(PET.shape[0], 0.75))


@pytest.fixture(scope="module")
def now():
    return exam_at("1.2.3.1", lambda *at: at)


@pytest.fixture(scope="module")
def before():
    return exam_at(PRIOR_UID, back)


@pytest.fixture(scope="module")
def prior_label():
    return LabelMap(lesion_at(*back(*places(PET))).astype(np.uint16), PET)


@pytest.fixture
def follow_up(tmp_path):
    """A bundle that reads this exam's PET and all of the prior."""
    inputs = (
        InputChannel("PET", "PT", "g/ml", Normalisation()),
        *(InputChannel(kind.lower(), kind, unit, Normalisation()) for kind, unit in KINDS.items()),
    )
    settings = {"in_channels": 4, "classes": 2, "features": (2, 2), "strides": ((1, 1, 1), (2, 2, 2)),
                "convolutions": (1, 1), "decoder_convolutions": (1,), "kernels": ((1, 1, 1), (1, 1, 1))}  # fmt: skip
    return make_bundle(tmp_path, "lesion_followup", inputs, settings)


def make_bundle(folder, name, inputs, settings):
    from uptake.inference.model_store import NetworkSpecification, build_network, label_class

    specification = NetworkSpecification("lesion_unet", settings)
    return save_lesion_bundle(
        folder,
        name=name,
        inputs=inputs,
        classes=(label_class(0, "background"), label_class(1, "lesion")),
        network=specification,
        networks={0: build_network(specification)},
    )


@pytest.mark.parametrize("with_ct", [True, False])
def test_the_prior_is_laid_on_this_exam(now, before, prior_label, with_ct):
    one, other = (each if with_ct else replace(each, ct=None) for each in (now, before))
    aligned = align_rigidly(one, other)
    label = aligned.labels(prior_label)
    wanted = lesion_at(*places(PET))
    assert label.geometry == PET
    assert 2 * (wanted & (label.array > 0)).sum() / (wanted.sum() + (label.array > 0).sum()) > 0.8
    suv = aligned.suv().array
    inside = now.suv.array > 0.5
    unaligned = np.abs(before.suv.array - now.suv.array)[inside].mean()
    assert np.abs(suv - now.suv.array)[inside].mean() < 0.4 * unaligned
    assert (aligned.ct() is not None) == with_ct


def test_it_is_the_same_each_time(now, before):
    assert np.array_equal(align_rigidly(now, before).suv().array, align_rigidly(now, before).suv().array)


def test_a_follow_up_bundle_is_given_the_prior(now, before, prior_label, follow_up):
    store = Store(now, prior=before, truths={PRIOR_UID: prior_label})
    channels = exam_channels(follow_up, now, store, align_rigidly)
    assert set(channels) == {"PT", *KINDS}
    assert all(channels[kind].geometry == PET for kind in KINDS)
    assert set(np.unique(channels["PRIOR_LESIONS"].array)) == {0.0, 1.0}
    assert listed_bundle("lesion_followup", follow_up).available


def test_what_the_exam_lacks_is_said(now, before, prior_label, follow_up):
    def why(store, exam=now):
        with pytest.raises(ModelUnavailable) as refusal:
            exam_channels(follow_up, exam, store, align_rigidly)
        assert refusal.value.remedy
        return str(refusal.value)

    assert "an exam before this one, and there is none" in why(Store(now))
    assert "which has no label" in why(Store(now, prior=before))
    bare = replace(before, ct=None)
    assert "the CT of the exam before" in why(Store(now, prior=bare, truths={PRIOR_UID: prior_label}))


def test_the_prior_is_not_looked_for_where_it_is_not_read(now, tmp_path):
    class NoPrior(Store):
        def prior(self, image_id):
            raise AssertionError("asked for the prior")

    channels = exam_channels(save_lesion_bundle(tmp_path), now, NoPrior(now), align_rigidly)
    assert set(channels) == {"PT", "CT"}
    with pytest.raises(ModelUnavailable, match="this exam has none that belongs"):
        exam_channels(save_lesion_bundle(tmp_path / "b"), replace(now, ct=None), NoPrior(now), align_rigidly)
