"""A newer OHIF from npm as viewer of results (SEG, RTSTRUCT, PDF), at the root path for which its files are built."""

from __future__ import annotations

import re
from pathlib import Path

from apps.monai_label.server.accounts import Role
from apps.monai_label.server.route_rules import Rule
from uptake.errors import InputRefused

BASE = ""
_PAGES = r"/(viewer|segmentation|tmtv)(/[a-z]{1,32})?"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_NEEDED = ("index.html", "app-config.js")
_WITHOUT_COOKIE = "manifest.json"  # browsers ask for it without


def results_rules(folder: Path) -> tuple[Rule, ...]:
    """The allow-list's lines for a viewer's folder: its pages, and the files that are in it now, by name.

    Parameters
    ----------
    folder
        ``dist`` of the npm package ``@ohif/app``.

    Raises
    ------
    InputRefused
        If it is no built viewer.
    """
    if not all((folder / name).is_file() for name in _NEEDED):
        raise InputRefused(
            "The folder of the results viewer holds no built OHIF.",
            remedy="Give the folder dist of the npm package @ohif/app (npm pack @ohif/app@3.13, then unpack it).",
        )
    files = sorted(_files(folder) - {"index.html", _WITHOUT_COOKIE})
    return (
        Rule("GET", _PAGES, Role.read, page=True),
        Rule("GET", "/" + re.escape(_WITHOUT_COOKIE), None),
        Rule("GET", "/(" + "|".join(map(re.escape, files)) + ")", Role.read),
    )


def _files(folder: Path) -> set[str]:
    """Plain files below a folder, links left out, as paths with ``/``."""
    found = set()
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and not path.is_symlink() and all(_NAME.fullmatch(part) for part in parts):
            found.add("/".join(parts))
    return found
