"""Codes of a lesion in SEG and SR: by its class where a network tells classes apart, else a lesion in general."""

from __future__ import annotations

from dataclasses import dataclass

from highdicom import AlgorithmIdentificationSequence, sr
from pydicom.sr.coding import Code

from uptake import __version__
from uptake.dicom.results.codes import code
from uptake.dicom.results.output_instance import MANUFACTURER, MODEL_NAME
from uptake.lesion_class import Concept, LesionClass
from uptake.measurement import Findings
from uptake.network_weights import NetworkWeights

_SOFTWARE = f"{MODEL_NAME} {__version__}"
_LONG_STRING = 64


@dataclass(frozen=True, slots=True)
class LesionCoding:
    """Category and type of a finding or segment, and the site it is bound to, if any."""

    category: Code
    type: Code
    site: Code | None


def lesion_coding(known: LesionClass | None) -> LesionCoding:
    """Codes of a class; without one, Morphologically Abnormal Structure / Lesion.

    The latter is the nearest that CID 7150 and 7151 offer for an uptake region that may be physiological.
    """
    if known is None:
        return LesionCoding(code("morphologically_abnormal"), code("lesion"), None)
    site = None if known.site is None else _code(known.site)
    return LesionCoding(_code(known.category), _code(known.type), site)


def segment_algorithm(findings: Findings) -> AlgorithmIdentificationSequence:
    """Who made the segments: the threshold method, or the weights with their origin and engine.

    References
    ----------
    DICOM PS3.3, 10.16 (Algorithm Identification Macro).
    """
    weights = findings.weights
    if weights is None:
        return AlgorithmIdentificationSequence(
            name=findings.method[:_LONG_STRING],
            family=code("cluster_analysis"),
            version=__version__,
            source=MANUFACTURER,
        )
    short = weights.sentence if len(weights.sentence) <= _LONG_STRING else f"{weights.bundle} {weights.version}"
    return AlgorithmIdentificationSequence(
        name=short[:_LONG_STRING],
        family=code("artificial_intelligence"),
        version=weights.version,
        source=_SOFTWARE,
        parameters={"weights": weights.sentence, **_hashes(weights), "engine": weights.engine},
    )


def report_algorithm(findings: Findings) -> sr.AlgorithmIdentification:
    """Who found the lesions, as a report says it.

    References
    ----------
    DICOM PS3.16, TID 4019 (Algorithm Identification).
    """
    weights = findings.weights
    if weights is None:
        return sr.AlgorithmIdentification(name=findings.method, version=_SOFTWARE)
    return sr.AlgorithmIdentification(
        name=weights.sentence,
        version=weights.version,
        parameters=[f"software: {_SOFTWARE}", f"engine: {weights.engine}"],
    )


def weights_notes(weights: NetworkWeights | None) -> tuple[str, ...]:
    """The hashes of a network's weights, which a report gives once; nothing without a network."""
    if weights is None:
        return ()
    return (f"Weights: {weights.sentence}; " + "; ".join(" ".join(each) for each in _hashes(weights).items()) + ".",)


def _hashes(weights: NetworkWeights) -> dict[str, str]:
    return {f"SHA-256 of fold {each.fold}": each.sha256 for each in weights.folds}


def _code(concept: Concept) -> Code:
    return Code(concept.value, concept.scheme, concept.meaning)
