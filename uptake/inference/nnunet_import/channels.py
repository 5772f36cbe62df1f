"""nnU-Net's channels as a bundle's: which is the PET, which the CT, and how each is normalised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uptake.inference.model_store import InputChannel, Normalisation
from uptake.inference.model_store.input_channels import UNITS
from uptake.inference.nnunet_import.refusal import COPY_AGAIN, refused, words

_KINDS = {"ct": "CT", "pet": "PT", "pt": "PT", "suv": "PT"}
_LEAST_SD = 1e-8  # as nnU-Net


def input_channels(
    plans: Mapping[str, Any], dataset: Mapping[str, Any], configuration: Mapping[str, Any], kinds: Mapping[int, str]
) -> tuple[InputChannel, ...]:
    """Describe every channel, in nnU-Net's order.

    Parameters
    ----------
    plans, dataset, configuration
        As nnU-Net wrote them.
    kinds
        ``PT`` or ``CT`` by number, for channels whose names do not say it.

    Raises
    ------
    BundleRefused
        If a channel is neither PET nor CT, or is normalised in a way that Uptake does not know.
    """
    names = _names(dataset)
    if unknown := sorted(set(kinds) - set(range(len(names)))):
        raise refused(f"there is no channel {unknown[0]}.", f"Its channels are {_listed(names)}.")
    schemes = configuration.get("normalization_schemes")
    masked = configuration.get("use_mask_for_norm", [False] * len(names))
    if not isinstance(schemes, list) or not isinstance(masked, list) or not len(schemes) == len(masked) == len(names):
        raise refused("plans.json and dataset.json have different numbers of channels.", COPY_AGAIN)
    channels = []
    for number, name in enumerate(names):
        kind = kinds.get(number, _KINDS.get(name.lower()))
        if kind is None:
            raise refused(
                f"channel {number} is {name!r}, which may be anything.",
                f"Say whether it is PT or CT, such as --channel {number}=PT.",
            )
        unique = name if names.count(name) == 1 else f"{name} {number}"
        normalisation = _normalisation(schemes[number], bool(masked[number]), plans, number)
        channels.append(InputChannel(unique, kind, UNITS[kind], normalisation))
    return tuple(channels)


def _names(dataset: Mapping[str, Any]) -> list[str]:
    """Channel names by number; ``modality`` was their key in nnU-Net v1."""
    named = dataset.get("channel_names", dataset.get("modality"))
    if not isinstance(named, Mapping) or not named or set(named) != {str(number) for number in range(len(named))}:
        raise refused("dataset.json has no channel_names numbered 0, 1, ....", COPY_AGAIN)
    return [words(named[str(number)]) for number in range(len(named))]


def _listed(names: list[str]) -> str:
    return ", ".join(f"{number} {name}" for number, name in enumerate(names))


def _normalisation(scheme: object, masked: bool, plans: Mapping[str, Any], number: int) -> Normalisation:
    if scheme == "ZScoreNormalization":
        return Normalisation("z-score", nonzero_only=masked)
    if scheme == "RescaleTo01Normalization":
        return Normalisation("min-max")
    if scheme == "NoNormalization":
        return Normalisation("none")
    if scheme == "CTNormalization":
        return _fixed(plans, number)
    raise refused(f"channel {number} is normalised by {words(scheme)}, which Uptake does not know.")


def _fixed(plans: Mapping[str, Any], number: int) -> Normalisation:
    """From the intensities of the training data's foreground; ``..._by_modality`` is their name in early plans."""
    key = "foreground_intensity_properties_per_channel"
    by_channel = plans.get(key, plans.get("foreground_intensity_properties_by_modality"))
    found = by_channel.get(str(number)) if isinstance(by_channel, Mapping) else None
    needed = ("percentile_00_5", "percentile_99_5", "mean", "std")
    if not isinstance(found, Mapping) or not all(isinstance(found.get(name), int | float) for name in needed):
        raise refused(f"plans.json lacks {' or '.join(needed)} of channel {number}.", COPY_AGAIN)
    low, high, mean, sd = (float(found[name]) for name in needed)
    return Normalisation("fixed", (low, high), mean, max(sd, _LEAST_SD))
