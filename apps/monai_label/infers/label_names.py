"""The labels that the server announces: names with the values under which an exam's truth is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from apps.monai_label.infers.infer_errors import RequestRefused
from apps.monai_label.infers.placed_labels import PlacedLabels, Values
from uptake.inference.model_store import Bundle, label_class

PLAIN_LESION = "lesion"
PHYSIOLOGICAL = "physiological_uptake"
_MOST = 255


@dataclass(frozen=True, slots=True)
class LabelNames:
    """Names by value, from 1; every one is known to ``classes.csv`` and so can be written as a DICOM Segmentation.

    Raises
    ------
    ValueError
        If a name is unknown, a value is not in 1 to 255 or there twice, or none is a lesion.
    """

    values: Mapping[str, int]

    def __post_init__(self) -> None:
        for name, value in self.values.items():
            label_class(value, name)
        if len(set(self.values.values())) != len(self.values) or not all(0 < v <= _MOST for v in self.values.values()):
            raise ValueError("labels need values of their own, 1 to 255")
        if not self.of_role("lesion"):
            raise ValueError("one label at least must be a lesion's")

    def of_role(self, role: str) -> tuple[str, ...]:
        """Names whose role in ``classes.csv`` is this one."""
        return tuple(name for name, value in self.values.items() if label_class(value, name).role == role)

    @property
    def first_lesion(self) -> str:
        """What a click is given where nobody names a label."""
        return self.of_role("lesion")[0]

    def require(self, name: str) -> int:
        """The value of a name; RequestRefused where it is not announced. The name is not repeated."""
        if name not in self.values:
            known = ", ".join(self.values)
            raise RequestRefused("The label's name is not announced.", remedy=f"Choose one of {known}.")
        return self.values[name]

    def present(self, labels: PlacedLabels) -> dict[str, int]:
        """The names whose values occur, by rising value."""
        found = set(np.unique(labels.values).tolist())
        return {name: value for name, value in sorted(self.values.items(), key=lambda each: each[1]) if value in found}

    def renumbered(self, labels: PlacedLabels, names: Mapping[str, int]) -> PlacedLabels:
        """Labels whose values meant ``names``, with the announced ones; what is not announced becomes background."""
        table = np.zeros(256, dtype=np.uint8)
        for name, value in names.items():
            table[value] = self.values.get(name, 0)

        def renumber(values: Values) -> Values:
            return np.asarray(table[values])

        return labels.changed(renumber)


def announced_labels(bundles: Iterable[Bundle]) -> LabelNames:
    """The classes of all bundles, then the plain lesion and physiological uptake, numbered in that order.

    A single bundle's classes keep their values.
    """
    names = [each.name for bundle in bundles for each in bundle.classes[1:]]
    every = dict.fromkeys((*names, PLAIN_LESION, PHYSIOLOGICAL))
    return LabelNames({name: value for value, name in enumerate(every, start=1)})
