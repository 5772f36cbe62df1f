"""Which engine runs a network on this host: the fastest that agrees with torch in float32, and what was said of all."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from uptake.errors import BundleRefused, InferenceRefused
from uptake.inference.engines.parity import LEAST_EQUAL, MOST_DIFFERENCE, Reference, Trial, reference, trial
from uptake.inference.engines.source import QuantisedGraph, Shape, Source, source_of
from uptake.inference.engines.table import ENGINES, Engine, Say
from uptake.inference.predictor import Predictor
from uptake.inference.tiling import Index

__all__ = [
    "ENGINES",
    "LEAST_EQUAL",
    "MOST_DIFFERENCE",
    "Choice",
    "Engine",
    "QuantisedGraph",
    "Say",
    "Shape",
    "Source",
    "Trial",
    "available_engines",
    "choose",
    "choose_for",
    "rebuild",
    "require_known_and_present",
]


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine to use: the network on it, its name and variant, why it, and all that passed, fastest first."""

    predictor: Predictor
    engine: str
    why: str
    trials: tuple[Trial, ...]


def available_engines() -> tuple[tuple[str, str], ...]:
    """Every engine's name and why it cannot run here in one line, "" where it can."""
    return tuple((name, engine.available()[1]) for name, engine in ENGINES.items())


def choose(name: str, module: nn.Module, patch: Index, say: Say) -> Choice:
    """Put a network on an engine that gives on this host what torch gives on the CPU in float32.

    Parameters
    ----------
    name
        One of ``ENGINES``, or "auto" (also "") for the fastest of those that are not quantised.
    module
        Network of ``uptake.networks`` with its weights, in evaluation mode, on the CPU.
    patch
        Voxels of a tile along z, y, x.
    say
        Told in one line each: every engine that is left out and why, and the one that is used and why.

    Raises
    ------
    InferenceRefused
        If there is no engine of that name, or its package is not installed. One that is installed but fails or
        disagrees is replaced by the fastest of the others, and that is said.
    """
    name = name or "auto"
    require_known_and_present(name)
    with tempfile.TemporaryDirectory(prefix="uptake-engine-") as folder:
        source = source_of(module, patch, Path(folder))
        choice = choose_for(name, source, reference(source), say)
    say(choice.why)
    return choice


def choose_for(name: str, source: Source, wanted: Reference, say: Say) -> Choice:
    """Choose as ``choose`` does, for a source whose reference is known; what is used is not said."""
    asked = [each for each, engine in ENGINES.items() if not engine.quantised] if name == "auto" else [name]
    passed = _tried([(each, variant) for each in asked for variant in _variants(each, say)], source, wanted, say)
    fallen = name != "auto" and not passed
    if fallen:
        say(f"Engine {name} was asked for but is not used; trying the others.")
        others = [each for each, engine in ENGINES.items() if each != name and not engine.quantised]
        passed = _tried([(each, variant) for each in others for variant in _variants(each, say)], source, wanted, say)
    if not passed:
        raise InferenceRefused("No engine works on this host.", remedy="See what was said of each.")
    best, predictor = passed[0]
    trials = tuple(each for each, _ in passed)
    return Choice(predictor, best.engine, why_of("auto" if fallen else name, trials, source), trials)


def rebuild(label: str, source: Source, wanted: Reference, say: Say) -> tuple[Trial, Predictor] | None:
    """Put a network on one engine and variant by its label, checked but not timed; None, said aloud, where it fails."""
    name, _, variant = label.partition(" (")
    if name not in ENGINES or not ENGINES[name].available()[0]:
        return None
    found = _tried([(name, variant.removesuffix(")"))], source, wanted, say, timed=False)
    return found[0] if found else None


def require_known_and_present(name: str) -> None:
    """Refuse an engine that cannot be: InferenceRefused."""
    if name in ("", "auto"):
        return
    if name not in ENGINES:
        raise InferenceRefused(f"There is no engine {name!r}.", remedy=f"Choose auto, {', '.join(ENGINES)}.")
    present, reason = ENGINES[name].available()
    if not present:
        raise InferenceRefused(f"{reason.rstrip('.')}.", remedy="Or choose another engine, or auto.")


def why_of(name: str, trials: Sequence[Trial], source: Source) -> str:
    """One line on the engine that is used, the first of ``trials``; ``name`` as it was asked for."""
    best = trials[0]
    if source.quantised is not None and ENGINES[best.engine.partition(" (")[0]].quantised:
        dice = f"Dice {source.quantised.least_dice:.3f} or more against float32 on held-out exams"
        return f"Engine {best.engine}: {best.seconds:.3g} s per patch, {dice}; it was asked for."
    told = f"Engine {best.engine}: {best.seconds:.3g} s per patch, probabilities within {best.difference:.2g} of torch"
    if name != "auto":
        return f"{told}; it was asked for."
    others = ", ".join(f"{each.engine} {each.seconds:.3g} s" for each in trials[1:])
    return f"{told}; the fastest here" + (f" ({others})." if others else ", the only one that works.")


def _variants(name: str, say: Say) -> tuple[str, ...]:
    """The variants of an engine; none, said aloud, where it is not here."""
    present, reason = ENGINES[name].available()
    if not present:
        say(f"Engine {name} is left out: {reason}")
        return ()
    return ENGINES[name].variants()


def _tried(
    names: Sequence[tuple[str, str]], source: Source, wanted: Reference, say: Say, *, timed: bool = True
) -> list[tuple[Trial, Predictor]]:
    """The engines that agree with the reference, fastest first."""
    passed: list[tuple[Trial, Predictor]] = []
    for name, variant in names:
        label = f"{name} ({variant})" if variant else name
        try:
            predictor = ENGINES[name].build(source, variant, say)
            found = trial(label, predictor, source.shape, wanted, timed=timed)
        except BundleRefused:  # a damaged bundle is no engine's fault
            raise
        except Exception as error:  # whatever an engine may fail with, there is another one
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            say(f"Engine {label} is left out: it failed with: {first}")
            continue
        quantised = source.quantised if ENGINES[name].quantised else None
        if found.agrees if quantised is None else found.agrees_as(quantised):
            passed.append((found, predictor))
        else:
            say(
                f"Engine {label} is left out: it disagrees with torch in float32 (probabilities by up to "
                f"{found.difference:.2g}, the same class in {100 * found.equal:.2f} % of voxels)."
            )
    return sorted(passed, key=lambda each: each[0].seconds)
