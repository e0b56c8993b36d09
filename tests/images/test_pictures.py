"""PNG, JPEG, BMP and WebP, by the rules of TIFFs."""

from __future__ import annotations

import pickle

import imagecodecs
import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from PIL import Image

from cellseg.errors import InputError
from cellseg.images.open import open_image

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (8, 9), dtype=np.uint8)
RGB = RNG.integers(0, 256, (8, 9, 3), dtype=np.uint8)
RGBA = np.dstack([RGB, GREY])
DEEP = RNG.integers(0, 2**16, (8, 9, 4), dtype=np.uint16)
COLOURS = ("red", "green", "blue")
CELL = np.pad(np.ones((4, 3), np.uint8), ((2, 2), (3, 3)))


def palette_image(colours, values=None):
    image = Image.fromarray(GREY % 4 if values is None else values, mode="P")
    image.putpalette(colours)
    return image


def planes(path, **options):
    """An image (C, H, W), as it is read whole; a region of it is the same."""
    source = open_image(path, **options)
    whole = source.read(0)
    np.testing.assert_array_equal(source.read(0, slice(2, 7), slice(3, 9)), whole[:, 2:7, 3:9])
    assert (source.channels, *whole.shape[1:]) == (len(whole), source.height, source.width)
    assert whole.dtype == source.dtype
    return whole


def by_imageio(path):
    """The picture (C, H, W) as imageio reads it, without alpha."""
    found = iio.imread(path)
    found = found[..., None] if found.ndim == 2 else found
    return np.moveaxis(found[..., : {2: 1, 4: 3}.get(found.shape[-1], 3)], -1, 0)


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "webp"])
@pytest.mark.parametrize("pixels", [GREY, RGB], ids=["grey", "rgb"])
def test_pixels_are_those_of_imageio(tmp_path, ending, pixels):
    path = tmp_path / f"a.{ending}"
    iio.imwrite(path, pixels)
    np.testing.assert_array_equal(planes(path), by_imageio(path))


@pytest.mark.parametrize(
    ("pixels", "names"), [(RGB, COLOURS), (RGBA, COLOURS), (GREY, ("0",)), (np.dstack([GREY, GREY]), ("0",))]
)
def test_alpha_is_dropped_and_colours_are_named(tmp_path, pixels, names):
    iio.imwrite(tmp_path / "a.png", pixels)
    source = open_image(tmp_path / "a.png")
    assert source.channel_names == names
    np.testing.assert_array_equal(source.read(0), np.atleast_3d(pixels)[..., : len(names)].transpose(2, 0, 1))


@pytest.mark.parametrize(("samples", "kept"), [(1, 1), (2, 1), (3, 3), (4, 3)])
def test_16_bits_are_kept(tmp_path, samples, kept):
    path = tmp_path / "a.png"
    path.write_bytes(imagecodecs.png_encode(np.ascontiguousarray(DEEP[..., :samples].squeeze())))
    np.testing.assert_array_equal(planes(path), DEEP[..., :kept].transpose(2, 0, 1))


def test_grey_and_coloured_palettes_as_in_tiffs(tmp_path):
    coloured = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 7], [9, 9, 9]], np.uint8)
    grey = np.repeat(np.array([[200], [0], [100], [9]], np.uint8), 3, axis=1)
    for table, ending in [(coloured, "png"), (coloured, "bmp"), (grey, "png")]:
        path = tmp_path / f"a.{ending}"
        palette_image(table.ravel().tolist()).save(path)
        shown = table[GREY % 4].transpose(2, 0, 1)
        palette = np.zeros((3, 256), np.uint16)
        palette[:, :4] = table.T.astype(np.uint16) * 257
        tifffile.imwrite(tmp_path / "a.tif", GREY % 4, photometric="palette", colormap=palette)
        np.testing.assert_array_equal(planes(path), shown[:1] if table is grey else shown)
        np.testing.assert_array_equal(planes(path), planes(tmp_path / "a.tif"))
        np.testing.assert_array_equal(planes(path, palette="index")[0], GREY % 4)


def test_masks_of_one_bit(tmp_path):
    Image.fromarray(CELL * 255).convert("1").save(tmp_path / "a.png")
    np.testing.assert_array_equal(planes(tmp_path / "a.png")[0], CELL)
    palette_image([255] * 3 + [0] * 3, values=1 - CELL).save(tmp_path / "b.bmp", bits=1)
    np.testing.assert_array_equal(planes(tmp_path / "b.bmp", palette="index")[0] > 0, CELL > 0)


def test_numbered_labels_of_8_and_16_bits(tmp_path):
    for dtype, number in ((np.uint8, 200), (np.uint16, 40_000)):
        iio.imwrite(tmp_path / "a.png", CELL.astype(dtype) * dtype(number))
        found = planes(tmp_path / "a.png", palette="index")[0]
        assert (found.max(), found.dtype) == (number, dtype)


@pytest.mark.parametrize(("ending", "options"), [("jpg", {}), ("webp", {"lossless": False})])
def test_lossy_labels_are_refused_with_the_reason(tmp_path, ending, options):
    Image.fromarray(CELL * 90).save(tmp_path / f"a.{ending}", **options)
    with pytest.raises(InputError, match=r"whose compression changes the numbers of cells\. Export the labels as PNG"):
        open_image(tmp_path / f"a.{ending}", palette="index")


def test_lossless_webp_may_hold_labels(tmp_path):
    Image.fromarray(CELL * 90).save(tmp_path / "a.webp", lossless=True, exif=Image.Exif().tobytes())
    np.testing.assert_array_equal(planes(tmp_path / "a.webp", palette="index")[0], CELL * 90)


def test_colours_of_a_printer_are_refused(tmp_path):
    Image.new("CMYK", (9, 8)).save(tmp_path / "a.jpg")
    with pytest.raises(InputError, match=r"holds colours as CMYK, the inks of a printer\. Convert it to RGB"):
        open_image(tmp_path / "a.jpg")


def test_moving_pictures_are_refused(tmp_path):
    first, second = Image.fromarray(RGB), Image.fromarray(255 - RGB)
    for name in ("a.png", "a.webp"):
        first.save(tmp_path / name, save_all=True, append_images=[second])
        with pytest.raises(InputError, match="holds 2 moving pictures"):
            open_image(tmp_path / name)


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "webp"])
def test_a_damaged_picture_is_one_clear_line(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    iio.imwrite(path, RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    whole = path.read_bytes()
    for length in (20, len(whole) // 2):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"a\.\w+: is a \w+ that cannot be read \(.+\)\. It is cut off") as caught:
            open_image(path).read(0)
        assert "\n" not in str(caught.value)


def test_the_content_decides_and_not_the_name(tmp_path):
    iio.imwrite(tmp_path / "a.png", GREY)
    (tmp_path / "a.png").rename(tmp_path / "a.tif")
    np.testing.assert_array_equal(planes(tmp_path / "a.tif")[0], GREY)


@pytest.mark.parametrize(("dpi", "known"), [(72, False), (300, False), (254_000, True)])
def test_only_a_density_of_a_microscope_is_a_pixel_size(tmp_path, dpi, known):
    Image.fromarray(GREY).save(tmp_path / "a.png", dpi=(dpi, dpi))
    size = open_image(tmp_path / "a.png").pixel_size_um
    assert size == pytest.approx((0.1, 0.1), rel=1e-4) if known else size is None


def test_axes_of_the_user(tmp_path):
    iio.imwrite(tmp_path / "a.png", RGBA)
    assert open_image(tmp_path / "a.png", axes="YXC").channels == 4
    assert open_image(tmp_path / "a.png", axes="yxs").channel_names == COLOURS
    with pytest.raises(InputError, match="A picture is YX, or YXS in colours"):
        open_image(tmp_path / "a.png", axes="ZYX")


def test_a_turned_photograph_is_read_as_stored_and_said(tmp_path, caplog):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(GREY).save(tmp_path / "a.jpg", exif=exif.tobytes())
    assert open_image(tmp_path / "a.jpg").read(0).shape == (1, 8, 9)
    assert "Orientation tag (6) is ignored" in caplog.text


def test_a_picture_too_large_to_decode_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("cellseg.images.segments.LARGEST_SEGMENT", 100)
    iio.imwrite(tmp_path / "a.png", RGB)
    with pytest.raises(InputError, match="keeps 8 x 9 pixels in one compressed piece"):
        open_image(tmp_path / "a.png")


def test_sources_go_to_other_processes(tmp_path):
    iio.imwrite(tmp_path / "a.png", RGB)
    np.save(tmp_path / "a.npy", GREY)
    for name in ("a.png", "a.npy"):
        source = open_image(tmp_path / name)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(source)).read(0), source.read(0))
