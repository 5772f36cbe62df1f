"""The paper's Figures 1 and 2: how Dice is spread over patients, and how burdens correlate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from uptake.evaluation.burden import BurdenAgreement, compare_burden
from uptake.evaluation.delineation import patient_dsc, targets
from uptake.evaluation.evaluated import COHORTS, Evaluation
from uptake.evaluation.scores import CohortScores
from uptake.evaluation.wording import number, plural, target_words

GOOD_DSC = 0.7
"""Dice that the paper holds to be acceptable for practical use."""
LOW, HIGH, INK, PALE = "#2f6fab", "#c8452f", "#333333", "#8a8a8a"
_BIN = 0.05
_SIGNED_INCH, _LETTERS_PER_INCH = 3.7, 15  # room that the other words of the footer take; size of its letters


def draw_histograms(evaluation: Evaluation, path: Path) -> None:
    """Figure 1: patients by Dice, a row per cohort and a column per class and union, parted at 0.7."""
    from uptake.reporting.annotation import new_figure, save_png

    cohorts, names = evaluation.cohorts, targets(next(iter(evaluation.cohorts.values())))
    figure = new_figure(1.0 + 3.3 * len(names), 0.8 + 2.6 * len(cohorts))
    lay_out(figure)
    grid = figure.subplots(len(cohorts), len(names), squeeze=False)
    for row, (cohort, scores) in zip(grid, cohorts.items(), strict=True):
        for axes, (index, target) in zip(row, names, strict=True):
            _histogram(axes, scores, index)
            axes.set_title(
                f"{COHORTS[cohort]}: {target_words(target).lower()}", fontsize=9.5, color=INK, parse_math=False
            )
        row[0].set_ylabel("patients", fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel("Dice similarity coefficient", fontsize=9)
    sign(figure, evaluation.method)
    save_png(figure, path)


def _histogram(axes: Any, scores: CohortScores, index: int) -> None:
    values = np.array(list(patient_dsc(scores, index).values()))
    # A hair of slack, so that a value on an edge falls to the right of it whatever the rounding of the edge.
    counts, edges = np.histogram(values, np.arange(0, 1 + _BIN / 2, _BIN) - 1e-9 * (np.arange(21) < 20))
    colours = [LOW if edge > GOOD_DSC - _BIN / 2 else HIGH for edge in edges[:-1]]
    axes.bar(edges[:-1], counts, _BIN * 0.92, align="edge", color=colours, linewidth=0)
    axes.axvline(GOOD_DSC, color=INK, linestyle="--", linewidth=1)
    top = max(int(counts.max(initial=0)), 1) * 1.22
    axes.set(xlim=(-0.02, 1.02), ylim=(0, top))
    if len(values):
        below = float(np.mean(values < GOOD_DSC))
        style = {"fontsize": 9, "va": "top", "weight": "bold"}
        axes.text(GOOD_DSC - 0.02, top * 0.97, f"{100 * below:.1f} %", ha="right", color=HIGH, **style)
        axes.text(GOOD_DSC + 0.02, top * 0.97, f"{100 * (1 - below):.1f} %", ha="left", color=LOW, **style)
    axes.text(0.02, 0.97, f"n = {len(values)}", transform=axes.transAxes, fontsize=8, color=PALE, va="top")
    axes.yaxis.get_major_locator().set_params(integer=True)
    tidy(axes)


def draw_burdens(evaluation: Evaluation, path: Path) -> None:
    """Figure 2: burden of the answer against that of the truth, with line, prediction band and outliers."""
    from uptake.reporting.annotation import new_figure, save_png

    cohorts = evaluation.cohorts
    figure = new_figure(0.4 + 4.6 * len(cohorts), 4.8)
    lay_out(figure)
    for axes, (cohort, scores) in zip(figure.subplots(1, len(cohorts), squeeze=False)[0], cohorts.items(), strict=True):
        _scatter(axes, compare_burden(scores))
        axes.set_title(f"{COHORTS[cohort]} ({plural(len(scores.patients), 'patient')})", fontsize=10, color=INK, pad=20)
    sign(figure, evaluation.method)
    save_png(figure, path)


def _scatter(axes: Any, agreement: BurdenAgreement) -> None:
    truth, found, outlier = agreement.truth_ml, agreement.found_ml, agreement.outlier
    top = max(float(max(truth.max(), found.max())) * 1.06, 1.0)
    axes.plot([0, top], [0, top], color=PALE, linestyle=":", linewidth=1, label="identity")
    ring = {"s": 20, "facecolor": "white", "edgecolor": INK, "linewidth": 0.9, "clip_on": False}
    axes.scatter(truth[~outlier], found[~outlier], zorder=3, **ring)
    if outlier.any():
        style = {"s": 28, "color": HIGH, "clip_on": False, "label": "outlier, left out of the fit"}
        axes.scatter(truth[outlier], found[outlier], zorder=4, **style)
    line = agreement.line
    if line:
        x = np.linspace(0, top, 200)
        axes.plot(x, line.at(x), color=HIGH, linewidth=1.5, label="least squares line")
        for sign, label in ((1, "95 % prediction band"), (-1, None)):
            axes.plot(x, line.at(x) + sign * line.half_band(x), color=LOW, linewidth=1, label=label)
    words = f"R² = {number(line.r_squared if line else None, 2)}, "
    words += f"mean absolute difference {number(agreement.mean_absolute_ml, 2)} ml"
    axes.text(0.5, 1.015, words, transform=axes.transAxes, fontsize=9, ha="center", va="bottom", color=INK)
    axes.set(xlim=(0, top), ylim=(0, top), aspect="equal")
    axes.set_xlabel("TTB of the truth (ml)", fontsize=9)
    axes.set_ylabel("TTB found (ml)", fontsize=9)
    axes.legend(loc="lower right", fontsize=7.5, frameon=False)
    tidy(axes)


def lay_out(figure: Any) -> None:
    """Leave room for the footer and air at the edges."""
    foot = 0.22 / figure.get_size_inches()[1]
    figure.set_layout_engine("constrained", rect=(0.005, foot, 0.99, 1 - foot), w_pad=0.1, h_pad=0.1)


def sign(figure: Any, method: str) -> None:
    """Write the research-use line and, where there is room, the method along the lower edge."""
    from uptake.reporting.annotation import footer

    room = (figure.get_size_inches()[0] - _SIGNED_INCH) * _LETTERS_PER_INCH
    footer(figure, method.replace("$", r"\$") if len(method) <= room else "")  # a pair of $ would be read as a formula


def tidy(axes: Any) -> None:
    """No frame above and to the right, small ticks."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, length=3, color=PALE)
