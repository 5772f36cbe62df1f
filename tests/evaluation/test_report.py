import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from uptake.errors import OutputFailed
from uptake.evaluation.comparison import comparison_rows, holm
from uptake.evaluation.delineated import DelineatedPatient
from uptake.evaluation.published import published
from uptake.evaluation.report import Evaluation, write_report
from uptake.evaluation.scores import score_cohort
from uptake.evaluation.survival import compare_cohorts
from uptake.evaluation.tables import table1

CLASSES = ("primary_tumour", "lymph_node_metastasis")


def cohort(count, shift, *, follow_up=True, as_one=False):
    """Patients with a primary and a node in a line of voxels, found ``shift`` voxels off."""
    for index in range(count):
        truth = np.zeros((3, 3, 60), dtype=np.uint8)
        length = 8 + (index * 7) % 11
        truth[0, 0, :length] = 1
        truth[2, 2, 30 : 30 + length // 2] = 2
        found = np.roll(truth, shift, axis=2)
        if as_one:
            truth, found = (truth > 0).astype(np.uint8), (found > 0).astype(np.uint8)
        known = (200.0 + 10 * ((index * 5) % count), index % 3 > 0) if follow_up else (None, None)
        yield DelineatedPatient(f"p{index}", truth, found, 0.2, *known)


@pytest.fixture(scope="module")
def made():
    inner, outer = score_cohort(cohort(24, 1), CLASSES), score_cohort(cohort(12, 2), CLASSES)
    others = {
        "without attention": score_cohort(cohort(12, 4), CLASSES),
        "SUV 3 | fixed": score_cohort(cohort(10, 5, as_one=True), ("lesion",)),
        "the same": outer,
    }
    return Evaluation(
        "five folds averaged",
        "head_neck_mtv 1.0.0, trained on digital patients only",
        inner,
        outer,
        compare_cohorts(inner, outer),
        {"external": others},
        ("Two patients had no truth and were left out.",),
    )


@pytest.fixture(scope="module")
def written(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "new"
    write_report(made, folder)
    return folder


def files_in(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_report_stands_beside_the_paper(written):
    tables = ["burden.csv", "comparison.csv"]
    pictures = ["figures/figure1.png", "figures/figure2.png", "figures/figure5.png"]
    numbers = ["report.md", "scores.json", "table1.csv", "table2.csv", "table3.csv"]
    assert sorted(files_in(written)) == [*tables, *pictures, *numbers]
    text = (written / "report.md").read_text()
    assert "For research use only" in text
    assert "digital patients only" in text
    assert "Two patients had no truth" in text
    assert "| Primary tumour | Nikulin 2023 | 0.885 | 0.815 | 0.924 | 0.856 to 0.948 | 48 of 698 |" in text
    assert "| All lesions | Nikulin 2023 | 357 | 358 | 215 | 63 | 62.4 % | 85.0 % |" in text
    assert "147 of 181 (81.2 %)" in text
    assert "carried from cross-validation" in text
    assert "None" not in text
    assert "nan" not in text
    widths = [line.count("|") - line.count("\\|") for line in text.splitlines() if line.startswith("|")]
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(widths) == sum(map(len, blocks))
    assert all(len({line.replace("\\|", "").count("|") for line in block}) == 1 for block in blocks)


def test_numbers_agree_between_report_csv_and_json(made, written):
    page = json.loads((written / "scores.json").read_text())
    own = [row for row in rows_of(written / "table1.csv") if row["source"] == made.method]
    assert page["schema"] == "uptake.evaluation/1"
    assert [float(row["cohort_dsc"]) for row in own] == pytest.approx(
        [row["cohort_dsc"] for row in page["table1"] if row["source"] == made.method], rel=1e-5
    )
    assert f"| {float(own[0]['cohort_dsc']):.3f} (" in (written / "report.md").read_text()
    patients = rows_of(written / "burden.csv")
    assert len(patients) == 36
    truth_ml = sum(float(row["truth_ml"]) for row in patients if row["cohort"] == "external")
    assert truth_ml == pytest.approx(sum(p.truth_burden_ml for p in made.external.patients), rel=1e-5)
    assert page["survival"]["external"]["cutoff_ml"] == made.survival["cross_validation"].cutoff_ml
    assert len(page["patients"]["cross_validation"]) == 24


def test_the_same_evaluation_gives_the_same_bytes_and_a_new_one_replaces_it(made, written, tmp_path):
    write_report(made, tmp_path)
    assert files_in(tmp_path) == files_in(written)

    write_report(replace(made, external=None, survival={}, further={}), tmp_path)

    assert "figures/figure5.png" not in files_in(tmp_path)
    assert "Not evaluated: no follow-up" in (tmp_path / "report.md").read_text()
    for name in ("figure1.png", "figure2.png"):  # a panel or a row of panels less
        with Image.open(written / "figures" / name) as both, Image.open(tmp_path / "figures" / name) as one:
            assert both.width * both.height > 1.5 * one.width * one.height


def test_one_class_without_follow_up_has_nothing_of_the_paper(tmp_path):
    scores = score_cohort(cohort(4, 1, follow_up=False, as_one=True), ("tumour",))

    write_report(Evaluation("network", "made here", None, scores, compare_cohorts(None, scores)), tmp_path)

    text = (tmp_path / "report.md").read_text()
    assert "| Tumour | network |" in text
    assert "Nikulin 2023 |" not in text
    assert "not evaluable: no patient has a follow-up that counts" in text
    assert not (tmp_path / "table2.csv").exists()


def test_nobody_with_lesions_still_makes_a_report(tmp_path):
    empty = np.zeros((2, 2, 2), dtype=np.uint8)
    scores = score_cohort([DelineatedPatient("p", empty, empty, 0.2)], CLASSES)

    write_report(Evaluation("run $x_$ | 2", "made here", scores, None), tmp_path)  # signs of formulas and tables

    text = (tmp_path / "report.md").read_text()
    assert "| Primary tumour | run $x_$ \\| 2 | n/a | n/a | n/a | n/a to n/a | 0 of 1 |" in text


def test_a_folder_that_cannot_be_written_is_one_clear_error(made, tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(OutputFailed, match="could not be written"):
        write_report(made, tmp_path / "file")


def test_methods_are_compared_on_the_patients_they_share(made):
    rows = {row["method"]: row for row in comparison_rows(made) if row["cohort"] == "external"}

    assert list(rows) == ["five folds averaged", "without attention", "SUV 3 | fixed", "the same"]
    assert (rows["without attention"]["pairs"], rows["SUV 3 | fixed"]["pairs"]) == (12, 10)
    own, other = (
        {p.name: p.dsc(-1) for p in s.patients} for s in (made.external, made.further["external"]["without attention"])
    )
    mean = np.mean([other[name] - own[name] for name in own])
    assert rows["without attention"]["mean_difference"] == pytest.approx(mean)
    assert mean < -0.1
    # all 12 patients are worse: two-sided exact p is 2 / 2**12, here of two tests
    assert rows["without attention"]["holm_p"] == pytest.approx(2 * 2 / 2**12, rel=0.5)
    assert (rows["the same"]["mean_difference"], rows["the same"]["wilcoxon_p"]) == (0, None)
    assert rows["SUV 3 | fixed"]["cohort_dsc_primary_tumour"] is None


def test_holm_by_hand():
    assert holm([0.01, None, 0.04, 0.03]) == [pytest.approx(0.03), None, pytest.approx(0.06), pytest.approx(0.06)]
    assert holm([0.7, 0.9]) == [1, 1]


def test_the_published_tables_add_up_as_the_paper_counts():
    for name in ("cross_validation", "external"):
        page = published(name, CLASSES)
        parts, union = [page["table3"][each] for each in CLASSES], page["table3"]["union"]
        for row in (*parts, union):
            assert row["hit"] / (row["hit"] + row["missed"]) == pytest.approx(row["sensitivity"], abs=6e-4)
            assert row["right"] / (row["right"] + row["wrong"]) == pytest.approx(row["precision"], abs=6e-4)
        # the row of all lesions is the sum of the two classes
        assert all(sum(row[key] for row in parts) == union[key] for key in ("hit", "right", "missed", "wrong"))
        shares = np.array([[page["table2"]["shares"][t][f] for f in CLASSES] for t in CLASSES])
        assert shares.sum() == pytest.approx(1, abs=2e-3)
        rates = [page["table2"]["rates"][each] for each in CLASSES]
        assert np.diagonal(shares) / shares.sum(axis=1) == pytest.approx(rates, abs=2e-3)
        differ = page["survival"]
        assert differ["truth_incorrect"] + differ["found_incorrect"] == pytest.approx(differ["disagreement"])


def test_the_paper_is_quoted_for_its_own_classes_only(made):
    assert published("external", ("node", "primary"))["table1"]["node"]["cohort"] == 0.724
    assert published("external", ("lesion",)) is None
    assert published("external", ("primary", "lesion")) is None
    assert [row["source"] for row in table1(made)[:2]] == ["five folds averaged", "Nikulin 2023"]


def test_an_evaluation_of_nothing_or_of_unequal_cohorts_is_refused(made):
    one = score_cohort(cohort(3, 0, as_one=True), ("lesion",))

    with pytest.raises(ValueError, match="at least one"):
        Evaluation("network", "", None, None)
    with pytest.raises(ValueError, match="different classes"):
        replace(made, external=one)
    with pytest.raises(ValueError, match="no cohort elsewhere"):
        replace(made, further={"elsewhere": {}})
