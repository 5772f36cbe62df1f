"""The checker shares no code with what it checks."""

import ast
from pathlib import Path

import uptake.phantom.checking

ALLOWED = ("uptake.phantom.checking", "uptake.phantom.plan", "uptake.geometry", "uptake.volume")


def test_the_checker_imports_nothing_of_the_products_measures_and_criteria():
    imported = set()
    for path in Path(uptake.phantom.checking.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
    ours = {name for name in imported if name.split(".")[0] == "uptake"}
    assert len(ours) > 5
    assert {name for name in ours if not name.startswith(ALLOWED)} == set()
