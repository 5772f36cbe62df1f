"""The report: what it says, that header text cannot act, any script, same bytes twice."""

from dataclasses import replace

import pytest
from pypdf import PdfReader

from tests.lesion_classes import SENTENCE, WEIGHTS
from tests.reporting.exam_factory import by_network, make_result
from uptake.exam import Patient, SeriesDecision
from uptake.fold_agreement import FOLDS_NOTE, FoldAgreement
from uptake.reporting.figures import draw_figures
from uptake.reporting.pdf import write_pdf
from uptake.settings import RunSettings
from uptake.task import TaskChoice

ATTACK = "<img src='file:///etc/passwd'/>"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Writes a result's PDF. The drawing is not the matter here, so one set of figures serves every report."""
    folder = tmp_path_factory.mktemp("figures")
    figures = draw_figures(make_result(), folder, hottest=2)

    def write(result):
        write_pdf([result], figures, folder / "report.pdf", settings=RunSettings())
        return folder / "report.pdf"

    return write


def text_of(path):
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def named(name):
    return Patient("P-0042", name, "19600229", "F")


def test_it_says_everything(report):
    words = text_of(report(make_result(warnings=("An RWVM disagrees by 3 %.",))))
    for expected in (
        "For research use only. Not for clinical use.",
        "Muster, Erika Maria",
        "1960-02-29",
        "P-0042",
        "2024-03-01 10:30",
        "PT 3 'WB AC'",
        "8.84",
        "Physiological uptake is not excluded",
        "Coronal maximum-intensity projection",
        "Lesion 2 in three planes",
        "0.00042111 g/ml",
        "BQML, START",
        "(0010,1030)",
        "not attenuation-corrected; Units PROPCNTS",
        "An RWVM disagrees by 3 %.",
        "minimum_volume_ml",
        "Uptake 0.",
        "page 2",
    ):
        assert expected in words


def test_missing_values_are_said_once(report):
    words = text_of(report(make_result(sul_factor=None, with_ct=False, patient=Patient("", "", "", ""))))
    assert words.count("SUL: PatientSize (0010,1020) is absent") == 1
    assert "n/a" in words
    assert "none: PET alone was measured" in words
    assert "not stated" in words
    assert "None" not in words.replace("None.", "")
    assert "nan" not in words.lower().split()


def test_without_a_network_it_says_so(report):
    words = text_of(report(make_result()))
    assert "No network weights were used." in words
    assert "none: no network was used" in words


def test_a_network_s_weights_and_classes_are_shown(report):
    words = " ".join(text_of(report(by_network(make_result()))).split())
    assert words.count(SENTENCE) == 2
    assert "no network" not in words.lower()
    for expected in (WEIGHTS.engine_why, *(each.sha256 for each in WEIGHTS.folds), WEIGHTS.trained_on, "TTB"):
        assert expected in words
    classes = "Primary tumour 2", "Lymph node metastasis 1", "1 Primary tumour", "2 Lymph node metastasis"
    for expected in classes:
        assert expected in words


def test_agreement_of_folds_and_a_split_are_shown(report):
    result = by_network(make_result())
    told = (
        FoldAgreement(5, 5, 0.96, (("primary_tumour", 5),)),
        FoldAgreement(5, 4, 0.71, (("primary_tumour", 3), ("lymph_node_metastasis", 1))),
        None,
    )
    lesions = tuple(replace(lesion, agreement=each) for lesion, each in zip(result.findings.lesions, told, strict=True))
    task = TaskChoice("auto", "head-neck", "head_neck_mtv", "It looks like it.")
    words = " ".join(
        text_of(report(replace(result, findings=replace(result.findings, lesions=lesions, task=task)))).split()
    )
    assert "5/5, 96 %" in words
    assert "4/5, 71 % split" in words
    assert "Lesion 2: the folds differ on its class (Primary tumour 3, Lymph node metastasis 1)" in words
    assert FOLDS_NOTE in words
    assert "head-neck (asked: auto). It looks like it." in words
    assert "Folds:" not in text_of(report(result))


def test_no_lesion(report):
    assert "No lesion was found" in text_of(report(make_result(())))


@pytest.mark.parametrize("name", [ATTACK, "<b>bold</b>&amp;<br/>", "</para><para>", '"><font size=99>'])
def test_markup_in_a_name_is_text(report, name):
    path = report(make_result(patient=named(name)))
    assert name in text_of(path)
    assert b"root:" not in path.read_bytes()
    pictures = sum(len(page.images) for page in PdfReader(path).pages)
    assert pictures == 4  # two projections and two lesions


def test_every_text_of_the_header_is_escaped(report):
    result = make_result(
        patient=Patient(ATTACK, "x", ATTACK, ATTACK),
        warnings=(ATTACK,),
        decisions=(SeriesDecision("1.2", ATTACK, True, ATTACK),),
    )
    assert text_of(report(result)).replace("\n", " ").count("/etc/passwd") >= 6


@pytest.mark.parametrize(
    "name",
    [
        "Buc^Jérôme",
        "Διονυσιος",
        "Люкceмбypг",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "Wang^XiaoDong=王^小东",
        "Hong=洪=홍",
    ],
)
def test_any_script(report, name):
    words = text_of(report(make_result(patient=named(name))))
    for part in name.replace("=", "^").split("^"):
        assert part in words


def test_control_characters_and_absurd_lengths(report):
    result = make_result(patient=named("A\x00\x1b\u202eB" + "W" * 100_000), warnings=("w " * 50_000,))
    words = text_of(report(result))
    assert "AB" in words
    assert "…" in words
    assert len(words) < 8000


def test_many_lesions_run_over_pages_under_a_repeated_header(report):
    spheres = [((-108.0 + 24 * (n // 10), 0.0, 24.0 * (n % 10)), 8.0, 9.0 - 0.05 * n) for n in range(100)]
    pages = PdfReader(report(make_result(spheres))).pages
    assert sum("SULpeak" in page.extract_text() and "Position" in page.extract_text() for page in pages) >= 2


def test_same_results_same_bytes(report):
    assert report(make_result()).read_bytes() == report(make_result()).read_bytes()


def test_document_properties_hold_no_patient(report):
    properties = PdfReader(report(make_result())).metadata
    assert "Muster" not in str(dict(properties))
    assert "P-0042" not in str(dict(properties))


def test_two_exams_of_one_patient_and_two_patients(tmp_path):
    first, second = make_result(number=1), make_result((), number=2)
    write_pdf([first, second], (), tmp_path / "both.pdf", settings=RunSettings())
    words = text_of(tmp_path / "both.pdf")
    assert "exam 1 of 2" in words
    assert "exam 2 of 2" in words
    stranger = make_result(patient=Patient("other", "x", "", ""), number=2)
    with pytest.raises(ValueError, match="one patient"):
        write_pdf([first, stranger], (), tmp_path / "no.pdf", settings=RunSettings())
    with pytest.raises(ValueError, match="at least one"):
        write_pdf([], (), tmp_path / "no.pdf", settings=RunSettings())
    assert not (tmp_path / "no.pdf").exists()
