"""Classes of cells: kept when they are given, learnt from, and shown in colours that people can tell apart."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from napari_cellseg.project.cell_classes import CellClassTable
from napari_cellseg.project.class_colours import SHADES, class_palette, class_rows
from napari_cellseg.project.colours import BLOCK
from napari_cellseg.project.folder import Project
from napari_cellseg.project.training_set import NO_CLASS, write_training_set

import cellseg
from cellseg.errors import InputError

NAMES = ("neuron", "glia")


def table(folder, names=NAMES):
    return CellClassTable(folder / "flat.zarr", names, writable=True)


def test_what_is_given_is_in_the_file_at_once(tmp_path):
    mine = table(tmp_path)
    assert mine.give({(0, 2): 1, (0, 3): 2, (4, 2): 2})
    assert not mine.give({(0, 3): 2})
    again = table(tmp_path)
    assert [again.of(0, 2), again.of(0, 3), again.of(4, 2), again.of(4, 3)] == [1, 2, 2, 0]
    assert again.anywhere(3) == 2
    assert again.kinds(0).tolist() == [0, 0, 1, 2, 0]
    again.hold((5, 2))
    assert again.kinds(0).tolist() == [0, 0, 1, 2, 0, 2, 0]
    assert mine.give({(0, 2): 0})
    assert table(tmp_path).of(0, 2) == 0


def test_names_may_change_and_no_cell_loses_its_class(tmp_path):
    mine = table(tmp_path)
    mine.give({(0, 2): 1, (0, 3): 2})
    mine.rename(("nerve cell", "glia"))
    assert (table(tmp_path, mine.names).of(0, 2), mine.of(0, 3)) == (1, 2)
    mine.rename(("glia",))
    assert (mine.of(0, 2), mine.of(0, 3)) == (0, 1)
    mine.give({(0, 9): 1})
    mine.rename(("glia", "nerve cell"))
    assert [mine.of(0, n) for n in (2, 3, 9)] == [2, 1, 1]
    mine.rename(("nerve cell", "wall"))  # the first is there already: glia does not become it
    assert [mine.of(0, n) for n in (2, 3, 9)] == [1, 0, 0]


def test_a_table_that_only_is_looked_at_is_not_written(tmp_path):
    mine = CellClassTable(tmp_path / "flat.zarr", NAMES, writable=False)
    assert not mine.give({(0, 2): 1})
    assert not [*tmp_path.iterdir()]


def test_a_project_without_classes_says_nothing_of_them(project):
    plain = (project.path / "project.json").read_bytes()
    assert "classes" not in json.loads(plain)
    named = project.with_classes(NAMES)
    assert Project.open(project.path).classes == NAMES
    named.relocate("flat", project.images[0].path)
    assert Project.open(project.path).classes == NAMES
    named.with_classes(())
    assert (project.path / "project.json").read_bytes() == plain
    for wrong in (["a", "a"], [*"abcdefgh"], ["background"], ["a\nb"]):
        with pytest.raises(InputError, match="the classes are"):
            project.with_classes(wrong)


def test_an_earlier_state_brings_its_classes_back(project):
    project = project.with_classes(NAMES)
    image = project.images[0]
    labels, classes = project.labels(image), project.cell_classes(image)
    labels[5:9, 5:9] = 2
    classes.give({(0, 2): 1})
    kept = project.keep(image, "before something")
    classes.give({(0, 2): 2, (0, 3): 2})
    project.restore(image, kept)
    assert (classes.of(0, 2), classes.of(0, 3)) == (1, 0)


def test_classes_are_what_is_learnt_from(project, tmp_path):
    project = project.with_classes(NAMES)
    flat = project.images[0]
    labels = project.labels(flat)
    labels[20:60, 20:80] = 1
    labels[30:50, 30:40], labels[30:50, 40:50], labels[30:50, 50:60] = 2, 3, 4  # they touch
    labels[52:56, 30:40] = 5  # nobody says what it is
    project.cell_classes(flat).give({(0, 2): 1, (0, 3): 1})
    with pytest.raises(InputError, match="no cell of the class glia"):
        write_training_set(project, tmp_path / "set")
    project.cell_classes(flat).give({(0, 4): 2})
    files = write_training_set(project, tmp_path / "set")
    assert files.arguments[4:] == [
        "--trust-pairs", "--labels-are", "classes", "--ignore-label", str(NO_CLASS), "--class-names", "neuron,glia",
    ]  # fmt: skip
    (file,) = files.labels.iterdir()
    found = cellseg.open_image(file).read(0)[0]
    assert found[35, 25:65].tolist() == [0] * 5 + [1] * 9 + [0] * 2 + [1] * 8 + [0] * 2 + [2] * 9 + [0] * 5
    assert (found[52:56, 30:40] == NO_CLASS).all()
    assert found[0, 0] == NO_CLASS


def test_one_class_is_learnt_from_as_cells(project, tmp_path):
    project = project.with_classes(["neuron"])
    project.labels(project.images[0])[20:60, 20:80] = 1
    project.labels(project.images[0])[30:50, 30:40] = 7
    files = write_training_set(project, tmp_path / "set")
    assert files.arguments[4:7] == ["--trust-pairs", "--labels-are", "instances"]


def test_colours_tell_classes_and_neighbours_apart():
    kinds = np.array([0, 0, 1, 2, 1, 0], np.uint8)
    rows = class_rows(np.array([[0, 1, 2, 3], [4, 5, 6, 900]], np.uint32), kinds, 2)
    assert rows[0, :2].tolist() == [0, 1]
    assert ((rows.ravel()[2:] - 2) // len(SHADES)).tolist() == [1, 2, 1, 0, 0, 0]
    large = np.full(BLOCK + 5, 3, np.uint32)
    assert (class_rows(large, kinds, 2) == rows[0, 3]).all()
    colours = class_palette()
    assert len(colours) <= 256
    assert ((colours >= 0) & (colours <= 1)).all()
    assert len(np.unique(colours.round(3), axis=0)) == len(colours)


GIVE = """
import sys
from pathlib import Path
from napari_cellseg.project.cell_classes import CellClassTable

table = CellClassTable(Path(sys.argv[1]) / "flat.zarr", ("neuron", "glia"), writable=True)
for number in range(2, 10**6):
    table.give({(0, number): 1 + number % 2})
    print(number, flush=True)
"""


def test_a_killed_window_has_lost_no_class_that_was_told(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", GIVE, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    told = [int(child.stdout.readline()) for _ in range(100)]
    child.kill()
    told += [int(line) for line in child.stdout.read().split("\\n")[:-1]]
    child.wait()
    child.stdout.close()
    again = table(tmp_path)
    assert told == [*range(2, told[-1] + 1)]
    assert all(again.of(0, number) == 1 + number % 2 for number in told)
