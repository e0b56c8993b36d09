"""What is read for a field holds the field, its margin, and no more pixels than allowed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from napari_cellseg.preview.window import plan_window

sides = st.integers(1, 3000)


@st.composite
def fields(draw):
    shape = draw(sides), draw(sides)
    starts = [draw(st.integers(0, side - 1)) for side in shape]
    stops = [draw(st.integers(start + 1, side)) for start, side in zip(starts, shape, strict=True)]
    return shape, tuple(slice(start, stop) for start, stop in zip(starts, stops, strict=True))


@given(fields(), st.floats(0, 500), st.integers(100, 10**6), st.floats(0.01, 40))
def test_a_window_holds_the_field_and_its_margin(case, margin, most, coarsest):
    shape, field = case
    window = plan_window(field, shape, (margin, margin), most, coarsest)
    assert window.pixels <= most
    assert window.step >= int(coarsest)
    for part, read, shown, side in zip(field, window.read, window.shown, shape, strict=True):
        assert read.start % window.step == 0
        assert 0 <= read.start <= max(0, part.start - margin)
        assert min(side, part.stop + margin) <= read.stop <= side
        first = read.start + shown.start * window.step
        last = read.start + (shown.stop - 1) * window.step
        assert first <= part.start < first + window.step
        assert last < part.stop <= last + window.step


def test_the_finest_window_that_is_allowed():
    field = slice(100, 200), slice(300, 500)
    window = plan_window(field, (1000, 1000), (10, 20), 10**6)
    assert (window.step, window.read) == (1, (slice(90, 210), slice(280, 520)))
    assert window.shown == (slice(10, 110), slice(20, 220))
    assert window.origin == (100, 300)
    assert plan_window(field, (1000, 1000), (0, 0), 10**6, coarsest=3.7).step == 3
