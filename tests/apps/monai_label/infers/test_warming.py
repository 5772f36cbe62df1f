"""The first click is prepared for."""

import sys

from apps.monai_label.infers.warming import warm_up


def test_all_that_is_imported_late_is_there_afterwards():
    warm_up()
    assert {"uptake.regions.compiled", "skimage.segmentation"} <= set(sys.modules)
