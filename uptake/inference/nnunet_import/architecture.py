"""From the architecture in nnU-Net's plans to a ``lesion_unet`` of the same layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from uptake.inference.nnunet_import.refusal import COPY_AGAIN, refused, words
from uptake.networks.lesion_unet import LesionUnetSettings

# Class -> what its plans call the number of convolutions, or residual blocks, of an encoder stage.
_COUNTS = {"PlainConvUNet": "n_conv_per_stage", "ResidualEncoderUNet": "n_blocks_per_stage"}
_SIZES = ("n_stages", "features_per_stage", "kernel_sizes", "strides", "n_conv_per_stage_decoder")
_MOST_STAGES = 16  # halving a side so often leaves nothing of any patch
# What lesion_unet always is: the values that a setting may have, and the one that it has where the plans are silent.
_FIXED: Mapping[str, tuple[tuple[object, ...], object]] = {
    "conv_op": (("Conv3d",), None),
    "conv_bias": ((True,), False),
    "norm_op": (("InstanceNorm3d",), None),
    "nonlin": (("LeakyReLU",), None),
    "dropout_op": ((None,), None),
    "nonlin_first": ((False,), False),
    "block": (("BasicBlockD", None), None),
    "bottleneck_channels": ((None,), None),
}
_WITHOUT_EFFECT = ("deep_supervision", "dropout_op_kwargs")
_OLD_SIZES = {
    "kernel_sizes": "conv_kernel_sizes",
    "strides": "pool_op_kernel_sizes",
    "n_conv_per_stage_decoder": "n_conv_per_stage_decoder",
}


def network_settings(configuration: Mapping[str, Any], channels: int, classes: int) -> LesionUnetSettings:
    """Settings of the network that a configuration of the plans describes, its axes in the plans' order.

    Parameters
    ----------
    configuration
        With ``architecture`` (nnU-Net 2.3 or newer), or with ``UNet_class_name`` (before).
    channels, classes
        Images in, and logits out with the background.

    Raises
    ------
    BundleRefused
        If Uptake has no such network; what differs is named.
    """
    kind, sizes = _described(configuration)
    if kind not in _COUNTS:
        raise refused(f"the network is {words(kind)}; Uptake runs {' and '.join(_COUNTS)}.")
    known = {*_SIZES, _COUNTS[kind], *_FIXED, *_WITHOUT_EFFECT, "norm_op_kwargs", "nonlin_kwargs", "stem_channels"}
    if unknown := sorted(sizes.keys() - known):
        raise refused(f"the architecture in plans.json has {words(unknown[0])}, which Uptake does not know.")
    for name, (allowed, absent) in _FIXED.items():
        _require(name, _last_part(sizes.get(name, absent)), allowed)
    norm = _keywords(sizes, "norm_op_kwargs", {"eps": 1e-5, "affine": False, "track_running_stats": False})
    _require("norm_op_kwargs.affine", norm["affine"], (True,))
    _require("norm_op_kwargs.track_running_stats", norm["track_running_stats"], (False,))
    slope = _keywords(sizes, "nonlin_kwargs", {"negative_slope": 0.01, "inplace": False})["negative_slope"]
    if missing := [name for name in (*_SIZES, _COUNTS[kind]) if name not in sizes]:
        raise refused(f"the architecture in plans.json lacks {missing[0]}.", COPY_AGAIN)
    stages = sizes["n_stages"]
    if not isinstance(stages, int) or not 2 <= stages <= _MOST_STAGES:
        raise refused(f"the network's n_stages is {words(stages)}; Uptake's has 2 to {_MOST_STAGES}.")
    features = _repeated(sizes["features_per_stage"], stages)
    _require("stem_channels", sizes.get("stem_channels"), (None, features[0] if features else None))
    try:
        return LesionUnetSettings(
            in_channels=channels,
            classes=classes,
            features=features,
            strides=_triples(sizes["strides"], stages),
            convolutions=_repeated(sizes[_COUNTS[kind]], stages),
            decoder_convolutions=_repeated(sizes["n_conv_per_stage_decoder"], stages - 1),
            kernels=_triples(sizes["kernel_sizes"], stages),
            residual=kind == "ResidualEncoderUNet",
            norm_eps=norm["eps"],
            negative_slope=slope,
        )
    except (ValueError, TypeError) as error:
        raise refused(f"the architecture in plans.json makes no network of Uptake's: {error}.") from error


def _described(configuration: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The network's class and its arguments, whichever way the plans have them."""
    architecture = configuration.get("architecture")
    if isinstance(architecture, Mapping) and isinstance(architecture.get("arch_kwargs"), Mapping):
        name = str(architecture.get("network_class_name"))
        return str(_last_part(name)), architecture["arch_kwargs"]
    if architecture is not None or "UNet_class_name" not in configuration:
        raise refused("plans.json has no architecture with network_class_name and arch_kwargs.", COPY_AGAIN)
    return _described_before_2_3(configuration)


def _described_before_2_3(configuration: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """As nnU-Net's ConfigurationManager reads plans of its first releases."""
    kind = str(configuration["UNet_class_name"])
    needed = (*_OLD_SIZES.values(), "n_conv_per_stage_encoder", "UNet_base_num_features", "unet_max_num_features")
    if missing := [name for name in needed if name not in configuration]:
        raise refused(f"the configuration in plans.json lacks {missing[0]}.", COPY_AGAIN)
    counts, first, most = (configuration[name] for name in needed[-3:])
    if not isinstance(counts, list) or not isinstance(first, int) or not isinstance(most, int):
        raise refused("the network's sizes in plans.json are not numbers.", COPY_AGAIN)
    sizes = {new: configuration[old] for new, old in _OLD_SIZES.items()}
    sizes |= {
        "n_stages": len(counts),
        "features_per_stage": [min(first * 2**stage, most) for stage in range(min(len(counts), 64))],
        _COUNTS.get(kind, "n_conv_per_stage"): counts,
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "conv_bias": True,
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    }
    return kind, sizes


def _require(name: str, found: object, allowed: Sequence[object]) -> None:
    if not any(found is each or (type(found) is type(each) and found == each) for each in allowed):
        raise refused(f"the network's {name} is {words(found)}; Uptake's has {words(allowed[0])}.")


def _last_part(name: object) -> object:
    """Of a name such as ``torch.nn.modules.conv.Conv3d``; a class of any other package keeps its whole name."""
    known = isinstance(name, str) and name.startswith(("torch.nn.", "dynamic_network_architectures."))
    return str(name).rpartition(".")[2] if known else name


def _keywords(sizes: Mapping[str, Any], name: str, absent: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keyword arguments of a layer with those it does not give; an unknown one is refused."""
    given = sizes.get(name) or {}
    if not isinstance(given, Mapping):
        raise refused(f"{name} in plans.json is no list of names and values.", COPY_AGAIN)
    if unknown := sorted(given.keys() - absent.keys() - {"momentum"}):
        raise refused(f"the network's {name} has {words(unknown[0])}, which Uptake does not know.")
    return {**absent, **given}


def _repeated(value: Any, count: int) -> Any:
    """One entry for each stage, where one number stands for all."""
    return (value,) * count if isinstance(value, int) and isinstance(count, int) else value


def _triples(value: Any, count: int) -> Any:
    """Three numbers for each stage, where one stands for all axes."""
    values = _repeated(value, count)
    return tuple(_repeated(each, 3) for each in values) if isinstance(values, list | tuple) else values
