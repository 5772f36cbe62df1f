"""nnU-Net's labels as a bundle's classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uptake.inference.model_store import LabelClass, label_class
from uptake.inference.model_store.label_classes import BACKGROUND, known_names
from uptake.inference.nnunet_import.refusal import COPY_AGAIN, refused, words

_IGNORED = "ignore"
_LESION = ("lesion", "lesions", "tumor", "tumors", "tumour", "tumours")


def label_classes(dataset: Mapping[str, Any], names: Mapping[str, str]) -> tuple[LabelClass, ...]:
    """Give each label its class.

    Parameters
    ----------
    dataset
        nnU-Net's.
    names
        Name in ``classes.csv`` by the label's.

    Returns
    -------
    tuple of LabelClass
        By value, background first; nnU-Net's ``ignore`` has no output and is left out.

    Raises
    ------
    BundleRefused
        If a label is no class of Uptake's, or labels are regions that overlap.
    """
    labels = _values(dataset)
    if unknown := sorted(set(names) - set(labels)):
        listed = ", ".join(map(words, labels))
        raise refused(f"there is no label {words(unknown[0])}.", f"Its labels are {listed}.")
    by_value = {value: label for label, value in labels.items()}
    if sorted(by_value) != list(range(len(labels))):
        raise refused("the labels in dataset.json are not numbered 0, 1, 2, ... without gaps.")
    chosen = [_class_name(by_value[value], names, alone=len(labels) == 2) for value in range(1, len(labels))]
    if twice := sorted(name for name in set(chosen) if chosen.count(name) > 1):
        raise refused(f"two labels would be {twice[0]}.", "Give each a class of its own by --class LABEL=CLASS.")
    return (label_class(0, BACKGROUND), *(label_class(value, name) for value, name in enumerate(chosen, start=1)))


def label_names(dataset: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels' own names by value, as plain words."""
    return tuple(words(label) for label, _ in sorted(_values(dataset).items(), key=lambda item: item[1]))


def _values(dataset: Mapping[str, Any]) -> dict[str, int]:
    """Each label's value; the background's must be 0."""
    labels = dataset.get("labels")
    if not isinstance(labels, Mapping) or labels.get(BACKGROUND) not in (0, [0]):
        raise refused("dataset.json has no labels with background 0.", COPY_AGAIN)
    found = {}
    for label, value in labels.items():
        if isinstance(value, list) and len(value) > 1:
            raise refused(f"label {words(label)} is a region of several values; Uptake runs networks of plain labels.")
        single = value[0] if isinstance(value, list) and value else value
        if isinstance(single, bool) or not isinstance(single, int):
            raise refused(f"label {words(label)} in dataset.json has no number.", COPY_AGAIN)
        if label != _IGNORED:
            found[label] = single
    return found


def _class_name(label: str, names: Mapping[str, str], *, alone: bool) -> str:
    plain = "_".join(label.lower().split())
    name = names.get(label, "lesion" if alone and plain in _LESION else plain)
    if name not in known_names():
        raise refused(
            f"label {words(label)} is no class that Uptake knows; it knows {', '.join(known_names())}.",
            f"Say which it is, such as --class '{words(label)}=lesion'.",
        )
    return name
