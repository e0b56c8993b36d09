"""Labels of other programs and public data sets: their folders and files, and what is said of those not read."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

from cellseg.errors import InputError
from cellseg.evaluation.judging import evaluate
from cellseg.labels.annotated import find_annotated_pairs
from cellseg.labels.notes import notes_on
from cellseg.labels.opened import open_labels
from cellseg.labels.pairs import find_pairs

CELLS = np.zeros((8, 9), np.uint8)
CELLS[1:3, 1:4], CELLS[4:7, 2:5], CELLS[2:6, 6:8] = 1, 2, 3


def text(tree):
    return lambda path: path.write_text(tree if isinstance(tree, str) else json.dumps(tree), "utf-8")


def png(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def tif(path, array, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, array, **options)


def single_masks(folder, labels=CELLS):
    for number in range(1, int(labels.max()) + 1):
        png(folder / f"{number}.png", np.where(labels == number, 255, 0).astype(np.uint8))


def read(*paths) -> dict:
    return {pair.name: pair.labels.read(pair.label_plane)[0].tolist() for pair in find_annotated_pairs(*paths)}


def refusal(*paths) -> str:
    with pytest.raises(InputError) as error:
        find_annotated_pairs(*paths)
    return str(error.value)


@pytest.mark.parametrize("shape", [(8, 9, 1), (2, 8, 9, 1)])
@pytest.mark.parametrize("write", [np.save, np.savez])
@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_arrays_with_a_channel_and_with_the_ending_of_the_other(tmp_path, shape, write, name):
    labels = np.broadcast_to(CELLS, shape[:-1])[..., None]
    with open(tmp_path / name, "wb") as file:
        write(file, labels)
    found = open_labels(tmp_path / name)
    assert (found.planes, found.height, found.width) == (shape[0] if len(shape) > 3 else 1, 8, 9)
    assert (found.read(found.planes - 1)[0] == CELLS).all()


REFUSED = {
    "a_seg.npy": (lambda path: np.save(path, {"masks": CELLS}, allow_pickle=True), "['masks']"),
    "a.npz": (lambda path: np.savez(path, masks=np.array({1: 2})), "Python objects"),
    "rle.csv": (text("ImageId,EncodedPixels\na,1 3\n"), "run lengths"),
    "a.jpg": (lambda path: png(path, CELLS), "JPEG"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_formats_that_are_not_read_are_named_as_file_and_in_a_folder(tmp_path, name):
    make, words = REFUSED[name]
    (tmp_path / "labels").mkdir()
    make(tmp_path / "labels" / name)
    tifffile.imwrite(tmp_path / "i.tif", CELLS)
    for given in (tmp_path / "labels" / name, tmp_path / "labels"):
        message = refusal(tmp_path / "i.tif", given)
        assert words in message
        assert "\n" not in message


@pytest.mark.parametrize("image_tree", [True, False], ids=["one tree", "images in a folder"])
def test_one_mask_a_cell_in_a_tree(tmp_path, image_tree):
    turned = np.ascontiguousarray(CELLS[::-1])
    for name, labels in (("ab", CELLS), ("cd", turned)):
        tif(tmp_path / (f"tree/{name}/images/{name}.tif" if image_tree else f"images/{name}.tif"), labels)
        single_masks(tmp_path / f"tree/{name}/masks", labels)
    images = tmp_path / ("tree" if image_tree else "images")
    assert read(images, tmp_path / "tree") == {"ab.tif": CELLS.tolist(), "cd.tif": turned.tolist()}
    if image_tree:
        patterns = str(tmp_path / "tree/*/images/*.tif"), str(tmp_path / "tree/*/masks/*.png")
        assert read(*patterns) == {"ab.tif": CELLS.tolist(), "cd.tif": turned.tolist()}


def test_a_tree_of_masks_and_one_folder_of_them_can_be_evaluated(tmp_path):
    for name in ("ab", "cd"):
        tif(tmp_path / f"results/{name}.tif", CELLS)
        single_masks(tmp_path / f"tree/{name}/masks")
    assert [score.values["f1"] for score in evaluate(tmp_path / "results", tmp_path / "tree", "f1")] == [1, 1]
    one = evaluate(tmp_path / "results/ab.tif", tmp_path / "tree/ab/masks", "f1")
    assert [score.values["f1"] for score in one] == [1]


def test_one_mask_a_cell_of_one_image(tmp_path):
    tif(tmp_path / "id/images/id.tif", CELLS)
    single_masks(tmp_path / "id/masks")
    assert read(tmp_path / "id/images", tmp_path / "id/masks") == {"id.tif": CELLS.tolist()}


def test_cells_that_overlap_are_counted_and_the_smallest_stays(tmp_path):
    single_masks(tmp_path / "masks")
    whole = np.full(CELLS.shape, 255, np.uint8)
    png(tmp_path / "masks/0.png", whole)
    labels = open_labels(tmp_path / "masks")
    assert (labels.read(0)[0] == CELLS + 1).all()
    *_, note = notes_on([labels])
    assert note == f"4 cells overlap in {np.count_nonzero(CELLS)} pixels: pixels of several cells go to the smallest"


def test_a_mask_of_one_cell_has_one_value(tmp_path):
    single_masks(tmp_path / "masks")
    png(tmp_path / "masks/4.png", CELLS)
    tif(tmp_path / "i.tif", CELLS)
    with pytest.raises(InputError, match="has values from 1 to 3"):
        read(tmp_path / "i.tif", tmp_path / "masks")


@pytest.mark.parametrize("mode", ["L", "P", "I;16", "1"])
def test_png_labels_have_the_values_of_the_file(tmp_path, mode):
    values = CELLS.astype(np.uint16) * 300 if mode == "I;16" else CELLS
    picture = Image.fromarray(CELLS > 0 if mode == "1" else values)
    if mode == "P":
        picture.putpalette([250, 10, 10, 10, 250, 10] * 128)
    picture.save(tmp_path / "a.png")
    assert (open_labels(tmp_path / "a.png").read(0)[0] == (CELLS > 0 if mode == "1" else values)).all()


@pytest.mark.parametrize("background", [(0, 0, 0), (255, 255, 255)])
def test_each_colour_is_a_cell(tmp_path, background):
    colours = np.array([background, (200, 10, 10), (200, 10, 11), (0, 0, 90)], np.uint8)
    png(tmp_path / "a.png", colours[CELLS])
    tif(tmp_path / "a.tif", colours[CELLS], photometric="rgb")
    for name in ("a.png", "a.tif"):
        source = open_labels(tmp_path / name)
        assert (source.read(0)[0] == np.array([0, 2, 3, 1])[CELLS]).all()
        assert ["each colour is taken for a cell" in note for note in notes_on([source])] == [True]


def test_grey_colours_are_numbers_and_a_picture_is_no_label(tmp_path):
    png(tmp_path / "grey.png", np.stack([CELLS] * 3, axis=-1))
    assert (open_labels(tmp_path / "grey.png").read(0)[0] == CELLS).all()
    png(tmp_path / "photo.png", np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8))
    with pytest.raises(InputError, match="has 3 channels"):
        open_labels(tmp_path / "photo.png")


@pytest.mark.parametrize("suffix", ["_masks.png", "_cp_masks.tif", "_cp_masks.png"])
def test_masks_beside_their_images(tmp_path, suffix):
    for name in ("img1", "img2"):
        tif(tmp_path / f"{name}.tif", CELLS)
        tif(tmp_path / f"{name}_flows.tif", CELLS[::-1])
        (tif if suffix.endswith("tif") else png)(tmp_path / f"{name}{suffix}", CELLS)
    assert read(tmp_path, tmp_path) == {f"{name}.tif": CELLS.tolist() for name in ("img1", "img2")}


def test_a_file_is_not_its_own_label(tmp_path):
    for k in range(2):
        tifffile.imwrite(tmp_path / f"img{k}.tif", CELLS)
    assert "2 files are given as image and as label, such as img0.tif" in refusal(tmp_path, tmp_path)


def test_data_sets_of_nnunet_have_a_file_for_each_channel(tmp_path):
    for case in ("case_001", "case_002"):
        for channel in range(2):
            tif(tmp_path / f"imagesTr/{case}_{channel:04}.tif", CELLS + channel)
        png(tmp_path / f"labelsTr/{case}.png", CELLS)
    for images, labels in ((tmp_path, tmp_path), (tmp_path / "imagesTr", tmp_path / "labelsTr")):
        pairs = find_pairs(images, labels)
        assert [pair.name for pair in pairs] == ["case_001", "case_002"]
        assert [(pair.image.read(0) == np.stack([CELLS, CELLS + 1])).all() for pair in pairs] == [True, True]


def test_equal_names_in_folders_of_fields_are_paired_by_their_folders(tmp_path):
    for field in ("f1", "f2"):
        for name in ("t0", "t1"):
            tif(tmp_path / f"images/{field}/{name}.tif", CELLS)
            tif(tmp_path / f"labels/{field}/{name}.tif", np.where(CELLS > 0, int(field[1]) * 10 + int(name[1]), 0))
            tif(tmp_path / f"fields/{field}/images/{name}.tif", CELLS)
            png(tmp_path / f"fields/{field}/labels/{name}.png", CELLS)
    pairs = find_pairs(tmp_path / "images", tmp_path / "labels")
    assert sorted(int(pair.labels.read(0).max()) for pair in pairs) == [10, 11, 20, 21]
    assert all(pair.image.path.parts[-2:] == pair.labels.path.parts[-2:] for pair in pairs)
    pairs = find_pairs(str(tmp_path / "fields/*/images/*.tif"), str(tmp_path / "fields/*/labels/*.png"))
    assert all(pair.image.path.parts[-3] == pair.labels.path.parts[-3] for pair in pairs)


@pytest.mark.parametrize("names", [["labels"], ["raw", "masks"], ["whatever"]])
def test_arrays_of_numpy(tmp_path, names):
    np.savez(tmp_path / "a.npz", **{name: CELLS if name != "raw" else CELLS * 2 for name in names})
    np.save(tmp_path / "b.npy", CELLS)
    for name in ("a.npz", "b.npy"):
        assert (open_labels(tmp_path / name).read(0)[0] == CELLS).all()


def test_archives_of_several_arrays_name_them(tmp_path):
    np.savez(tmp_path / "a.npz", one=CELLS, two=CELLS)
    with pytest.raises(InputError, match="holds the arrays one, two"):
        open_labels(tmp_path / "a.npz")


def test_masks_of_dsb2018_as_they_were_published(real_data, tmp_path):
    names = sorted(file.stem for file in (real_data / "dsb2018/val/labels").glob("*.tif"))[:5]
    merged = {name: tifffile.imread(real_data / f"dsb2018/val/labels/{name}.tif") for name in names}
    for name, labels in merged.items():
        tif(tmp_path / f"{name}/images/{name}.tif", tifffile.imread(real_data / f"dsb2018/val/images/{name}.tif"))
        for k in np.unique(labels[labels > 0]):
            png(tmp_path / f"{name}/masks/{k:04}.png", np.where(labels == k, 255, 0).astype(np.uint8))
    for pair in find_pairs(tmp_path, tmp_path):
        labels = merged[pair.image.path.stem]
        assert (pair.labels.read(0)[0] == np.searchsorted(np.unique([0, *labels.ravel()]), labels)).all()
