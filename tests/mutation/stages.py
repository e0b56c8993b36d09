"""The stages whose tests are tried: their modules, and the test files that are theirs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """A part of the product, and the tests that should notice a fault in it."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


def _in(folder: str, names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}.py" for name in names.split())


METRICS = (
    "boundary candidates components ctc detection hausdorff information inputs matching nearest objects overlap "
    "panoptic pixel rand ratios regions scores states tally thinning thresholds"
)
STAGES = (
    Stage(
        "geometry",
        ("cellseg/models/geometry.py",),
        ("tests/models/test_geometry.py", "tests/inference/test_tiling.py"),
    ),
    Stage(
        "tiling",
        _in("cellseg/inference", "tiling mirror"),
        ("tests/inference/test_tiling.py",),
    ),
    Stage(
        "borders",
        _in("cellseg/preprocess", "borders nearest_two separate"),
        _in("tests/preprocess", "test_separate test_borders test_targets"),
    ),
    Stage(
        "elastic",
        _in("cellseg/preprocess", "elastic resample"),
        _in("tests/preprocess", "test_elastic test_augment"),
    ),
    Stage(
        "metrics",
        _in("cellseg/metrics", METRICS),
        _in(
            "tests/metrics",
            "test_candidates test_objects test_tally test_em_scores test_cell_scores test_overlap test_scores "
            "test_boundary test_thresholds test_inputs test_properties",
        ),
    ),
)
