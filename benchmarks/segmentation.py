"""A DICOM Segmentation of 50 lesions on 400 x 200 x 200: seconds, and how they grow with the non-empty frames."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from time import perf_counter

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid

from uptake.dicom.results.output_instance import DicomInstanceContext, save_dataset
from uptake.dicom.results.segmentation import build_segmentation
from uptake.dicom.results.source_headers import SourceHeaders, load_source_headers
from uptake.exam import ImageSeries, SlicePlane
from uptake.geometry import ImageGeometry
from uptake.measurement import Findings, LesionMeasurement, Totals
from uptake.volume import LabelMap

GEOMETRY = ImageGeometry((400, 200, 200), (3.0, 4.0, 4.0), (-400.0, -400.0, 0.0))
CONTEXT = DicomInstanceContext(datetime(2024, 1, 1))
LESIONS = 50
REPEATS = 3


def make_source(folder: Path) -> SourceHeaders:
    """Headers of a 400-slice PET series: one file, as no other is read."""
    header = Dataset()
    header.PatientID = "benchmark"
    header.SOPClassUID, header.SOPInstanceUID = PositronEmissionTomographyImageStorage, generate_uid()
    path = folder / "header.dcm"
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    save_dataset(header, path)
    planes = tuple(SlicePlane(path, generate_uid()) for _ in range(GEOMETRY.shape[0]))
    uids = [generate_uid() for _ in range(3)]
    series = ImageSeries(
        "PT", uids[0], uids[1], str(PositronEmissionTomographyImageStorage), uids[2], "PT", GEOMETRY, planes, None
    )
    return load_source_headers(series)


def make_findings(lesions: int, extent: int) -> Findings:
    """Lesions of ``extent`` planes each, side by side in the plane and spread along z."""
    labels = np.zeros(GEOMETRY.shape, dtype=np.uint16)
    for label in range(1, lesions + 1):
        row, column = divmod(label - 1, 10)
        start = (label * 7919) % (GEOMETRY.shape[0] - extent)
        labels[start : start + extent, 10 * row : 10 * row + 8, 15 * column : 15 * column + 8] = label
    here = (0.0, 0.0, 0.0)
    measured = tuple(
        LesionMeasurement(
            n, f"Lesion {n}", generate_uid(prefix=None), 9.0, 5.0, 1.0, 8.0, 8.0, None, 1.0, 5.0, 1, (0, 0, 0),
            here, here, here,
        )
        for n in range(1, lesions + 1)
    )  # fmt: skip
    return Findings(LabelMap(labels, GEOMETRY), measured, Totals(lesions, 1.0, 5.0, 9.0, 8.0, None), "benchmark")


def seconds(source: SourceHeaders, findings: Findings) -> tuple[float, int]:
    """The best of a few runs, and the number of frames written."""
    best, frames = float("inf"), 0
    for _ in range(REPEATS):
        start = perf_counter()
        made = build_segmentation(source, findings, CONTEXT)
        best = min(best, perf_counter() - start)
        frames = 0 if made is None else int(made.NumberOfFrames)
    return best, frames


def main() -> None:
    """Print seconds and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        source = make_source(Path(folder))
        seconds(source, make_findings(2, 2))  # highdicom reads its tables once
        times = [seconds(source, make_findings(LESIONS, extent)) for extent in (5, 10, 20, 40)]
        more = seconds(source, make_findings(2 * LESIONS, 10))
    for took, frames in times:
        print(f"segmentation: {LESIONS} lesions, {frames} frames: {took:.2f} s, {1e3 * took / frames:.2f} ms per frame")
    (few_s, few), (many_s, many) = times[0], times[-1]
    print(f"segmentation: {many / few:.0f} x the frames take {many_s / few_s:.1f} x the time")
    print(f"segmentation: {more[1] / times[1][1]:.0f} x the lesions take {more[0] / times[1][0]:.1f} x the time")
    rate, constant = np.polyfit([frames for _, frames in times], [took for took, _ in times], 1)
    worst = max(abs(constant + rate * frames - took) / took for took, frames in times)
    print(f"segmentation: {constant:.2f} s + {1e3 * rate:.3f} ms per frame, off by at most {100 * worst:.0f} %")


if __name__ == "__main__":
    main()
