"""Lines between touching cells, from the options of a training to its targets and its digest."""

import hashlib
import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.labels.pairs import find_pairs
from cellseg.models.blocks import Head
from cellseg.options import LabelOptions
from cellseg.training.absent_classes import SILENT, absent_classes, silence
from cellseg.training.data import read_training_set
from cellseg.training.recipes import settings_for
from cellseg.training.train import run_digest

HALVES = np.ones((48, 48), np.uint8)
HALVES[:, 24:] = 2
SMALL = {"base": 2, "depth": 1, "tile": 32, "steps": 1, "validation": 0}


@pytest.fixture
def files(tmp_path):
    for name, values in (("images", HALVES * 80), ("labels", HALVES)):
        tifffile.imwrite(tmp_path / f"{name}.tif", values)
    return tmp_path / "images.tif", tmp_path / "labels.tif"


@pytest.mark.parametrize(("separate", "share"), [(None, 0), ("off", 0), ("on", 2 / 48)])
def test_classes_that_fill_the_image_have_no_background(files, separate, share):
    data = read_training_set(find_pairs(*files), LabelOptions(labels_are="classes"), 0, separate=separate)
    assert (data.targets[0] == 0).mean() == share
    assert data.classes == 3


def test_numbered_cells_that_fill_the_image_are_separated(files):
    data = read_training_set(find_pairs(*files), LabelOptions(labels_are="instances"), 0)
    assert (data.targets[0] == 0).mean() == 2 / 48


@pytest.mark.parametrize("classes", [2, 3])
def test_a_run_with_other_lines_is_another_run(files, classes):
    data = replace(read_training_set(find_pairs(*files), LabelOptions(labels_are="instances"), 0), classes=classes)
    assert len({run_digest(data, settings_for(separate=asked)) for asked in (None, "on", "off")}) == 3


def test_a_run_of_cells_from_before_the_option_is_the_same_run(files):
    data, settings = read_training_set(find_pairs(*files), LabelOptions(labels_are="instances"), 0), settings_for()
    tree = asdict(settings)
    del tree["train"]["save_every"], tree["train"]["threads"], tree["weights"]["separate"]
    del tree["augment"]["flaws"], tree["train"]["hold"], tree["train"]["class_names"], tree["train"]["around_cells"]
    del tree["labels"]["background_label"], tree["labels"]["trust_pairs"]
    before = f"{data.digest} {(1, 0, 0, 0)}  {json.dumps(tree, sort_keys=True)}"
    assert run_digest(data, settings) == hashlib.sha256(before.encode()).hexdigest()


@pytest.mark.parametrize("name", cellseg.list_models())
def test_a_class_that_no_label_has_is_never_given(name):
    network = cellseg.build(name, base=4, classes=3, **({} if name in ("mobileunet", "effunet") else {"depth": 2}))
    silence(network, absent_classes(np.array([0, 5, 5]), 3))
    heads = [module for module in network.modules() if isinstance(module, Head)]
    assert heads
    for head in heads:
        logits = head(torch.randn(1, head.in_channels, 5, 5)).detach()
        assert (logits[:, 0] == SILENT).all()
        assert (logits[:, 1:] > SILENT).all()


def test_python_takes_the_option_and_its_auto(files):
    for asked in ("auto", "off"):
        started = next(cellseg.train(*files, labels_are="classes", separate=asked, **SMALL))
        assert started.images == 1
