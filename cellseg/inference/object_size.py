"""Width of the objects in an image, measured in a first quick look, so that the network sees them at a size it knows.

Nothing is rescaled as long as they are about as wide as they should be: a network knows a range of sizes. Else the look
is repeated at other magnifications, and that is taken at which they are nearest to the width of the training.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from cellseg.arrays import Array
from cellseg.errors import InputError
from cellseg.images.grey_values import MEAN, GreyRule
from cellseg.images.source import ImageSource
from cellseg.inference.cut import instances_in
from cellseg.inference.normalised import NormalisedImage
from cellseg.inference.runner import Runner
from cellseg.inference.statistics import sample_boxes
from cellseg.metrics.candidates import areas_of
from cellseg.models.trained import TrainedModel
from cellseg.options import MEASURED, PredictOptions

SIDE = 208
"""Side of the windows of a look in pixels as the network sees them; there are 3 x 3 of them in a large plane."""
NEAR = 2.0
"""Objects up to so many times wider or narrower than in the training are left as they are."""
OTHERS = (2.0, 0.5, 4.0, 0.25)
"""Further magnifications of a look."""
FEWEST = 3
"""Objects that a look must find to count."""


def with_measured_size(
    trained: TrainedModel, own: ImageSource, rule: GreyRule, options: PredictOptions
) -> PredictOptions:
    """The options with the width of the objects in the middle plane, where they or the model ask for a measurement.

    Raises InputError where the model does not say how wide the objects were that it has learnt from.
    """
    asked = options.diameter == MEASURED
    if not asked and (options.diameter is not None or trained.card.sizes != "measured"):
        return options
    if asked and not trained.card.diameter:
        found = "--diameter is auto, but the model does not say how wide the objects were that it has learnt from"
        raise InputError(found, "Leave --diameter out, or train again with this version.")
    return replace(options, diameter=measured_diameter(trained, own, rule, options.invert))


def unmeasured(_trained: TrainedModel, _own: ImageSource, _rule: GreyRule, options: PredictOptions) -> PredictOptions:
    """The options as if nothing had been found to measure."""
    return replace(options, diameter=options.diameter or None)


def measured_diameter(trained: TrainedModel, own: ImageSource, rule: GreyRule, inverted: bool) -> float | None:
    """Width in pixels of the objects in the middle plane; None where they may stay as wide as they are, or none are."""
    learnt, looks = trained.card.diameter, _looks(trained, own, rule, inverted)
    first = next(looks)
    if not first[1] or _far(first, learnt) <= np.log(NEAR):  # what is seen enlarged alone may be noise
        return None
    best = min(looks, key=lambda look: _far(look, learnt))
    return round(best[1] / best[0], 2) if _far(best, learnt) <= np.log(NEAR) else None


def _far(look: tuple[float, float], learnt: float) -> float:
    """Distance of the width found from that of the training, as a logarithm; infinite where nothing was found."""
    return abs(float(np.log(look[1] / learnt))) if look[1] else float("inf")


def _looks(trained: TrainedModel, own: ImageSource, rule: GreyRule, inverted: bool) -> Iterator[tuple[float, float]]:
    """Magnifications, the first that of the training, and the width of what is found as the network sees it."""
    runner = Runner(trained.network, adaptive=trained.adaptive)
    # by the rule of the mean they follow from the rescaled image, else they are the same at each size
    noted = None if rule.name == MEAN else rule.measure(own, own.planes // 2)
    for more in (1.0, *OTHERS):
        times = trained.card.scale * more
        size = max(1, round(own.height * times)), max(1, round(own.width * times))
        yield times, _width(trained, NormalisedImage(own, rule, size, inverted, noted), runner)


def _width(trained: TrainedModel, image: NormalisedImage, runner: Runner) -> float:
    """Median width in pixels of the cells that are found in a look at the image; 0 where there are too few."""
    geometry, plane = trained.network.geometry, image.source.planes // 2
    if image.holds_nothing(plane, adaptive=trained.adaptive):
        return 0.0
    if trained.adaptive:
        runner.see(image.sample(plane, geometry))
    boxes = sample_boxes(image.source.height, image.source.width, geometry, SIDE)
    cells = [instances_in(runner(image.read(plane, box)), trained.card) for box in boxes]
    areas = areas_of(map(_whole, cells))
    if len(areas) < FEWEST:
        areas = areas_of(cells)
    return float(np.sqrt(4 / np.pi * np.median(areas))) if len(areas) >= FEWEST else 0.0


def _whole(cells: Array) -> Array:
    """Cells (h, w) that do not touch the edge."""
    edges = np.unique(np.concatenate([cells[0], cells[-1], cells[:, 0], cells[:, -1]]))
    return np.where(np.isin(cells, edges), 0, cells)
