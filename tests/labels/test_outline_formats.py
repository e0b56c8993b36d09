"""Outlines and masks of other programs, against the pixels of their own libraries."""

from __future__ import annotations

import base64
import io
import json
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image
from roifile import ImagejRoi, roiwrite

from cellseg.errors import InputError
from cellseg.images.source import array_source
from cellseg.labels.annotated import find_annotated_pairs
from cellseg.labels.notes import notes_on
from cellseg.labels.opened import open_labels
from cellseg.labels.pairs import find_pairs

IMAGE = array_source(np.zeros((12, 16), np.uint8), name="image")
STACK = array_source(np.zeros((2, 3, 12, 16), np.uint8), axes="TZYX", name="stack")
SQUARE = [[2, 1], [8, 1], [8, 7], [2, 7], [2, 1]]
HOLE = [[4, 3], [6, 3], [6, 5], [4, 5], [4, 3]]
INSIDE = [[4, 3], [5, 3], [5, 4], [4, 4], [4, 3]]


def drawn(*boxes):
    """Labels of boxes (number, top, left, bottom, right)."""
    labels = np.zeros((12, 16), np.uint32)
    for number, top, left, bottom, right in boxes:
        labels[top:bottom, left:right] = number
    return labels


def write(path, tree):
    path.write_text(json.dumps(tree), "utf-8")
    return path


def feature(*rings, kind="Polygon", plane=None, **properties):
    geometry = {"type": kind, "coordinates": [*rings], **({"plane": plane} if plane else {})}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features):
    return {"type": "FeatureCollection", "features": [*features]}


@pytest.mark.parametrize("wrap", [lambda *f: collection(*f), lambda *f: [*f]], ids=["collection", "list"])
def test_geojson_with_holes_and_cells_in_them(tmp_path, wrap):
    path = write(tmp_path / "a.geojson", wrap(feature(SQUARE, HOLE, name="cell 7"), feature(INSIDE, name="cell 9")))
    labels = open_labels(path, like=IMAGE).read(0)[0]
    assert (labels == drawn((7, 1, 2, 7, 8), (0, 3, 4, 5, 6), (9, 3, 4, 4, 5))).all()


def test_geojson_of_stacks_has_planes(tmp_path):
    cells = feature(SQUARE, plane={"c": -1, "z": 2, "t": 1}), feature(INSIDE, plane={"c": -1, "z": 0, "t": 0})
    labels = open_labels(write(tmp_path / "a.geojson", collection(*cells)), like=STACK)
    assert [int(labels.read(k).max()) for k in range(6)] == [2, 0, 0, 0, 0, 1]


def test_annotations_around_detections_are_regions(tmp_path):
    whole = feature([[0, 0], [16, 0], [16, 12], [0, 12], [0, 0]], objectType="annotation")
    cells = feature(SQUARE, objectType="detection"), feature([1, 1], kind="Point", objectType="annotation")
    source = open_labels(write(tmp_path / "a.geojson", collection(whole, *cells)), like=IMAGE)
    assert (source.read(0)[0] == drawn((1, 1, 2, 7, 8))).all()
    assert "1 annotations are regions beside 1 detected cells" in (said := " ".join(notes_on([source])))
    assert "1 of its objects are points or lines" in said


def labelme(*shapes, height=12):
    return {"version": "5", "imagePath": "x.png", "imageHeight": height, "imageWidth": 16, "shapes": [*shapes]}


def shape(kind, points, group=None, **more):
    return {"label": "cell", "shape_type": kind, "points": points, "group_id": group, **more}


def test_labelme_shapes_as_labelme_draws_them(tmp_path):
    png = io.BytesIO()
    Image.fromarray(np.eye(3, dtype=bool)).save(png, "png")
    path = write(
        tmp_path / "a.json",
        labelme(
            shape("polygon", [[1.2, 1.2], [5.0, 1.0], [5.0, 4.0]]),
            shape("rectangle", [[9, 4], [7, 2]]),
            shape("circle", [[3.0, 8.0], [3.0, 10.0]]),
            shape("mask", [[8, 8], [10, 10]], mask=base64.b64encode(png.getvalue()).decode()),
            shape("rectangle", [[12, 1], [13, 2]], group=4),
            shape("rectangle", [[12, 5], [13, 6]], group=4),
            shape("point", [[0, 0]]),
        ),
    )
    source = open_labels(path)
    assert ["".join(".abcdef"[v] for v in row) for row in source.read(0)[0]] == [
        "................",
        ".aaaaa......ee..",
        "..aaaa.bbb..ee..",
        "....aa.bbb......",
        ".....a.bbb......",
        "............ee..",
        "..ccc.......ee..",
        ".ccccc..........",
        ".ccccc..d.......",
        ".ccccc...d......",
        "..ccc.....d.....",
        "................",
    ]
    assert notes_on([source]) == ["a.json: 1 shapes are points or lines and left out"]


def coco(tmp_path, *annotations, categories=1):
    images = [{"id": k, "file_name": f"{name}.png", "height": 12, "width": 16} for k, name in enumerate("ab")]
    found = [
        {"id": k, "category_id": k % categories, "iscrowd": 0, **annotation} for k, annotation in enumerate(annotations)
    ]
    return write(tmp_path / "coco.json", {"images": images, "annotations": found, "categories": []})


def test_coco_polygons_and_both_run_lengths_as_pycocotools_decodes_them(tmp_path):
    from pycocotools import mask as codec

    polygon = [[1.5, 1.5, 7.2, 1.9, 6.0, 6.6], [10, 1, 14, 1, 14, 3, 10, 3]]
    box = np.asfortranarray(drawn((1, 8, 2, 11, 7)).astype(np.uint8))
    runs = {**codec.encode(box), "size": [12, 16]}
    plain = {"size": [12, 16], "counts": [12 * 9 + 8, 2, 12 * 16 - 12 * 9 - 10]}
    path = coco(
        tmp_path,
        {"image_id": 0, "segmentation": polygon},
        {"image_id": 0, "segmentation": {**runs, "counts": runs["counts"].decode()}},
        {"image_id": 1, "segmentation": plain},
    )
    for name in "ab":
        tifffile.imwrite(tmp_path / f"{name}.tif", np.zeros((12, 16), np.uint8))
    (first, second) = find_annotated_pairs(tmp_path, path)
    wanted = np.where(codec.decode(codec.merge(codec.frPyObjects(polygon, 12, 16))) > 0, 1, 2 * box)
    assert (first.labels.read(0)[0] == wanted).all()
    assert (second.labels.read(0)[0] == drawn((1, 8, 9, 10, 10))).all()


def test_what_coco_leaves_out_is_said(tmp_path):
    boxes = {"image_id": 0, "bbox": [1, 1, 3, 3]}
    cell = {"image_id": 0, "segmentation": [[1, 1, 4, 1, 4, 4]]}
    path = coco(tmp_path, boxes, cell, {**cell, "iscrowd": 1}, categories=2)
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((12, 16), np.uint8))
    tifffile.imwrite(tmp_path / "b.tif", np.zeros((12, 16), np.uint8))
    said = notes_on(pair.labels for pair in find_pairs(tmp_path, path))
    assert [note.partition(": ")[2][:30] for note in said] == [
        "1 annotations are crowds of se",
        "1 annotations are boxes withou",
        "its 2 categories are not told ",
    ]


def h5(path, **options):
    import h5py

    with h5py.File(path, "w") as file:
        for name, (array, attributes) in options.items():
            data = file.create_dataset(name, data=array, chunks=True)
            data.attrs.update(attributes)
    return path


def tags(axes):
    return {"axistags": json.dumps({"axes": [{"key": axis} for axis in axes]})}


@pytest.mark.parametrize("axes", ["zyxc", "tzyxc", "cxyz", "xyz", "yxc"])
def test_hdf5_of_ilastik_says_its_axes(tmp_path, axes):
    lengths = {"t": 1, "c": 1, "z": 3, "y": 4, "x": 5}
    shape_ = tuple(lengths[axis] for axis in axes)
    array = np.arange(np.prod(shape_), dtype=np.uint32).reshape(shape_)
    source = open_labels(h5(tmp_path / "a.h5", exported_data=(array, tags(axes))))
    wanted = np.einsum(f"{axes}->{''.join(a for a in 'tczyx' if a in axes)}", array).reshape(-1, 4, 5)
    assert source.planes == len(wanted)
    assert all((source.read(k, slice(1, 3), slice(2, 5))[0] == wanted[k, 1:3, 2:5]).all() for k in range(len(wanted)))


def test_hdf5_with_a_damaged_heap_of_texts_is_refused_and_not_waited_for(tmp_path):
    path = h5(tmp_path / "a.h5", exported_data=(np.ones((8, 9, 1), np.uint8), tags("yxc")))
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL")
    content[heap + 24 : heap + 32] = b"\xff" * 8  # the size of its first text
    path.write_bytes(content)
    with pytest.raises(InputError, match="texts are damaged"):
        open_labels(path)


def test_hdf5_of_plantseg_and_of_several_data_sets(tmp_path):
    cells = np.arange(60, dtype=np.uint16).reshape(3, 4, 5)
    path = h5(tmp_path / "a.h5", raw=(cells * 2, {}), label=(cells, {"element_size_um": [0.5, 0.2, 0.1]}))
    source = open_labels(path)
    assert (source.read(2)[0] == cells[2]).all()
    assert (source.spacing_um, source.pixel_size_um) == (0.5, (0.2, 0.1))
    assert (open_labels(path / "raw").read(1)[0] == cells[1] * 2).all()
    with pytest.raises(InputError, match=r"has 2 data sets \(a, b\). Name one: b.h5/NAME"):
        open_labels(h5(tmp_path / "b.h5", a=(cells, {}), b=(cells, {})))


def roi_set(path):
    box = ImagejRoi(left=1, top=1, right=4, bottom=5, name="0001-0002")
    box.roitype = type(box.roitype).RECT
    roiwrite(path, [box], name=["0001-0002"])
    return path


def test_outlines_beside_their_images_and_one_file_an_image(tmp_path):
    wanted = drawn((1, 1, 1, 5, 4))
    for name in ("a", "b"):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.zeros((12, 16), np.uint8))
    roi_set(tmp_path / "a.zip")
    write(tmp_path / "b.geojson", collection(feature([[1, 1], [4, 1], [4, 5], [1, 5]])))
    (tmp_path / "l").mkdir()
    for file in ("a.zip", "b.geojson"):
        (tmp_path / "l" / file).write_bytes((tmp_path / file).read_bytes())
    for labels in (tmp_path, tmp_path / "l"):
        assert all((pair.labels.read(0)[0] == wanted).all() for pair in find_annotated_pairs(tmp_path, labels))


def test_pictures_beside_outlines_are_no_labels(tmp_path):
    """Labels may lie beside copies of the images, as LabelMe leaves them."""
    for folder, files in (("images", "ab"), ("annotated", "ab")):
        (tmp_path / folder).mkdir()
        for name in files:
            tifffile.imwrite(tmp_path / f"{folder}/{name}.tif", np.random.default_rng(0).integers(0, 255, (12, 16)))
    for name in "ab":
        write(tmp_path / f"annotated/{name}.json", labelme(shape("rectangle", [[1, 1], [3, 4]])))
    pairs = find_annotated_pairs(tmp_path / "images", tmp_path / "annotated")
    assert all((pair.labels.read(0)[0] == drawn((1, 1, 1, 5, 4))).all() for pair in pairs)


WRONG = {
    "far.geojson": (collection(feature([[90, 90], [95, 90], [95, 99]], name="x")), "the region 'x' lies outside of"),
    "point.geojson": (collection(feature([1, 1], kind="Point")), "holds no polygon"),
    "odd.json": ({"what": 1}, "JSON of another kind"),
    "broken.json": ("{", "no JSON that can be read"),
    "empty.json": ({"images": [], "annotations": [{"id": 3, "image_id": 9}]}, "the annotation 3 is of an image"),
    "boxes.json": ({"images": [{"id": 9}], "annotations": [{"image_id": 9, "bbox": [1]}]}, "holds boxes only"),
    "size.json": (labelme(height=11), "images and labels do not fit"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_one_line(tmp_path, name):
    tree, words = WRONG[name]
    path = tmp_path / name
    path.write_text(tree if isinstance(tree, str) else json.dumps(tree), "utf-8")
    tifffile.imwrite(tmp_path / "i.tif", np.zeros((12, 16), np.uint8))
    with pytest.raises(InputError) as error:
        find_annotated_pairs(tmp_path / "i.tif", path)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_outlines_alone_do_not_tell_the_size_of_an_image(tmp_path):
    with pytest.raises(InputError, match="does not say how large its image is"):
        open_labels(roi_set(tmp_path / "a.zip"))


@pytest.mark.parametrize(
    ("module", "name"), [("roifile", "a.zip"), ("h5py", "a.h5"), ("pycocotools.mask", "coco.json")]
)
def test_a_missing_library_is_named(tmp_path, monkeypatch, module, name):
    monkeypatch.setitem(sys.modules, module, None)
    write(tmp_path / name, {"images": [], "annotations": []})
    with pytest.raises(InputError, match=rf"need {module[:7]}.*, which is not installed.*pip install '\.\[labels\]'"):
        open_labels(tmp_path / name, like=IMAGE)
