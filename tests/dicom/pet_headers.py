"""PET headers in memory, without pixels: single-frame and enhanced, with a knob for every edge case."""

from collections.abc import Callable

from pydicom import Dataset

from uptake.suv.decay import mean_count_time_s

_OF_SINGLE_FRAMES = (
    "Units", "DecayCorrection", "CorrectedImage", "FrameReferenceTime", "ActualFrameDuration", "RescaleSlope",
    "RescaleIntercept", "AcquisitionDate", "AcquisitionTime",
)  # fmt: skip
MEAN_S = mean_count_time_s(120.0, 6586.2)


def code_item(value: str, scheme: str, meaning: str = "meaning") -> Dataset:
    item = Dataset()
    setattr(item, "CodeValue" if len(value) <= 16 else "LongCodeValue", value)
    item.CodingSchemeDesignator, item.CodeMeaning = scheme, meaning
    return item


def pet_headers(slices: int = 3, edit: Callable[[Dataset, int], None] | None = None) -> list[Dataset]:
    """A static FDG series: injected at 09:30:00, scanned at 10:30:00; BQML, START."""
    headers = []
    for index in range(slices):
        ds = Dataset()
        ds.SeriesDate = ds.AcquisitionDate = "20200517"
        ds.SeriesTime = ds.AcquisitionTime = "103000.000000"
        ds.Units, ds.DecayCorrection, ds.CorrectedImage = "BQML", "START", ["DECY", "ATTN", "SCAT"]
        ds.PatientWeight, ds.PatientSize, ds.PatientSex = "70", "1.75", "M"
        ds.FrameReferenceTime, ds.ActualFrameDuration = f"{MEAN_S * 1000:.4f}", "120000"
        ds.RescaleSlope, ds.RescaleIntercept = f"{0.5 + index}", "0"
        injection = Dataset()
        injection.Radiopharmaceutical = "FDG"
        injection.RadionuclideTotalDose, injection.RadionuclideHalfLife = "350000000", "6586.2"
        injection.RadiopharmaceuticalStartTime = "093000"
        injection.RadiopharmaceuticalStartDateTime = "20200517093000"
        injection.RadionuclideCodeSequence = [code_item("77004003", "SCT", "^18^Fluorine")]
        ds.RadiopharmaceuticalInformationSequence = [injection]
        if edit is not None:
            edit(ds, index)
        headers.append(ds)
    return headers


def enhanced_header(frames: int = 3, edit: Callable[[Dataset], None] | None = None) -> Dataset:
    """The same scan as one enhanced object; frames start three minutes apart and map stored values to Bq/ml."""
    [ds] = pet_headers(1)
    for keyword in _OF_SINGLE_FRAMES:
        delattr(ds, keyword)
    ds.DecayCorrected = ds.AttenuationCorrected = ds.ScatterCorrected = "YES"
    ds.DecayCorrectionDateTime = "20200517103000.000000"
    ds.PerFrameFunctionalGroupsSequence = [_frame(index) for index in range(frames)]
    ds.SharedFunctionalGroupsSequence = [Dataset()]
    if edit is not None:
        edit(ds)
    return ds


def value_mapping(unit: str, slope: float, intercept: float = 0.0) -> Dataset:
    item = Dataset()
    item.MeasurementUnitsCodeSequence = [code_item(unit, "UCUM")]
    item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, intercept
    return item


def _frame(index: int) -> Dataset:
    frame, content, transform = Dataset(), Dataset(), Dataset()
    content.FrameAcquisitionDateTime = f"202005171030{index:02d}"
    content.FrameAcquisitionDuration = 120000.0
    transform.RescaleSlope, transform.RescaleIntercept, transform.RescaleType = f"{0.5 + index}", "0", "US"
    frame.FrameContentSequence = [content]
    frame.PixelValueTransformationSequence = [transform]
    frame.RealWorldValueMappingSequence = [value_mapping("Bq/ml", 0.5 + index)]
    return frame
