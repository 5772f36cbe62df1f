"""Who is labelled by what: every patient checked before anything is labelled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from uptake.errors import InputRefused
from uptake.evaluation.baselines import ThresholdLabels
from uptake.evaluation.centre_prior import CentrePrior
from uptake.evaluation.cohort_data import CohortExam
from uptake.evaluation.kept_labels import Labels
from uptake.evaluation.networks import Networks
from uptake.evaluation.patients import folds_that_test, require_unseen
from uptake.evaluation.predictions import NETWORK, NetworkLabels

Warn = Callable[[str], None]


class Maker(Protocol):
    """One origin of labels: the folds of a training, or thresholds."""

    @property
    def maker(self) -> str:
        """Its name among what is kept."""

    @property
    def as_one(self) -> bool:
        """Whether its labels tell no classes apart."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of classes 1, 2, ..."""

    @property
    def methods(self) -> Mapping[str, str]:
        """Title of each label map, by its name."""

    def applies(self, exam: CohortExam) -> bool:
        """Whether the exam is labelled at all."""

    def key(self, exam: CohortExam) -> str:
        """Another one wherever labels may be others."""

    def make(self, exam: CohortExam, progress: Callable[[int, int], None]) -> dict[str, Labels]:
        """Label maps by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """What is compared.

    Parameters
    ----------
    networks
        Under test.
    others
        Beside them, by title; with the same input and classes.
    thresholds
        Methods of ``uptake.regions``.
    centre_prior
        Whether the place alone is a method of the cross-validation.

    Raises
    ------
    InputRefused
        If a network has another input or other classes.
    """

    networks: Networks
    others: Mapping[str, Networks]
    thresholds: Sequence[str]
    centre_prior: bool = False

    def __post_init__(self) -> None:
        own = self.networks.recipe
        for name, other in self.others.items():
            recipe = other.recipe
            if (recipe.inputs, recipe.preprocessing, recipe.classes) != (own.inputs, own.preprocessing, own.classes):
                raise InputRefused(
                    f"{name} cannot be compared: its inputs, preprocessing or classes are others.",
                    remedy="Compare runs of recipes that differ in their networks or training alone.",
                )

    @property
    def baselines(self) -> tuple[Maker, ...]:
        """What needs no network."""
        return (ThresholdLabels(self.networks.recipe, self.thresholds),) if self.thresholds else ()


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Exams of a cohort and what labels them, the networks under test first."""

    exams: tuple[CohortExam, ...]
    makers: tuple[Maker, ...]


def cross_validation(contest: Contest, exams: Sequence[CohortExam], warn: Warn, *, every_fold: bool) -> Plan:
    """Give each exam to the fold that tests its patient.

    Parameters
    ----------
    contest, exams
        See there.
    warn
        Told what is left out.
    every_fold
        Whether each exam must be labelled; else those of absent folds are left out.

    Raises
    ------
    InputRefused
        As ``folds_that_test``, if a fold has no weights, or no exam is left.
    """
    networks = contest.networks
    tests = folds_that_test(networks, [each.prepared for each in exams])
    lacking = sorted(set(tests.values()) - set(networks.folds))
    if lacking and every_fold:
        raise InputRefused(
            f"fold {lacking[0]} of {networks.title}, which tests some of the patients, has no weights.",
            remedy="Train it, or name the folds to evaluate with --fold.",
        )
    kept = tuple(each for each in exams if tests[each.name] in networks.folds)
    if not kept:
        raise InputRefused("no patient is tested by the folds that were named.", remedy="Name other folds.")
    if len(kept) < len(exams):
        warn(f"cross-validation: {len(exams) - len(kept)} exam(s) of folds that were not named are left out")
    makers = [NetworkLabels(NETWORK, networks, {each.name: (tests[each.name],) for each in kept})]
    for name, other in contest.others.items():
        tested = folds_that_test(other, [each.prepared for each in kept])
        folds = {exam: (fold,) for exam, fold in tested.items() if fold in other.folds}
        if len(folds) < len(kept):
            warn(f"cross-validation: {name} has no weights of the folds that test {len(kept) - len(folds)} exam(s)")
        makers.append(NetworkLabels(name, other, folds))
    place = (CentrePrior(exams, tests),) if contest.centre_prior else ()
    return Plan(kept, (*makers, *contest.baselines, *place))


def external(contest: Contest, exams: Sequence[CohortExam], warn: Warn) -> Plan:
    """Give each exam to every fold, alone and averaged.

    Raises
    ------
    InputRefused
        As ``require_unseen``.
    """
    makers = []
    for name, each in {NETWORK: contest.networks, **contest.others}.items():
        require_unseen(each, [exam.prepared for exam in exams])
        if each.run is None:
            warn(f"{each.title} does not say whom it was trained on: that no external patient is among them is trusted")
        makers.append(NetworkLabels(name, each, {exam.name: each.folds for exam in exams}))
    return Plan(tuple(exams), (*makers, *contest.baselines))
