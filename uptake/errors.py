"""Every error that Uptake raises on purpose.

::

    UptakeError
    ├── InputRefused            exit status 2: the input cannot be used, and the text says why and what to do
    │   ├── NoExamFound         no usable PET in the folder
    │   ├── UnreadableFile      a file of a chosen series is truncated or cannot be decoded
    │   ├── UnsafeInput         a path that leaves the input folder, or a decoded size beyond the bound
    │   ├── SeveralPatients     more than one patient where one is expected
    │   ├── SeriesRefused       a geometry or kind of series that cannot be measured
    │   ├── SuvRefused          the header does not allow a standardised uptake value
    │   ├── OutputNotEmpty      the output folder already holds something
    │   ├── InferenceRefused    voxels that are not numbers, or an engine that is not installed
    │   └── BundleRefused       a model bundle that is damaged, unsafe, or not understood
    ├── OutputFailed            exit status 3: the disk is full, or the output folder cannot be written
    ├── NotDesignable           exit status 3: no digital patient with the wanted categories came out
    └── InferenceStopped        exit status 3: the caller stopped a network before it was through
"""

from typing import ClassVar


class UptakeError(Exception):
    """Root of the tree; carries the process's exit status."""

    exit_status: ClassVar[int] = 3


class InputRefused(UptakeError):
    """The input cannot be used.

    Parameters
    ----------
    reason
        What is wrong, in words a physicist understands, with the attribute and its value.
    remedy
        What the reader can do about it.
    series
        Which series, as ``series_label`` prints it; empty where the whole input is meant. Never a patient's name.
    attribute
        The DICOM attribute, as ``Keyword (gggg,eeee)``, or empty.
    """

    exit_status: ClassVar[int] = 2

    def __init__(self, reason: str, *, remedy: str, series: str = "", attribute: str = "") -> None:
        self.reason = reason
        self.remedy = remedy
        self.series = series
        self.attribute = attribute
        where = f"{series}: " if series else ""
        what = f"{attribute}: " if attribute else ""
        super().__init__(f"{where}{what}{reason} {remedy}")


class NoExamFound(InputRefused):
    """The folder holds no PET series that can be measured."""


class UnreadableFile(InputRefused):
    """A file that belongs to a chosen series is truncated or cannot be decoded."""


class UnsafeInput(InputRefused):
    """A path leaves the input folder, or a header announces more voxels than the bound allows."""


class SeveralPatients(InputRefused):
    """The input mixes patients where one is expected."""


class SeriesRefused(InputRefused):
    """A series whose geometry or kind cannot be measured rightly."""


class SuvRefused(InputRefused):
    """The header does not allow a standardised uptake value."""


class OutputNotEmpty(InputRefused):
    """The output folder already holds something that a run must not mix with."""


class OutputFailed(UptakeError):
    """The results could not be written: disk full, or no permission."""

    exit_status: ClassVar[int] = 3


class NotDesignable(UptakeError):
    """No attempt at a digital patient gave the categories that were asked for."""

    exit_status: ClassVar[int] = 3


class InferenceRefused(InputRefused):
    """A volume that a network cannot answer for, an answer that is not a number, or an engine that is not there."""


class BundleRefused(InputRefused):
    """A model bundle is damaged, incomplete, unsafe, or made by a later Uptake."""


class InferenceStopped(UptakeError):
    """The caller asked a network to stop; nothing was returned."""
