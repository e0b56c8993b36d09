"""Something else than what was meant: one line says what was found and what is read."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

import cellseg
from cellseg.errors import InputError
from cellseg.images.source import array_source
from cellseg.images.write import write_stack
from cellseg.labels.doctor.counts import look_at_values
from cellseg.labels.doctor.values import judge_values
from cellseg.labels.layouts import label_entries
from cellseg.labels.pairs import find_pairs
from cellseg.labels.picture import label_notes
from cellseg.labels.values import check_values

RNG = np.random.default_rng(0)


def cells(numbers: int = 9, side: int = 96) -> np.ndarray:
    labels = np.zeros((side, side), np.uint16)
    for k in range(numbers):
        y, x = divmod(k, 3)
        labels[6 + 30 * y : 24 + 30 * y, 6 + 30 * x : 20 + 30 * x] = k + 1
    return labels


def grey(kind: type = np.uint8) -> np.ndarray:
    noise = RNG.normal(0, 3, (96, 96))
    return (40 + 150 * gaussian_filter((cells() > 0).astype(float), 2) + noise).astype(kind)


LABELS = {
    "numbers": cells(),
    "numbers as floats": cells().astype(np.float32),
    "mask": ((cells() > 0) * 255).astype(np.uint8),
    "mask of 1": (cells() > 0).astype(np.uint8),
    "dark cells in white": np.where(cells() > 0, 0, 255).astype(np.uint8),
    "classes": (cells() % 3).astype(np.uint8),
    "colours": RNG.integers(0, 255, (10, 3)).astype(np.uint8)[cells()].transpose(2, 0, 1),
}
IMAGES = {
    "8 bits": grey(),
    "16 bits": grey(np.uint16) * 50,
    "floats": grey(float),
    "out of focus": gaussian_filter(grey(float), 8).astype(np.uint8),
    "nearly black": RNG.poisson(0.3, (96, 96)).astype(np.uint8),
    "constant": np.full((96, 96), 7, np.uint8),
    "colours": np.stack([grey(), grey(), grey()]),
    "saturated": np.clip(grey().astype(float) * 1.6, 0, 255).astype(np.uint8),
}


def source_of(array):
    return array_source(array, axes="CYX" if array.ndim == 3 else None)


@pytest.mark.parametrize("name", LABELS)
def test_labels_given_as_an_image_are_said(name):
    (note,) = label_notes(source_of(LABELS[name]))
    assert note.startswith("looks like labels, not like an image")


@pytest.mark.parametrize("name", IMAGES)
def test_images_are_no_labels(name):
    assert label_notes(source_of(IMAGES[name])) == []


@pytest.mark.parametrize("name", ["8 bits", "16 bits", "out of focus"])
def test_images_given_as_labels_are_said(name):
    with pytest.raises(InputError, match="looks like an image, not like labels"):
        check_values(IMAGES[name], None, "a.png")
    _, findings = judge_values([look_at_values(IMAGES[name], "a")])
    assert [f.code for f in findings if f.severity == "error"] == ["picture"]


def test_labels_that_were_resized_are_still_said_to_be_blurred():
    blurred = np.asarray(Image.fromarray(cells().astype(np.uint8) * 20).resize((200, 200), Image.Resampling.BILINEAR))
    with pytest.raises(InputError, match="has blurred edges"):
        check_values(blurred, None, "a.png")


@pytest.mark.parametrize(
    ("text", "words"), [("{", "is no JSON that can be read"), ("{}", "holds JSON of another kind")]
)
def test_json_that_is_damaged_or_of_another_kind(tmp_path, text, words):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=words):
        label_entries(tmp_path / "a.json")


FAR = [[200, 200], [220, 200], [220, 220], [200, 200]]
NEAR = [[80, 80], [120, 80], [120, 120], [80, 80]]


def geojson(points):
    geometry = {"type": "Polygon", "coordinates": [points]}
    return {"type": "Feature", "geometry": geometry, "properties": {"name": "cell 1"}}


def coco(points, file="a.png"):
    flat = [value for point in points for value in point]
    annotation = {"id": 7, "image_id": 1, "segmentation": [flat], "category_id": 1, "iscrowd": 0}
    return {"images": [{"id": 1, "file_name": file, "height": 96, "width": 96}], "annotations": [annotation]}


def labelme(points):
    shape = {"label": "cell", "points": points, "shape_type": "polygon"}
    return {"shapes": [shape], "imageHeight": 96, "imageWidth": 96}


@pytest.mark.parametrize("tree", [geojson, coco, labelme])
def test_a_polygon_outside_the_image(tmp_path, tree):
    pytest.importorskip("pycocotools")
    like = array_source(grey())
    (tmp_path / "a.json").write_text(json.dumps(tree(FAR)))
    with pytest.raises(InputError, match="lies outside of 96 x 96 pixels"):
        cellseg.open_labels(tmp_path / "a.json", like=like)
    (tmp_path / "b.json").write_text(json.dumps(tree(NEAR)))
    assert cellseg.open_labels(tmp_path / "b.json", like=like).read(0).any()


def test_an_annotation_that_names_a_missing_file(tmp_path):
    pytest.importorskip("pycocotools")
    (tmp_path / "in").mkdir()
    write_stack(tmp_path / "in/nucleus.tif", grey())
    (tmp_path / "a.json").write_text(json.dumps(coco(NEAR, "elsewhere/mito.png")))
    with pytest.raises(InputError, match=r"the image is nucleus.tif, the labels are of mito.png \(named in a.json\)"):
        find_pairs(tmp_path / "in", tmp_path / "a.json")
    (tmp_path / "a.json").write_text(json.dumps(coco(NEAR, "elsewhere/nucleus.png")))
    assert len(find_pairs(tmp_path / "in", tmp_path / "a.json")) == 1
    (tmp_path / "a.json").write_text(json.dumps(coco(NEAR, "elsewhere/mito.png")))
    assert len(find_pairs(tmp_path / "in", tmp_path / "a.json", palette="index")) == 1  # a prediction has any name


def test_a_tree_of_masks_beside_the_masks_of_one_image(tmp_path):
    for name in ("a", "b"):
        for sub in ("images", "masks"):
            (tmp_path / "tree" / name / sub).mkdir(parents=True)
        Image.fromarray(grey()).save(tmp_path / f"tree/{name}/images/{name}.png")
        for k in (1, 2):
            Image.fromarray((cells() == k).astype(np.uint8)).save(tmp_path / f"tree/{name}/masks/{k}.png")
    with pytest.raises(InputError, match=r"holds a folder for each image, with its masks.*Give tree for both"):
        find_pairs(tmp_path / "tree", tmp_path / "tree/a/masks")
    assert len(find_pairs(tmp_path / "tree", tmp_path / "tree")) == 2
    assert len(find_pairs(tmp_path / "tree/a/images", tmp_path / "tree/a/masks")) == 1
