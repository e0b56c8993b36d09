"""What is refused, and how it is said."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg import metrics
from cellseg.errors import InputError

NAMES = (
    "pixel_error",
    "rand_error",
    "warping_error",
    "v_rand",
    "v_info",
    "iou",
    "dice",
    "seg",
    "det",
    "average_precision",
    "f1",
    "panoptic_quality",
    "aggregated_jaccard",
    "boundary_f1",
    "hausdorff95",
    "count_error",
)
ZEROS = np.zeros((4, 5), dtype=np.uint8)
BAD = {
    "shapes": (ZEROS, ZEROS.T, r"\(4, 5\).*\(5, 4\)"),
    "probabilities": (ZEROS.astype(float), ZEROS, "prediction holds float64.*threshold"),
    "negative": (ZEROS, ZEROS.astype(int) - 1, "truth's smallest label is -1"),
    "axes": (ZEROS[0], ZEROS[0], r"\(H, W\) or \(Z, H, W\)"),
    "empty": (ZEROS[:0], ZEROS[:0], r"shape is \(0, 5\)"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", BAD)
def test_wrong_input_is_refused_in_words(name, case):
    prediction, truth, message = BAD[case]
    with pytest.raises(InputError, match=message):
        getattr(metrics, name)(prediction, truth)


@pytest.mark.parametrize("name", NAMES)
def test_empty_images(name):
    metric = getattr(metrics, name)
    something = ZEROS.copy()
    something[1:3, 1:3] = 1
    worse = max if name.endswith("error") or name == "hausdorff95" else min
    perfect = metric(ZEROS, ZEROS)
    assert perfect == (0.0 if worse is max else 1.0)
    for pair in ((something, ZEROS), (ZEROS, something)):
        assert worse(metric(*pair), perfect) == metric(*pair) != perfect


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.uint16, np.uint32, np.int64])
def test_every_label_type(name, dtype):
    labels = np.array([[0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]).astype(dtype)
    assert getattr(metrics, name)(labels, labels) in (0.0, 1.0)


def test_names_are_in_their_families():
    from cellseg.metrics import cells, em

    assert {"v_rand", "v_info", "warping_error", "rand_error", "pixel_error"} <= set(em.__all__)
    assert set(NAMES) <= set(em.__all__) | set(cells.__all__)


def test_import_is_light():
    import subprocess
    import sys

    code = "import sys, cellseg.metrics; print([m for m in ('torch', 'numba', 'skimage') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
