"""The experiment's results as CSV, figure and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from apps.monai_label.learning.comparison import CurvePoint, Difference, against, curves, last_against
from apps.monai_label.learning.rounds import FIRST, Opponent, Round, read_rounds
from uptake.whole_file import put_whole

CSV, FIGURE, PAGE = "learning.csv", "learning.png", "learning.md"
_COLOURS = {"random": "#777777", "disagreement": "#c1272d", "diversity": "#0072b2", FIRST: "#000000"}


def write_report(folder: Path) -> Path:
    """Write CSV, figure and page of all rounds in a folder; the page's path. InputRefused if there is none."""
    rounds, opponents = read_rounds(folder)
    with put_whole(folder / CSV) as partial:
        partial.write_text(table(rounds, opponents), encoding="utf-8")
    with put_whole(folder / FIGURE) as partial:
        _draw(curves(rounds), opponents, partial)
    with put_whole(folder / PAGE) as partial:
        partial.write_text(page(rounds, opponents), encoding="utf-8")
    return folder / PAGE


def table(rounds: Sequence[Round], opponents: Sequence[Opponent]) -> str:
    """CSV: a line for each seed, strategy, round and exam kept aside; the threshold's as a strategy of its own."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("seed", "strategy", "round", "labelled", "exam", "dice"))
    for each in rounds:
        for exam, dice in zip(each.aside, each.dice, strict=True):
            writer.writerow((each.seed, each.strategy, each.number, len(each.labelled), exam, f"{dice:.4f}"))
    aside = {each.seed: each.aside for each in rounds}
    for opponent in opponents:
        for exam, dice in zip(aside.get(opponent.seed, ()), opponent.dice, strict=False):
            writer.writerow((opponent.seed, f"{opponent.kind} threshold, {opponent.name}", "", 0, exam, f"{dice:.4f}"))
    return text.getvalue()


def page(rounds: Sequence[Round], opponents: Sequence[Opponent]) -> str:
    """Markdown: the curves as a table, and what they show in words."""
    points = curves(rounds)
    strategies = sorted({each.strategy for each in points})
    counts = sorted({each.labelled for each in points})
    aside = len(rounds[0].aside)
    lines = [
        f"# Learning from {counts[0]} to {counts[-1]} labelled exams",
        "",
        f"Mean Dice on {aside} exams kept aside, mean of {len({each.seed for each in rounds})} seed(s); in brackets "
        "the lowest and the highest seed. Each seed draws the exams anew.",
        "",
        f"![Dice by labelled exams]({FIGURE})",
        "",
        "| labelled | " + " | ".join(strategies) + " |",
        "|---:|" + "---:|" * len(strategies),
    ]
    for count in counts:
        lines.append(f"| {count} | " + " | ".join(_cell(points, each, count) for each in strategies) + " |")
    lines += [""]
    for kind, own in _by_kind(opponents).items():
        names = ", ".join(f"seed {each.seed}: {each.name}, {each.mean:.3f}" for each in own)
        lines.append(f"- Best {kind} threshold, chosen on the very exams kept aside: {_mean(own):.3f} ({names}).")
    lines += [
        "",
        "## What it shows",
        "",
        *_said(rounds, opponents, strategies),
        "",
        "Intervals: 95 %, exams drawn with replacement; they know nothing of the chance in training, so a difference "
        "is called one only where every seed has its sign as well. Rounds in which two strategies had the same labels "
        "are not compared.",
        "",
    ]
    return "\n".join(lines)


def _said(rounds: Sequence[Round], opponents: Sequence[Opponent], strategies: Sequence[str]) -> list[str]:
    lines = []
    for strategy in (each for each in strategies if each != "random"):
        found = against(rounds, strategy, "random")
        if found is not None:
            lines.append(f"- {strategy.capitalize()} against random: {_words(found)}.")
    for kind, own in _by_kind(opponents).items():
        for strategy in strategies:
            found = last_against(rounds, own, strategy)
            if found is not None:
                lines.append(f"- Last round by {strategy} against the best {kind} threshold: {_words(found)}.")
    return lines or ["- One strategy, one round: nothing to compare."]


def _words(found: Difference) -> str:
    seeds = ", ".join(f"{value:+.3f}" for value in found.by_seed.values())
    return (
        f"**{found.verdict}**, {found.mean:+.3f} Dice ({found.interval[0]:+.3f} to {found.interval[1]:+.3f}; "
        f"by seed {seeds})"
    )


def _by_kind(opponents: Sequence[Opponent]) -> dict[str, list[Opponent]]:
    kinds = dict.fromkeys(each.kind for each in opponents)
    return {kind: [each for each in opponents if each.kind == kind] for kind in kinds}


def _mean(opponents: Sequence[Opponent]) -> float:
    return sum(each.mean for each in opponents) / len(opponents)


def _cell(points: Sequence[CurvePoint], strategy: str, labelled: int) -> str:
    for each in points:
        if (each.strategy, each.labelled) == (strategy, labelled):
            seeds = each.by_seed.values()
            return f"{each.mean:.3f} ({min(seeds):.3f}-{max(seeds):.3f})"
    return ""


def _draw(points: Sequence[CurvePoint], opponents: Sequence[Opponent], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for strategy in sorted({each.strategy for each in points}):
        line = [each for each in points if each.strategy == strategy]
        colour = _COLOURS.get(strategy)
        counts = [each.labelled for each in line]
        axes.plot(counts, [each.mean for each in line], marker="o", color=colour, label=strategy)
        for seed in sorted({seed for each in line for seed in each.by_seed}):
            there = [each for each in line if seed in each.by_seed]
            values = [each.by_seed[seed] for each in there]
            axes.plot([each.labelled for each in there], values, color=colour, alpha=0.25, linewidth=0.8)
    for (kind, own), style in zip(_by_kind(opponents).items(), ("--", ":"), strict=False):
        axes.axhline(_mean(own), color="black", linestyle=style, linewidth=1, label=f"best {kind} threshold")
    axes.set(xlabel="labelled exams", ylabel="mean Dice, exams kept aside")
    axes.set_xticks(sorted({each.labelled for each in points}))
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=150, format="png")
