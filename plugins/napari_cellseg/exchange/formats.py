"""The formats by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from napari_cellseg.annotation import Rest
from napari_cellseg.exchange.ctc import read_ctc, write_ctc
from napari_cellseg.exchange.rois import read_rois, write_rois
from napari_cellseg.exchange.target import Incoming, Target
from napari_cellseg.exchange.tiffs import read_labels, write_labels


@dataclass(frozen=True, slots=True)
class Format:
    """Reader and writer of annotation."""

    help: str
    files: str
    """What is chosen, as file dialogs want it; empty: a folder."""
    suffix: str
    read: Callable[[Path, Target, Rest], Incoming]
    write: Callable[[Path, Target, bool], str]
    """Path, layer, and whether to mark what nobody annotated; gives what is to be said of it."""
    marks: bool = False
    """It can tell background from what nobody annotated."""


FORMATS = {
    "TIFF labels": Format(
        "One number a cell, 0 where there is none; read by cellseg, Fiji, CellProfiler and others. By other endings: "
        "GeoJSON of QuPath, COCO, PNG; read are also LabelMe, HDF5 and NumPy's files.",
        "Labels (*.tif *.tiff *.btf *.png *.bmp *.webp *.geojson *.json *.h5 *.hdf5 *.npy *.npz)",
        ".tif",
        read_labels,
        lambda path, target, mark: write_labels(path, target, mark_unknown=mark),
        marks=True,
    ),
    "Fiji ROI set": Format(
        "Outlines for Fiji's ROI manager; each name ends in the number of its cell.",
        "ROI sets (*.zip *.roi)",
        ".zip",
        read_rois,
        lambda path, target, mark: write_rois(path, target),
    ),
    "Cell Tracking Challenge folder": Format(
        "A sequence's folder, such as 01_GT, beside 01 with the images.",
        "",
        "",
        read_ctc,
        lambda path, target, mark: write_ctc(path, target),
    ),
}
