"""Cells of a network of several classes: coloured, corrected, saved and taken over with their classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from napari.components import ViewerModel
from napari_cellseg.annotate.class_edits import ClassEdits
from napari_cellseg.annotate.index import Cell
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.project.cell_classes import classes_of
from napari_cellseg.project.class_colours import ClassColormap
from napari_cellseg.project.folder import Project
from napari_cellseg.project.layer_data import layer_data, role_of
from napari_cellseg.segment.engine import Engine
from napari_cellseg.segment.field import Field
from napari_cellseg.segment.panel import read_cells
from napari_cellseg.segment.results import ResultLayers
from napari_cellseg.segment.save import write_cells
from napari_cellseg.segment.take import take_over

import cellseg
from cellseg.models.trained import TrainedModel, as_model, save

NAMES = ("neuron", "glia")


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    model = as_model(cellseg.build("unet", base=2, depth=2, norm="batch", classes=3))
    save(TrainedModel(model.network, replace(model.card, class_names=("background", *NAMES))), path)
    return path


@pytest.fixture
def project(tmp_path, pixels):
    cellseg.write_stack(tmp_path / "image.tif", pixels[0])
    return Project.create(tmp_path / "work", [tmp_path / "image.tif"]).with_classes(["glia", "neuron"])


@pytest.fixture
def result(project, model_file, tmp_path):
    """The layer of the cells, as the window gets it, and what the child wrote by itself."""
    told, folder = [], project.predictions / "image"
    engine = Engine(told.append)
    engine.open({"image": str(tmp_path / "image.tif"), "model": str(model_file), "folder": str(folder)})
    engine.predict({})
    engine.apply({"options": {"minimum_size": 4}})
    picture = next(event["folder"] for event in told if event["event"] == "applied")
    engine.save({"path": str(tmp_path / "cells.tif"), "options": {"minimum_size": 4}})
    about = {"project": str(project.path), "image": "image"}
    layers = ResultLayers(ViewerModel(), "image", (150, 210), {}, about)
    layers.show_cells(*read_cells(folder / picture), folder / picture)
    return layers.cells


def test_cells_have_the_colours_of_their_classes(result, project, tmp_path):
    saved = cellseg.CellClasses.beside(tmp_path / "cells.tif")
    numbers = np.unique(saved.rows[:, 1])
    assert len(numbers) > 5
    assert isinstance(result.colormap, ClassColormap)
    table = classes_of(result, ())
    assert [table.name_of(0, int(n)) for n in numbers] == [NAMES[k - 1] for k in saved.of(numbers)]
    again = next(made for made in layer_data(project, project.images[0]) if role_of(made) == "instances")
    assert again[1]["metadata"]["cellseg"]["classes"] == result.metadata["cellseg"]["classes"]


def test_what_is_corrected_is_saved_and_taken_over(result, project, tmp_path):
    target = AnnotatedLayer(result)
    for _ in target.index.build():
        pass
    edits = ClassEdits(target, classes_of(result, ()))
    number = target.index.numbers(0)[0]
    before = edits.table.of(0, number)
    assert edits.give(Cell(0, number), 3 - before)
    target.undo()
    assert edits.table.of(0, number) == before
    target.redo()
    write_cells(result, None, tmp_path / "mine.tif")
    mine, plain = (cellseg.CellClasses.beside(tmp_path / name) for name in ("mine.tif", "cells.tif"))
    assert mine.of([number]).tolist() == [3 - before]
    others = target.index.numbers(0)[1:]
    assert (mine.of(others) == plain.of(others)).all()

    take_over(project, result, "image", Field(0, (0, 150), (0, 210)), replace=False)
    image = project.images[0]
    put, found = project.labels(image)[...], np.asarray(result.data)
    for k in [number, *others]:
        taken = int(put[found == k][0])
        assert project.cell_classes(image).name_of(0, taken) == edits.table.name_of(0, k)


def test_a_file_that_could_not_be_written_keeps_its_cells_with_their_classes(result, project, tmp_path, monkeypatch):
    path = tmp_path / "mine.tif"
    write_cells(result, project, path)
    table = path.with_name("mine-classes.csv")
    before = path.read_bytes(), table.read_bytes()

    def broken(*_, **__):
        raise cellseg.InputError("the disk is full", "Make room.")

    cells = np.asarray(whole_of(result))
    result.data = np.where(cells % 2, cells, 0)
    monkeypatch.setattr(cellseg, "write_stack", broken)
    with pytest.raises(cellseg.InputError, match="the disk is full"):
        write_cells(result, project, path)
    assert (path.read_bytes(), table.read_bytes()) == before
