"""Where real and reference data are, if anywhere."""

import os
from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def reference_folder() -> Path | None:
    """The folder that ``$UPTAKE_DATA`` names, or the one beside the project; None where there is none."""
    named = os.environ.get("UPTAKE_DATA", "")
    folder = Path(named) if named else _BESIDE
    return folder if (folder / "README.md").is_file() else None


def reference_names(part: str) -> list[str]:
    """Names of a data set's folders, sorted; one name that no folder has where there are no data."""
    folder = reference_folder()
    found = sorted(path.name for path in (folder / part).iterdir() if path.is_dir()) if folder else []
    return found or ["absent"]
