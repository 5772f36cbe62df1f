"""A bundle's networks on the best engine of this host; the choice is made once and remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from uptake.inference.engines.choice import choose_for, rebuild, require_known_and_present, why_of
from uptake.inference.engines.parity import Trial, reference
from uptake.inference.engines.record import write_record
from uptake.inference.engines.table import ENGINES
from uptake.inference.fold_sources import fold_source, slot_of, writable_folder
from uptake.inference.model_store import Bundle, graphs_of
from uptake.inference.model_store.listing import int8_dice
from uptake.inference.model_store.refusal import refused
from uptake.inference.model_store.weights_files import check_hash
from uptake.inference.predictor import Predictor

Say = Callable[[str], None]
INT8 = "openvino-int8"


@dataclass(frozen=True, slots=True)
class EnginePredictors:
    """A bundle's networks, ready to predict.

    Parameters
    ----------
    predictors
        One per fold.
    engine
        Its name and variant; several where one fold needed another than the first.
    why
        One line on the choice.
    trials
        Every engine that passed for the first fold, fastest first; one alone where it was asked for by name.
    """

    predictors: tuple[Predictor, ...]
    engine: str
    why: str
    trials: tuple[Trial, ...]


def predictors(
    bundle: Bundle,
    engine: str,
    say: Say,
    *,
    folds: Sequence[int] | None = None,
    cache: Path | None = None,
    anew: bool = False,
) -> EnginePredictors:
    """Put a bundle's folds on an engine that agrees on this host with torch in float32.

    The first time, every engine is built and timed, which takes a while. What was found is kept in ``cache`` for these
    weights on this host with these packages; from then on the chosen engine alone is built, and held against torch's
    kept answer to one patch.

    Parameters
    ----------
    bundle
        As ``load_bundle`` gave it; the hashes of its weights are checked here, always.
    engine
        "auto" (also "") for the fastest in float32, or one of ``ENGINES``. "openvino-int8" needs a bundle that was
        quantised, and is held to the agreement recorded there.
    say
        Told in one line each: every engine that is left out and why, the one that is used and why, and a cache that
        cannot be used.
    folds
        Which; all if None.
    cache
        Where choices are kept; ``record.cache_folder()`` if None.
    anew
        Choose again whatever is kept.

    Raises
    ------
    InferenceRefused
        If there is no such engine, its package is not installed, the bundle has no INT8 graph for it, or no engine
        works. An engine that is installed but fails or disagrees is replaced by another, and that is said.
    BundleRefused
        If there is no such fold, or a file is not the recorded one.
    """
    asked = engine or "auto"
    require_known_and_present(asked)
    wanted = tuple(bundle.folds if folds is None else folds)
    _require_folds(bundle, wanted, asked)
    with ExitStack() as stack:
        place = _Place(writable_folder(cache, say, stack), say, anew)
        made = [_put(bundle, wanted[0], asked, place)]
        # The other folds go where the first one went.
        name = made[0].label.partition(" (")[0] if asked == "auto" else asked
        made += [_put(bundle, fold, name, place) for fold in wanted[1:]]
    for label, why in {each.label: each.why for each in reversed(made)}.items():
        if label != made[0].label:
            say(f"Not all folds are on {made[0].label}. {why}")
    say(made[0].why)
    dice = int8_dice(bundle)
    if asked == "auto" and dice is not None:
        say(f"The bundle has INT8 graphs too (Dice at least {dice:.3f} against float32): ask for {INT8}.")
    names = tuple(dict.fromkeys(each.label for each in made))
    return EnginePredictors(tuple(each.predictor for each in made), " and ".join(names), made[0].why, made[0].trials)


@dataclass(frozen=True, slots=True)
class _Made:
    """One fold on an engine."""

    predictor: Predictor
    label: str
    why: str
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where records are kept, who is told, and whether what is kept is left aside."""

    folder: Path
    say: Say
    anew: bool


def _require_folds(bundle: Bundle, folds: Sequence[int], engine: str) -> None:
    """Refuse folds that are not there or not whole, and INT8 where a fold has no graph."""
    files = {each.fold: each for each in bundle.weights}
    for fold in folds:
        if fold not in files:
            there = ", ".join(map(str, bundle.folds)) or "none"
            raise refused(bundle.name, f"there are no weights for fold {fold}.", f"Choose among the folds: {there}.")
        check_hash(bundle, files[fold])
    if not folds:
        raise refused(bundle.name, "no fold was named.", "Name one, or leave the choice out for all.")
    if engine in ENGINES and ENGINES[engine].quantised:
        lacking = [fold for fold in folds if fold not in graphs_of(bundle, "openvino", "int8")]
        if lacking:
            reason = f"it has no INT8 graph for fold {', '.join(map(str, lacking))}, which {engine} needs."
            raise refused(bundle.name, reason, "Make them with uptake models quantise, or use another engine.")


def _put(bundle: Bundle, fold: int, name: str, place: _Place) -> _Made:
    """One fold on the engine of that name, as it is kept or newly chosen."""
    opened = fold_source(bundle, fold, place.folder, place.say, anew=place.anew)
    source, record = opened.source, opened.record
    slot = slot_of(bundle, fold, name)
    trials = record.trials.get(slot, ()) if record is not None else ()
    if record is not None and trials:
        again = rebuild(trials[0].engine, source, record.reference, place.say)
        if again is not None:
            why = f"{why_of(name, trials, source)} As found on this host before."
            return _Made(again[1], trials[0].engine, why, trials)
        place.say(f"Engine {trials[0].engine} was chosen on this host before, but is not used; choosing again.")
    wanted = reference(source) if record is None else record.reference
    choice = choose_for(name, source, wanted, place.say)
    known = dict(record.trials) if record is not None else {}
    if name == "auto" or choice.engine.partition(" (")[0] == name:  # a failure may pass: it is tried again next time
        known[slot] = choice.trials
    try:
        write_record(source.folder, known, wanted, exported=source.exported)
    except OSError as error:
        place.say(f"The choice of engine could not be kept ({error.strerror}), so it is made anew next time.")
    return _Made(choice.predictor, choice.engine, choice.why, choice.trials)
