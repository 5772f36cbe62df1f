"""Networks that are ready to run: the version in use of each bundle, loaded once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from uptake.inference.model_store import Bundle, load_bundle

if TYPE_CHECKING:
    from uptake.inference.predictor import Predictor

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class LoadedNetwork:
    """A bundle with its networks.

    Parameters
    ----------
    bundle, predictors
        What it is, and every fold of it on its engine.
    engine
        What runs it.
    lock
        Held by whoever runs it: an engine works on one exam at a time.
    """

    bundle: Bundle
    predictors: tuple[Predictor, ...]
    engine: str
    lock: Lock = field(default_factory=Lock)


class NetworkShelf:
    """Loads networks, and keeps the last few; a bundle whose files changed is loaded anew.

    Parameters
    ----------
    engine
        As in ``uptake.settings.ENGINES``.
    most
        Networks that are kept in memory.
    say
        Told which engine was chosen and why.
    """

    def __init__(self, engine: str = "auto", most: int = 3, say: Say = lambda line: None) -> None:
        self._engine, self._most, self._say = engine, most, say
        self._kept: OrderedDict[tuple[Path, str, tuple[str, ...]], LoadedNetwork] = OrderedDict()
        self._lock = Lock()

    def of(self, folder: Path) -> LoadedNetwork:
        """The networks of the bundle in a folder.

        Raises
        ------
        BundleRefused
            If it is damaged; nothing is kept of it.
        InferenceRefused
            If no engine runs it.
        """
        bundle = load_bundle(folder)
        key = folder, bundle.version, tuple(each.sha256 for each in bundle.weights)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._loaded(bundle)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _loaded(self, bundle: Bundle) -> LoadedNetwork:
        from uptake.inference.bundle_engines import predictors

        chosen = predictors(bundle, self._engine, self._say)
        return LoadedNetwork(bundle, tuple(chosen.predictors), chosen.engine)
