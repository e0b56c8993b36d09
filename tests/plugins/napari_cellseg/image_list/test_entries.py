"""Which images are listed, which is seen, which comes next: decided without a window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from napari_cellseg.image_list.thumbnails import SIDE, coloured, thumbnail
from napari_cellseg.listed import listed, not_listed, seen_entry, stepped
from napari_cellseg.opened import OpenLayer
from napari_cellseg.project.folder import Project
from napari_cellseg.project.growth import with_files
from napari_cellseg.project.recent import MOST, recent_projects, remember

import cellseg

A, B, LOOSE = (Path(f"/images/{name}.tif") for name in ("a", "b", "c"))


def layer(number, image, role="image", visible=True):
    return OpenLayer(number, role, image, visible)


def test_each_image_is_listed_once():
    layers = [layer(1, ("", "c.tif")), layer(2, ("", "c.tif"), "annotation"), layer(3, ("", "sample")), layer(4, None)]
    entries = listed(None, [LOOSE, Path("/other/c.tif"), A], layers[3:])
    assert [entry.name for entry in entries] == ["images/c.tif", "other/c.tif", "a.tif"]
    entries = listed(None, [LOOSE], layers)
    assert [(entry.name, entry.path) for entry in entries] == [("c.tif", LOOSE), ("sample", None)]
    assert not_listed(entries, [LOOSE, A, A]) == [A]
    assert seen_entry(entries, layers, None) == 0
    assert seen_entry(entries, layers, 3) == 1
    assert seen_entry(entries, [], None) is None


@pytest.mark.parametrize(
    ("count", "at", "step", "wanted"),
    [(3, 0, 1, 1), (3, 2, 1, 0), (3, 0, -1, 2), (3, None, 1, 0), (3, None, -1, 2), (1, None, 1, 0), (1, 0, 1, None)],
)
def test_the_next_one(count, at, step, wanted):
    assert stepped(count, at, step) == wanted


def test_more_images_for_a_project(tmp_path):
    for name in ("a", "b"):
        cellseg.write_stack(tmp_path / f"{name}.tif", np.zeros((20, 30), np.uint8))
    (tmp_path / "broken.tif").write_bytes(b"II*\0 no more")
    project = Project.create(tmp_path / "work", [tmp_path / "a.tif"])
    grown, wrong = with_files(project, [tmp_path / "a.tif", tmp_path / "broken.tif", tmp_path / "b.tif"])
    assert [image.name for image in grown.images] == ["a", "b"]
    assert len(wrong) == 1
    assert "broken.tif" in wrong[0]
    assert Project.open(project.path) == grown


def test_the_last_projects_are_remembered_while_they_are_there(tmp_path):
    made = [Project.create(tmp_path / f"p{number}").path for number in range(MOST + 2)]
    for path in (*made, made[0]):
        remember(path)
    remember(tmp_path / "gone")
    assert recent_projects() == [made[0], *reversed(made[4:])]


def test_thumbnails_are_small_and_stretched(tmp_path):
    stack = np.random.default_rng(0).integers(1000, 1500, (5, 300, 200)).astype(np.uint16)
    cellseg.write_stack(tmp_path / "a.tif", stack)
    picture = thumbnail(tmp_path / "a.tif")
    assert max(picture.shape) <= SIDE
    assert (picture.dtype, picture.shape[-1]) == (np.uint8, 3)
    assert np.ptp(picture) > 200
    assert coloured(np.eye(4)[None]).shape == (4, 4, 3)
    assert not coloured(np.stack([np.eye(4), np.eye(4)]))[..., 2].any(), "two channels are red and green"
