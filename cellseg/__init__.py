"""U-Net segmentation of microscopy images, from the first annotation to TIFFs larger than memory."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "InputError": "cellseg.errors",
    "complete_file": "cellseg.files",
    "cut_out": "cellseg.images.cutout",
    "complete_folder": "cellseg.folders",
    "list_images": "cellseg.images.listing",
    "open_image": "cellseg.images.open",
    "array_source": "cellseg.images.source",
    "write_stack": "cellseg.images.write",
    "CellClasses": "cellseg.labels.cell_classes",
    "label_values": "cellseg.labels.meaning",
    "open_labels": "cellseg.labels.opened",
    "read_rois": "cellseg.labels.formats.rois",
    "write_rois": "cellseg.labels.formats.rois",
    "RoiStack": "cellseg.labels.formats.rois",
    "make_sample": "cellseg.samples.sample",
    "find_annotated_pairs": "cellseg.labels.annotated",
    "separate": "cellseg.preprocess.separate",
    "weight_map": "cellseg.preprocess.borders",
    "displacement_field": "cellseg.preprocess.elastic",
    "warp": "cellseg.preprocess.elastic",
    "build": "cellseg.models.registry",
    "list_models": "cellseg.models.registry",
    "load": "cellseg.models.trained",
    "save": "cellseg.models.trained",
    "shipped_files": "cellseg.models.card",
    "train": "cellseg.training.run",
    "check": "cellseg.training.check",
    "RECIPES": "cellseg.training.recipes",
    "settings_for": "cellseg.training.recipes",
    "predict": "cellseg.inference.predict",
    "predict_array": "cellseg.inference.predict",
    "segment_array": "cellseg.inference.segment_array",
    "evaluate": "cellseg.evaluation.judging",
    "split": "cellseg.labels.split.plan",
    "summarise": "cellseg.evaluation.summary",
    "keep_memory": "cellseg.allocator",
    "cell_classes": "cellseg.inference.cell_classes",
    "keep_prediction": "cellseg.inference.keep_prediction",
    "label_instances": "cellseg.inference.instances",
    "measure_cells": "cellseg.measure",
    "measure_file": "cellseg.measure.files",
    "measure_place": "cellseg.measure",
    "review_cells": "cellseg.measure.review",
    "CellToReview": "cellseg.measure.review",
    "CellGrid": "cellseg.measure",
    "CellTable": "cellseg.measure",
    "convert": "cellseg.conversion.convert",
    "export": "cellseg.exporting.export",
    "metrics": "cellseg",
    "wording": "cellseg",
}

__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:
    from cellseg import metrics as metrics
    from cellseg import wording as wording
    from cellseg.allocator import keep_memory as keep_memory
    from cellseg.conversion.convert import convert as convert
    from cellseg.errors import InputError as InputError
    from cellseg.evaluation.judging import evaluate as evaluate
    from cellseg.evaluation.summary import summarise as summarise
    from cellseg.exporting.export import export as export
    from cellseg.files import complete_file as complete_file
    from cellseg.folders import complete_folder as complete_folder
    from cellseg.images.cutout import cut_out as cut_out
    from cellseg.images.listing import list_images as list_images
    from cellseg.images.open import open_image as open_image
    from cellseg.images.source import array_source as array_source
    from cellseg.images.write import write_stack as write_stack
    from cellseg.inference.cell_classes import cell_classes as cell_classes
    from cellseg.inference.instances import label_instances as label_instances
    from cellseg.inference.keep_prediction import keep_prediction as keep_prediction
    from cellseg.inference.predict import predict as predict
    from cellseg.inference.predict import predict_array as predict_array
    from cellseg.inference.segment_array import segment_array as segment_array
    from cellseg.labels.annotated import find_annotated_pairs as find_annotated_pairs
    from cellseg.labels.cell_classes import CellClasses as CellClasses
    from cellseg.labels.formats.rois import RoiStack as RoiStack
    from cellseg.labels.formats.rois import read_rois as read_rois
    from cellseg.labels.formats.rois import write_rois as write_rois
    from cellseg.labels.meaning import label_values as label_values
    from cellseg.labels.opened import open_labels as open_labels
    from cellseg.labels.split.plan import split as split
    from cellseg.measure import CellGrid as CellGrid
    from cellseg.measure import CellTable as CellTable
    from cellseg.measure import measure_cells as measure_cells
    from cellseg.measure import measure_place as measure_place
    from cellseg.measure.files import measure_file as measure_file
    from cellseg.measure.review import CellToReview as CellToReview
    from cellseg.measure.review import review_cells as review_cells
    from cellseg.models.card import shipped_files as shipped_files
    from cellseg.models.registry import build as build
    from cellseg.models.registry import list_models as list_models
    from cellseg.models.trained import load as load
    from cellseg.models.trained import save as save
    from cellseg.preprocess.borders import weight_map as weight_map
    from cellseg.preprocess.elastic import displacement_field as displacement_field
    from cellseg.preprocess.elastic import warp as warp
    from cellseg.preprocess.separate import separate as separate
    from cellseg.samples.sample import make_sample as make_sample
    from cellseg.training.check import check as check
    from cellseg.training.recipes import RECIPES as RECIPES
    from cellseg.training.recipes import settings_for as settings_for
    from cellseg.training.run import train as train


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import cellseg` stays quick and needs no torch."""
    if name not in _HOME:
        raise AttributeError(f"module 'cellseg' has no attribute {name!r}")
    if _HOME[name] == "cellseg":  # a module
        return importlib.import_module(f"cellseg.{name}")
    return getattr(importlib.import_module(_HOME[name]), name)
