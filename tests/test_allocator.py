"""In a process of its own: what it asks of the C library holds for the whole process."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
import numpy as np
from cellseg.allocator import give_back, keep_memory

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

assert keep_memory()
before = resident()
x = np.ones(2 * 10**7)
del x
assert resident() - before > 10**8, "kept"
give_back()
assert resident() - before < 5 * 10**7, "given back"
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_freed_memory_is_kept_until_it_is_given_back():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
