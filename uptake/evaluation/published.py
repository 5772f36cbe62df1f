"""The numbers that the paper printed (Nikulin 2023, Tables 1 to 3 and text)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

PAPER = "Nikulin 2023"

_FILE = Path(__file__).with_name("published.json")


def published(cohort: str, classes: Sequence[str]) -> Mapping[str, Any] | None:
    """The paper's numbers of a cohort, its targets under the names of ``classes``.

    None where the classes are not primary tumour and lymph nodes: then the paper has nothing to compare with.
    """
    book = _book()
    names = {_target(name, book): name for name in classes}
    if len(classes) != 2 or set(names) != {"primary", "nodes"} or cohort not in book["cohorts"]:
        return None
    renamed = _renamed(book["cohorts"][cohort], names)
    return renamed if isinstance(renamed, dict) else None


def source() -> str:
    """The paper, as a reference."""
    return str(_book()["source"])


@cache
def _book() -> dict[str, Any]:
    book = json.loads(_FILE.read_text(encoding="utf-8"))
    return dict(book)


def _target(name: str, book: Mapping[str, Any]) -> str | None:
    plain = name.lower().replace(" ", "_").replace("-", "_")
    return next((target for target, known in book["targets"].items() if plain in known), None)


def _renamed(page: Any, names: Mapping[str | None, str]) -> Any:
    if not isinstance(page, dict):
        return page
    return {names.get(key, key): _renamed(value, names) for key, value in page.items()}
