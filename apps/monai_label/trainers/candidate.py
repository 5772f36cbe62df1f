"""A new version as a bundle: everything as in the version in use, but the weights and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from apps.monai_label.trainers.verdict import Verdict
from uptake.inference.model_store import Bundle, Metric, Texts, TrainingData, save_bundle
from uptake.inference.model_store.bundle import version_parts
from uptake.notice import RESEARCH_USE
from uptake.training.cache import PreparedTraining
from uptake.training.recipe import TrainingRecipe
from uptake.training.run_folder import RECIPE
from uptake.whole_file import put_whole

LICENCE = "LICENSE"
_OF_SITE = " of this site; started from "


def save_candidate(
    bundle: Bundle,
    weights: Sequence[Mapping[str, Tensor]],
    learned: Sequence[PreparedTraining],
    judged: tuple[int, Verdict],
    recipe: TrainingRecipe,
    folder: Path,
) -> Bundle:
    """Save the new version in ``folder / bundle.name``.

    Parameters
    ----------
    bundle
        The version in use.
    weights
        By the bundle's folds, in their order.
    learned
        Exams that were trained on or watched with.
    judged
        The new version's number, and how it was compared.
    recipe
        That it was trained by; goes along, so that it can be trained on.
    folder
        Of nothing else.

    Raises
    ------
    OutputFailed, OutputNotEmpty
        As ``save_bundle``.
    """
    number, verdict = judged
    digital = bundle.training.digital_patients_only and all(each.digital for each in learned)
    description = _described(bundle, learned)
    major, minor, _ = version_parts(bundle.version)
    made = replace(
        bundle,
        version=f"{major}.{minor}.{number}",
        training=TrainingData(description, digital, len(learned)),
        metrics=(Metric("mean Dice", round(verdict.after.mean, 4), _measured(verdict)),),
        weights=(),
        graphs=(),
    )
    licence = (bundle.folder / LICENCE).read_text(encoding="utf-8")
    by_fold = dict(zip(bundle.folds, weights, strict=True))
    saved = save_bundle(made, by_fold, Texts(licence, _card(made, verdict, digital=digital)), folder)
    with put_whole(saved.folder / "configs" / RECIPE) as partial:
        partial.write_text(recipe.to_json(), encoding="utf-8")
    return saved


def _described(bundle: Bundle, learned: Sequence[PreparedTraining]) -> str:
    patients = {each.patient for each in learned}
    kind = "digital patients" if all(each.digital for each in learned) else "patients"
    # Only the shipped weights' description is carried on: each version adds to the same exams, and not to a list.
    origin = bundle.training.description.partition(_OF_SITE)[2] or (
        f"{bundle.name} {bundle.version} ({bundle.training.description})"
    )
    return f"{len(learned)} exams of {len(patients)} {kind}{_OF_SITE}{origin}"


def _measured(verdict: Verdict) -> str:
    return f"{len(verdict.after.exams)} exam(s) of this site that no version learned from"


def _card(bundle: Bundle, verdict: Verdict, *, digital: bool) -> str:
    only = "**Trained on digital patients only: no evidence of how it does on people.**\n\n" if digital else ""
    return f"""# {bundle.name} {bundle.version}

{bundle.description}

{only}{RESEARCH_USE}

## Training

Trained at this site from labels that were submitted there: {bundle.training.description}.

## Comparison

{verdict.why[0].upper()}{verdict.why[1:]}.
"""
