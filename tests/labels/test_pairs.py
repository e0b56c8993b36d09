from __future__ import annotations

import numpy as np
import pytest
import tifffile

from cellseg.conversion.convert import convert
from cellseg.conversion.folder import plan_folder
from cellseg.errors import InputError
from cellseg.evaluation.cases import find_cases
from cellseg.images.listing import READ
from cellseg.labels.annotated import find_annotated_pairs
from cellseg.labels.pairs import find_pairs
from cellseg.labels.split.files import find_units
from cellseg.options import DataOptions
from cellseg.training.data import find_training_pairs

from ..images.zarrs import write_image


def _write(folder, names, shape=(8, 9)):
    folder.mkdir(exist_ok=True)
    for value, name in enumerate(names):
        tifffile.imwrite(folder / name, np.full(shape, value, np.uint8), photometric="minisblack", metadata=None)
    return folder


def _matched(pairs):
    return [(pair.image.name, pair.labels.name) for pair in pairs]


def _refusal(images, labels, **options) -> str:
    with pytest.raises(InputError) as caught:
        find_pairs(images, labels, **options)
    return str(caught.value)


def test_same_names_in_natural_order(tmp_path):
    names = ["t2.tif", "t10.tif", "t1.tif"]
    pairs = find_pairs(_write(tmp_path / "i", names), _write(tmp_path / "l", names[::-1]))
    assert [pair.name for pair in pairs] == ["t1.tif", "t2.tif", "t10.tif"]
    assert all(pair.image.name == pair.labels.name for pair in pairs)
    assert all((pair.image_plane, pair.label_plane) == (0, 0) for pair in pairs)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (["img_001.tif", "img_002.tif", "img_010.tif"], ["mask_001.tif", "mask_002.tif", "mask_010.tif"]),
        (["t000.tif", "t001.tif"], ["man_seg000.tif", "man_seg001.tif"]),
        (["A01_s1_w1.tif", "A02_s1_w1.tif"], ["A01_s1_mask.tif", "A02_s1_mask.tif"]),
        (["a_raw.tif", "b_raw.tif"], ["a.ome.tif", "b.ome.tif"]),
        (["x1.tif", "y2.tif"], ["lab_002.tif", "lab_001.tif"]),
    ],
)
def test_names_that_differ_in_a_common_part(tmp_path, images, labels):
    pairs = find_pairs(_write(tmp_path / "i", images), _write(tmp_path / "l", labels))
    assert _matched(pairs) == list(zip(images, sorted(labels), strict=True))


def test_images_of_one_name_are_called_with_their_folders(tmp_path):
    for place in ("i/s1", "i/s2", "l/s1", "l/s2"):
        (tmp_path / place).mkdir(parents=True)
        _write(tmp_path / place, ["a.tif"], (2, 8, 9))
    pairs = find_pairs(tmp_path / "i", tmp_path / "l")
    assert [pair.name for pair in pairs] == ["s1/a.tif[0]", "s1/a.tif[1]", "s2/a.tif[0]", "s2/a.tif[1]"]
    _write(tmp_path / "l/s2", ["a.tif"])
    assert "do not fit: s2/a.tif has 2 planes" in _refusal(tmp_path / "i", tmp_path / "l")


@pytest.fixture
def told(tmp_path, caplog):
    """Write images of these names, call something, and give the warnings."""

    def call(names, look):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            _write((tmp_path / name).parent, [f"{name.rpartition('/')[2]}.tif"])
        look(tmp_path)
        return [record.getMessage().replace(str(tmp_path), "") for record in caplog.records]

    return call


def of_folders(at, images, labels, *held) -> DataOptions:
    names = zip(("images", "labels", "validation_images", "validation_labels"), (images, labels, *held), strict=False)
    return DataOptions(**{name: str(at / folder) for name, folder in names})


MIXED = ("i/a", "i/sub/b", "l/a", "l/sub/b")
BOTH = [f"/{k}: images in folders within it (sub) are left out; name these folders, too" for k in "il"]


@pytest.mark.parametrize(
    ("names", "look", "warnings"),
    [
        (MIXED, lambda at: find_annotated_pairs(at / "i", at / "l"), BOTH),
        (MIXED, lambda at: find_annotated_pairs(at / "i", at / "l", at / "l"), BOTH),
        (MIXED, lambda at: find_annotated_pairs([at / "i", at / "i/sub"], [at / "l", at / "l/sub"]), []),
        (MIXED, lambda at: find_annotated_pairs(at / "i/sub", at / "l/sub"), []),
        (MIXED, lambda at: find_training_pairs(of_folders(at, "i", "l")), BOTH),
        (MIXED, lambda at: find_training_pairs(of_folders(at, "i", "l", "i/sub", "l/sub")), []),
        (MIXED, lambda at: find_units(at / "i", at / "l"), BOTH),
        (MIXED, lambda at: find_cases(at / "i", at / "l"), BOTH),
        (MIXED, lambda at: find_cases(iter([at / "i/a.tif"]), iter([at / "l/a.tif"])), []),
        (MIXED, lambda at: plan_folder(at / "l", at / "out", to="png"), BOTH[1:]),
        (MIXED, lambda at: plan_folder(at / "l", at / "l/sub", to="png"), []),
        (("i/a", "i/masks/a"), lambda at: find_annotated_pairs(at / "i", at / "i/masks"), []),
        (("i/a", "i/truth/a"), lambda at: find_annotated_pairs(at / "i", at / "i/truth"), []),
        (("i/a", "i/masks/a", "l/a"), lambda at: find_annotated_pairs(at / "i", at / "l"), []),
        (("i/a", "i/a_masks", "i/sub/b"), lambda at: find_annotated_pairs(at / "i", at / "i"), BOTH[:1]),
        (("i/s/a", "i/t/b", "l/s/a", "l/t/b"), lambda at: find_annotated_pairs(at / "i", at / "l"), []),
    ],
)
def test_images_below_images_are_told_once(told, names, look, warnings):
    assert told(names, look) == warnings


DRAWN = "/l: labels in folders within it (sub, tifs) are left out; name these folders, too"


@pytest.mark.parametrize(
    ("look", "warnings"),
    [
        (lambda at: find_annotated_pairs(at / "i", at / "l"), [DRAWN]),
        (lambda at: find_units(at / "i", at / "l"), [DRAWN]),
        (lambda at: find_cases(at / "i", at / "l"), [DRAWN]),
        (lambda at: plan_folder(at / "l", at / "out", to="png", like=at / "i"), [DRAWN]),
        (lambda at: plan_folder(at / "l", at / "l/tifs", to="png", like=at / "i"), [DRAWN.replace(", tifs", "")]),
        (lambda at: find_annotated_pairs(at / "i", at / "l/sub"), []),
    ],
)
def test_labels_below_outlines_are_told_once(told, tmp_path, look, warnings):
    for place in ("l/a", "l/sub/a", "i/notes/a"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        convert(np.eye(4, dtype=np.uint16), tmp_path / f"{place}.geojson", labels_are="instances")
    (tmp_path / "l/camera").mkdir()
    (tmp_path / "l/camera/a.json").write_text('{"gain": 1}')
    assert told(("i/a", "l/tifs/b"), look) == warnings


def test_one_file_each_may_have_any_names(tmp_path):
    images, labels = _write(tmp_path / "i", ["volume.tif"], (4, 8, 9)), _write(tmp_path / "l", ["truth.tif"], (4, 8, 9))
    pairs = find_pairs(images / "volume.tif", str(labels))
    assert [pair.name for pair in pairs] == [f"volume.tif[{k}]" for k in range(4)]
    assert [(pair.image_plane, pair.label_plane) for pair in pairs] == [(k, k) for k in range(4)]


def test_unlike_names_that_are_alone_in_their_folders_are_marked(tmp_path):
    images, labels = _write(tmp_path / "i", ["day1.tif"]), _write(tmp_path / "l", ["control.tif"])
    assert [pair.unlike for pair in find_pairs(images, labels)] == [True]
    assert [pair.unlike for pair in find_pairs(images / "day1.tif", labels / "control.tif")] == [False]
    (labels / "control.tif").rename(labels / "day1_mask.tif")
    assert [pair.unlike for pair in find_pairs(images, labels)] == [False]


@pytest.mark.parametrize(
    ("image", "label", "unlike"),
    [
        ("ovule-image", "ovule-labels", False),
        ("image_7", "mask_7", False),
        ("day_1", "day_2", True),
        ("raw_image", "other_image", True),
    ],
)
def test_names_of_which_a_word_or_the_numbers_agree_are_alike(tmp_path, image, label, unlike):
    images, labels = _write(tmp_path / "i", [f"{image}.tif"]), _write(tmp_path / "l", [f"{label}.tif"])
    assert [pair.unlike for pair in find_pairs(images, labels)] == [unlike]


def test_labels_have_the_axes_of_the_images_but_channels(tmp_path):
    images, labels = _write(tmp_path / "i", ["a.tif"], (3, 8, 9)), _write(tmp_path / "l", ["a.tif"])
    (pair,) = find_pairs(images, labels, axes="CYX")
    assert (pair.image.channels, pair.labels.channels) == (3, 1)


def test_palettes_of_labels_are_for_display(tmp_path):
    images, labels = _write(tmp_path / "i", ["a.tif"]), tmp_path / "l.tif"
    colours = np.random.default_rng(0).integers(0, 2**16, (3, 256)).astype(np.uint16)
    tifffile.imwrite(labels, np.full((8, 9), 7, np.uint8), photometric="palette", colormap=colours, metadata=None)
    (pair,) = find_pairs(images, labels)
    assert (pair.labels.read(0) == 7).all()


def test_missing_partners_are_named(tmp_path):
    images = _write(tmp_path / "i", ["a.tif", "b.tif", "c.tif"])
    message = _refusal(images, _write(tmp_path / "l", ["a.tif", "c.tif", "d.tif"]))
    assert "3 images and 3 labels: images without labels (1): b.tif; labels without an image (1): d.tif" in message
    assert message.endswith("Give both the same names.")


def test_at_most_five_names(tmp_path):
    images = _write(tmp_path / "i", [f"t{k}.tif" for k in range(9)])
    message = _refusal(images, _write(tmp_path / "l", ["t0.tif", "t1.tif"]))
    assert "images without labels (7): t2.tif, t3.tif, t4.tif, t5.tif, t6.tif and 2 more" in message


def test_a_name_twice(tmp_path):
    images = _write(tmp_path / "i", ["a.tif", "a.tiff"])
    assert "several files have the same name" in _refusal(images, _write(tmp_path / "l", ["a.tif", "a.tiff"]))


def test_unequal_planes_and_sizes(tmp_path):
    images = _write(tmp_path / "i", ["a.tif", "b.tif"], (3, 8, 9))
    labels = _write(tmp_path / "l", ["a.tif"], (2, 8, 9))
    _write(labels, ["b.tif"], (3, 9, 8))
    message = _refusal(images, labels)
    assert "a.tif has 3 planes, its labels 2, b.tif is 8 x 9, its labels 9 x 8" in message
    assert message.endswith("They must show the same pixels.")


def test_folders_with_nothing(tmp_path):
    images = _write(tmp_path / "i", ["a.tif"])
    (tmp_path / "l").mkdir()
    assert (
        _refusal(images, tmp_path / "l") == f"{tmp_path / 'l'}: is a folder with nothing in it. Images end in {READ}."
    )
    assert (
        _refusal(tmp_path / "no*", images)
        == f"{tmp_path / 'no*'}: is a pattern with nothing in it. Images end in {READ}."
    )


def test_real_folders(real_data):
    pairs = find_pairs(real_data / "dsb2018/val/images", real_data / "dsb2018/val/labels")
    assert len(pairs) == 30
    stack = real_data / "isbi2012"
    assert len(find_pairs(stack / "train-volume.tif", stack / "train-labels.tif")) == 24
    truth = real_data / "ctc/DIC-C2DH-HeLa"
    frames = [truth / f"01/t{k}.tif" for k in ("002", "005")]
    pairs = find_pairs(frames, [truth / f"01_GT/SEG/man_seg{k}.tif" for k in ("005", "002")])
    assert _matched(pairs) == [("t002.tif", "man_seg002.tif"), ("t005.tif", "man_seg005.tif")]
    assert "images without labels (75)" in _refusal(truth / "01", truth / "01_GT/SEG")


def test_an_ome_zarr_image_and_the_labels_in_it(tmp_path):
    image = write_image(tmp_path / "a.ome.zarr", np.zeros((3, 2, 8, 9), np.uint8), "zcyx")
    labels = write_image(image / "labels/cells", np.ones((3, 8, 9), np.uint32), "zyx")
    pairs = find_pairs(image, labels)
    assert [pair.name for pair in pairs] == ["a.ome.zarr[0]", "a.ome.zarr[1]", "a.ome.zarr[2]"]
    assert pairs[0].image.channels == 2
