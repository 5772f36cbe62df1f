"""The report in words, for a reader who knows lesions and not the code."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from uptake.evaluation import report_tables
from uptake.evaluation.classification import classify
from uptake.evaluation.delineation import OverlapRow, overlap_rows, patient_dsc
from uptake.evaluation.evaluated import COHORTS, Evaluation
from uptake.evaluation.figures import GOOD_DSC
from uptake.evaluation.published import PAPER, published, source
from uptake.evaluation.scores import CohortScores
from uptake.evaluation.structures import detection_rows
from uptake.evaluation.survival import SurvivalComparison
from uptake.evaluation.wording import number, p_equation, percent, plural, target_words
from uptake.notice import RESEARCH_USE


def report_text(evaluation: Evaluation) -> str:
    """The whole report, Markdown; figures are linked as ``figures/figure1.png`` and so on."""
    parts = [*_head(evaluation), *_delineation(evaluation), *_classification(evaluation), *_detection(evaluation)]
    parts += [*_burden(evaluation), *_survival(evaluation), *_comparison(evaluation), *_method(evaluation)]
    return "\n\n".join(parts) + "\n"


def _head(evaluation: Evaluation) -> Iterator[str]:
    yield "# Evaluation: automatic lesion volumes against the truth"
    yield f"**{RESEARCH_USE}**"
    yield f"Method: {evaluation.method}. Weights: {evaluation.weights.rstrip('.')}."
    if published(next(iter(evaluation.cohorts)), evaluation.classes):
        yield (
            f"Beside each number stands the one that the paper printed ({PAPER}: {source()}). The paper's patients are "
            "others than these: the two lines show the same measure, not a contest on the same exams."
        )
    for note in evaluation.notes:
        yield f"> {note}"
    yield "## In short"
    yield "\n".join(_summary(evaluation))


def _summary(evaluation: Evaluation) -> Iterator[str]:
    for cohort, scores in evaluation.cohorts.items():
        union = overlap_rows(scores)[-1]
        values = np.array(list(patient_dsc(scores).values()))
        good = percent(float(np.mean(values >= GOOD_DSC))) if len(values) else "n/a"
        rows = detection_rows(scores.patients, scores.classes)
        whole = next((row for row in rows if row.target == "union"), rows[0])
        yield (
            f"- **{COHORTS[cohort]}** ({plural(len(scores.patients), 'patient')}): cohort DSC {number(union.cohort)} "
            f"over all lesions; {good} of the patients reach {GOOD_DSC}; "
            f"{whole.hit} of {whole.hit + whole.missed} lesions were found, "
            f"{whole.wrong} of {whole.right + whole.wrong} found ones are false."
        )
        if len(scores.classes) > 1:
            yield f"  Of the voxels that both call lesion, {percent(classify(scores).accuracy)} got the right class."
        if cohort in evaluation.survival:
            yield f"  {_survival_sentence(evaluation.survival[cohort])}"


def _delineation(evaluation: Evaluation) -> Iterator[str]:
    yield "## How well the volumes overlap"
    yield (
        "The Dice similarity coefficient (DSC) is 1 for the same volume and 0 for none in common. The cohort DSC takes "
        "all patients' voxels together, so large tumours weigh more; mean and median are over patients, and the 50 % "
        "interval holds the middle half of them."
    )
    yield report_tables.overlap(evaluation)
    for cohort, scores in evaluation.cohorts.items():
        told = {row.target: " ".join(_exceptions(row)) for row in overlap_rows(scores)}
        lines = [f"- {COHORTS[cohort]}, {target_words(name).lower()}: {text}" for name, text in told.items() if text]
        if lines:
            yield "\n".join(lines)
    yield "![Patients by Dice](figures/figure1.png)"
    yield (
        f"*Patients by DSC. The dashed line is at {GOOD_DSC}, which the paper holds to be acceptable in practice; left "
        "and right of it the share of patients below and at or above (paper, Figure 1).*"
    )


def _exceptions(row: OverlapRow) -> Iterator[str]:
    zero = []
    if row.missed:
        zero.append(f"{plural(row.missed, 'patient')} had such lesions and none was touched")
    if row.false_alarms:
        zero.append(f"{plural(row.false_alarms, 'patient')} had none and got some")
    if zero:
        yield f"DSC 0: {', '.join(zero)}."
    if row.absent:
        yield (
            f"No DSC: {plural(row.absent, 'patient')} had none and got none, which is right; left out "
            f"(counted as 1, the mean would be {number(row.mean_absent_as_one)})."
        )


def _classification(evaluation: Evaluation) -> Iterator[str]:
    table = report_tables.classification(evaluation)
    if not table:
        return
    yield "## Whether lesions get the right class"
    yield "Voxels that both the truth and the method call lesion, in percent of all such voxels of the cohort."
    yield table
    for cohort, scores in evaluation.cohorts.items():
        result = classify(scores)
        none = f", in {result.nothing_agreed} of them because nothing was agreed on" if result.nothing_agreed else ""
        yield (
            f"{COHORTS[cohort]}: {result.total} voxels; {result.error_free} of {result.patients} exams have no voxel "
            f"of the wrong class{none}."
        )


def _detection(evaluation: Evaluation) -> Iterator[str]:
    yield "## Lesions found and missed"
    yield (
        "A lesion of the truth is found if the method covers at least half of it with the same class; a lesion of the "
        "method is true if at least half of it lies on truth of that class. TPR is the share of the true lesions that "
        "were found, PPV the share of the found ones that are true."
    )
    yield report_tables.detection(evaluation)
    for cohort, scores in evaluation.cohorts.items():
        yield _missed(cohort, scores)


def _missed(cohort: str, scores: CohortScores) -> str:
    sizes = []
    for index, row in enumerate(detection_rows(scores.patients, scores.classes)[: len(scores.classes)]):
        volumes = [ml for patient in scores.patients for ml in patient.truth_lesions[index].volumes_ml]
        name = target_words(row.target).lower()
        mean = number(float(np.mean(volumes)) if volumes else None, 2)
        sizes.append(f"{number(row.missed_mean_ml, 2)} ml for {name} (of all true ones: {mean} ml)")
    return f"{COHORTS[cohort]}: mean volume of the missed lesions {'; '.join(sizes)}."


def _burden(evaluation: Evaluation) -> Iterator[str]:
    yield "## Total tumour burden"
    yield (
        "The total tumour burden (TTB) is the volume of all lesions of a patient. As in the paper, patients whose "
        "absolute difference is above the 99th percentile are left out as outliers, at least one in any cohort; the "
        "last two columns have everybody."
    )
    yield report_tables.burden(evaluation)
    yield "![Tumour burden, truth and found](figures/figure2.png)"
    yield (
        "*Every point a patient. Red line: least squares without the outliers (red points); blue: where 95 % of "
        "further patients are expected (paper, Figure 2).*"
    )


def _survival(evaluation: Evaluation) -> Iterator[str]:
    yield "## Survival"
    if not evaluation.survival:
        yield "Not evaluated: no follow-up was given."
        return
    yield (
        "Patients are parted at one cut-off of the TTB: the median of the truth in cross-validation, carried to the "
        "external patients and used for the method's volumes too. The hazard ratio (HR) says how many times higher "
        "the death rate is above it."
    )
    yield report_tables.survival(evaluation)
    graded = report_tables.graded_survival(evaluation)
    if graded:
        yield graded
    for cohort, each in evaluation.survival.items():
        yield f"{COHORTS[cohort]}: {_who(each)} {_survival_sentence(each)}"
    yield (
        '"Incorrect" among patients that the two cut differently: the paper does not define it. Here it is the one '
        "that the outcome contradicts: above the cut-off and alive at the end of follow-up, or below it and dead. "
        "Somebody alive at the end may yet die, so this leans against whichever called the burden high."
    )
    yield "![Kaplan-Meier curves](figures/figure5.png)"
    yield "*Ticks on the curves: patients alive at their last visit. Below: patients still followed (paper, Figure 5).*"


def _who(each: SurvivalComparison) -> str:
    words = f"{plural(each.included, 'patient')}, {plural(each.events, 'death')}"
    if each.cutoff_ml is not None:
        words += f", cut-off {number(each.cutoff_ml, 1)} ml"
        words += " (carried from cross-validation)" if each.cutoff_carried else " (median of the truth)"
    if each.without_follow_up:
        words += f"; {each.without_follow_up} without follow-up"
    if each.followed_too_short:
        words += f"; {each.followed_too_short} alive with less than six months of follow-up, left out"
    return words + "."


def _survival_sentence(each: SurvivalComparison) -> str:
    if each.truth is None or each.found is None:
        return f"Survival: not evaluable: {'; '.join(each.reasons)}."
    true, found = each.truth.hazard, each.found.hazard
    if true is None or found is None:
        reasons = dict.fromkeys((*each.truth.reasons, *each.found.reasons))
        return f"Survival: hazard ratio not evaluable: {'; '.join(reasons)}."
    return (
        f"Hazard ratio {true.ratio:.2f} by the truth ({p_equation(true.p)}) and {found.ratio:.2f} by the method "
        f"({p_equation(found.p)}), {abs(true.ratio - found.ratio):.2f} apart."
    )


def _comparison(evaluation: Evaluation) -> Iterator[str]:
    if not any(evaluation.further.values()):
        return
    yield "## Other methods on the same patients"
    yield (
        "DSC over all lesions (and cohort DSC by class where a method tells them apart). The difference is the other "
        f"method's less that of the {evaluation.method}, patient by patient: below zero the other is worse. Wilcoxon "
        "signed-rank test, corrected for the number of methods (Holm)."
    )
    yield report_tables.comparison(evaluation)


def _method(evaluation: Evaluation) -> Iterator[str]:
    settings = next(iter(evaluation.cohorts.values())).settings
    yield "## How it was counted"
    yield "\n".join(
        (
            f"- Regions under {settings.minimum_region_ml:g} ml are dropped from truth and answer first.",
            f"- A lesion is a connected region of one class; voxels touch by {settings.connectivity} neighbours (the "
            "paper does not say which). Lesions of one class that touch are one.",
            f"- Covered means at least {100 * settings.coverage:g} % of the volume, counted separately for true and "
            'for found lesions. (The paper says "over 50%" of found ones; they differ only at exactly half.)',
            "- The paper asks whether lesions are found and classified, and its row for all lesions is the sum of the "
            "two classes; so cover has to be of the same class. The row with the class ignored is an addition.",
            "- DSC is 0 where only one side has a lesion, whichever it is, and that counts as failed. Where neither "
            "has, there is no DSC. The paper does not say what it did then.",
            "- An exam is without classification error also where nothing was agreed on, as the paper relates the "
            "number to all its scans.",
            "- The interval of the cohort DSC is of 2,000 cohorts drawn from the patients with replacement.",
            "- High burden is above the cut-off. The six months of follow-up that the paper asks for are asked of the "
            "living; deaths before count. Cox regression with Efron's ties and Wald's test.",
        )
    )
    yield "All numbers: `scores.json`; as tables: the CSV files beside it (`burden.csv` has a line per patient)."
