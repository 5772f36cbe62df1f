"""Lets MONAI Label be imported beside pydicom 3, for which there is no pydicom-seg.

MONAI Label imports pydicom-seg where its own datastore reads and writes segmentations. This application never does so:
``datastore.py`` reads and writes them with ``uptake.dicom``. What upstream would call says so.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

_NAME = "pydicom_seg"


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(f"pydicom_seg.{name} is not here: Uptake reads and writes segmentations itself.")


def put_in_place() -> None:
    """Stand in for pydicom-seg, unless something by that name is imported already."""
    sys.modules.setdefault(_NAME, _StandIn(_NAME, "Stands in for pydicom-seg; see apps.monai_label."))
