import json

import numpy as np
import pytest

from cellseg.images.contrast import Levels
from cellseg.images.grey_steps import Above, Cast, Clipped, Linear, Sigmoid, SteppedGreys
from cellseg.images.greys_json import greys_as_json, greys_from_json
from cellseg.images.normalise import Normalisation

STEPS = Linear((0.1,), (1 / 3,)), Clipped(high=(7.0,)), Above((0.5,)), Sigmoid(), Cast("float32")


@pytest.mark.parametrize(
    "greys",
    [
        Normalisation((0.1, 2.0), (1 / 3, np.pi)),
        (Levels(1 / 3, 7.1, no_data=(0.0, 255.0), fills=(0.1, 0.2), empty=True), Levels(0.0, 1.0)),
        SteppedGreys(STEPS, constant=True),
    ],
)
def test_grey_values_come_back_to_the_last_bit(greys):
    assert greys_from_json(json.loads(json.dumps(greys_as_json(greys)))) == greys
