"""The commands by name; the module of a command is read when it is asked for."""

from __future__ import annotations

from cyclopts import App

from cellseg import __version__
from cellseg.cli.train_config import complete_options

COMMANDS = {
    "demo": "Make a sample, train on it, predict a larger TIFF, evaluate, and draw a picture of all of it; then find "
    "nuclei with the model that comes with the package.",
    "sample": "Make images of cells with their labels, to try things on.",
    "check": "Say what labels are, what is wrong with them, and what a training on them needs.",
    "weights": "Write the border weight map of a label image or stack as float32 TIFF, or draw it.",
    "augment": "Draw a contact sheet of augmented samples: each part of the augmentation alone, then all together.",
    "train": "Train a network on annotated images; the run folder holds the model and all there is to know of it.",
    "predict": "Segment one or several images, of any size, tile by tile.",
    "evaluate": "Compare a segmentation with the truth: metrics of each image, their mean, and over all objects "
    "pooled.",
    "tune": "Search how probabilities are best cut into cells: threshold, core, growth, minimum size "
    "and probability, holes and splitting.",
    "measure": "Measure every cell of a label image: place, size, shape and brightness, a row a cell.",
    "convert": "Convert labels into the format that the name of --out says; cells keep their numbers, and holes stay.",
    "export": "Write a model for other programs: the same probabilities without cellseg.",
    "split": "Split annotated images so that no field is in both parts: tiles of one field, groups, stacks stay "
    "together.",
    "fetch": "Download, verify and arrange a public data set.",
    "models": "List the networks and the trained models that come with cellseg.",
    "info": "Say what an image file, an OME-Zarr folder, a run folder or a model is.",
    "napari": "Start napari, as a program of its own, with cellseg's dock open.",
}
"""Each command's line in the list of all: the first sentence of its function, known without reading its module."""


def command_line(*, listing: bool = False) -> App:
    """The commands, each with the whole help of its own; for the list of all, with its line instead."""
    made = App(
        name="cellseg",
        version=f"cellseg {__version__}",
        help="From a few annotated images to segmented TIFFs larger than memory, with the U-Net.",
        help_epilogue="`cellseg COMMAND --help` says more. -v and -vv show what happens inside.",
        config=complete_options,
    )
    for name, line in COMMANDS.items():
        made.command(f"cellseg.cli.{name}:{name}", help=line if listing else None)
    return made
