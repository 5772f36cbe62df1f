"""Where a bundle's files may lie: every path stays inside the folder, and nothing that could be a pickle is taken."""

from __future__ import annotations

import re
from pathlib import Path

from uptake.errors import BundleRefused
from uptake.inference.model_store.refusal import MEND, refused

METADATA = "configs/metadata.json"
LICENCE = "LICENSE"
CARD = "docs/README.md"
REQUIRED = (METADATA, LICENCE, CARD)

_WEIGHTS_PATH = re.compile(r"models/[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.safetensors")
_GRAPH_PATH = re.compile(r"models/[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.(xml|bin)")
_PICKLED = (".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin", ".ts")


def file_inside(folder: Path, path: str) -> Path:
    """Find a file of the bundle.

    Parameters
    ----------
    folder
        The bundle's.
    path
        POSIX path relative to it.

    Raises
    ------
    BundleRefused
        If the path leaves the bundle (also through a link), or there is no such file.
    """
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ":" in path or not {"", ".", ".."}.isdisjoint(parts):
        raise refused(folder.name, f"path {path!r} leaves the bundle.", MEND)
    found = folder.joinpath(*parts)
    try:
        real = found.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        raise refused(folder.name, f"{path} is missing.") from error
    if not real.is_relative_to(folder.resolve()):
        raise refused(folder.name, f"{path} is a link that leaves the bundle.", "Put the file itself there.")
    if not real.is_file():
        raise refused(folder.name, f"{path} is not a file.")
    return real


def holds_only_recipes(folder: Path) -> bool:
    """Whether a folder is not a bundle yet: recipes to train it are all that is in it (``configs/*.json``)."""
    found = [each.relative_to(folder) for each in folder.rglob("*") if not each.is_dir()]
    recipes = all(each.parent == Path("configs") and each.suffix == ".json" for each in found)
    return bool(found) and recipes and Path(METADATA) not in found


def require_weights_path(bundle: str, path: str) -> None:
    """Refuse a weights path that is not ``models/NAME.safetensors``."""
    if path.lower().endswith(_PICKLED):
        raise refused(
            bundle,
            f"{path!r} is a pickle, which can run code when it is read; only safetensors are read.",
            "Get the bundle with safetensors, or convert the weights where they are trusted.",
        )
    if not _WEIGHTS_PATH.fullmatch(path):
        raise refused(bundle, f"weights path {path!r} {_fault(path, 'NAME.safetensors')}.", MEND)


def require_graph_path(bundle: str, path: str) -> None:
    """Refuse a path of a quantised graph that is not ``models/NAME.xml`` or ``models/NAME.bin``."""
    if not _GRAPH_PATH.fullmatch(path):
        raise refused(bundle, f"graph path {path!r} {_fault(path, 'NAME.xml or NAME.bin')}.", MEND)


def require_recorded_size(bundle: str, path: str, found: int, recorded: int) -> None:
    """Refuse a file of another size than the metadata records."""
    if found != recorded:
        raise refused(bundle, f"{path} has {found} bytes, but {recorded} are recorded: wrong hash.")


def require_recorded_hash(bundle: str, path: str, found: str, recorded: str) -> None:
    """Refuse a file with another SHA-256 than the metadata records."""
    if found != recorded:
        raise refused(bundle, f"{path} has the wrong hash: SHA-256 {found[:16]}…, recorded {recorded[:16]}….")


def unreadable(bundle: str, path: str, error: OSError) -> BundleRefused:
    """Build the refusal of a file that the system will not read."""
    return refused(bundle, f"{path} cannot be read ({error.strerror}).")


def _fault(path: str, wanted: str) -> str:
    leaves = path.startswith(("/", "\\")) or ".." in path or ":" in path
    return "leaves the bundle" if leaves else f"is no models/{wanted}"
