"""Files by real microscopes and programs."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tifffile

from cellseg.errors import InputError
from cellseg.images.open import open_image

MASTER, OTHER_PART = (f"ome_multifile_master/multifile-Z{number}.ome.tiff" for number in (1, 2))
READ = {  # plane axes, (planes, channels, height, width), type
    "xyzc_16bit__spots.tif": ("Z", (17, 2, 88, 89), "uint16"),
    "xyc_8bit__nuclei_nup.tif": ("", (1, 2, 512, 512), "uint8"),
    "ij_5d.tif": ("TZ", (25, 3, 16, 16), "uint8"),
    "xyz_8bit__nuclei_autothresh.tif": ("Z", (37, 1, 118, 132), "uint8"),
    "multi-channel.ome.tif": ("", (1, 3, 167, 439), "int8"),
    "z-series.ome.tif": ("Z", (5, 1, 167, 439), "int8"),
    MASTER: ("Z", (5, 1, 24, 18), "uint8"),
    "gray.bigtiff.u1.tif": ("I", (2, 1, 83, 111), "uint8"),
    "shapes_lzw_12bps.tif": ("", (1, 3, 72, 128), "uint16"),
    "12bit.cropped.tiff": ("", (1, 1, 64, 64), "uint16"),
    "shapes_lzw_planar.tif": ("", (1, 3, 72, 128), "uint8"),
    "gray.zstd.u2.tif": ("I", (2, 1, 83, 111), "uint16"),
    "rgb.tiled.jpeg2000.u1.tif": ("I", (2, 3, 83, 111), "uint8"),
    "gray.f2.tif": ("I", (2, 1, 83, 111), "float16"),
    "gray.i2.tif": ("I", (2, 1, 83, 111), "int16"),
    "xyt_calibrated_16bit__golgi_bfa_sum_projection.tif": ("T", (30, 1, 137, 147), "float32"),
    "ctc_dic_hela_01_t000_original_lzw.tif": ("", (1, 1, 512, 512), "uint8"),
    "flower-minisblack-04.tif": ("", (1, 1, 43, 73), "uint8"),
}
PALETTES = ["shapes_lzw_palette.tif", "poppies.tif", "jello.tif"]
REFUSED = {
    "shapes_multi_size.tif": "has pages of unequal size: 72 x 128 and 36 x 64",
    "seek_too_large.tif": "holds no complete page",
    "multipage_single_frame_loop.tiff": "page 1 names page 1 as the next one, an endless loop",
    "xyc_8bit__nuclei_nup_TRUNCATED60.tif": "announces 2 pages, of which 1 are complete",
    OTHER_PART: "Open multifile-Z1.ome.tiff instead",
}


def test_every_file_is_read_or_refused(real_data):
    folder = real_data / "tiffs"
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*.tif*")}
    parts = {name for name in there if name.startswith("ome_multifile_master/") and not name.endswith("Z1.ome.tiff")}
    assert there - parts == {*READ, *PALETTES, *REFUSED} - parts
    for name in parts:
        with pytest.raises(InputError, match=r"Open multifile-Z1.ome.tiff instead"):
            open_image(folder / name)


def test_sizes_and_types_are_those_of_the_readme(real_data):
    folder = real_data / "tiffs"
    rows = [line.split("|") for line in (folder / "README.md").read_text().splitlines() if line.startswith("| ")]
    described = {row[1].strip(): (row[4].split(")")[0].strip(" ("), row[5].strip()) for row in rows[1:]}
    described[MASTER] = described.pop("ome_multifile_master")
    assert described.keys() == {*READ, *PALETTES, *REFUSED} - {OTHER_PART}
    for name in [*READ, *PALETTES]:
        source = open_image(folder / name, palette="index")
        shape, dtype = described[name]
        pixels = source.planes * source.channels * source.height * source.width
        assert (pixels, source.dtype) == (math.prod(int(side) for side in shape.split(",") if side), dtype), name


@pytest.mark.parametrize("name", READ)
def test_reads_as_its_description_says(real_data, name):
    path = real_data / "tiffs" / name
    source = open_image(path)
    axes, shape, dtype = READ[name]
    assert (source.plane_axes, (source.planes, source.channels, source.height, source.width)) == (axes, shape)
    assert source.dtype == np.dtype(dtype)
    whole = np.stack([source.read(plane) for plane in range(source.planes)])
    np.testing.assert_array_equal(whole, _by_tifffile(path, shape))
    part = source.read(source.planes - 1, slice(3, 11), slice(5, 14))
    np.testing.assert_array_equal(part, whole[-1][:, 3:11, 5:14])
    assert part.dtype.isnative


def _by_tifffile(path, shape) -> np.ndarray:
    array = tifffile.imread(path)
    if array.shape[-1] == 3:
        array = np.moveaxis(array, -1, -3)
    return array.reshape(shape)


@pytest.mark.parametrize("name", PALETTES)
def test_palettes_are_colours_for_images_and_values_for_labels(real_data, name):
    path = real_data / "tiffs" / name
    indexes = open_image(path, palette="index").read(0)
    coloured = open_image(path).read(0)
    with tifffile.TiffFile(path) as tif:
        colours = tif.pages[0].colormap
    np.testing.assert_array_equal(indexes[0], tifffile.imread(path))
    np.testing.assert_array_equal(coloured, (colours >> 8)[:, indexes[0]])


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused(real_data, name):
    with pytest.raises(InputError) as caught:
        open_image(real_data / "tiffs" / name)
    assert REFUSED[name] in str(caught.value)
    assert name in str(caught.value)


def test_pixel_sizes(real_data):
    folder = real_data / "tiffs"
    spots = open_image(folder / "xyzc_16bit__spots.tif")
    assert spots.pixel_size_um == pytest.approx((0.094134, 0.094134), abs=1e-5)
    assert spots.spacing_um == pytest.approx(0.4)
    assert open_image(folder / "ctc_dic_hela_01_t000_original_lzw.tif").pixel_size_um == pytest.approx(
        (0.19, 0.19), 1e-3
    )
    assert open_image(folder / "12bit.cropped.tiff").pixel_size_um is None
