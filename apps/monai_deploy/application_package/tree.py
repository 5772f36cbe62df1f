"""Stages the MAP's application folder: ``python -m apps.monai_deploy.application_package.tree build/map-tree``.

The packager copies one folder and nothing beside it, so everything that the application imports is put into one.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from apps.monai_deploy.application_package.requirements import locked_requirements

_PACKAGES = ("apps/monai_deploy", "operators", "uptake")
_FILES = ("apps/__init__.py", "app.yaml", "LICENSE")
_ENTRY = '''"""What the MAP starts: ``python3 /opt/holoscan/app``."""

import sys

from apps.monai_deploy.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
'''


def stage_tree(repository: Path, tree: Path) -> None:
    """Copy what the MAP needs from the repository into ``tree``, which is replaced.

    Parameters
    ----------
    repository
        The checkout.
    tree
        Gets ``__main__.py``, ``apps``, ``operators``, ``uptake``, ``models``, ``app.yaml`` and ``requirements.txt``.
    """
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    leave = shutil.ignore_patterns("__pycache__", "*.pyc", "application_package")
    for package in _PACKAGES:
        shutil.copytree(repository / package, tree / package, ignore=leave)
    for name in _FILES:
        shutil.copy2(repository / name, tree / name)
    (tree / "models").mkdir()
    # Bundles only: the packager takes a loose file for a model.
    for bundle in sorted(entry for entry in (repository / "models").iterdir() if entry.is_dir()):
        shutil.copytree(bundle, tree / "models" / bundle.name, ignore=leave)
    (tree / "__main__.py").write_text(_ENTRY, encoding="utf-8")
    lock = (repository / "requirements.lock").read_text(encoding="utf-8")
    lines = "".join(f"{line}\n" for line in locked_requirements(lock))
    (tree / "requirements.txt").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    stage_tree(Path(__file__).resolve().parents[3], Path(sys.argv[1]))
