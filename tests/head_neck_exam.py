"""A coarse exam of head, neck and shoulders on disk, with a tumour and a dense node, and a bundle that finds them."""

from datetime import datetime

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from tests.lesion_bundle import lesion_network, save_lesion_bundle
from uptake.dicom.exam_writer.ct_series import write_ct_series
from uptake.dicom.exam_writer.exam import ExamHeader, Injection, Protocol
from uptake.dicom.exam_writer.pet_series import write_pet_series
from uptake.exam import Patient
from uptake.geometry import ImageGeometry
from uptake.inference.model_store import FieldOfView, Preprocessing, Resampling
from uptake.volume import CtVolume, SuvVolume

PRIMARY_MM, PRIMARY_RADIUS_MM = (15.0, 0.0, 60.0), 20.0
NODE_MM, NODE_RADIUS_MM = (-40.0, 10.0, 25.0), 15.0
FDG = Injection(3e8, datetime(2024, 3, 5, 8))
PSMA = Injection(
    1.5e8,
    FDG.injected,
    half_life_s=4062.6,
    positron_fraction=0.89,
    radiopharmaceutical="Ga-68 PSMA-11",
    code=("126711", "DCM", "PSMA-11 Ga^68^"),
    nuclide_code=("80751004", "SCT", "^68^Gallium"),
)


def grid(spacing_mm, low_mm=-230.0, high_mm=280.0):
    """A grid over the body from ``low_mm`` below the shoulders' top to ``high_mm`` above it."""
    extent = np.array([high_mm - low_mm, 270.0, 432.0])
    shape = np.ceil(extent / spacing_mm).astype(int)
    centre = np.array([(high_mm + low_mm) / 2, 0.0, 0.0])
    first = centre - (shape - 1) * np.asarray(spacing_mm) / 2
    origin = (float(first[2]), float(first[1]), float(first[0]))
    return ImageGeometry(tuple(int(n) for n in shape), tuple(map(float, spacing_mm)), origin)


def tissue(geometry):
    """0 air, 1 body, 2 primary tumour, 3 node."""
    index = np.stack(np.meshgrid(*map(np.arange, geometry.shape), indexing="ij"), axis=-1)
    x, y, z = np.moveaxis(geometry.position_mm(index), -1, 0)
    body = (z < 0) & (np.abs(x) < 195) & (np.abs(y) < 100)
    body |= (z >= 0) & (z < 100) & (np.hypot(x, y) < 70)
    body |= (z >= 100) & (z < 260) & (np.abs(x) < 75) & (np.abs(y) < 90)
    found = body.astype(np.uint8)
    for value, (centre, radius) in enumerate(((PRIMARY_MM, PRIMARY_RADIUS_MM), (NODE_MM, NODE_RADIUS_MM)), start=2):
        found[np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) < radius] = value
    return found


def suv_volume(geometry):
    suv = gaussian_filter(np.array([0.0, 1.0, 9.0, 8.0], np.float32)[tissue(geometry)], 0.4)
    suv *= 1 + 0.03 * np.random.default_rng(0).standard_normal(suv.shape, np.float32)
    return SuvVolume(suv.clip(min=0), geometry)


def ct_volume(geometry):
    hu = np.array([-1000.0, 40.0, 45.0, 900.0], np.float32)[tissue(geometry)]
    return CtVolume(hu, geometry)


def write_head_neck_exam(folder, *, pet=None, ct=None, injection=FDG, body_part="WHOLEBODY"):
    """Write ``folder/PT`` and ``folder/CT``."""
    protocol = Protocol(scanned=datetime(2024, 3, 5, 9))
    header = ExamHeader(
        patient=Patient("SECRETID-78", "Yxwvut^Secretname", "19610709", "M"),
        identity="head and neck",
        weight_kg=80.0,
        height_m=1.8,
        study_start=injection.injected,
        body_part=body_part,
    )
    write_pet_series(
        suv_volume(pet or grid((6.0, 6.0, 6.0))), header, injection, protocol, folder / "PT", description="HN PET AC"
    )
    write_ct_series(ct_volume(ct or grid((5.0, 4.0, 4.0))), header, protocol, folder / "CT", description="HN CT")


def save_head_neck_bundle(models):
    """Three folds, of which the second takes the node for a primary tumour."""
    networks = {fold: lesion_network() for fold in range(3)}
    with torch.no_grad():
        networks[1].heads[0].bias[2] = -1000.0
    return save_lesion_bundle(
        models,
        name="head_neck_mtv",
        networks=networks,
        preprocessing=Preprocessing(
            (6.0, 6.0, 6.0), Resampling(1), Resampling(1), field_of_view=FieldOfView("head_neck", (320.0, 320.0))
        ),
    )
