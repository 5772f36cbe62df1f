"""One configuration of nnU-Net's plans: which one, what it inherits, and how it samples the volumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from uptake.inference.model_store import NNUNET_FWHM, Preprocessing, Resampling, Tiling
from uptake.inference.nnunet_import.axis_order import AxisOrder
from uptake.inference.nnunet_import.refusal import COPY_AGAIN, refused, words

# nnU-Net holds its Gaussian, 10 at the centre, in half precision, and gives what is 0 there the least value above 0.
WEIGHT_FLOOR = 2.0**-24 / 10.0
_RESAMPLE = "resample_data_or_seg_to_shape"
_ANISOTROPY = 3  # nnU-Net's ANISO_THRESHOLD
_REORIENTING = ("NibabelIOWithReorient", "SimpleITKIOWithReorient")


def configuration_of(plans: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Find a configuration, with what it inherits from others.

    Raises
    ------
    BundleRefused
        If there is no such configuration, or it is not a 3D one that stands alone with nnU-Net's own preprocessing.
    """
    configurations = plans.get("configurations")
    found: dict[str, Any] = {}
    visited: list[str] = []
    while True:
        each = configurations.get(name) if isinstance(configurations, Mapping) else None
        if not isinstance(each, Mapping) or name in visited:
            raise refused(f"plans.json has no usable configuration {words(name)}.", COPY_AGAIN)
        visited.append(name)
        found = {**each, **found}
        if "inherits_from" not in each:
            break
        name = str(each["inherits_from"])
    _require_alone(plans, found, visited[0])
    return found


def _require_alone(plans: Mapping[str, Any], configuration: Mapping[str, Any], name: str) -> None:
    patch, spacing = (configuration.get(key) for key in ("patch_size", "spacing"))
    if not isinstance(patch, list) or not isinstance(spacing, list):
        raise refused(f"configuration {words(name)} lacks patch_size or spacing.", COPY_AGAIN)
    if len(patch) != 3 or len(spacing) != 3:
        raise refused(f"configuration {words(name)} is {len(patch)}D; Uptake runs 3D networks.")
    if configuration.get("previous_stage") is not None:
        stage = words(configuration["previous_stage"])
        raise refused(
            f"configuration {words(name)} is a cascade that needs the answer of {stage} first.",
            "Import the configuration 3d_fullres or 3d_lowres of the same plans.",
        )
    for where, key, ours in (
        (configuration, "preprocessor_name", "DefaultPreprocessor"),
        (plans, "label_manager", "LabelManager"),
    ):
        if where.get(key, ours) != ours:
            raise refused(f"{key} is {words(where[key])}; Uptake does what nnU-Net's {ours} does.")


def axis_order(plans: Mapping[str, Any]) -> AxisOrder:
    """The plans' order of axes; BundleRefused where it is none."""
    forward = plans.get("transpose_forward", [0, 1, 2])
    backward = plans.get("transpose_backward")
    try:
        order = AxisOrder(cast("tuple[int, int, int]", tuple(forward)))
    except (ValueError, TypeError) as error:
        raise refused("transpose_forward in plans.json is no order of three axes.", COPY_AGAIN) from error
    if backward is not None and backward != list(order.backward):
        raise refused("transpose_backward in plans.json does not undo transpose_forward.", COPY_AGAIN)
    return order


def preprocessing(plans: Mapping[str, Any], configuration: Mapping[str, Any], orientation: str | None) -> Preprocessing:
    """Grid and resampling, as nnU-Net's DefaultPreprocessor: crop, normalise, then resample.

    Raises
    ------
    BundleRefused
        If it resamples by another function than nnU-Net's default, which is named.
    ValueError
        If a number is impossible.
    """
    spacing = [float(each) for each in configuration["spacing"]]
    reoriented = plans.get("image_reader_writer") in _REORIENTING
    return Preprocessing(
        spacing_mm=axis_order(plans).zyx(spacing),
        image=_resampling(configuration, "resampling_fn_data"),
        probabilities=_resampling(configuration, "resampling_fn_probabilities"),
        grid="extent",
        crop="nonzero",
        normalised="before",
        orientation=orientation or ("RAS" if reoriented else "LPS"),
    )


def tiling(plans: Mapping[str, Any], configuration: Mapping[str, Any], mirror_axes: tuple[int, ...]) -> Tiling:
    """Patches, as nnU-Net's predictor: half of each in common with the next, Gaussian weights, logits averaged."""
    order = axis_order(plans)
    return Tiling(
        patch=order.zyx(configuration["patch_size"]),
        overlap=0.5,
        placing="even",
        weights="gaussian",
        fwhm=NNUNET_FWHM,
        centre="voxel",
        crop="none",
        weight_floor=WEIGHT_FLOOR,
        mirror_axes=order.axes(mirror_axes),
        averaging="logits",
    )


def _resampling(configuration: Mapping[str, Any], key: str) -> Resampling:
    function = configuration.get(key)
    if function != _RESAMPLE:
        raise refused(f"{key} is {words(function)}; Uptake resamples as nnU-Net's {_RESAMPLE} does.")
    given = configuration.get(f"{key}_kwargs", {})
    if not isinstance(given, Mapping):
        raise refused(f"{key}_kwargs in plans.json is no list of names and values.", COPY_AGAIN)
    keywords = {"order": 3, "order_z": 0, "force_separate_z": False, **given}
    separate = keywords["force_separate_z"]
    for name, right in (
        ("is_seg", keywords.get("is_seg", False) is False),
        ("separate_z_anisotropy_threshold", keywords.get("separate_z_anisotropy_threshold", 3) == _ANISOTROPY),
        ("force_separate_z", separate is None or isinstance(separate, bool)),
        *((name, name in _KNOWN) for name in sorted(keywords)),
    ):
        if not right:
            raise refused(f"{key}_kwargs has {words(name)}={words(keywords[name])}, which Uptake does not do.")
    return Resampling(keywords["order"], keywords["order_z"], separate)


_KNOWN = ("is_seg", "order", "order_z", "force_separate_z", "separate_z_anisotropy_threshold")


def configuration_name(folder: str, recorded: str | None, wanted: str | None) -> str:
    """The configuration to import: the checkpoint's own, else the wanted one, else the folder's name.

    Raises
    ------
    BundleRefused
        If another one is wanted than the checkpoint was trained with, or none can be told.
    """
    if recorded is not None and wanted is not None and recorded != wanted:
        raise refused(
            f"the checkpoint was trained with configuration {words(recorded)}, not {words(wanted)}.",
            "Leave out --configuration, or give the folder of the other one.",
        )
    parts = folder.split("__")
    named = parts[2] if len(parts) == 3 else None
    name = recorded or wanted or named
    if name is None:
        raise refused(
            "neither checkpoint nor folder says which configuration it is.", "Give --configuration, such as 3d_fullres."
        )
    return name
