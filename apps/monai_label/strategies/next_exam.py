"""The next exam for somebody: candidates, who has been given what, and one strategy's choice with its reason."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from apps.monai_label.strategies.choosing import farthest_first, highest
from apps.monai_label.strategies.exam_score import ExamScore
from apps.monai_label.strategies.score_store import ScoreStore

SERVED_S = 3600.0
"""So long an exam is kept for whoever was given it, while there are others."""


class Images(Protocol):
    """What of a datastore choosing needs."""

    def get_unlabeled_images(self) -> list[str]:
        """Images without truth."""

    def get_labeled_images(self) -> list[str]:
        """Images with truth."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The exam, and numbers that say why; ``waiting`` where scores are not computed yet and the first was taken."""

    image_id: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Situation:
    """What a strategy may look at.

    Parameters
    ----------
    candidates
        Images without truth that may be given out, sorted; at least one.
    labelled
        Images with truth, and those that others are working on.
    scores
        By image, as far as they are computed.
    """

    candidates: Sequence[str]
    labelled: Sequence[str]
    scores: Mapping[str, ExamScore]


Pick = Callable[[Situation], Choice]


def pick_first(situation: Situation) -> Choice:
    """The first by name."""
    return Choice(situation.candidates[0], {})


def pick_random(situation: Situation, draw: Callable[[Sequence[str]], str] = random.choice) -> Choice:
    """Any, each as likely."""
    return Choice(draw(situation.candidates), {})


def pick_disagreement(situation: Situation) -> Choice:
    """That on which the networks differ most."""
    return _highest(situation, {name: each.disagreement for name, each in situation.scores.items()}, "disagreement")


def pick_burden_change(situation: Situation) -> Choice:
    """That whose tumour burden is expected to change most by a reader."""
    return _highest(
        situation, {name: each.burden_change_g for name, each in situation.scores.items()}, "burden_change_g"
    )


def pick_diversity(situation: Situation) -> Choice:
    """That which is least like those that have truth."""
    features = {name: each.features for name, each in situation.scores.items()}
    counts = {len(each) for each in features.values()}
    found = farthest_first(features, situation.labelled, situation.candidates) if len(counts) == 1 else []
    return Choice(found[0], _progress(situation)) if found else _waiting(situation)


PICKS: Mapping[str, tuple[str, Pick]] = {
    "random": ("Any exam without a label", pick_random),
    "first": ("The first exam without a label", pick_first),
    "disagreement": ("The exam on which the model's networks differ most", pick_disagreement),
    "burden_change": ("The exam whose tumour burden a reader is expected to change most", pick_burden_change),
    "diversity": ("The exam least like those that have a label", pick_diversity),
}


def next_exam(pick: Pick, images: Images, store: ScoreStore, model: str, who: str) -> Choice | None:
    """Choose for somebody, and remember it; None where every exam has truth.

    Parameters
    ----------
    pick
        One of ``PICKS``.
    images
        The datastore.
    store, model
        Scores, and by which model; an empty model for none.
    who
        The account, or any name of whoever asks: what others were given within the hour is avoided while there is
        something else.
    """
    unlabelled = sorted(images.get_unlabeled_images())
    if not unlabelled:
        return None
    served = store.served(SERVED_S)
    others = {image for image, account in served.items() if account != who}
    # What one was given oneself comes last as well: whoever asks for the next exam wants another one.
    free = [each for each in unlabelled if each not in served] or [each for each in unlabelled if each not in others]
    candidates = free or unlabelled
    scores = store.scores(model) if model else {}
    busy_with = [each for each in unlabelled if each in others]
    found = pick(Situation(candidates, [*images.get_labeled_images(), *busy_with], scores))
    store.serve(found.image_id, who)
    return found


def _highest(situation: Situation, scores: Mapping[str, float], what: str) -> Choice:
    found = highest(scores, situation.candidates)
    if not found:
        return _waiting(situation)
    return Choice(found[0], {what: round(scores[found[0]], 4), **_progress(situation)})


def _waiting(situation: Situation) -> Choice:
    return Choice(situation.candidates[0], {"waiting": "scores are being computed", **_progress(situation)})


def _progress(situation: Situation) -> dict[str, int]:
    return {
        "scored": sum(each in situation.scores for each in situation.candidates),
        "candidates": len(situation.candidates),
    }
