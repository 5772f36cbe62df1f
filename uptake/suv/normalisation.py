"""What SUV can be normalised to besides body weight: lean body mass, ideal body weight, body surface."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

JAMES_MALE_120 = 120.0
JAMES_MALE_128 = 128.0


def _is_male(sex: str) -> bool:
    if sex not in ("M", "F"):
        raise ValueError(f"this normalisation is defined for sex M and F, not {sex!r}")
    return sex == "M"


def lbm_janmahasatian_kg(weight_kg: float, height_m: float, sex: str) -> float:
    """Lean body mass in kilograms after Janmahasatian.

    References
    ----------
    S. Janmahasatian et al., Quantification of lean bodyweight, Clin Pharmacokinet 44 (2005) 1051-1065.
    """
    bmi = weight_kg / height_m**2
    if _is_male(sex):
        return 9270.0 * weight_kg / (6680.0 + 216.0 * bmi)
    return 9270.0 * weight_kg / (8780.0 + 244.0 * bmi)


def lbm_james_kg(weight_kg: float, height_m: float, sex: str, k_male: float = JAMES_MALE_120) -> float:
    """Lean body mass in kilograms after James; ``k_male`` is 120 or, in DICOM's LBMJAMES128, 128.

    The formula falls again in heavy patients and can reach nonsense there: callers check the result.

    References
    ----------
    W. P. T. James, Research on obesity, HMSO 1976; DICOM PS3.3 C.8.9.1 (SUV Type).
    """
    ratio = weight_kg / (height_m * 100.0)
    if _is_male(sex):
        return 1.10 * weight_kg - k_male * ratio**2
    return 1.07 * weight_kg - 148.0 * ratio**2


def ideal_body_weight_kg(height_m: float, sex: str) -> float:
    """Ideal body weight in kilograms.

    References
    ----------
    K. R. Zasadny and R. L. Wahl, Radiology 189 (1993) 847-850 (female); T. Sugawara et al., Radiology 213 (1999)
    521-525 (both); DICOM PS3.3 C.8.9.1 (SUV Type IBW).
    """
    above_152_cm = height_m * 100.0 - 152.0
    return 48.0 + 1.06 * above_152_cm if _is_male(sex) else 45.5 + 0.91 * above_152_cm


def body_surface_cm2(weight_kg: float, height_m: float) -> float:
    """Body surface in square centimetres after Du Bois.

    References
    ----------
    D. Du Bois and E. F. Du Bois, Arch Intern Med 17 (1916) 863-871.
    """
    return float(1.0e4 * 0.007184 * weight_kg**0.425 * (height_m * 100.0) ** 0.725)


def suv_to_sul(weight_kg: float, height_m: float, sex: str) -> float:
    """Factor from body-weight SUV to SUL (Janmahasatian); the mean of both sexes where ``sex`` is neither M nor F."""
    sexes = (sex,) if sex in ("M", "F") else ("M", "F")
    masses_kg = [lbm_janmahasatian_kg(weight_kg, height_m, each) for each in sexes]
    return sum(masses_kg) / len(masses_kg) / weight_kg


NORMALISING_MASS_KG: MappingProxyType[str, tuple[str, Callable[[float, float, str], float]]] = MappingProxyType(
    {
        "LBM": ("lean body mass (James, 120)", lambda w, h, sex: lbm_james_kg(w, h, sex, JAMES_MALE_120)),
        "LBMJAMES128": ("lean body mass (James, 128)", lambda w, h, sex: lbm_james_kg(w, h, sex, JAMES_MALE_128)),
        "LBMJANMA": ("lean body mass (Janmahasatian)", lbm_janmahasatian_kg),
        "IBW": ("ideal body weight", lambda _w, h, sex: ideal_body_weight_kg(h, sex)),
    }
)
"""By SUVType (0054,1006): the mass in words, and its kilograms from weight in kg, height in m and sex."""
