import subprocess
import sys
from pathlib import Path

import numpy as np

from uptake.regions import compiled
from uptake.regions.connectivity import flat_offsets


def test_loops_compile_where_numba_finds_no_place_for_its_cache():
    source = Path(compiled.__file__).read_text(encoding="utf-8")
    elsewhere = {"__name__": "elsewhere"}
    exec(compile(source, "<nowhere>", "exec"), elsewhere)  # no file, so numba has no cache folder for it
    owners = np.zeros((2, 27), np.int32)  # raveled (3, 3, 3), of which the middle line counts
    arguments = (
        np.array([3.0, 2.0, 1.0], np.float32),
        np.array([12, 14, 13]),
        flat_offsets(6, (3, 3, 3)),
        1.0,
        0.45,
    )
    assert elsewhere["grow_by_falling_suv"](*arguments, owners[0]) == 2
    assert compiled.grow_by_falling_suv(*arguments, owners[1]) == 2
    np.testing.assert_array_equal(owners[0], owners[1])
    assert owners[0, 12:15].tolist() == [1, 2, 2]


def test_numba_is_not_imported_until_it_is_needed():
    code = "import sys, uptake.regions, uptake.biomarkers; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
