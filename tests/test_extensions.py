"""A network, a loss and a format of another package, drawn in a temporary folder: docs/extending.md's own."""

from __future__ import annotations

import re
import shutil
import sys

import numpy as np
import pytest

import cellseg
from cellseg import cli, extensions
from cellseg.checked import OpenChoices
from cellseg.errors import InputError
from cellseg.options import TrainOptions, definition_of, described
from tests.pages import ROOT

PAGE = (ROOT / "docs/extending.md").read_text("utf-8")
LOSS, NETWORK, FORMAT = re.findall(r"```python\n(.*?)```", PAGE, re.S)
POINTS = """
[cellseg.networks]
tinynet = lab_of_tests.network:ENTRY
nothing = lab_of_tests.network:UNet
[cellseg.losses]
absolute = lab_of_tests.losses:absolute
[cellseg.formats]
lab = lab_of_tests.files:open_lab
broken = lab_of_tests.missing:anything
"""


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """The package, installed; the working folder holds image.lab and labels.tif."""
    package, about = tmp_path / "lab_of_tests", tmp_path / "lab_of_tests-1.0.dist-info"
    for folder in (package, about):
        folder.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-of-tests\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(POINTS)
    for name, text in {"__init__": "", "network": NETWORK, "losses": LOSS, "files": FORMAT.split("\n\nnp.")[0]}.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    extensions._found.cache_clear()
    image, labels = cellseg.make_sample("touching", (64, 64), np.random.default_rng(0))
    head = np.array([64, 64], "<u4").view("<u2")
    np.concatenate([head, (image.ravel() * 200).astype("<u2")]).tofile("image.lab")
    cellseg.write_stack("labels.tif", labels)
    yield
    extensions._found.cache_clear()
    for name in [name for name in sys.modules if name.startswith("lab_of_tests")]:
        del sys.modules[name]


def test_a_training_with_network_loss_and_format_of_another_package(lab):
    size = "--steps 1 --base 2 --depth 1 --tile 24 --validation 0"
    named = "--model tinynet --loss absolute --images image.lab --labels labels.tif --out run"
    assert cli.run(f"train {named} {size}".split()) == 0
    assert cli.run(["predict", "run", "image.lab", "--out", "cells.tif"]) == 0
    assert cellseg.load("run").network.name == "tinynet"


def test_a_folder_and_a_pattern_hold_files_of_the_format(lab, tmp_path):
    (tmp_path / "images").mkdir()
    for name in ("t2.lab", "t10.lab", "t1.tif", "notes.txt"):
        shutil.copy("labels.tif" if name.endswith("tif") else "image.lab", tmp_path / "images" / name)
    names = [file.name for file in cellseg.list_images("images")]
    assert names == ["t1.tif", "t2.lab", "t10.lab"]
    assert [file.name for file in cellseg.list_images("images/*.lab")] == ["t2.lab", "t10.lab"]
    assert not [name for name in sys.modules if name.startswith("lab_of_tests")]
    assert cli.run(["predict", "nuclei", "images", "--out", "cells"]) == 0
    assert sorted(file.name for file in (tmp_path / "cells").glob("t*.tif")) == ["t1.tif", "t10.tif", "t2.tif"]


def test_nothing_is_imported_before_it_is_named(lab):
    assert "tinynet" in cellseg.list_models()
    cellseg.build("unet", base=2, depth=1)
    cellseg.settings_for(loss="absolute")
    assert not [name for name in sys.modules if name.startswith("lab_of_tests")]


def test_what_is_no_such_thing_is_said(lab, tmp_path):
    with pytest.raises(InputError, match=r"'nothing'.*is no Entry|no network called 'nothing'"):
        cellseg.build("nothing")
    with pytest.raises(InputError, match=r"Known are: .*tinynet"):
        cellseg.build("unknown")
    (tmp_path / "x.broken").write_bytes(b"12345678")
    with pytest.raises(InputError, match="of the package lab-of-tests cannot be imported"):
        cellseg.open_image("x.broken")
    (tmp_path / "x.lab").write_bytes(b"1")
    with pytest.raises(InputError, match=r"is no \.lab that its reader takes"):
        cellseg.open_image("x.lab")


def test_the_help_names_every_loss():
    (hint,) = definition_of(TrainOptions, "loss")
    (words,) = [note for note in hint.__metadata__ if isinstance(note, OpenChoices)]
    assert all(name in described(TrainOptions)["loss"].help for name in words.ours)
    with pytest.raises(InputError, match="--loss is 'other'"):
        cellseg.settings_for(loss="other")
