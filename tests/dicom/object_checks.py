"""Judges of the objects we write: dciodvfy for validity, dcmqi for what another reader makes of them."""

import json
import subprocess
import sys
from pathlib import Path
from shutil import which

import numpy as np
import pytest
import SimpleITK as sitk

_TOOLS = Path(sys.executable).parent


def validity_errors(path: Path) -> list[str]:
    """The lines of dciodvfy's output that say Error; skips the test where dicom3tools is not installed."""
    return [line for line in _dciodvfy(path) if line.startswith("Error")]


def validity_warnings(path: Path) -> list[str]:
    return [line for line in _dciodvfy(path) if line.startswith("Warning")]


def _dciodvfy(path: Path) -> list[str]:
    if which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, errors="replace")
    return (done.stdout + done.stderr).splitlines()


def segments_by_dcmqi(path: Path, folder: Path) -> dict[int, sitk.Image]:
    """Each segment as dcmqi's segimage2itkimage extracts it, by segment number."""
    folder.mkdir()
    _run("segimage2itkimage", "--inputDICOM", path, "--outputDirectory", folder, "-t", "nrrd", "-p", "s")
    meta = json.loads((folder / "s-meta.json").read_text())
    # One file per segment, numbered in the order of the segments' numbers.
    numbers = [group[0]["labelID"] for group in meta["segmentAttributes"]]
    return {number: sitk.ReadImage(str(folder / f"s-{i}.nrrd")) for i, number in enumerate(numbers, 1)}


def measurements_by_dcmqi(path: Path, folder: Path) -> dict:
    """What dcmqi's tid1500reader makes of a report."""
    folder.mkdir()
    _run("tid1500reader", "--inputDICOM", path, "--outputMetadata", folder / "report.json")
    return json.loads((folder / "report.json").read_text())


def same_voxels(image: sitk.Image, mask: np.ndarray, geometry) -> bool:
    """Whether the image's non-zero voxels are those of ``mask`` (z, y, x), at the same places in the patient."""
    found = sitk.GetArrayFromImage(image)
    at = np.argwhere(found > 0)
    places = np.array([image.TransformIndexToPhysicalPoint([int(x), int(y), int(z)]) for z, y, x in at])
    wanted = geometry.position_mm(np.argwhere(mask))
    if places.shape != wanted.shape:
        return False
    # Each wanted place has exactly one found place within a hundredth of a millimetre.
    index = geometry.index(places)
    return np.abs(index - np.rint(index)).max() < 0.01 and {tuple(i) for i in np.rint(index).astype(int)} == {
        tuple(i) for i in np.argwhere(mask)
    }


def _run(tool: str, *arguments) -> None:
    program = _TOOLS / tool
    if not program.exists():
        pytest.skip(f"{tool} (dcmqi) is not installed")
    done = subprocess.run([str(program), *map(str, arguments)], capture_output=True, text=True, errors="replace")
    if done.returncode:
        pytest.fail(f"{tool} failed: {done.stdout[-500:]} {done.stderr[-500:]}")
