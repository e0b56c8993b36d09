"""Labels of other programs that are dropped on the list: a layer over the image that is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import cellseg
from napari_cellseg.image_reader import LayerData, placement
from napari_cellseg.listed import ListedImage

SUFFIXES = (".zip", ".roi", ".geojson", ".json", ".npz", ".h5", ".hdf5")
"""Endings of files that hold labels and no image."""


def are_labels(path: Path) -> bool:
    """True of a file that holds labels and no image, by its ending."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def labels_over(path: Path, image: ListedImage) -> LayerData:
    """The labels of a file as a layer over an image of the list.

    Raises:
        InputError: they cannot be read, or are not of that image.
    """
    if image.path is None:
        raise cellseg.InputError(f"{image.name} is in no file", "Save it as a TIFF, and open that.", path=path)
    shown = cellseg.open_image(image.path, axes=image.axes or None)
    labels = cellseg.open_labels(path, like=shown).in_order_of(shown)
    if (labels.height, labels.width) != (shown.height, shown.width) or not labels.has_planes_of(shown):
        sizes = [f"{one.planes_in_words} x {one.height} x {one.width}" for one in (labels, shown)]
        raise cellseg.InputError(f"is {sizes[0]}, {image.name} is {sizes[1]}", "Show its image first.", path=path)
    planes = np.stack([labels.read(plane)[0] for plane in range(labels.planes)])
    notes = {"image": image.name, "axes": shown.plane_axes}
    about = {"name": f"{image.name}: {path.name}", "opacity": 0.5, "metadata": {"cellseg": notes}}
    return planes.reshape(*shown.plane_shape, shown.height, shown.width), about | placement(shown), "labels"
