import numpy as np
import pytest

from uptake.evaluation.classification import classify
from uptake.evaluation.delineated import DelineatedPatient
from uptake.evaluation.delineation import overlap_rows, patient_dsc
from uptake.evaluation.scores import ScoringSettings, score_cohort
from uptake.evaluation.structures import detection_rows

CLASSES = ("primary_tumour", "lymph_node_metastasis")


def patient(name, truth, found, voxel_ml=0.1):
    """Rows of voxels: each list of (class, first, last) on one line far from the next."""
    volumes = []
    for blocks in (truth, found):
        volume = np.zeros((5, 5, 40), dtype=np.uint8)
        for value, row, first, last in blocks:
            volume[row, row, first:last] = value
        volumes.append(volume)
    return DelineatedPatient(name, *volumes, voxel_ml)


def test_overlap_of_three_patients_worked_out_by_hand():
    scores = score_cohort(
        [
            patient("half", [(1, 0, 0, 10)], [(1, 0, 5, 15)]),  # 5 of 10 and 10: Dice 0.5
            patient("all", [(1, 0, 0, 30), (2, 2, 0, 4)], [(1, 0, 0, 30), (2, 2, 0, 4)]),  # 1 and 1
            patient("missed", [(1, 0, 0, 8)], []),  # 0
        ],
        CLASSES,
    )

    primary, nodes, union = overlap_rows(scores)

    assert primary.cohort == pytest.approx(2 * 35 / (48 + 40))
    assert (primary.mean, primary.median) == pytest.approx((0.5, 0.5))
    assert primary.quartiles == pytest.approx((0.25, 0.75))
    assert (primary.failed, primary.missed, primary.false_alarms, primary.absent) == (1, 1, 0, 0)
    assert (nodes.cohort, nodes.mean, nodes.failed, nodes.absent) == (1, 1, 0, 2)
    assert union.cohort == pytest.approx(2 * 39 / (52 + 44))
    assert patient_dsc(scores) == pytest.approx({"half": 0.5, "all": 1, "missed": 0})
    assert [p.truth_burden_ml for p in scores.patients] == pytest.approx([1.0, 3.4, 0.8])


def test_nothing_to_find_has_no_dice_and_a_false_alarm_has_none_in_common():
    empty, alarm = patient("empty", [], []), patient("alarm", [], [(1, 0, 0, 5)])
    right = patient("right", [(1, 0, 0, 5)], [(1, 0, 0, 5)])

    row = overlap_rows(score_cohort([empty, alarm, right], ("lesion",)))[0]

    assert (row.failed, row.missed, row.false_alarms, row.absent) == (1, 0, 1, 1)
    assert row.mean == pytest.approx(0.5)
    assert row.mean_absent_as_one == pytest.approx(2 / 3)
    assert row.cohort == pytest.approx(10 / 15)
    nobody = overlap_rows(score_cohort([empty], ("lesion",)))[0]
    assert (nobody.cohort, nobody.mean, nobody.quartiles, nobody.absent, nobody.failed) == (None, None, None, 1, 0)


def test_the_cohort_interval_holds_the_value_and_is_the_same_every_time():
    cohort = [patient(f"p{i}", [(1, 0, 0, 10)], [(1, 0, i, i + 10)]) for i in range(8)]

    row, again = (overlap_rows(score_cohort(cohort, ("lesion",)))[0] for _ in range(2))

    low, high = row.cohort_interval
    assert 0.3 < low < row.cohort < high < 1
    assert row == again


def test_voxels_of_both_are_classified_and_the_others_are_not():
    scores = score_cohort(
        [
            # primary: 6 right, 2 called node, 2 not found; node: 5 called primary
            patient("mixed", [(1, 0, 0, 10), (2, 2, 0, 5)], [(1, 0, 0, 6), (2, 0, 6, 8), (1, 2, 0, 5)]),
            patient("right", [(2, 0, 0, 7)], [(2, 0, 0, 9)]),
            patient("missed", [(2, 0, 0, 7)], []),
        ],
        CLASSES,
    )

    table = classify(scores)

    assert table.voxels == ((6, 2), (5, 7))
    assert table.rates == pytest.approx((6 / 8, 7 / 12))
    assert table.accuracy == pytest.approx(13 / 20)
    assert table.share(1, 0) == pytest.approx(5 / 20)
    assert (table.error_free, table.nothing_agreed, table.patients) == (2, 1, 3)


def test_lesions_are_hit_at_half_and_counted_on_both_sides_separately():
    scores = score_cohort(
        [
            # one long primary found in two pieces (5 and 1 of 12): 6 of 12 is half, so hit; both pieces are true
            patient("pieces", [(1, 0, 0, 12)], [(1, 0, 0, 5), (1, 0, 7, 8)]),
            # 5 of 12: missed, though all that was found is true
            patient("less", [(1, 0, 0, 12)], [(1, 0, 0, 5)]),
            # a node called primary: missed as a node, a false primary; found if classes are ignored
            patient("called", [(2, 2, 0, 6)], [(1, 2, 0, 6)]),
            # half of the found one on truth, then less than half
            patient("spill", [(2, 2, 0, 4)], [(2, 2, 0, 8)]),
            patient("flood", [(2, 2, 0, 4)], [(2, 2, 0, 9)]),
        ],
        CLASSES,
    )

    rows = {row.target: row for row in detection_rows(scores.patients, CLASSES)}
    counts = {name: (row.hit, row.right, row.missed, row.wrong) for name, row in rows.items()}

    assert counts["primary_tumour"] == (1, 3, 1, 1)
    assert counts["lymph_node_metastasis"] == (2, 1, 1, 1)
    assert counts["union"] == (3, 4, 2, 2)  # the sum of the classes, as in the paper's table
    assert counts["any class"] == (4, 5, 1, 1)
    assert rows["primary_tumour"].sensitivity == pytest.approx(1 / 2)
    assert rows["primary_tumour"].precision == pytest.approx(3 / 4)
    assert rows["primary_tumour"].missed_mean_ml == pytest.approx(1.2)
    assert rows["lymph_node_metastasis"].missed_mean_ml == pytest.approx(0.6)


def test_small_regions_are_dropped_on_both_sides_before_anything():
    voxel_ml = 0.015625  # 2.5 mm: 6 voxels are 0.094 ml, 7 are 0.109 ml
    truth = [(1, 0, 0, 7), (1, 2, 0, 6)]
    found = [(1, 0, 0, 7), (2, 0, 7, 13), (1, 4, 0, 6)]

    scored = score_cohort([patient("p", truth, found, voxel_ml)], CLASSES).patients[0]

    assert scored.truth_ml == pytest.approx((7 * voxel_ml, 0, 7 * voxel_ml))
    assert scored.found_ml == scored.truth_ml
    assert scored.dsc(0) == 1
    assert scored.dsc(1) is None
    assert [len(each.volumes_ml) for each in scored.found_lesions] == [1, 0]


def test_a_region_of_exactly_the_minimum_stays():
    scored = score_cohort([patient("p", [(1, 0, 0, 1)], [], 0.1)], ("lesion",)).patients[0]

    assert scored.truth_ml == (0.1, 0.1)


def test_corners_join_a_lesion_unless_only_faces_count():
    truth = np.zeros((4, 4, 4), dtype=np.uint8)
    truth[:2, :2, :2] = truth[2:, 2:, 2:] = 1
    twin = DelineatedPatient("p", truth, truth, 0.1)

    by_corner, by_face = (
        score_cohort([twin], ("lesion",), ScoringSettings(connectivity=each)).patients[0] for each in (26, 6)
    )

    assert (len(by_corner.truth_lesions[0].volumes_ml), len(by_face.truth_lesions[0].volumes_ml)) == (1, 2)


def test_patients_come_one_by_one():
    alive = []

    def cohort():
        for index in range(3):
            alive.append(index)
            yield patient(f"p{index}", [(1, 0, 0, 5)], [])
            assert len(alive) == index + 1

    assert len(score_cohort(cohort(), ("lesion",)).patients) == 3


def test_what_cannot_be_scored_is_refused():
    one = patient("p", [(2, 0, 0, 5)], [])

    with pytest.raises(ValueError, match="class 2, and 1 classes"):
        score_cohort([one], ("lesion",))
    with pytest.raises(ValueError, match="without background"):
        score_cohort([one], ("background", *CLASSES))
    with pytest.raises(ValueError, match="one name"):
        score_cohort([one, one], CLASSES)
    with pytest.raises(ValueError, match="without patients"):
        score_cohort([], CLASSES)
    with pytest.raises(ValueError, match=r"on one \(z, y, x\) grid"):
        DelineatedPatient("p", one.truth, one.found[:2], 0.1)
    with pytest.raises(ValueError, match="together"):
        DelineatedPatient("p", one.truth, one.found, 0.1, follow_up_days=3.0)
    with pytest.raises(ValueError, match="coverage"):
        ScoringSettings(coverage=0)
