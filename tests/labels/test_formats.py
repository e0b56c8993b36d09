"""Labels in forms that are not read are named, with a way to a label image."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
import tifffile

from cellseg.errors import InputError
from cellseg.labels.annotated import find_annotated_pairs

CELLS = np.zeros((8, 9), np.uint8)


def rois(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("1.roi", b"Iout" + bytes(60))


def text(tree):
    return lambda path: path.write_text(tree if isinstance(tree, str) else json.dumps(tree), "utf-8")


FILES = {
    "RoiSet.zip": (rois, "ROIs of Fiji"),
    "a.roi": (text("Iout"), "a ROI of Fiji"),
    "a_seg.npy": (lambda path: np.save(path, {"masks": CELLS}, allow_pickle=True), "Cellpose"),
    "a.npy": (lambda path: np.save(path, CELLS), "NumPy"),
    "a.geojson": (text({"type": "FeatureCollection", "features": []}), "QuPath"),
    "coco.json": (text({"images": [], "annotations": [], "categories": []}), "COCO"),
    "a.json": (text({"version": "5", "shapes": [], "imagePath": "a.png"}), "labelme"),
    "rle.csv": (text("ImageId,EncodedPixels\na,1 3\n"), "run lengths"),
}


def refusal(*paths) -> str:
    with pytest.raises(InputError) as error:
        find_annotated_pairs(*paths)
    return str(error.value)


@pytest.mark.parametrize("name", FILES)
def test_known_formats_are_named_as_file_and_in_a_folder(tmp_path, name):
    make, words = FILES[name]
    (tmp_path / "labels").mkdir()
    make(tmp_path / "labels" / name)
    tifffile.imwrite(tmp_path / "i.tif", CELLS)
    for given in (tmp_path / "labels" / name, tmp_path / "labels"):
        assert words in refusal(tmp_path / "i.tif", given)


def test_masks_of_single_cells_are_named(tmp_path):
    for part in ("images", "masks"):
        (tmp_path / "id" / part).mkdir(parents=True)
    tifffile.imwrite(tmp_path / "id/images/id.tif", CELLS)
    for k in range(3):
        tifffile.imwrite(tmp_path / f"id/masks/{k}.tif", CELLS)
    assert "one mask for each cell" in refusal(tmp_path, tmp_path)
    assert "one mask for each cell (3 files for 1 image)" in refusal(tmp_path / "id/images", tmp_path / "id/masks")


def test_a_file_is_not_its_own_label(tmp_path):
    for k in range(2):
        for name in (f"img{k}.tif", f"img{k}_masks.tif"):
            tifffile.imwrite(tmp_path / name, CELLS)
    assert "4 files are given as image and as label, such as img0.tif" in refusal(tmp_path, tmp_path)
