"""Which task a run does: tracer, field of view, hints of the header, what is installed, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from tests.head_neck_exam import ct_volume, grid, save_head_neck_bundle, suv_volume, write_head_neck_exam
from tests.lesion_bundle import save_lesion_bundle
from uptake.dicom.exams.exam_reader import read_exams
from uptake.errors import BundleRefused, InputRefused
from uptake.exam import SeriesDecision
from uptake.exam_preparation import prepare
from uptake.geometry import ImageGeometry
from uptake.head_neck_exam import head_neck_view, tracer_caveat
from uptake.settings import NetworkSettings, RunSettings
from uptake.task_selection import choose_task, require_task

COARSE = (8.0, 8.0, 8.0)
HEAD_NECK = RunSettings(task="head-neck")


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exam")
    write_head_neck_exam(folder, pet=grid(COARSE), ct=grid(COARSE))
    (found,) = read_exams(folder)
    return prepare(found)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    save_head_neck_bundle(folder)
    save_lesion_bundle(folder)
    return folder


def with_tracer(exam, tracer, nuclide="^18^Fluorine"):
    acquisition = replace(exam.exam.acquisition, tracer=tracer, nuclide=nuclide)
    return replace(exam, exam=replace(exam.exam, acquisition=acquisition))


def showing(exam, low_mm, high_mm, spacing_mm=COARSE):
    """The same body in another field of view."""
    where = grid(spacing_mm, low_mm, high_mm)
    return replace(exam, suv=suv_volume(where), ct=ct_volume(where))


def test_a_head_and_neck_exam_is_chosen_where_the_network_is_installed(exam, models):
    choice = choose_task([exam], RunSettings(), models)
    assert (choice.asked, choice.chosen, choice.bundle) == ("auto", "head-neck", "head_neck_mtv")
    assert "FDG" in choice.why


def test_without_weights_a_threshold_is_taken(exam, tmp_path):
    (tmp_path / "head_neck_mtv/configs").mkdir(parents=True)  # recipes alone, as the source tree has them
    choice = choose_task([exam], RunSettings(), tmp_path)
    assert (choice.chosen, choice.bundle) == ("lesions", "")
    assert "no weights of head_neck_mtv are installed" in choice.why


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda exam: with_tracer(exam, "Ga-68 PSMA-11"), "not stated as FDG"),
        (lambda exam: with_tracer(exam, ""), "not stated as FDG"),
        (lambda exam: replace(exam, ct=None, exam=replace(exam.exam, ct=None)), "no CT"),
        (lambda exam: showing(exam, -900.0, 280.0), "shows the body below the chest"),
        (lambda exam: showing(exam, 40.0, 280.0), "does not show head, neck and shoulders"),  # as for the brain
        (lambda exam: showing(exam, -500.0, -40.0), "no head or neck"),
    ],
)
def test_what_is_not_surely_head_and_neck_is_left_to_the_threshold(exam, models, change, why):
    choice = choose_task([change(exam)], RunSettings(), models)
    assert (choice.chosen, choice.bundle) == ("lesions", "")
    assert why in choice.why


def test_one_exam_of_two_that_is_none_decides(exam, models):
    choice = choose_task([exam, showing(exam, -900.0, 280.0)], RunSettings(), models)
    assert choice.chosen == "lesions"
    assert "exam 2: " in choice.why


@pytest.mark.parametrize(
    ("body_part", "description", "chosen"),
    [
        ("HEADNECK", "", "head-neck"),
        ("WHOLEBODY", "PET/CT Head & Neck", "head-neck"),
        ("WHOLEBODY", "PET/CT whole body and neck", "lesions"),
        ("WHOLEBODY", "", "lesions"),
    ],
)
def test_the_header_can_say_so_of_a_longer_exam(exam, models, tmp_path, body_part, description, chosen):
    from pydicom import dcmread

    header = dcmread(exam.exam.pet.planes[0].path)
    header.BodyPartExamined, header.StudyDescription = body_part, description
    header.save_as(tmp_path / "0001.dcm")
    planes = (replace(exam.exam.pet.planes[0], path=tmp_path / "0001.dcm"), *exam.exam.pet.planes[1:])
    long = showing(exam, -900.0, 280.0)
    long = replace(long, exam=replace(exam.exam, pet=replace(exam.exam.pet, planes=planes)))
    assert choose_task([long], RunSettings(), models).chosen == chosen


def test_what_is_named_is_not_chosen_over(exam, models):
    named = choose_task([exam], RunSettings(network=NetworkSettings("hot_and_dense")), models)
    assert (named.chosen, named.bundle) == ("lesions", "hot_and_dense")
    assert choose_task([exam], RunSettings(task="lesions"), models).bundle == ""
    other = choose_task([exam], replace(HEAD_NECK, network=NetworkSettings("hot_and_dense")), models)
    assert (other.chosen, other.bundle) == ("head-neck", "hot_and_dense")


@pytest.mark.parametrize(
    ("tracer", "nuclide", "word"),
    [
        ("Ga-68 PSMA-11", "^68^Gallium", "PSMA"),
        ("18F-DCFPyL", "^18^Fluorine", "PSMA"),
        ("Piflufolastat F^18^", "^18^Fluorine", "PSMA"),
        ("68Ga-DOTATATE", "^68^Gallium", "not FDG"),
        ("Solution", "^68^Gallium", "not fluorine-18"),
    ],
)
def test_another_tracer_is_refused(exam, models, tracer, nuclide, word):
    with pytest.raises(InputRefused, match=word) as refused:
        choose_task([with_tracer(exam, tracer, nuclide)], HEAD_NECK, models)
    assert refused.value.exit_status == 2


@pytest.mark.parametrize(
    "tracer", ["FDG -- fluorodeoxyglucose", "Fluorodesoxyglukose", "Fludeoxyglucose F 18", "18F-FDG"]
)
def test_fdg_by_any_name(exam, models, tracer):
    assert choose_task([with_tracer(exam, tracer)], RunSettings(), models).chosen == "head-neck"
    assert tracer_caveat(with_tracer(exam, tracer)) == ""


def test_a_tracer_that_nobody_knows_is_taken_on_request_and_told(exam, models):
    unknown = with_tracer(exam, "Solution")
    assert choose_task([unknown], HEAD_NECK, models).chosen == "head-neck"
    assert "does not state the tracer as FDG" in tracer_caveat(unknown)


def test_no_head_or_neck_is_refused(exam, models):
    with pytest.raises(InputRefused, match=r"^PT series 3 .*there is no head or neck in the field of view"):
        choose_task([showing(exam, -500.0, -40.0)], HEAD_NECK, models)


def test_pet_and_ct_that_do_not_overlap_are_refused(exam, models):
    apart = SeriesDecision("1.2", "CT series 2", False, "it does not overlap the PET")
    without = replace(exam, ct=None, exam=replace(exam.exam, ct=None, decisions=(apart,)))
    with pytest.raises(InputRefused, match="the PET and the CT do not overlap"):
        choose_task([without], HEAD_NECK, models)
    low = replace(exam, ct=ct_volume(grid(COARSE, -230.0, -60.0)))
    with pytest.raises(InputRefused, match=r"do not overlap enough: the CT covers \d+ % of head and neck"):
        choose_task([low], HEAD_NECK, models)
    alone = replace(exam, ct=None, exam=replace(exam.exam, ct=None, decisions=()))
    with pytest.raises(InputRefused, match="there is no CT that belongs to this PET"):
        choose_task([alone], HEAD_NECK, models)


@pytest.mark.parametrize("spacing_mm", [(3.0, 9.0, 7.0), (10.0, 5.0, 5.5)])
def test_other_matrices_and_voxels_are_seen_alike(exam, spacing_mm):
    seen = head_neck_view(showing(exam, -230.0, 280.0, spacing_mm))
    # From 230 mm below the shoulders' top; the region begins 110 mm below it.
    assert seen.below_mm == pytest.approx(120, abs=12)
    assert seen.shoulders
    assert seen.ct_share == 1.0


def test_an_exam_stored_feet_first_is_seen_alike(exam):
    def turned(volume):
        corner = tuple(
            float(v) for v in volume.geometry.position_mm((volume.array.shape[0] - 1, 0, volume.array.shape[2] - 1))
        )
        axes = ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0))
        geometry = ImageGeometry(volume.geometry.shape, volume.geometry.spacing_mm, corner, axes)
        return type(volume)(np.ascontiguousarray(volume.array[::-1, :, ::-1]), geometry)

    assert head_neck_view(replace(exam, suv=turned(exam.suv), ct=turned(exam.ct))) == head_neck_view(exam)


@pytest.mark.parametrize("task", ["psma", "response"])
def test_tasks_to_come_are_refused_at_once(tmp_path, task):
    with pytest.raises(InputRefused, match=f"The task {task} is not there yet"):
        require_task(RunSettings(task=task), tmp_path)


def test_a_network_that_is_not_there_is_refused_at_once(tmp_path, models):
    with pytest.raises(InputRefused, match="needs the model bundle head_neck_mtv with its weights"):
        require_task(HEAD_NECK, tmp_path)
    with pytest.raises(BundleRefused, match="nothing"):
        require_task(RunSettings(network=NetworkSettings("nothing")), models)
    require_task(HEAD_NECK, models)


def test_a_damaged_bundle_is_refused_and_not_passed_over(exam, tmp_path):
    bundle = save_head_neck_bundle(tmp_path)
    (bundle.folder / bundle.weights[0].path).unlink()
    with pytest.raises(BundleRefused):
        choose_task([exam], RunSettings(), tmp_path)
