"""Samples, palettes and white-is-zero: what a TIFF's tags say its values mean."""

import json
import warnings

import numpy as np
import pytest
import tifffile
from PIL import Image

from cellseg import InputError
from cellseg.images.open import open_image
from cellseg.images.palette import lookup_table
from cellseg.labels.notes import notes_on

GREY = np.arange(8 * 9, dtype=np.uint8).reshape(8, 9)
FOUR = np.arange(8 * 9 * 4, dtype=np.uint16).reshape(8, 9, 4)
CELL = np.pad(np.ones((4, 3), np.uint8), ((2, 2), (3, 3)))


def test_four_grey_samples_are_four_channels(tmp_path):
    for planar in ("contig", "separate"):
        stored = FOUR if planar == "contig" else FOUR.transpose(2, 0, 1)
        tifffile.imwrite(tmp_path / "a.tif", stored, photometric="minisblack", planarconfig=planar)
        source = open_image(tmp_path / "a.tif")
        assert source.channel_names == ("0", "1", "2", "3")
        np.testing.assert_array_equal(source.read(0), FOUR.transpose(2, 0, 1))


def test_three_grey_samples_are_no_colours(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", FOUR[..., :3], photometric="minisblack", planarconfig="contig")
    assert open_image(tmp_path / "a.tif").channel_names == ("0", "1", "2")


def test_alpha_beside_grey_is_dropped(tmp_path):
    picture = Image.merge("LA", [Image.fromarray(GREY), Image.new("L", (9, 8), 255)])
    picture.save(tmp_path / "a.tif")
    source = open_image(tmp_path / "a.tif")
    assert source.channels == 1
    np.testing.assert_array_equal(source.read(0)[0], GREY)


def test_alpha_among_channels_is_dropped_wherever_it_is(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        FOUR,
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["unspecified", "assocalpha", "unspecified"],
    )
    np.testing.assert_array_equal(open_image(tmp_path / "a.tif").read(0), FOUR[..., [0, 1, 3]].transpose(2, 0, 1))


@pytest.mark.parametrize("extra", [None, ["unspecified"], ["assocalpha"], ["unassalpha"]])
def test_the_fourth_sample_of_rgb_is_dropped(tmp_path, extra):
    tifffile.imwrite(tmp_path / "a.tif", FOUR, photometric="rgb", extrasamples=extra)
    assert open_image(tmp_path / "a.tif").channel_names == ("red", "green", "blue")


def test_more_samples_beside_rgb_are_channels(tmp_path):
    five = np.concatenate([FOUR, FOUR[..., :1] + 1000], axis=-1)
    tifffile.imwrite(tmp_path / "a.tif", five, photometric="rgb", extrasamples=["unassalpha", "unspecified"])
    source = open_image(tmp_path / "a.tif")
    assert source.channel_names == ("red", "green", "blue", "4")
    np.testing.assert_array_equal(source.read(0)[3], five[..., 4])


def test_axes_of_the_user_keep_every_sample(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", FOUR, photometric="rgb", extrasamples=["unassalpha"])
    assert open_image(tmp_path / "a.tif", axes="YXC").channels == 4


@pytest.mark.parametrize(("mode", "words"), [("CMYK", "CMYK, the inks of a printer"), ("LAB", r"L\*a\*b\*")])
def test_colours_of_another_kind_are_refused(tmp_path, mode, words):
    bands = 4 if mode == "CMYK" else 3
    Image.frombytes(mode, (9, 8), bytes(8 * 9 * bands)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=f"holds colours as .*{words}.*Convert it to RGB or to grey"):
        open_image(tmp_path / "a.tif")


def test_ycbcr_without_jpeg_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", FOUR[..., :3].astype(np.uint8), photometric="ycbcr")
    with pytest.raises(InputError, match="holds colours as YCbCr"):
        open_image(tmp_path / "a.tif")


def test_a_palette_of_8_bits_is_not_black(tmp_path):
    colours = np.tile(np.arange(256, dtype=np.uint16), (3, 1))
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="palette", colormap=colours)
    np.testing.assert_array_equal(open_image(tmp_path / "a.tif").read(0)[0], GREY)


def test_a_palette_with_alpha(tmp_path):
    picture = Image.merge("LA", [Image.fromarray(GREY), Image.new("L", (9, 8), 255)]).convert("PA")
    picture.save(tmp_path / "a.tif")
    source = open_image(tmp_path / "a.tif")
    assert source.channels in (1, 3)
    np.testing.assert_array_equal(source.read(0)[0], GREY)


def test_a_palette_that_is_none():
    with pytest.raises(ValueError, match="palette has the shape"):
        lookup_table(np.zeros(768, np.uint16))


@pytest.mark.parametrize("values", [(0, 1), (0, 255)])
def test_masks_with_white_as_zero_are_read_as_they_are_shown(tmp_path, values):
    stored = CELL == 0 if values == (0, 1) else np.where(CELL, 0, 255).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="miniswhite")
    seen = np.asarray(Image.open(tmp_path / "a.tif").convert("L")) > 0
    np.testing.assert_array_equal(seen, CELL > 0)
    labels = open_image(tmp_path / "a.tif", palette="index").read(0)[0]
    np.testing.assert_array_equal(labels, CELL * values[1])


def test_masks_with_white_as_zero_are_told(tmp_path):
    """Which tifffile also makes of an array of bool, whose True is black then."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tifffile.imwrite(tmp_path / "a.tif", CELL > 0)
        tifffile.imwrite(tmp_path / "b.tif", CELL > 0, photometric="minisblack")
    turned, plain = (open_image(tmp_path / name, palette="index") for name in ("a.tif", "b.tif"))
    (note,) = notes_on([turned, plain])
    assert note.startswith("a.tif has white stored as 0")
    np.testing.assert_array_equal(plain.read(0)[0], CELL > 0)


def test_a_stack_of_masks_with_an_empty_plane(tmp_path):
    stack = np.stack([np.full_like(CELL, 255), np.where(CELL, 0, 255).astype(np.uint8)])
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="miniswhite")
    source = open_image(tmp_path / "a.tif", palette="index")
    assert source.read(0).max() == 0
    np.testing.assert_array_equal(source.read(1)[0], CELL * 255)


def test_numbered_cells_with_white_as_zero_keep_their_numbers(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="miniswhite")
    np.testing.assert_array_equal(open_image(tmp_path / "a.tif", palette="index").read(0)[0], GREY)


def test_inverting_tables_of_imagej_are_for_display(tmp_path):
    stored = CELL * np.uint8(255)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="miniswhite", description="ImageJ=1.54f\n", metadata=None)
    np.testing.assert_array_equal(open_image(tmp_path / "a.tif", palette="index").read(0)[0], stored)


@pytest.mark.parametrize("shape", [(16, 20, 1), (1, 16, 20, 1), (16, 20, 1, 1), (3, 16, 20, 1), (1, 3, 16, 20)])
def test_axes_of_length_1_do_no_harm(tmp_path, shape):
    pixels = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    source = open_image(tmp_path / "a.tif")
    assert (source.channels, source.height, source.width) == (1, 16, 20)
    stack = pixels.reshape(-1, 16, 20)
    np.testing.assert_array_equal(np.stack([source.read(k)[0] for k in range(source.planes)]), stack)


def test_axes_may_name_or_leave_out_what_has_length_1(tmp_path):
    pixels = np.arange(3 * 16 * 20, dtype=np.uint16).reshape(3, 16, 20, 1)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    for axes in ("ZYXC", "ZYX"):
        assert open_image(tmp_path / "a.tif", axes=axes).plane_axes == "Z"
    with pytest.raises(InputError, match="Name one axis each"):
        open_image(tmp_path / "a.tif", axes="TZCYX")


@pytest.mark.parametrize("how", [{"ome": True}, {"metadata": None}])
def test_columns_that_were_an_image_are_refused(tmp_path, how):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((24, 20, 1), np.uint8), **how)
    with pytest.raises(InputError, match=r"has 24 pages of 20 x 1 pixels.*array\[\.\.\., 0\]"):
        open_image(tmp_path / "a.tif")


@pytest.mark.parametrize("channel", ["488", 488])
def test_a_name_takes_precedence_over_a_number(tmp_path, channel):
    pixels = np.stack([GREY, GREY + 100])
    meta = {"axes": "CYX", "Channel": {"Name": ["405", "488"]}}
    tifffile.imwrite(tmp_path / "a.ome.tif", pixels, ome=True, photometric="minisblack", metadata=meta)
    np.testing.assert_array_equal(open_image(tmp_path / "a.ome.tif", channel=channel).read(0)[0], pixels[1])
    assert open_image(tmp_path / "a.ome.tif", channel=1).channel_names == ("488",)


def test_info_prints_json_that_is_json(tmp_path):
    from cellseg.cli.info import info

    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=(0, 0), metadata=None)
    assert info(tmp_path / "a.tif", as_json=True) == 0


COMPANION = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:0"><Image ID="Image:0">
<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="9" SizeY="8" SizeZ="2" SizeC="1" SizeT="1"
 PhysicalSizeX="0.5" PhysicalSizeY="0.25"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>
<TiffData FirstZ="0" IFD="0" PlaneCount="1"><UUID FileName="z0.ome.tif">urn:uuid:1</UUID></TiffData>
<TiffData FirstZ="1" IFD="0" PlaneCount="1"><UUID FileName="z1.ome.tif">urn:uuid:2</UUID></TiffData>
</Pixels></Image></OME>"""


@pytest.fixture
def companion(tmp_path):
    for z in range(2):
        part = f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{z + 1}">'
        part += '<BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:0"/></OME>'
        tifffile.imwrite(tmp_path / f"z{z}.ome.tif", GREY + z, metadata=None, description=part.encode())
    (tmp_path / "set.companion.ome").write_text(COMPANION)
    return tmp_path / "set.companion.ome"


def test_the_companion_of_a_set_opens_it(companion):
    source = open_image(companion)
    assert (source.planes, source.plane_axes, source.pixel_size_um) == (2, "Z", (0.25, 0.5))
    np.testing.assert_array_equal(source.read(1)[0], GREY + 1)


def test_a_companion_without_its_files_is_refused(companion):
    (companion.parent / "z1.ome.tif").unlink()
    with pytest.raises(InputError, match=r"names z1.ome.tif, which is not beside it"):
        open_image(companion)
    companion.write_text("no xml")
    with pytest.raises(InputError, match="is no OME-XML"):
        open_image(companion)


OME = """<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="9" SizeY="8" SizeZ="1" SizeC="1"
 SizeT="1" PhysicalSizeX="{0}" PhysicalSizeY="{0}"><Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData/>
</Pixels></Image></OME>"""


@pytest.mark.parametrize(
    ("text", "size"), [("0,25", 0.25), ("", None), ("unknown", None), ("NaN", None), ("-1", None), ("1e400", None)]
)
def test_pixel_sizes_that_are_no_numbers_are_unknown(tmp_path, text, size, caplog):
    tifffile.imwrite(tmp_path / "a.ome.tif", GREY, metadata=None, description=OME.format(text).encode())
    assert open_image(tmp_path / "a.ome.tif").pixel_size_um == (size and (size, size))
    assert bool(caplog.records) == (size is None)
    json.dumps(open_image(tmp_path / "a.ome.tif").pixel_size_um, allow_nan=False)


@pytest.mark.parametrize(
    ("unit", "um"),
    [
        ("\\u03BCm", 1),
        ("\\\\u00B5m", 1),
        ("µm", 1),
        ("microns", 1),
        ("micrometers", 1),
        ("nanometers", 1e-3),
        ("inches", 25400),
    ],
)
def test_units_as_people_write_them(tmp_path, unit, um):
    text = f"ImageJ=1.54p\nimages=2\nslices=2\nunit={unit}\nspacing=2\n".encode("latin-1")
    where, stack = tmp_path / "a.tif", np.stack([GREY] * 2)
    four = {"resolution": (4, 4), "resolutionunit": 1}
    tifffile.imwrite(where, stack, metadata=None, description=text, photometric="minisblack", **four)
    source = open_image(where)
    assert source.pixel_size_um == pytest.approx((um / 4, um / 4))
    assert source.spacing_um == pytest.approx(2 * um)
