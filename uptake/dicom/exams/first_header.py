"""The header of a series' first plane, read once more for what the exam does not carry."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom import Dataset, dcmread

from uptake.errors import UnreadableFile
from uptake.exam import ImageSeries


def read_first_header(series: ImageSeries, keywords: Sequence[str] | None = None) -> Dataset:
    """Read it without pixels; of it the attributes with these keywords alone, if given.

    Raises
    ------
    UnreadableFile
        If it cannot be read again.
    """
    try:
        tags = None if keywords is None else list(keywords)
        return dcmread(series.planes[0].path, stop_before_pixels=True, specific_tags=tags)
    except Exception as error:
        raise UnreadableFile(
            f"its header could not be read ({type(error).__name__}).",
            remedy="Send the series again.",
            series=series.label,
        ) from error
