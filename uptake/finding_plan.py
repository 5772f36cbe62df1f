"""How the lesions of a run are found: its task, and the network that is loaded for it, once for all exams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from uptake.exam import PreparedExam
from uptake.head_neck_exam import tracer_caveat
from uptake.network_lesions import LesionNetwork, load_lesion_network
from uptake.settings import RunSettings
from uptake.task import TaskChoice
from uptake.task_selection import HEAD_NECK, choose_task

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class FindingPlan:
    """How the lesions of a run are found: the task with its reason, the loaded network, if any, and the settings."""

    task: TaskChoice
    network: LesionNetwork | None
    settings: RunSettings

    @property
    def structure_set(self) -> bool:
        """Whether an RT Structure Set is wanted."""
        wanted = self.settings.structure_set
        return self.task.chosen == HEAD_NECK if wanted is None else wanted

    def caveats(self, prepared: PreparedExam) -> tuple[str, ...]:
        """What the reader must know of an exam for this task."""
        found = [tracer_caveat(prepared)] if self.task.chosen == HEAD_NECK else []
        if self.structure_set and prepared.ct is None:
            found.append("No RT Structure Set: there is no CT that belongs to this PET.")
        return tuple(each for each in found if each)


def make_plan(exams: Sequence[PreparedExam], settings: RunSettings, models: Path, say: Say) -> FindingPlan:
    """Choose the task of all exams of a run and load its network, once.

    Raises
    ------
    InputRefused
        If the task is not there, or the exams are not ones for it.
    """
    task = choose_task(exams, settings, models)
    if task.chosen == HEAD_NECK != task.asked:
        say(f"Task {task.chosen}: {task.why}")
    network = replace(settings.network, bundle=task.bundle)
    return FindingPlan(task, load_lesion_network(network, models, say) if task.bundle else None, settings)
