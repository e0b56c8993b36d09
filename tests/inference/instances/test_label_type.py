import numpy as np
import pytest

from cellseg.errors import InputError
from cellseg.inference.instances import label_dtype


def test_uint16_up_to_its_largest_number():
    assert label_dtype(65535, "uint16") == np.uint16
    assert label_dtype(65536, "uint32") == np.uint32


def test_never_an_overflow():
    with pytest.raises(InputError, match=r"65536 instances, .* uint16 holds 65535\. Take --label-type uint32"):
        label_dtype(65536, "uint16")
