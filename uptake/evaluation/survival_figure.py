"""The paper's Figure 5: Kaplan-Meier curves above and below the cut-off, by truth and by answer."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from uptake.evaluation.evaluated import COHORTS, Evaluation
from uptake.evaluation.figures import HIGH, INK, LOW, PALE, lay_out, sign, tidy
from uptake.evaluation.risk_groups import Curve, RiskGroups
from uptake.evaluation.wording import number, p_equation

_DAYS_PER_MONTH = 365.25 / 12
_LEAST_TICKS = 4
_WORDS_WIDTH = 48


def draw_survival(evaluation: Evaluation, path: Path) -> None:
    """Figure 5: a row per cohort; truth on the left, answer on the right. A cohort not evaluable gets its reasons."""
    from uptake.reporting.annotation import new_figure, save_png

    rows = evaluation.survival
    figure = new_figure(9.4, 0.5 + 3.5 * len(rows))
    lay_out(figure)
    grid = figure.subplots(len(rows), 2, squeeze=False)
    for pair, (cohort, comparison) in zip(grid, rows.items(), strict=True):
        whose = (("TTB of the truth", comparison.truth), ("TTB found", comparison.found))
        for axes, (title, groups) in zip(pair, whose, strict=True):
            axes.set_title(f"{COHORTS[cohort]}: {title}", fontsize=10, color=INK)
            if groups is None or comparison.cutoff_ml is None:
                _say_why_not(axes, comparison.reasons)
            else:
                _curves(axes, groups, comparison.cutoff_ml)
    sign(figure, evaluation.method)
    save_png(figure, path)


def _say_why_not(axes: Any, reasons: tuple[str, ...]) -> None:
    words = fill(f"Not evaluable: {'; '.join(reasons)}.", _WORDS_WIDTH)
    axes.text(0.5, 0.5, words, ha="center", va="center", fontsize=9, color=PALE)
    axes.set_axis_off()


def _curves(axes: Any, groups: RiskGroups, cutoff_ml: float) -> None:
    parts = ((groups.low, LOW, "at most"), (groups.high, HIGH, "above"))
    for curve, colour, side in parts:
        label = f"{side} {number(cutoff_ml, 1)} ml ({curve.patients} patients, {curve.events} died)"
        days = np.append(curve.days, curve.followed_days[-1:])
        survival = np.append(curve.survival, curve.survival[-1:])
        axes.step(days / _DAYS_PER_MONTH, survival, where="post", color=colour, linewidth=1.6, label=label)
        alive = _survival_at(curve, curve.censored_days)
        axes.plot(curve.censored_days / _DAYS_PER_MONTH, alive, "|", color=colour, markersize=6, markeredgewidth=0.9)
    longest = max(float(curve.followed_days.max(initial=0)) for curve, _, _ in parts) / _DAYS_PER_MONTH
    step = 12 if longest >= 12 * _LEAST_TICKS else 6 if longest >= 6 * _LEAST_TICKS else 3
    ticks = np.arange(0, longest + step / 2, step)
    axes.set(xlim=(0, longest * 1.02), ylim=(0, 1.03), xticks=ticks)
    axes.set_xlabel("months since the exam", fontsize=9, labelpad=24)
    axes.set_ylabel("overall survival", fontsize=9)
    _at_risk(axes, parts, ticks[ticks <= longest * 1.02])
    hazard = groups.hazard
    words = f"HR {number(hazard.ratio, 2)} ({number(hazard.low, 2)} to {number(hazard.high, 2)}), " if hazard else ""
    words += p_equation(hazard.p) if hazard else "HR not evaluable"
    axes.text(0.98, 0.97, words, transform=axes.transAxes, fontsize=9, ha="right", va="top", color=INK)
    axes.legend(loc="lower left", fontsize=7.5, frameon=False)
    tidy(axes)


def _survival_at(curve: Curve, days: Any) -> Any:
    return curve.survival[np.searchsorted(curve.days, days, side="right") - 1] if len(days) else days


def _at_risk(axes: Any, parts: Any, ticks: Any) -> None:
    """Numbers still followed, under the ticks."""
    for line, (curve, colour, _) in enumerate(parts):
        for tick in ticks:
            left = int(np.count_nonzero(curve.followed_days >= tick * _DAYS_PER_MONTH))
            place = {"xy": (tick, 0), "xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
            style = {"ha": "center", "va": "top", "fontsize": 7.5, "color": colour, "annotation_clip": False}
            axes.annotate(str(left), xytext=(0, -16 - 9 * line), **place, **style)
