"""An evaluation from networks and folders of data: exams prepared, labelled, scored, reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from uptake.evaluation.baselines import AT_LESIONS, NAMED, THRESHOLD
from uptake.evaluation.cohort_data import CohortExam, read_cohort
from uptake.evaluation.delineated import DelineatedPatient
from uptake.evaluation.delineation import overlap_rows
from uptake.evaluation.evaluated import COHORTS, Evaluation
from uptake.evaluation.evaluation_folder import EvaluationFolder
from uptake.evaluation.kept_labels import KeptLabels
from uptake.evaluation.networks import Networks
from uptake.evaluation.plans import Contest, Maker, Plan, cross_validation, external
from uptake.evaluation.predictions import NETWORK
from uptake.evaluation.report import write_report
from uptake.evaluation.scores import CohortScores, score_cohort
from uptake.evaluation.survival import compare_cohorts

CROSS_VALIDATION, EXTERNAL = "cross_validation", "external"


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """What to evaluate on, and beside what.

    Parameters
    ----------
    out
        New, or of an interrupted evaluation.
    data
        Patients of the cross-validation; None for none.
    external
        Patients whom no network was trained on; None for none.
    follow_up
        Table of both; None for the cohorts' own.
    cache
        Prepared exams; None for those of the run, or a folder in ``out``.
    folds
        Which; empty for all.
    thresholds
        Methods of ``uptake.regions``.
    centre_prior
        Whether to score the place alone in cross-validation.

    Raises
    ------
    ValueError
        If there is nothing to evaluate on.
    """

    out: Path
    data: Path | None = None
    external: Path | None = None
    follow_up: Path | None = None
    cache: Path | None = None
    folds: tuple[int, ...] = ()
    thresholds: tuple[str, ...] = NAMED
    centre_prior: bool = False

    def __post_init__(self) -> None:
        if self.data is None and self.external is None:
            raise ValueError("give patients of the cross-validation, external ones, or both")


@dataclass(frozen=True, slots=True)
class Watcher:
    """Told how an evaluation goes: what is done, how much and of how much; and words."""

    step: Callable[[str, float, int], None] = lambda text, done, total: None
    say: Callable[[str], None] = lambda text: None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came out, and the files it was written to."""

    evaluation: Evaluation
    files: tuple[str, ...]


def evaluate(
    networks: Networks, others: Mapping[str, Networks], settings: EvaluationSettings, watcher: Watcher | None = None
) -> Outcome:
    """Evaluate networks on patients that they were not trained on; labels made before are used again.

    Parameters
    ----------
    networks
        Under test.
    others
        Compared on the same patients, by the title they get.
    settings, watcher
        See there.

    Raises
    ------
    InputRefused
        If data, networks or patients cannot be used; nothing is labelled then.
    OutputFailed
        If the disk is full or cannot be written.
    """
    watcher = watcher or Watcher()
    chosen = networks.only(settings.folds) if settings.folds else networks
    contest = Contest(chosen, others, settings.thresholds, settings.centre_prior)
    notes = _Notes(watcher.say)
    for each in (chosen, *others.values()):
        notes.add(*each.warnings)
    folder = EvaluationFolder(settings.out)
    plans = _plans(contest, settings, folder, (watcher, notes))
    scores = {}
    for name, plan in plans.items():
        kept = folder.labels(name)
        _label(plan, kept, COHORTS[name], watcher)
        scores[name] = _score(plan, kept, COHORTS[name], watcher)
    made = _evaluation(chosen, scores, notes)
    watcher.step("writing the report", 0, 1)
    page = {"weights": made.weights, "sha256": dict(chosen.weights), "notes": made.notes}
    return Outcome(made, folder.publish(lambda staging: write_report(made, staging), page))


class _Notes:
    """Each thing that a reader should know, said once."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.texts: list[str] = []
        self._say = say

    def add(self, *texts: str) -> None:
        for text in texts:
            if text not in self.texts:
                self.texts.append(text)
                self._say(f"note: {text}")


def _plans(
    contest: Contest, settings: EvaluationSettings, folder: EvaluationFolder, told: tuple[Watcher, _Notes]
) -> dict[str, Plan]:
    """Both cohorts read and checked."""
    watcher, notes = told
    cache = settings.cache or _cache_of(contest.networks) or folder.cache

    def exams(data: Path, name: str) -> tuple[CohortExam, ...]:
        def show(done: int, total: int) -> None:
            watcher.step(f"{COHORTS[name]}: preparing exams", done, total)

        cohort = read_cohort(data, contest.networks.recipe, cache, settings.follow_up, show)
        notes.add(*(f"{COHORTS[name]}: {text}" for text in cohort.warnings))
        return cohort.exams

    found = {}
    if settings.data is not None:
        cohort = exams(settings.data, CROSS_VALIDATION)
        found[CROSS_VALIDATION] = cross_validation(contest, cohort, notes.add, every_fold=not settings.folds)
    if settings.external is not None:
        found[EXTERNAL] = external(contest, exams(settings.external, EXTERNAL), notes.add)
    return found


def _cache_of(networks: Networks) -> Path | None:
    """Where a run's training left its prepared exams."""
    folder = networks.run.folder / "cache" if networks.run is not None else None
    return folder if folder is not None and folder.is_dir() else None


def _label(plan: Plan, kept: KeptLabels, title: str, watcher: Watcher) -> None:
    """Make the labels that are not kept yet."""
    jobs = [(exam, maker) for exam in plan.exams for maker in plan.makers if maker.applies(exam)]
    for done, (exam, maker) in enumerate(jobs):

        def show(part: int, parts: int, done: int = done) -> None:
            watcher.step(f"{title}: labelling", done + part / max(parts, 1), len(jobs))

        show(0, 1)
        key = maker.key(exam)
        if not kept.holds(exam.name, maker.maker, key):
            kept.write(exam.name, maker.maker, key, maker.make(exam, show))


def _score(plan: Plan, kept: KeptLabels, title: str, watcher: Watcher) -> dict[str, CohortScores]:
    """Score every method that labels any exam."""
    wanted = [(maker, method) for maker in plan.makers for method in maker.methods]
    found = {}
    for done, (maker, method) in enumerate(wanted):
        watcher.step(f"{title}: scoring", done, len(wanted))
        exams = [exam for exam in plan.exams if maker.applies(exam)]
        if exams:
            found[maker.methods[method]] = score_cohort(_delineated(exams, kept, maker, method), maker.classes)
    return found


def _delineated(
    exams: Sequence[CohortExam], kept: KeptLabels, maker: Maker, method: str
) -> Iterator[DelineatedPatient]:
    for exam in exams:
        yield exam.delineated(kept.read(exam.name, maker.maker, method), as_one=maker.as_one)


def _evaluation(networks: Networks, scores: Mapping[str, Mapping[str, CohortScores]], notes: _Notes) -> Evaluation:
    own = {name: methods[NETWORK] for name, methods in scores.items()}
    further = {name: {title: each for title, each in of.items() if title != NETWORK} for name, of in scores.items()}
    for name, methods in further.items():
        notes.add(*(f"{COHORTS[name]}: {text}" for text in _best_thresholds(methods)))
        if not any(each.event is not None for each in own[name].patients):
            notes.add(f"{COHORTS[name]}: no follow-up is known; give a table with --survival")
    return Evaluation(
        method=networks.name,
        weights=_weights(networks),
        cross_validation=own.get(CROSS_VALIDATION),
        external=own.get(EXTERNAL),
        survival=compare_cohorts(own.get(CROSS_VALIDATION), own.get(EXTERNAL)),
        further=further,
        notes=tuple(notes.texts),
    )


def _weights(networks: Networks) -> str:
    number = len(networks.folds)
    folds = f"fold{'s' if number > 1 else ''} {', '.join(map(str, networks.folds))}"
    only = ", trained on digital patients only" if networks.digital_patients_only else ""
    return f"{networks.title}, {folds}{only}"


def _best_thresholds(methods: Mapping[str, CohortScores]) -> Iterator[str]:
    """The best of the thresholds by cohort Dice of the union, with all regions and with those at lesions."""
    dice = {title: overlap_rows(each)[-1].cohort for title, each in methods.items() if title.startswith(THRESHOLD)}
    known = {title: each for title, each in dice.items() if each is not None}
    for at_lesions, what in ((False, "all regions counted"), (True, "regions at true lesions alone")):
        titles = [title for title in known if title.endswith(AT_LESIONS) is at_lesions]
        if titles:
            best = max(titles, key=lambda title: known[title])
            yield f"the best of {len(titles)} thresholds, {what}: {best} (cohort Dice {known[best]:.3f})"
