"""One wording of times, sizes and losses, for the terminal and the window."""

import inspect
import math
import re
from pathlib import Path
from typing import get_args

import pytest

import cellseg
from cellseg.inference.tiling import SEEN_AT_LEAST, Box, Tile
from cellseg.inference.versions import VERSIONS
from cellseg.options import AVERAGING_COST, Averaging, PredictOptions
from cellseg.wording import duration, loss_of, size_of, smoothed, time_left

LONG = [(252000, "70.0 h"), (1e6, "11.6 days"), (1e10, "317 years")]
DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (3.2, "3 s"),
        (99, "99 s"),
        (130, "2 min"),
        (5399, "90 min"),
        (7300, "2.0 h"),
        (252000, "70.0 h"),
        (1e6, "11.6 days"),
        (1e10, "317 years"),
    ],
)
def test_times_are_for_people(seconds, text):
    assert duration(seconds) == text
    assert time_left(seconds) == f"about {text}"


@pytest.mark.parametrize(
    ("count", "text"),
    [(6.3e6, "6.3 MB"), (999e6, "999 MB"), (1.25e9, "1.2 GB"), (4.29e9, "4.3 GB"), (1.21e24, "1.21e+12 TB")],
)
def test_sizes_are_for_people(count, text):
    assert size_of(count) == text


def test_a_loss_is_smoothed_from_the_first_step_on_and_keeps_what_is_no_number_out():
    assert smoothed(None, 2.0) == 2.0
    assert smoothed(0.0, 1.0) == pytest.approx(0.05)  # a loss of 0 is one, not the lack of one
    assert [smoothed(1.0, loss) for loss in (None, math.nan, math.inf)] == [1.0, 1.0, 1.0]
    assert (loss_of(None), loss_of(0.12345)) == ("", "0.1235")


def test_the_wording_is_public():
    assert cellseg.wording.duration is duration


def test_docs_and_help_tell_the_cost_of_averaging():
    assert set(AVERAGING_COST) == set(get_args(Averaging))
    told = f"about {AVERAGING_COST['rotations7']} and {AVERAGING_COST['dihedral8']} times"
    assert told in re.sub(r"\s+", " ", (DOCS / "prediction.md").read_text(encoding="utf-8"))
    help_of_average = re.sub(r"\s+", " ", inspect.getsource(PredictOptions))
    assert f"{told} the work" in help_of_average


@pytest.mark.parametrize("network", ["unet", "unetpp"])
@pytest.mark.parametrize("side", [192, 512, 1024])
def test_the_cost_of_averaging_is_that_of_the_pixels_seen(network, side):
    geometry = cellseg.build(network, base=2).geometry
    tile = (side // geometry.stride * geometry.stride,) * 2
    seen = {average: pixels_seen(average, tile, geometry) for average in AVERAGING_COST}
    for average, cost in AVERAGING_COST.items():
        assert seen[average] / seen["none"] == pytest.approx(cost, rel=0.12)


def pixels_seen(average, tile, geometry) -> int:
    """By the network, for one tile."""
    size = geometry.input_size((max(tile[0], SEEN_AT_LEAST), max(tile[1], SEEN_AT_LEAST)))
    example = Tile(0, Box(-geometry.margin, -geometry.margin, *size), Box(0, 0, *tile))
    boxes = [version.sees(example, geometry) for version in VERSIONS[average]]
    return sum(box.height * box.width for box in boxes)
