"""No network is tested on a patient that it was trained on, or watched with."""

from __future__ import annotations

from collections.abc import Sequence

from uptake.errors import InputRefused
from uptake.evaluation.networks import Networks
from uptake.training.cache import PreparedTraining
from uptake.training.run_folder import Run


def folds_that_test(networks: Networks, exams: Sequence[PreparedTraining]) -> dict[str, int]:
    """The fold that tests each exam's patient, trained or not.

    Returns
    -------
    dict
        By the exam's name.

    Raises
    ------
    InputRefused
        If it is not known who was trained on, a patient is tested in no fold, or an exam's PET is that of another
        patient's.
    """
    run = networks.run
    if run is None:
        raise InputRefused(
            f"{networks.title} does not say who is tested in which fold, so it cannot be cross-validated.",
            remedy="Give the run folder with --run, or patients that it was not trained on as --external.",
        )
    by_patient = {patient: number for number, fold in enumerate(run.folds.folds) for patient in fold.test}
    for exam in exams:
        _require_no_twin(exam, run, networks.title)
        if exam.patient not in by_patient:
            raise InputRefused(
                f"the patient of exam {exam.name} is in no fold's test part of {networks.title}.",
                remedy="Give patients that were not trained on as --external.",
            )
    return {exam.name: by_patient[exam.patient] for exam in exams}


def require_unseen(networks: Networks, exams: Sequence[PreparedTraining]) -> None:
    """Refuse external patients whom a fold was trained on; without a list of those, nothing can be said.

    Raises
    ------
    InputRefused
        Naming the exam.
    """
    run = networks.run
    if run is None:
        return
    seen = {patient for fold in run.folds.folds for patient in (*fold.train, *fold.validation, *fold.test)}
    for exam in exams:
        _require_no_twin(exam, run, networks.title)
        if exam.patient in seen or (run.start and run.start.seen(exam.patient)):
            raise InputRefused(
                f"the patient of exam {exam.name} is among those that {networks.title} was trained on.",
                remedy="Leave the exam out of --external; as part of --data it is tested by the fold that may.",
            )


def _require_no_twin(exam: PreparedTraining, run: Run, title: str) -> None:
    for other in run.exams:
        if other["pixels"] == exam.pixels and other["patient"] != exam.patient:
            raise InputRefused(
                f"exam {exam.name} has the same PET as exam {other['name']} that {title} was trained on, but another "
                "patient.",
                remedy="Leave it out, or give both the same patient.",
            )
