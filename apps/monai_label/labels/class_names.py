"""What the values of a label stand for: names, and the codes under which DICOM carries them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from apps.monai_label.labels.label_errors import LabelRefused
from uptake.inference.model_store import label_class
from uptake.lesion_class import Concept, LesionClass
from uptake.network_lesions import lesion_class

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_ABNORMAL = Concept("49755003", "SCT", "Morphologically Abnormal Structure")
_LESION = Concept("52988006", "SCT", "Lesion")


def fold_name(text: str) -> str:
    """A class's name as it is compared: ``Primary tumour`` and ``primary_tumour`` are one.

    Raises
    ------
    LabelRefused
        If it has other characters than letters, digits, spaces, ``-`` and ``_``, or more than 64.
    """
    name = "_".join(str(text).strip().lower().split())
    if not _NAME.fullmatch(name):
        raise LabelRefused(
            "A label's class has no plain name.", remedy="Name it with letters, digits, spaces, - and _."
        )
    return name


def coded_class(name: str) -> LesionClass:
    """The class with its codes; a lesion in general where the name is not one of the models'."""
    try:
        return lesion_class(label_class(1, name))
    except ValueError:
        return LesionClass(name, _ABNORMAL, _LESION)


def checked_names(names: Mapping[int, str]) -> dict[int, str]:
    """Names by value, folded.

    Raises
    ------
    LabelRefused
        If a value is not between 1 and 255, a name is not plain, or two values have one name.
    """
    found = {int(value): fold_name(name) for value, name in names.items()}
    if any(not 0 < value < 256 for value in found):
        raise LabelRefused("A label's values run from 1 to 255.", remedy="Number the classes so.")
    if len(set(found.values())) != len(found):
        raise LabelRefused("Two values of the label have the same class.", remedy="Join them.")
    return found
