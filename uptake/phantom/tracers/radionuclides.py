"""Radiopharmaceuticals: half lives, and the names and codes they go by in DICOM."""

from __future__ import annotations

from dataclasses import dataclass

from uptake.phantom.tracers.tables import table

TRACERS = ("fdg", "psma-11", "psma-1007")


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept of a DICOM context group."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Radiopharmaceutical:
    """A tracer as a PET header states it.

    Parameters
    ----------
    name, label
        One of ``TRACERS``, and the plain text for ``Radiopharmaceutical (0018,0031)``.
    half_life_s, positron_fraction
        Of its radionuclide.
    radionuclide, code
        Of CID 4020 and CID 4021.
    """

    name: str
    label: str
    half_life_s: float
    positron_fraction: float
    radionuclide: Code
    code: Code


def radiopharmaceutical(name: str) -> Radiopharmaceutical:
    """The radiopharmaceutical ``fdg``, ``psma-11`` or ``psma-1007``.

    Raises
    ------
    ValueError
        If there is none of that name.

    References
    ----------
    DICOM PS3.16 CID 4020 (PET Radionuclide), CID 4021 (PET Radiopharmaceutical); LNHB Table of Radionuclides.
    """
    for row in table("radionuclides"):
        if row["name"] == name:
            return Radiopharmaceutical(
                name=name,
                label=row["label"],
                half_life_s=float(row["half_life_s"]),
                positron_fraction=float(row["positron_fraction"]),
                radionuclide=Code(row["radionuclide_code"], row["radionuclide_scheme"], row["radionuclide_meaning"]),
                code=Code(row["code"], row["scheme"], row["meaning"]),
            )
    raise ValueError(f"tracers are {', '.join(TRACERS)}, not {name}")
