"""Images and labels in memory: arrays, lists of arrays and lists of paths are taken everywhere."""

import numpy as np
import pytest
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.labels.arrays_or_paths import are_paths, array_pairs

FEW = {"base": 2, "depth": 1, "tile": 32, "steps": 2, "validate_every": 2}


@pytest.fixture(scope="module")
def drawn():
    """An image and its labels, 64 x 64."""
    return cellseg.make_sample("touching", (64, 64), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ("a.tif", True),
        (["a.tif", "b.tif"], True),
        (np.zeros((4, 4)), False),
        ([np.zeros((4, 4))] * 2, False),
        (torch.zeros(4, 4), False),
    ],
)
def test_paths_and_arrays_are_told_apart(given, paths):
    assert are_paths(given, "images") is paths


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (3, "not int"),
        (None, "not NoneType"),
        ([], "a list of nothing"),
        (["a.tif", np.zeros((4, 4))], "a list of ndarray and str"),
        ([[1, 2], [3, 4]], "a list of list"),
        ({"images": "a.tif"}, "not dict"),
        (b"a.tif", "not bytes"),
    ],
)
def test_anything_else_is_a_type_error_that_says_what_is_wanted(given, said):
    with pytest.raises(TypeError, match="images must be a path, an array") as error:
        are_paths(given, "images")
    assert said in str(error.value)


def test_planes_are_paired_in_order(drawn):
    image, labels = drawn
    pairs = array_pairs([np.stack([image] * 2), image], [np.stack([labels] * 2), labels])
    assert [pair.name for pair in pairs] == ["images[0][0]", "images[0][1]", "images[1]"]
    np.testing.assert_array_equal(pairs[1].labels.read(1)[0], labels)


def test_axes_that_are_not_clear_have_to_be_named(drawn):
    image, labels = drawn
    colours = np.stack([image] * 3, -1)
    with pytest.raises(InputError, match="axes='YXS'"):
        array_pairs(colours, labels)
    (pair,) = array_pairs(colours, labels, "YXS")
    assert pair.image.channels == 3


@pytest.mark.parametrize(
    ("labels", "said"), [([np.zeros((64, 64), int)] * 2, "1 images and 2 labels"), (np.zeros((9, 9), int), "64 x 64")]
)
def test_labels_that_do_not_fit_are_refused(drawn, labels, said):
    with pytest.raises(InputError, match=said):
        array_pairs([drawn[0]] if isinstance(labels, list) else drawn[0], labels)


def test_what_holds_no_numbers_is_refused(drawn):
    with pytest.raises(TypeError, match="images must hold numbers"):
        array_pairs(drawn[0].astype(complex), drawn[1])


def test_arrays_lists_and_paths_train_to_the_same_weights(drawn, tmp_path):
    image, labels = drawn
    cellseg.write_stack(tmp_path / "i.tif", image)
    cellseg.write_stack(tmp_path / "l.tif", labels)
    given = [
        (image, labels),
        ([torch.from_numpy(image)], [labels]),
        ([tmp_path / "i.tif"], [str(tmp_path / "l.tif")]),
        (tmp_path / "i.tif", tmp_path / "l.tif"),
    ]
    finished = [list(cellseg.train(*pair, **FEW))[-1] for pair in given]
    assert len({one.model.digest for one in finished}) == 1


def test_arrays_are_checked_and_their_predictions_scored(drawn):
    image, labels = drawn
    assert cellseg.check(image, labels).usable
    assert not cellseg.check(image, labels * 0).usable
    scores = list(cellseg.evaluate([labels, labels], [labels, labels], "iou"))
    assert [(one.name, one.values["iou"]) for one in scores] == [("prediction[0]", 1), ("prediction[1]", 1)]


def test_arrays_and_paths_do_not_mix(drawn):
    with pytest.raises(TypeError, match="both"):
        cellseg.check(drawn[0], "labels.tif")
    with pytest.raises(TypeError, match="both"):
        cellseg.evaluate(drawn[0], "labels.tif")


def test_a_list_of_images_is_segmented_one_by_one(drawn):
    network = cellseg.build("unet", base=2, depth=1)
    alone = cellseg.segment_array(network, drawn[0])
    for found in cellseg.segment_array(network, [drawn[0], torch.from_numpy(drawn[0])]):
        np.testing.assert_array_equal(found, alone)
    with pytest.raises(TypeError, match="open_image reads files"):
        cellseg.segment_array(network, "image.tif")
