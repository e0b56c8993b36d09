"""Labels of other programs whose numbers are no numbers, whose sizes are lies, and that are bombs."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from cellseg.errors import InputError
from cellseg.images.source import array_source
from cellseg.labels.formats.coco import annotation_of, run_lengths
from cellseg.labels.layouts import label_entries

LIKE = array_source(np.zeros((24, 30), np.uint8))
CELLS = np.zeros((24, 30), np.uint32)
CELLS[3:9, 4:20], CELLS[12:20, 1:5] = 1, 2
RING = [[1, 1], [9, 1], [9, 9], [1, 1]]
BAD_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e308", "-1e308", "1e400", '"x"', "null", "[1]", '{"a": 1}', '"nan"']
"""As they stand in JSON, where a corner is wanted."""


def read_all(path):
    for entry in label_entries(path):
        entry.open(LIKE).read(0)


def refused(path, *parts):
    with pytest.raises(InputError) as caught:
        read_all(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: "), text
    assert len(text) < 1600
    for part in parts:
        assert part in text


def written(path, tree, number='"HERE"', instead='"HERE"'):
    path.write_text(json.dumps(tree).replace(number, instead))
    return path


@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_corners_that_are_no_places_in_geojson(tmp_path, number):
    ring = [["HERE", 1], *RING[1:]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    tree = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": geometry, "properties": {}}]}
    refused(written(tmp_path / "a.geojson", tree, instead=number))


@pytest.mark.parametrize("number", BAD_NUMBERS)
@pytest.mark.parametrize("kind", ["polygon", "rectangle", "circle", "mask"])
def test_corners_that_are_no_places_in_labelme(tmp_path, number, kind):
    shape = {"label": "a", "shape_type": kind, "points": [["HERE", 1], [9, 9], [1, 9]][: 3 if kind == "polygon" else 2]}
    refused(written(tmp_path / "a.json", {"shapes": [shape], "imageHeight": 24, "imageWidth": 30}, instead=number))


@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_corners_that_are_no_places_in_coco(tmp_path, number):
    tree = coco({"segmentation": [["HERE", 1, 9, 1, 9, 9]]})
    refused(written(tmp_path / "a.json", tree, instead=number))


def coco(annotation, **image):
    return {
        "images": [{"id": 1, "file_name": "a.png", "height": 24, "width": 30, **image}],
        "annotations": [{"id": 7, "image_id": 1, "category_id": 1, **annotation}],
    }


@pytest.mark.parametrize(
    "size", [2**40, 2**20, 0, -3, 1.5, None, "x", True, [24], float("nan"), 10**400], ids=lambda size: str(size)[:9]
)
@pytest.mark.parametrize("side", ["height", "width"])
def test_sizes_that_an_image_cannot_have(tmp_path, size, side):
    other = {"height": 2**20, "width": 2**20}  # both are large where one is
    told = {**other, side: size} if size in (2**40, 2**20) else {side: size}
    refused(written(tmp_path / "a.json", coco({"segmentation": [[1, 1, 9, 1, 9, 9]]}, **told)))
    named = {"imageHeight": told.get("height", 24), "imageWidth": told.get("width", 30)}
    if size not in (0, None):
        refused(written(tmp_path / "b.json", {"shapes": [{"points": RING[:3], "label": "a"}], **named}))


RUNS = [
    [1, 2],
    [0, 24 * 30 + 1],
    [-5, 24 * 30 + 5],
    ["x"],
    [1.5, 718.5],
    [],
    "",
    "~~~",
    "0",
    "1" * 400,
    5,
    None,
    {"a": 1},
]


@pytest.mark.parametrize("counts", RUNS, ids=lambda runs: str(runs)[:20])
def test_runs_that_are_not_as_long_as_the_image(tmp_path, counts):
    tree = coco({"segmentation": {"size": [24, 30], "counts": counts}})
    refused(written(tmp_path / "a.json", tree), "the annotation 7 cannot be read")


@pytest.mark.parametrize("size", [[30, 24], [2**40, 2**40], None, [24], ["a", "b"], 24])
def test_runs_of_another_size(tmp_path, size):
    tree = coco({"segmentation": {"size": size, "counts": [24 * 30]}})
    refused(written(tmp_path / "a.json", tree), "the annotation 7 cannot be read")


@pytest.mark.parametrize("seed", range(5))
def test_compressed_runs_are_those_of_the_library(seed):
    from pycocotools import mask as codec

    labels = (np.random.default_rng(seed).random((40, 50 + 400 * seed)) < 0.1 * seed).astype(np.uint32)
    text = annotation_of(1, labels, (0, 0), labels.shape)["segmentation"]["counts"]
    lengths = run_lengths(text)
    assert sum(lengths) == labels.size
    again = codec.frPyObjects({"size": [*labels.shape], "counts": lengths}, *labels.shape)
    assert again["counts"].decode() == text


BROKEN = ["[" * 5000 + "]" * 5000, '{"features": 1, "type": "FeatureCollection"}', "9" * 5000, '[{"type": "Feature"}]']


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: text[:20])
def test_json_that_is_deep_or_of_another_form(tmp_path, text):
    (tmp_path / "a.geojson").write_text(text)
    refused(tmp_path / "a.geojson")


@pytest.mark.parametrize("part", ["images", "annotations"])
@pytest.mark.parametrize("tree", [None, 1, "x", {}, [1], [None], [[]], [{}]], ids=str)
def test_coco_of_another_form(tmp_path, part, tree):
    whole = {**coco({"segmentation": [[1, 1, 9, 1, 9, 9]]}), part: tree}
    if (part, tree) != ("annotations", {}):  # an image without a cell
        refused(written(tmp_path / "a.json", whole))


@pytest.mark.parametrize("ring", ["9999", [[1], [2], [3]], ["1", "2", "3"]], ids=str)
def test_rings_without_pairs_in_geojson(tmp_path, ring):
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}
    (tmp_path / "a.geojson").write_text(json.dumps(feature))
    refused(tmp_path / "a.geojson", "no pair of numbers")


def roi(**fields):
    from roifile import ImagejRoi

    made = ImagejRoi.frompoints([[1.5, 2.5], [9.5, 3.5], [5.5, 11.5]])
    for name, value in fields.items():
        setattr(made, name, value)
    return made.tobytes()


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 1e38, -1e38])
def test_corners_that_are_no_places_in_rois(tmp_path, number):
    corners = np.array([[number, 2], [9, 3], [5, 11]], np.float32)
    (tmp_path / "a.roi").write_bytes(roi(subpixel_coordinates=corners))
    refused(tmp_path / "a.roi", "has a corner that is no number")


@pytest.mark.parametrize("length", [3, 8, 40, 63, 64, 70, 90])
def test_rois_that_are_cut_off(tmp_path, length):
    (tmp_path / "a.roi").write_bytes(roi()[:length])
    refused(tmp_path / "a.roi", "is no ROI set")


def bomb(path, name, size, content=b""):
    """A zip with a file that is `content` and so many zeros."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w", force_zip64=True) as file:
        file.write(content)
        for _ in range(size // 2**20):
            file.write(bytes(2**20))
    return path


def test_rois_that_unpack_to_far_more(tmp_path):
    refused(bomb(tmp_path / "a.zip", "1.roi", 260 * 2**20), "holds 273 MB when it is unpacked")


def array(shape, dtype="<i4"):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": dtype, "fortran_order": False, "shape": shape})
    return header.getvalue()


@pytest.mark.parametrize("shape", [(2**40, 2**40), (2**31, 24), (-1, -1), (2**63, 2**63)], ids=str)
def test_arrays_that_say_they_are_larger_than_their_file(tmp_path, shape):
    np.savez(tmp_path / "a.npz", labels=CELLS)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("labels.npy", array(shape) + bytes(100))
    refused(tmp_path / "a.npz")
    (tmp_path / "a.npy").write_bytes(array(shape) + bytes(100))
    refused(tmp_path / "a.npy")


@pytest.mark.parametrize(
    "header", [b"{'descr': '<i4', 'shape': (", b"__import__('os')", b"{}", b"\xff" * 20, b"[" * 900]
)
def test_arrays_whose_header_is_none(tmp_path, header):
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    for path in (tmp_path / "a.npz", tmp_path / "a.npy"):
        path.write_bytes(content)
        if path.suffix == ".npz":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("labels.npy", content)
        refused(path)


def test_a_mask_of_another_size_than_its_box(tmp_path):
    import base64

    from PIL import Image

    picture = io.BytesIO()
    Image.fromarray(np.ones((9, 9), np.uint8)).save(picture, "PNG")
    mask = base64.b64encode(picture.getvalue()).decode()
    shape = {"label": "a", "shape_type": "mask", "points": [[1, 1], [4, 4]], "mask": mask}
    path = written(tmp_path / "a.json", {"shapes": [shape], "imageHeight": 24, "imageWidth": 30})
    refused(path, "its mask is 9 x 9, its box 4 x 4")
