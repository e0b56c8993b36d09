"""The journal of strokes: what is damaged ends it, and what was written before is kept."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from napari_cellseg.project.journal import _HEAD, MARK, StoreJournal

BOX = (slice(2, 4), slice(5, 8))
STROKE = np.arange(6, dtype=np.uint32).reshape(2, 3)


@pytest.mark.parametrize(
    "body", [bytes(32) + b"no zstd", bytes(3), b""], ids=["values are no zstd", "a box cut off", "nothing"]
)
def test_a_damaged_record_ends_it(tmp_path, body):
    journal = StoreJournal(tmp_path)
    journal.add(BOX, STROKE)
    journal.close()
    with open(journal.path, "ab") as file:
        file.write(_HEAD.pack(MARK, 2, len(body), zlib.crc32(body)) + body)
    journal.add(BOX, STROKE)
    ((box, values),) = journal.records()
    assert box == BOX
    np.testing.assert_array_equal(values, STROKE)
    journal.close()
