"""The difficulty study's page, from its figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from uptake.phantom.plan import GENERATOR_VERSION

LIMIT = 0.6
# Rows that no user could have, since the truth takes part.
_WITH_TRUTH = ("own best", "removed")
_SIGHT = {
    "head-neck": "head and neck FDG, one exam",
    "breast-pairs": "metastatic breast cancer, FDG, first exam of each pair",
    "psma": "PSMA-11 and PSMA-1007, first exam",
    "response": "lymphoma and solid tumours, FDG, Dice on the first exam and change over the pair",
}

Figures = Mapping[str, Any]


def page(systems: Mapping[str, Figures]) -> str:
    """The whole page as Markdown."""
    parts = [_opening(), _summary(systems)]
    parts += [_system(name, figures) for name, figures in systems.items()]
    return "\n\n".join([*parts, _limits()]) + "\n"


def _opening() -> str:
    return f"""# How difficult the digital patients are

Written by `python -m benchmarks.studies.difficulty`; generator version {GENERATOR_VERSION}, internal site,
PET made on a grid of 4 mm, lesions of all kinds as one class.

Thresholds work inside the PET's body mask; regions under 0.5 ml are dropped, for the network too. The best fixed values
(of 1.5 to 15 by halves) are chosen **on the test patients themselves**, so they bound from above what one fixed value
can do. Every patient's own best value is chosen with the truth in hand, patient by patient: nobody can use it. The
liver's threshold takes its sphere from the true liver. No organ is removed from what a threshold finds: that is a
reader's work. How much of the difficulty that work is, the rows with the true brain and bladder removed (and 8 mm
around them) show; they are no threshold method and do not count in the first table."""


def _summary(systems: Mapping[str, Figures]) -> str:
    rows = []
    for name, figures in systems.items():
        usable = [row for row in figures["thresholds"] if not any(word in row["name"] for word in _WITH_TRUTH)]
        best = max(usable, key=lambda row: float(row["global"]))
        best_mean = max(usable, key=lambda row: float(row["mean"]))
        thresholds = f"Dice {best['global']:.2f} global ({best['name']})"
        thresholds += f", {best_mean['mean']:.2f} mean ({best_mean['name']})"
        network = f"Dice {figures['network']['global']:.2f} global, {figures['network']['mean']:.2f} mean"
        if "candidates" in figures:
            thresholds += f"; AP {figures['candidates']['suv_max']:.2f} (SUVmax)"
            network += f"; AP {figures['candidates']['network']:.2f}"
        if "response" in figures:
            thresholds += _best_area(figures["response"], "threshold")
            network += _best_area(figures["response"], "network")
        highest = max(float(row[key]) for row in usable for key in ("global", "mean"))
        rows.append((name, thresholds, network, "yes" if highest < LIMIT else "**no**"))
    return _table(("cohort", "best threshold method", "tiny PET-only network", f"thresholds under {LIMIT} Dice"), rows)


def _best_area(figures: Figures, who: str) -> str:
    area = max((row for row in figures["rows"] if row["name"].startswith(who)), key=lambda row: float(row["mean"]))
    return f"; AUROC {area['mean']:.2f} ({area['name'].partition(': ')[2]})"


def _system(name: str, figures: Figures) -> str:
    train, test = figures["train"], figures["test"]
    lines = [
        f"## {name}: {_SIGHT[name]}",
        f"Training: {_patients(train)}. Test (frozen): {_patients(test)}, {test['with_lesions']} of them with lesions. "
        f"Network: 3D U-Net, {figures['network']['parameters']} parameters, {figures['network']['steps']} steps, "
        f"{figures['network']['seconds']:.0f} s on two shared cores, seed {figures['network']['seed']}.",
        _table(
            ("method", "Dice, global", "Dice, mean over patients"),
            [
                (row["name"], f"{row['global']:.2f}", f"{row['mean']:.2f}")
                for row in [*figures["thresholds"], figures["network"]]
            ],
        ),
        _false(figures["false"]),
        _without_organs(figures),
    ]
    if "candidates" in figures:
        lines.append(_candidates(figures["candidates"]))
    if "response" in figures:
        lines += _response(figures["response"])
    return "\n\n".join(lines)


def _patients(group: Figures) -> str:
    failed = f", {group['failed']} more could not be designed" if group["failed"] else ""
    return f"{group['patients']} patients of cohort seed {group['seed']} ({group['exams']} exams{failed})"


def _false(figures: Figures) -> str:
    where = ", ".join(f"{name} {share:.0%}" for name, share in figures["structures"].items())
    return (
        f"At the best fixed value for global Dice, SUV {figures['threshold']:g}, {figures['false_share']:.0%} of what "
        f"is found is no lesion, most of it in: {where}."
    )


def _without_organs(figures: Figures) -> str:
    spared = max(float(row["global"]) for row in figures["thresholds"] if "removed" in row["name"])
    network = float(figures["network"]["global"])
    text = f"With the true brain and bladder out of the way, the best fixed value reaches {spared:.2f} global Dice"
    if spared < LIMIT:
        return f"{text}, the network {network:.2f}: the other organs still hide the lesions from a threshold."
    return (
        f"{text}, the network {network:.2f}: **once a reader has taken those two away, a threshold does as well as a "
        "network here**. Judge later methods on this cohort by more than Dice: by primary or node, by small and cool "
        "lesions, by touching ones."
    )


def _candidates(figures: Figures) -> str:
    return (
        f"Candidate regions (incremental components from SUV 1, at least 0.5 ml): {figures['candidates']}, of which "
        f"{figures['positive']} lie on lesions for at least half "
        f"({figures['positive'] / figures['candidates']:.1%}, what chance would reach); they cover "
        f"{figures['covered']} of {figures['lesions']} lesions. Average precision: "
        f"{figures['suv_max']:.2f} ranked by SUVmax, {figures['network']:.2f} by the network's mean probability."
    )


def _response(figures: Figures) -> list[str]:
    counts = ", ".join(f"{count} {name}" for name, count in sorted(figures["pairs"].items()))
    columns = ("progression", "stable", "resolution", "mean")
    rows = [(row["name"], *(f"{row[column]:.2f}" for column in columns)) for row in figures["rows"]]
    return [
        f"Area under the ROC curve, each of OncoNet's classes against the others, over {counts} test pairs; the score "
        "is the change from first to second exam (rise, fall, or the least of either). A whole body's SUVmax and "
        "volume hold brain, heart, kidneys and bladder, as they do for a user without a reader.",
        _table(("score", *columns), rows),
    ]


def _limits() -> str:
    return """## What this does not show

Few patients, one training run each, no tuning, no interval: differences under about 0.1 mean nothing. The network is
far smaller than those of later studies and sees no CT; it sets a floor for them, no aim. Digital patients come from one
generator, so a network learns its organs more easily than those of real patients: these figures compare methods on
these cohorts and say nothing of real exams."""


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
