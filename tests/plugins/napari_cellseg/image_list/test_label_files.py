"""Labels of other programs over the image that is seen. No window."""

from __future__ import annotations

import numpy as np
import pytest
from napari_cellseg.image_list.label_files import are_labels, labels_over
from napari_cellseg.listed import ListedImage

import cellseg
from cellseg import InputError

CELLS = np.zeros((2, 9, 12), np.uint16)
CELLS[0, 1:4, 1:5], CELLS[1, 3:8, 6:11] = 3, 8


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "i.tif"
    cellseg.write_stack(path, np.zeros(CELLS.shape, np.uint8), "ZYX", pixel_size_um=(0.5, 0.25), spacing_um=2.0)
    return ListedImage(("", "i.tif"), path)


@pytest.mark.parametrize("ending", [".zip", ".geojson"])
def test_outlines_become_a_layer_over_their_image(image, tmp_path, ending):
    path = tmp_path / f"a{ending}"
    cellseg.convert(CELLS, path, labels_are="instances")
    assert are_labels(path)
    data, about, kind = labels_over(path, image)
    np.testing.assert_array_equal(data, CELLS)
    assert (kind, about["name"], about["scale"]) == ("labels", f"i.tif: a{ending}", (2.0, 0.5, 0.25))


def test_labels_of_another_size_and_images_in_no_file_are_refused(image, tmp_path):
    np.savez(tmp_path / "a.npz", labels=CELLS[:, :5])
    with pytest.raises(InputError, match=r"is 2 x 5 x 12, i\.tif is 2 x 9 x 12"):
        labels_over(tmp_path / "a.npz", image)
    with pytest.raises(InputError, match="in no file"):
        labels_over(tmp_path / "a.npz", ListedImage(("", "layer"), None))
    assert not are_labels(tmp_path)
    assert not are_labels(image.path)
