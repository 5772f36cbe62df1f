import platform
import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys
import torch
from uptake.training.kept_memory import keep_memory

kept = keep_memory() if sys.argv[1] == "kept" else False
def faults():
    for _ in range(20):
        torch.ones(16 * 2**20)  # 64 MiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
first = faults()
print(kept, faults() - first)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked")
def test_memory_that_was_freed_is_used_again():
    told = [
        subprocess.run([sys.executable, "-c", _FAULTS, how], capture_output=True, text=True, check=True).stdout.split()
        for how in ("plain", "kept")
    ]
    assert [kept for kept, _ in told] == ["False", "True"]
    plain, kept = (int(faults) for _, faults in told)
    assert kept < plain / 10
