"""Projects are made, opened, moved and mended; what is wrong is said in words."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from napari_cellseg.project.document import COPY, DOCUMENT_NAME
from napari_cellseg.project.folder import Project, free_name

import cellseg
from cellseg.errors import InputError


def change(project, **fields):
    file = project.path / DOCUMENT_NAME
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


def test_what_was_created_is_opened(project):
    assert Project.open(project.path) == Project.open(project.path / DOCUMENT_NAME) == project
    assert [(image.name, image.shape, image.axes) for image in project.images] == [
        ("flat", (1, 300, 400), "YX"),
        ("deep", (3, 70, 600), "ZYX"),
    ]
    assert [project.labels(image).shape for image in project.images] == [(300, 400), (3, 70, 600)]
    assert project.source(project.images[1]).planes == 3


def test_labels_are_there_again(project):
    project.labels(project.images[1])[2, 5:9, 300] = 4
    again = Project.open(project.path)
    assert again.labels(again.images[1])[2, 5:9, 300].tolist() == [4] * 4


def test_images_of_equal_names(tmp_path, project):
    (tmp_path / "more").mkdir()
    cellseg.write_stack(tmp_path / "more/Flat.tif", np.zeros((9, 8), np.uint8))
    more = project.add([tmp_path / "more/Flat.tif"])
    assert [image.name for image in more.images] == ["flat", "deep", "Flat-2"]
    assert Project.open(project.path) == more
    with pytest.raises(InputError, match=r"there is no image 'x'. It has: flat, deep, Flat-2"):
        more.image("x")


@pytest.mark.parametrize(
    ("file", "name"),
    [("a.ome.tif", "a"), ("../b c?.tiff", "b_c"), ("...", "image"), (".tif", "image"), ("x.v1.zarr", "x.v1")],
)
def test_names_for_folders(file, name):
    assert free_name(file, []) == name
    assert free_name(file, [name.upper(), f"{name}-2"]) == f"{name}-3"


def test_project_and_images_may_move_together(project, tmp_path):
    (tmp_path / "new").mkdir()
    for part in ("work", "flat.tif", "deep.ome.tif"):
        shutil.move(tmp_path / part, tmp_path / "new" / part)
    moved = Project.open(tmp_path / "new/work")
    assert not any(image.missing for image in moved.images)


def test_the_project_may_move_alone(project, tmp_path):
    (tmp_path / "far/away").mkdir(parents=True)
    shutil.move(project.path, tmp_path / "far/away/work")
    assert not any(image.missing for image in Project.open(tmp_path / "far/away/work").images)


def test_an_image_that_is_gone(project, tmp_path):
    (tmp_path / "flat.tif").rename(tmp_path / "moved.tif")
    left = Project.open(project.path)
    assert [image.missing for image in left.images] == [True, False]
    with pytest.raises(InputError, match=r"flat\.tif: the image flat is not there any more; its annotation is safe"):
        left.source(left.images[0])
    left.labels(left.images[0])[0, 0] = 1
    with pytest.raises(InputError, match="the annotated image flat has"):
        left.relocate("flat", tmp_path / "deep.ome.tif")
    found = left.relocate("flat", tmp_path / "moved.tif")
    assert found.source(found.images[0]).width == 400
    assert Project.open(project.path) == found


def test_an_image_that_was_replaced(project, tmp_path):
    cellseg.write_stack(tmp_path / "flat.tif", np.zeros((9, 8), np.uint8))
    with pytest.raises(InputError, match=r"has the shape \(1, 9, 8\).* annotated as \(1, 300, 400\)"):
        project.source(project.images[0])


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": "cellseg annotation project", "version": 1, "images": [{}]}']
)
def test_a_damaged_document(text, project):
    assert_is_damaged(text, project)


@pytest.mark.parametrize("name", ["deep", "shape", "path"])
def test_a_document_that_breaks_what_reads_it(name, project):
    """Brackets within brackets, a length that is infinite, a path longer than any."""
    images = json.loads((project.path / DOCUMENT_NAME).read_text())["images"]
    described = {**images[0], "shape": "SHAPE" if name == "shape" else [1, 1, 1]}
    described |= {key: "9" * 5000 for key in ("path", "absolute_path") if name == "path"}
    tree = {"format": "cellseg annotation project", "version": 1, "images": [described]}
    text = json.dumps(tree).replace('"SHAPE"', "[1e400, 1, 1]")
    assert_is_damaged("[" * 9000 + "]" * 9000 if name == "deep" else text, project)


def assert_is_damaged(text, project):
    (project.path / DOCUMENT_NAME).write_text(text)
    with pytest.raises(InputError, match=r"is damaged .* The labels are whole. Put the copy in its place"):
        Project.open(project.path)
    shutil.copy(project.path / COPY, project.path / DOCUMENT_NAME)
    assert Project.open(project.path) == project


@pytest.mark.parametrize("name", ["../up", "a/b", "a\\b", "", ".hidden"])
def test_names_stay_inside(name, project):
    described = json.loads((project.path / DOCUMENT_NAME).read_text())["images"]
    change(project, images=[{**described[0], "name": name}])
    with pytest.raises(InputError, match="is damaged"):
        Project.open(project.path)


def test_a_newer_version(project):
    change(project, version=2, cellseg="9.0")
    with pytest.raises(InputError, match=r"written by a newer cellseg \(9.0, format 2\). Update cellseg"):
        Project.open(project.path)


def test_other_folders(project, tmp_path):
    with pytest.raises(InputError, match="is no annotation project"):
        Project.open(tmp_path)
    with pytest.raises(InputError, match="is no annotation project"):
        Project.open(tmp_path / "flat.tif")
    change(project, format="another")
    with pytest.raises(InputError, match="is of another kind"):
        Project.open(project.path)


def test_nothing_is_made_where_it_cannot_be(project, tmp_path):
    with pytest.raises(InputError, match="is a project already"):
        Project.create(project.path)
    with pytest.raises(InputError, match="exists and is not empty"):
        Project.create(tmp_path)
    (tmp_path / "no.tif").write_text("no image")
    with pytest.raises(InputError):
        Project.create(tmp_path / "new", [tmp_path / "flat.tif", tmp_path / "no.tif"])
    assert not (tmp_path / "new").exists()


def test_runs(project):
    assert project.runs == []
    first, second = project.new_run(), project.new_run()
    assert [first.name, second.name] == ["001", "002"]
    for run in (first, second):
        (run / "config.json").touch()
    empty = project.new_run()
    assert empty.name == "003"
    assert project.runs == [second, first]
