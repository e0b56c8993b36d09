"""Options that several stages have, with one definition and help each."""

from __future__ import annotations

from typing import Annotated, Literal

from cellseg.checked import Auto, Help, Limits

Precision = Literal["float32", "bfloat16"]
SeedOption = Annotated[int, Limits(0, 2**32 - 1), Help("Seed of the random numbers: the same one, the same result.")]
TileOption = Annotated[
    int,
    Limits(1, 65536),
    Help("Side of a tile in pixels, as the network gives it; its input has a margin of true surroundings around it."),
]
AxesOption = Annotated[str, Help("Axes of the images, such as CYX where pages are channels.")]
SceneOption = Annotated[str, Help("Name or number (from 0) of the image in each CZI, ND2 or LIF that holds several.")]
MEASURED = 0.0
"""Value of `DiameterOption` that asks for a measurement, the word "auto"."""
DiameterOption = Annotated[
    float, Limits(0.5, 100_000), Auto(MEASURED), Help("Width of the objects in the images, in pixels; auto: measured.")
]
ThresholdOption = Annotated[float, Limits(0, 1), Help("Probability from which on a pixel belongs to a cell.")]
MinimumSizeOption = Annotated[int, Limits(0, 2**31), Help("Smaller cells are removed, in pixels.")]
GreyValuesOption = Annotated[
    str,
    Help(
        "Grey values of the network: contrast (between the dark and the bright level of what there is to see), mean "
        "(mean and deviation of the image, as in earlier versions), or two numbers, LOW,HIGH, for all images."
    ),
]
PrecisionOption = Annotated[Precision, Help("Arithmetic of the network.")]
