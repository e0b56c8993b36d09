from __future__ import annotations

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.images.source import array_source
from cellseg.images.write import write_stack
from cellseg.labels.meaning import detect_kind, interpret, read_values
from cellseg.labels.values import blurred_share, values_in
from cellseg.options import LabelOptions

CELLS = """
    . . . . . . . .
    . 1 1 2 2 2 . .
    . 1 1 2 2 2 . .
    . . . . . . . .
    . 9 9 9 . 4 4 .
    . 9 9 9 . 4 4 .
"""
CLASSES = """
    1 1 . 2 . 1 1 .
    1 1 . 2 . 1 1 .
    . . . . . . . .
    2 . 1 . 2 . 1 .
    2 . . . . . . 2
    . . 1 1 . 2 . .
"""
MASK = """
    . . . . . . . .
    . 1 1 . . 1 1 .
    . 1 1 . . 1 1 .
    . . . 1 . . . .
"""


def _grid(drawing: str, dtype=np.uint8) -> np.ndarray:
    return np.array(
        [[0 if sign == "." else int(sign) for sign in line.split()] for line in drawing.split("\n") if line.strip()],
        dtype,
    )


def _blurred(kind: str) -> np.ndarray:
    mask = np.zeros((96, 96))
    mask[20:60, 24:70] = mask[70:90, 10:40] = 255
    mask[np.hypot(*np.mgrid[-70:26, -75:21]) < 14] = 255
    if kind == "resized":
        return ndimage.zoom(mask, 1.3, order=1).astype(np.uint8)
    if kind == "halved":
        return mask.reshape(48, 2, 48, 2).mean(axis=(1, 3)).astype(np.uint8)
    if kind == "jpeg":
        import imagecodecs

        encoded = imagecodecs.jpeg8_encode(mask.astype(np.uint8), level=75)
        return imagecodecs.jpeg8_decode(encoded).reshape(mask.shape)
    return ndimage.gaussian_filter(mask, 1).astype(np.uint8)


def test_kinds():
    assert detect_kind([_grid(CELLS)]) == "instances"
    assert detect_kind([_grid(CLASSES)]) == "classes"
    assert detect_kind([_grid(MASK)]) == "binary"
    assert detect_kind([_grid(MASK) * 255]) == "binary"
    assert detect_kind([np.zeros((4, 4))]) == "binary"
    assert detect_kind([np.arange(40).reshape(5, 8).repeat(3, 0).repeat(3, 1)]) == "instances"


def test_kind_is_judged_over_all_planes():
    assert detect_kind([_grid(MASK), _grid(CELLS)]) == "instances"
    assert detect_kind([_grid(CLASSES), _grid(MASK), _grid(CLASSES)]) == "classes"


def test_one_value_and_no_background_is_no_mask_of_two():
    assert detect_kind([np.array([[1, 1, 2, 2]])]) != "binary"


def test_the_ignored_value_does_not_count():
    mask = _grid(MASK)
    mask[0] = 7
    assert detect_kind([mask], LabelOptions(ignore_label=7)) == "binary"


def test_instances_are_renumbered():
    plane = interpret(_grid(CELLS), "instances")
    assert plane.instances.dtype == np.int32
    assert plane.instances[1:, 1:].tolist() == _grid(CELLS.replace("4", "3").replace("9", "4"))[1:, 1:].tolist()
    assert (plane.classes == (_grid(CELLS) > 0)).all()
    assert plane.classes.dtype == np.uint8
    assert not plane.ignore.any()


@pytest.mark.parametrize("dtype", [np.int16, np.uint32, np.int64, np.float32, np.float64])
def test_sparse_numbers_of_any_type(dtype):
    sparse = _grid(CELLS).astype(dtype) * 467
    np.testing.assert_array_equal(
        interpret(sparse, "instances").instances, interpret(_grid(CELLS), "instances").instances
    )


def test_masks_are_split_into_4_connected_regions():
    plane = interpret(_grid(MASK) * 255, "binary")
    wanted = """
        . . . . . . . .
        . 1 1 . . 2 2 .
        . 1 1 . . 2 2 .
        . . . 3 . . . .
    """
    assert plane.instances.tolist() == _grid(wanted).tolist()
    assert plane.classes.tolist() == _grid(MASK).tolist()


def test_foreground_zero_turns_a_mask_round():
    np.testing.assert_array_equal(
        interpret(_grid(MASK), "binary", LabelOptions(foreground="zero")).classes, 1 - _grid(MASK)
    )


def test_regions_of_different_classes_are_different_instances():
    plane = interpret(np.array([[1, 1, 2, 2, 0, 1]]), "classes")
    assert plane.instances.tolist() == [[1, 1, 3, 3, 0, 2]]
    assert plane.classes.tolist() == [[1, 1, 2, 2, 0, 1]]


@pytest.mark.parametrize("kind", ["instances", "classes", "binary"])
@pytest.mark.parametrize("foreground", ["nonzero", "zero"])
def test_ignored_pixels_are_neither_cell_nor_class(kind, foreground):
    labels = np.array([[0, 1, 9, 1], [9, 9, 0, 1]])
    plane = interpret(labels, kind, LabelOptions(foreground=foreground, ignore_label=9))
    np.testing.assert_array_equal(plane.ignore, labels == 9)
    assert not plane.instances[plane.ignore].any()
    assert not plane.classes[plane.ignore].any()


def test_a_negative_value_can_be_the_ignored_one():
    assert interpret(np.array([[-1, 0, 3]]), "instances", LabelOptions(ignore_label=-1)).instances.tolist() == [
        [0, 0, 1]
    ]


REFUSED = {
    "fractions": (np.array([[0, 0.5], [1, 1]]), "has 1 labels that are not whole numbers, such as 0.5.*threshold"),
    "not numbers": (np.array([[0, np.nan], [np.inf, 1]]), "has 2 labels that are not numbers"),
    "numbers of float32": (np.float32([[0, 2**24], [1, 1]]), "has labels beyond 16777215, which float32 does not tell"),
    "numbers of float16": (np.float16([[0, 2050], [1, 1]]), "has labels beyond 2047, which float16 does not tell"),
    "negative": (np.array([[0, -3], [1, 1]]), "has negative labels .down to -3.*--ignore-label"),
    "colours": (np.zeros((3, 8, 8)), r"has shape \(3, 8, 8\).*one plane without colours.*grey image"),
    "resized": (_blurred("resized"), "has blurred edges: .*resize them without interpolation"),
    "halved": (_blurred("halved"), "has blurred edges"),
    "jpeg": (_blurred("jpeg"), "has blurred edges: .*without JPEG"),
    "smoothed": (_blurred("smoothed"), "has blurred edges"),
    "a picture": (np.random.default_rng(0).integers(0, 255, (40, 40)), "looks like an image, not like labels"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_label_image_is_refused(case):
    labels, message = REFUSED[case]
    for look in (lambda: detect_kind([labels], path="a.tif"), lambda: interpret(labels, "instances", path="a.tif")):
        with pytest.raises(InputError, match=f"^a.tif: {message}"):
            look()


def test_values_that_do_not_fit_the_kind_are_refused():
    with pytest.raises(InputError, match=r"a.tif: has 4 values besides 0 \(1, 2, 4, 9, ...\), where a mask has one"):
        interpret(_grid(CELLS), "binary", path="a.tif")
    with pytest.raises(InputError, match=r"a.tif: has the class number 300. Class numbers go from 0 to 254"):
        interpret(np.array([[0, 300]]), "classes", path="a.tif")


def test_rgb_files_are_no_labels(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 8, 3), np.uint8), photometric="rgb")
    with pytest.raises(InputError, match=r"a.tif: has 3 channels \(red, green, blue\), where labels have one value"):
        read_values(open_image(tmp_path / "a.tif"), 0)
    assert read_values(array_source(_grid(CELLS)), 0).shape == (6, 8)


@settings(deadline=None, max_examples=50)
@given(hnp.arrays(np.int64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 5)))
def test_instances_are_a_partition_of_the_cells(labels):
    if blurred_share(labels) > 0.05:
        return
    instances = interpret(labels, "instances").instances
    assert ((instances > 0) == (labels > 0)).all()
    assert len(set(zip(instances.ravel().tolist(), labels.ravel().tolist(), strict=True))) == len(np.unique(labels))
    assert set(np.unique(instances)) | {0} == set(range(instances.max() + 1))


@settings(deadline=None, max_examples=50)
@given(hnp.arrays(np.int64, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.integers(-(2**40), 2**40)))
def test_values_found(values):
    assert values_in(values) == np.unique(values).tolist()


KINDS = {
    "isbi2012/train-labels.tif": "binary",
    "ssTEM_vnc/membranes_00-15.tif": "binary",
    "ssTEM_vnc/semantic_00-15.tif": "classes",
    "flyem_fibsem/train-labels.tif": "instances",
    "nuclei3d_plant/1135-labels.tif": "instances",
    "ovule_membrane3d/sample_ovule-labels.tif": "instances",
    "ctc/DIC-C2DH-HeLa/01_GT/SEG/man_seg067.tif": "instances",
    "dsb2018/train/labels/077f026f4ab0.tif": "instances",
    "imc_pancreas/labels/E34.tif": "instances",
}


@pytest.mark.parametrize("name", KINDS)
def test_real_labels(real_data, name):
    path = real_data / name
    source = open_image(path, palette="index")
    planes = [read_values(source, plane) for plane in range(0, source.planes, 5)]
    kind = detect_kind(planes, path=path)
    assert kind == KINDS[name]
    if kind != "classes":
        assert interpret(planes[0], kind, path=path).instances.max() > 0


def test_no_real_label_image_is_taken_for_a_blurred_one(real_data):
    shares = []
    for path in sorted(real_data.glob("*/train/labels/*.tif"))[::7] + sorted(real_data.glob("*/*[!o]labels.tif")):
        shares.append(blurred_share(read_values(open_image(path), 0).astype(np.int64)))
    assert len(shares) > 20
    assert max(shares) < 0.02


def test_small_close_instances_in_our_own_file_are_no_blur(tmp_path):
    ids = np.arange(64 * 64, dtype=np.uint32).reshape(64, 64)
    write_stack(tmp_path / "ours.tif", ids)
    with pytest.raises(InputError, match="looks like an image"):
        detect_kind([ids])
    assert detect_kind([ids], path=tmp_path / "ours.tif") == "instances"
