"""Upstream's faults that a test of one part does not show: what is imported of it, and how it is set."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from apps.monai_label import pydicom_seg_stand_in

ROOT = Path(__file__).parents[3]
INTERFACES = {
    "monailabel.interfaces.app",
    "monailabel.interfaces.datastore",
    "monailabel.interfaces.tasks.infer_v2",
    "monailabel.interfaces.tasks.strategy",
    "monailabel.interfaces.tasks.train",
}


def test_only_interfaces_of_upstream_are_used():
    """Its inferer, inverse transforms, scoring, epistemic strategy, DICOMweb datastore and server are not."""
    imported = set()
    for path in (ROOT / "apps" / "monai_label").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported |= {name for name in names if name.partition(".")[0] == "monailabel"}
    assert imported == INTERFACES


def test_the_stand_in_says_what_it_is_and_does_not_hide_a_real_one(monkeypatch):
    monkeypatch.delitem(sys.modules, "pydicom_seg", raising=False)
    pydicom_seg_stand_in.put_in_place()
    import pydicom_seg

    with pytest.raises(NotImplementedError, match="Uptake reads and writes"):
        _ = pydicom_seg.SegmentReader
    assert not hasattr(pydicom_seg, "__path__")
    real = object()
    monkeypatch.setitem(sys.modules, "pydicom_seg", real)
    pydicom_seg_stand_in.put_in_place()
    assert sys.modules["pydicom_seg"] is real


def test_the_application_is_imported_beside_pydicom_3_with_upstreams_own_work_off():
    pytest.importorskip("monailabel")
    code = """
import json, sys
import apps.monai_label.main, pydicom
from monailabel.config import settings
names = ("AUTO_UPDATE_SCORING", "SESSIONS", "TASKS_BATCH_INFER", "TASKS_SCORING", "TRACKING_ENABLED")
shown = {name: getattr(settings, f"MONAI_LABEL_{name}") for name in names}
print(json.dumps([shown, pydicom.__version__, "monailabel.app" in sys.modules]))
"""
    command = [sys.executable, "-W", "ignore", "-c", code]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=290, check=False)
    assert ran.returncode == 0, ran.stderr
    shown, version, has_server = json.loads(ran.stdout.splitlines()[-1])
    assert not any(shown.values())
    assert len(shown) == 5
    assert int(version.partition(".")[0]) >= 3
    assert not has_server  # its server, whose doors are open, is not even imported
