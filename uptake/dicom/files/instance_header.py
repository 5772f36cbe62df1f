"""What is kept of an image's header while a folder is scanned: enough to choose, sort and decode, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.valuerep import TEXT_VR_DELIMS, PersonName

from uptake.dicom.files.raw_header import RawHeader
from uptake.exam import Patient, SlicePlane
from uptake.geometry import Vector

_SERIES_TAGS = (
    0x00080005, 0x00080016, 0x00080060, 0x0008103E, 0x00100010, 0x00100020, 0x00100030, 0x00100040, 0x0020000D,
    0x0020000E, 0x00200011, 0x00200052, 0x00280051, 0x00540081, 0x00541000, 0x00541001, 0x00080021, 0x00080031,
    0x70531000, 0x70531009,
)  # fmt: skip
_ENCODING_TAGS = (0x00280002, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00282110)
_PLANE_TAGS = (
    0x00080008, 0x00080018, 0x00080022, 0x0008002A, 0x00080032, 0x00180050, 0x00180088, 0x00181060, 0x00200032,
    0x00200037, 0x00280008, 0x00280030, 0x00281052, 0x00281053, 0x00283000,
)  # fmt: skip
WANTED = frozenset(_SERIES_TAGS + _ENCODING_TAGS + _PLANE_TAGS)
_PIXEL_DATA = 0x7FE00010
_LABEL_LENGTH = 40


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """Header values that all instances of a series share (absent text is empty)."""

    modality: str
    sop_class_uid: str
    series_uid: str
    study_uid: str
    frame_of_reference_uid: str
    number: int | None
    description: str = field(repr=False)
    patient: Patient
    series_type: tuple[str, ...]
    units: str
    corrections: frozenset[str]
    philips_factor: bool
    announced_slices: int | None
    started: datetime | None


@dataclass(frozen=True, slots=True)
class PixelEncoding:
    """How the pixels of an instance are stored (PS3.3 C.7.6.3)."""

    transfer_syntax: str
    samples: int | None
    rows: int | None
    columns: int | None
    bits_allocated: int | None
    bits_stored: int | None
    high_bit: int | None
    signed: bool
    lossy: bool = False


@dataclass(frozen=True, slots=True)
class StoredPixels:
    """Where a plane's pixels are and how they become values: ``stored * slope + intercept``.

    ``offset`` is the first byte of a native (uncompressed) plane in its file, 0 where the file must be parsed again.
    """

    encoding: PixelEncoding
    offset: int
    slope: float | None
    intercept: float | None
    lookup_table: bool = False


@dataclass(frozen=True, slots=True)
class StoredPlane(SlicePlane):
    """A plane that remembers where its pixels are, so that its header need not be read twice."""

    pixels: StoredPixels | None = None


@dataclass(frozen=True, slots=True)
class InstanceHeader:
    """One image plane (a file, or a frame of a multi-frame file)."""

    facts: SeriesFacts
    path: Path = field(repr=False)
    sop_instance_uid: str
    frame: int | None
    image_type: tuple[str, ...]
    position: Vector | None
    orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None
    thickness_mm: float | None
    spacing_between_mm: float | None
    acquired: datetime | None
    trigger_time: str
    pixels: StoredPixels
    complete: bool
    frames: int = 1


def instance_header(path: Path, raw: RawHeader) -> InstanceHeader:
    """Type the raw values of one file; what cannot be read is None or empty, and judged later."""
    values = raw.values
    date = ascii_text(values, 0x00080022)
    acquired = moment(ascii_text(values, 0x0008002A)) or moment(date + _digits(ascii_text(values, 0x00080032)), date)
    position = numbers(values, 0x00200032)
    pixels = _stored_pixels(raw)
    return InstanceHeader(
        facts=_series_facts(tuple(values.get(tag, b"") for tag in _SERIES_TAGS)),
        path=path,
        sop_instance_uid=ascii_text(values, 0x00080018),
        frame=None,
        image_type=ascii_texts(values, 0x00080008),
        position=(position[0], position[1], position[2]) if len(position) == 3 else None,
        orientation=numbers(values, 0x00200037) or None,
        pixel_spacing=numbers(values, 0x00280030) or None,
        thickness_mm=number(values, 0x00180050),
        spacing_between_mm=number(values, 0x00180088),
        acquired=acquired,
        trigger_time=ascii_text(values, 0x00181060),
        pixels=pixels,
        complete=raw.complete and raw.pixel_tag is not None,
        frames=int(number(values, 0x00280008) or 1),
    )


def _stored_pixels(raw: RawHeader) -> StoredPixels:
    values = raw.values
    encoding = _pixel_encoding(raw.transfer_syntax, tuple(values.get(tag, b"") for tag in _ENCODING_TAGS))
    return StoredPixels(
        encoding=encoding,
        offset=raw.pixel_offset if raw.pixel_bytes is not None and raw.pixel_tag == _PIXEL_DATA else 0,
        slope=number(values, 0x00281053),
        intercept=number(values, 0x00281052),
        lookup_table=0x00283000 in values,
    )


@lru_cache(maxsize=256)
def _pixel_encoding(syntax: str, stored: tuple[bytes, ...]) -> PixelEncoding:
    samples, rows, columns, allocated, bits, high, sign = (
        int.from_bytes(value, "little") if value else None for value in stored[:7]
    )
    return PixelEncoding(syntax, samples, rows, columns, allocated, bits, high, sign == 1, stored[7][:2] == b"01")


@lru_cache(maxsize=256)
def _series_facts(stored: tuple[bytes, ...]) -> SeriesFacts:
    values = {tag: value for tag, value in zip(_SERIES_TAGS, stored, strict=True) if value}
    encodings = _encodings(ascii_texts(values, 0x00080005))
    date = ascii_text(values, 0x00080021)
    series_number = number(values, 0x00200011)
    slices = values.get(0x00540081)
    return SeriesFacts(
        modality=ascii_text(values, 0x00080060),
        sop_class_uid=ascii_text(values, 0x00080016),
        series_uid=ascii_text(values, 0x0020000E),
        study_uid=ascii_text(values, 0x0020000D),
        frame_of_reference_uid=ascii_text(values, 0x00200052),
        number=None if series_number is None else int(series_number),
        description=_decode(values.get(0x0008103E, b""), encodings),
        patient=_patient(values, encodings),
        series_type=ascii_texts(values, 0x00541000),
        units=ascii_text(values, 0x00541001),
        corrections=frozenset(ascii_texts(values, 0x00280051)),
        philips_factor=bool(number(values, 0x70531000) or number(values, 0x70531009)),
        announced_slices=int.from_bytes(slices, "little") if slices else None,
        started=moment(date + _digits(ascii_text(values, 0x00080031)), date),
    )


def _patient(values: Mapping[int, bytes], encodings: list[str]) -> Patient:
    """Who it is; the name stays in DICOM's form, with all its component groups (PS3.5 6.2.1)."""
    name = values.get(0x00100010, b"").rstrip(b" \0")
    return Patient(
        patient_id=_decode(values.get(0x00100020, b""), encodings),
        name=str(PersonName(name, encodings)) if name else "",
        birth_date=ascii_text(values, 0x00100030),
        sex=ascii_text(values, 0x00100040),
    )


def _encodings(character_sets: tuple[str, ...]) -> list[str]:
    return list(convert_encodings(list(character_sets) or ""))


def _decode(value: bytes, encodings: list[str]) -> str:
    return str(decode_bytes(value, encodings, TEXT_VR_DELIMS)).strip(" \0")


def ascii_text(values: Mapping[int, bytes], tag: int) -> str:
    """A value of the default repertoire, without padding."""
    return values.get(tag, b"").decode("ascii", "replace").strip(" \0")


def ascii_texts(values: Mapping[int, bytes], tag: int) -> tuple[str, ...]:
    """The values of a multi-valued element, the first one even where it is empty."""
    whole = ascii_text(values, tag)
    return tuple(part.strip(" \0") for part in whole.split("\\")) if whole else ()


def numbers(values: Mapping[int, bytes], tag: int) -> tuple[float, ...]:
    """Decimal strings; empty where any of them is no number."""
    try:
        return tuple(float(part) for part in ascii_text(values, tag).split("\\"))
    except ValueError:
        return ()


def number(values: Mapping[int, bytes], tag: int) -> float | None:
    """One decimal string, or None."""
    found = numbers(values, tag)
    return found[0] if found else None


def _digits(time: str) -> str:
    return time.replace(":", "")


def moment(text: str, date: str = "x") -> datetime | None:
    """A DICOM date-time ``YYYYMMDDHHMMSS.F&ZZXX``; the zone is left out. None where it (or ``date``) is not one."""
    clock, _, fraction = text.split("+")[0].split("-")[0].strip().partition(".")
    clock = clock.replace(".", "")
    if not date or len(clock) < 8 or not clock.isdigit():
        return None
    try:
        start = datetime.strptime(clock[:14].ljust(14, "0"), "%Y%m%d%H%M%S")
        return start + timedelta(seconds=float(f"0.{fraction or 0}"))
    except ValueError:
        return None


def series_label(modality: str, series_number: int | None, description: str, count: int, unit: str = "slice") -> str:
    """The name of a series in messages: ``PT series 4 'PET AC' (135 slices)``. Control characters are dropped."""
    clean = "".join(character for character in description if character.isprintable()).strip()[:_LABEL_LENGTH]
    which = "" if series_number is None else f" {series_number}"
    named = f" '{clean}'" if clean else ""
    return f"{modality or 'unnamed'} series{which}{named} ({count} {unit}{'' if count == 1 else 's'})"
