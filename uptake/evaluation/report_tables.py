"""The tables of the report as Markdown: the method's line above the paper's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from uptake.evaluation.comparison import comparison_rows
from uptake.evaluation.evaluated import COHORTS, Evaluation
from uptake.evaluation.published import PAPER, published
from uptake.evaluation.risk_groups import Hazard, RiskGroups
from uptake.evaluation.tables import Row, burden_table, table1, table2, table3
from uptake.evaluation.wording import number, p_words, percent, target_words
from uptake.reporting.number_format import NOT_AVAILABLE

Column = tuple[str, Callable[[Row], str]]


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]], words: int = 1) -> str:
    """A Markdown table; the first ``words`` columns to the left, numbers to the right."""
    rule = [":--" if index < words else "--:" for index in range(len(header))]
    rows = ([cell.replace("|", "\\|") for cell in cells] for cells in (header, rule, *lines))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def overlap(evaluation: Evaluation) -> str:
    """Table 1."""
    columns: list[Column] = [
        ("Lesions", lambda row: target_words(row["target"])),
        ("Source", lambda row: row["source"]),
        ("Cohort DSC (95 % interval)", _cohort_dsc),
        ("Mean", lambda row: number(row["mean"])),
        ("Median", lambda row: number(row["median"])),
        ("50 % interval", lambda row: f"{number(row['quartile_1'])} to {number(row['quartile_3'])}"),
        ("Failed (DSC = 0)", _failures),
    ]
    return _by_cohort(table1(evaluation), columns, words=2)


def classification(evaluation: Evaluation) -> str:
    """Table 2; empty with a single class."""
    rows = table2(evaluation)
    if not rows:
        return ""
    names = evaluation.classes
    columns: list[Column] = [("Source", lambda row: row["source"])]
    for true in names:
        for found in names:
            title = f"{target_words(true)}, found as {'such' if true == found else target_words(found).lower()}"
            columns.append((title, _percent_of(f"share_{true}_as_{found}")))
    columns += [(f"TPR {target_words(name).lower()}", _percent_of(f"tpr_{name}")) for name in names]
    columns += [("Accuracy", _percent_of("accuracy")), ("Exams without error", _error_free)]
    return _by_cohort(rows, columns)


def detection(evaluation: Evaluation) -> str:
    """Table 3."""
    columns: list[Column] = [
        ("Lesions", lambda row: target_words(row["target"])),
        ("Source", lambda row: row["source"]),
        ("True, found (TP_man)", lambda row: str(row["tp_man"])),
        ("Found, true (TP_cnn)", lambda row: str(row["tp_cnn"])),
        ("Missed (FN)", lambda row: str(row["fn"])),
        ("False (FP)", lambda row: str(row["fp"])),
        ("TPR", lambda row: percent(row["tpr_str"])),
        ("PPV", lambda row: percent(row["ppv_str"])),
    ]
    return _by_cohort(table3(evaluation), columns, words=2)


def burden(evaluation: Evaluation) -> str:
    """Agreement of tumour burdens."""
    columns: list[Column] = [
        ("Cohort", lambda row: COHORTS[row["cohort"]]),
        ("Source", lambda row: row["source"]),
        ("Patients", lambda row: str(row["patients"])),
        ("R²", lambda row: number(row["r_squared"], 2)),
        ("Mean absolute difference (ml)", lambda row: number(row["mean_absolute_ml"], 2)),
        ("Line", _line),
        ("R² with outliers", lambda row: number(row.get("r_squared_all"), 2)),
        ("Difference with outliers (ml)", lambda row: number(row.get("mean_absolute_all_ml"), 2)),
    ]
    return _plain(burden_table(evaluation), columns, words=2)


def survival(evaluation: Evaluation) -> str:
    """Hazard ratios of true and found burden, and how often the two cut differently."""
    header = ["Cohort", "Source", "Patients", "HR, TTB of the truth", "p", "HR, TTB found", "p"]
    header += ["Cut differently", "Truth incorrect", "Found incorrect"]
    lines = []
    for cohort, each in evaluation.survival.items():
        differ, n = each.disagreement, each.included
        shares = [differ.patients, differ.truth_incorrect, differ.found_incorrect] if differ else [None] * 3
        line = [COHORTS[cohort], evaluation.method, str(n), *_hazard(each.truth), *_hazard(each.found)]
        lines.append([*line, *(percent(None if count is None else count / n) for count in shares)])
        paper = published(cohort, evaluation.classes)
        if paper:
            page = paper["survival"]
            hazards = [text for who in ("truth", "found") for text in (str(page[who]["ratio"]), page[who]["p"])]
            differs = [percent(page[key]) for key in ("disagreement", "truth_incorrect", "found_incorrect")]
            lines.append([COHORTS[cohort], PAPER, str(page["included"]), *hazards, *differs])
    return markdown(header, lines, words=2)


def graded_survival(evaluation: Evaluation) -> str:
    """Hazard ratios without a cut-off, and the log-rank tests."""
    header = [
        "Cohort",
        "HR per 10 ml, truth",
        "p",
        "HR per 10 ml, found",
        "p",
        "Log-rank p, truth",
        "Log-rank p, found",
    ]
    lines = [
        [
            COHORTS[cohort],
            *_interval(each.truth.per_10_ml),
            *_interval(each.found.per_10_ml),
            p_words(each.truth.log_rank_p),
            p_words(each.found.log_rank_p),
        ]
        for cohort, each in evaluation.survival.items()
        if each.truth and each.found
    ]
    return markdown(header, lines) if lines else ""


def comparison(evaluation: Evaluation) -> str:
    """Methods against each other."""
    columns: list[Column] = [
        ("Method", lambda row: row["method"]),
        ("Patients", lambda row: str(row["patients"])),
        ("Cohort DSC", lambda row: number(row["cohort_dsc"])),
    ]
    if len(evaluation.classes) > 1:
        columns += [(target_words(name), _number_of(f"cohort_dsc_{name}")) for name in evaluation.classes]
    columns += [
        ("Mean", lambda row: number(row["mean"])),
        ("Median", lambda row: number(row["median"])),
        ("Failed", lambda row: str(row["failed"])),
        ("Mean difference (pairs)", _difference),
        ("p (Wilcoxon, Holm)", _wilcoxon),
    ]
    return _by_cohort(comparison_rows(evaluation), columns)


def _by_cohort(rows: Sequence[Row], columns: Sequence[Column], words: int = 1) -> str:
    parts = []
    for cohort, title in COHORTS.items():
        own = [row for row in rows if row["cohort"] == cohort]
        if own:
            parts.append(f"**{title}**\n\n{_plain(own, columns, words)}")
    return "\n\n".join(parts)


def _plain(rows: Sequence[Row], columns: Sequence[Column], words: int = 1) -> str:
    return markdown([title for title, _ in columns], [[cell(row) for _, cell in columns] for row in rows], words)


def _cohort_dsc(row: Row) -> str:
    low = row.get("cohort_dsc_low")
    between = "" if low is None else f" ({number(low)} to {number(row['cohort_dsc_high'])})"
    return f"{number(row['cohort_dsc'])}{between}"


def _failures(row: Row) -> str:
    return f"{row['failed']} of {row['patients']}"


def _error_free(row: Row) -> str:
    return f"{row['error_free']} of {row['patients']} ({percent(row['error_free_share'])})"


def _percent_of(name: str) -> Callable[[Row], str]:
    return lambda row: percent(row[name])


def _number_of(name: str) -> Callable[[Row], str]:
    return lambda row: number(row[name])


def _line(row: Row) -> str:
    slope, intercept = row.get("slope"), row.get("intercept_ml")
    if slope is None or intercept is None:
        return NOT_AVAILABLE
    return f"{slope:.2f} x {'+' if intercept >= 0 else '-'} {abs(intercept):.2f} ml"


def _hazard(groups: RiskGroups | None) -> list[str]:
    return _interval(groups.hazard if groups else None)


def _interval(hazard: Hazard | None) -> list[str]:
    if hazard is None:
        return ["not evaluable", NOT_AVAILABLE]
    return [f"{hazard.ratio:.2f} ({hazard.low:.2f} to {hazard.high:.2f})", p_words(hazard.p)]


def _difference(row: Row) -> str:
    if "pairs" not in row:
        return ""
    mean = row["mean_difference"]
    return f"{NOT_AVAILABLE if mean is None else f'{mean:+.3f}'} ({row['pairs']})"


def _wilcoxon(row: Row) -> str:
    return p_words(row["holm_p"]) if "pairs" in row else ""
