"""Graphs beside the weights: a network quantised for one engine, with how far its labels agree with float32."""

from __future__ import annotations

import math
from dataclasses import dataclass

LEAST_DICE = 0.99
"""Of every class, quantised against float32, over the held-out exams; less is not accepted."""
# (engine, precision) -> what one graph's files end in, in their order.
KINDS = {("openvino", "int8"): (".xml", ".bin")}


@dataclass(frozen=True, slots=True)
class GraphFile:
    """One file of a graph: POSIX path inside the bundle, SHA-256 in lower-case hex, size."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ClassDice:
    """Dice of one class, by its name, between the labels of two precisions."""

    class_name: str
    value: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far quantised networks agree with the same in float32.

    Parameters
    ----------
    dice
        Of each class that occurs, over all voxels of the held-out exams, the folds averaged.
    exams
        Held-out exams.
    digital_patients_only
        Whether they were digital patients.
    same_class
        Share of voxels with the same class in one seeded patch of standard normal values (``parity.example``), for
        this fold alone.
    error
        Root mean square difference of logits in that patch, over the root mean square of the float32 logits. A host
        must reach both again before it uses the graph.

    Raises
    ------
    ValueError
        If a figure is impossible, or a Dice is below ``LEAST_DICE``.
    """

    dice: tuple[ClassDice, ...]
    exams: int
    digital_patients_only: bool
    same_class: float
    error: float

    def __post_init__(self) -> None:
        if not self.dice or self.exams < 1:
            raise ValueError("a quantised graph needs the Dice of a class over at least one held-out exam")
        for each in self.dice:
            if not LEAST_DICE <= each.value <= 1.0:
                raise ValueError(
                    f"the Dice of class {each.class_name!r} against float32 is {each.value}; "
                    f"quantised graphs below {LEAST_DICE} are not accepted"
                )
        if not 0.0 <= self.same_class <= 1.0 or not math.isfinite(self.error) or self.error < 0.0:
            raise ValueError("a quantised graph's same_class must be a share, its error finite and not negative")

    @property
    def least_dice(self) -> float:
        """The worst class's."""
        return min(each.value for each in self.dice)


@dataclass(frozen=True, slots=True)
class ExportedGraph:
    """One fold's network as an engine's own files.

    Parameters
    ----------
    engine, precision
        One of ``KINDS``.
    fold
        Whose weights it was made from.
    weights_sha256
        Of those weights: a graph of other weights is refused.
    files
        As many as the kind has, in its order.
    agreement
        With float32.
    """

    engine: str
    precision: str
    fold: int
    weights_sha256: str
    files: tuple[GraphFile, ...]
    agreement: Agreement

    def __post_init__(self) -> None:
        endings = KINDS.get((self.engine, self.precision))
        if endings is None:
            raise ValueError(f"a graph of engine {self.engine!r} in {self.precision!r} is unknown")
        if len(self.files) != len(endings) or not all(
            file.path.endswith(end) for file, end in zip(self.files, endings, strict=True)
        ):
            raise ValueError(f"a graph of {self.engine} has one file each of {', '.join(endings)}")


def require_graphs_fit(
    graphs: tuple[ExportedGraph, ...], weights_sha256: dict[int, str], class_names: set[str]
) -> None:
    """ValueError where a graph has no weights or other ones, names a class that is not there, or occurs twice."""
    kinds = [(each.engine, each.precision, each.fold) for each in graphs]
    if len(set(kinds)) != len(kinds):
        raise ValueError("two graphs are for the same engine, precision and fold")
    for each in graphs:
        if each.fold not in weights_sha256:
            raise ValueError(f"a graph is for fold {each.fold}, which has no weights")
        if each.weights_sha256 != weights_sha256[each.fold]:
            raise ValueError(f"the graph of fold {each.fold} was made from other weights; quantise again")
        unknown = {dice.class_name for dice in each.agreement.dice} - class_names
        if unknown:
            raise ValueError(f"a graph's Dice is for class {min(unknown)!r}, which the bundle does not have")
