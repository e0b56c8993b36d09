"""What cannot be read is refused in one line that names the file, what was found and what to do."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from cellseg.errors import InputError
from cellseg.images import segments
from cellseg.images.open import open_image
from cellseg.images.palette import lookup_table
from cellseg.images.tiff.companion import missing_beside

STACK = np.random.default_rng(0).integers(0, 255, (6, 64, 64)).astype(np.uint8)


def _cut(path, part: float):
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    return path


def _read_all(path, **options) -> None:
    source = open_image(path, **options)
    for plane in range(source.planes):
        source.read(plane)


def _refusal(path, **options) -> str:
    with pytest.raises(InputError) as caught:
        _read_all(path, **options)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def test_missing(tmp_path):
    assert _refusal(tmp_path / "no.tif").endswith("there is no such file. Check the spelling.")


def test_folder(tmp_path):
    assert "is a folder" in _refusal(tmp_path)


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"GIF89a..........", "a GIF"), (b"%PDF-1.7........", "a PDF"), (b"hello world", "something else")],
)
def test_other_formats(tmp_path, start, kind):
    path = tmp_path / "a.tif"
    path.write_bytes(start)
    words = "TIFF, OME-Zarr, PNG, JPEG, BMP, WebP, .npy, CZI, ND2 and LIF are; Fiji converts most others."
    assert f"is {kind}, which is no image that is read. {words}" in _refusal(path)


@pytest.mark.parametrize("length", [0, 1, 3, 4, 7, 8])
def test_hardly_any_bytes(tmp_path, length):
    tifffile.imwrite(tmp_path / "a.tif", STACK)
    path = tmp_path / "a.tif"
    path.write_bytes(path.read_bytes()[:length])
    assert any(word in _refusal(path) for word in ("empty", "no image that is read", "holds no complete page"))


def test_no_pages(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0\0\0\0\0")
    assert "holds no complete page. It is cut off" in _refusal(path)


def test_first_page_beyond_the_end(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0\xff\xff\0\0")
    assert "holds no complete page: the next page begins at byte 65,535 of a file of 8" in _refusal(path)


@pytest.mark.parametrize("last_names", [0, 1, 2])
def test_loops(tmp_path, last_names):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK[:3], metadata=None, photometric="minisblack", compression="zlib")
    with tifffile.TiffFile(path) as tif:
        offsets = [page.offset for page in tif.pages]
    with open(path, "r+b") as file:
        file.seek(offsets[2])
        file.seek(offsets[2] + 2 + 12 * int.from_bytes(file.read(2), "little"))
        file.write(offsets[last_names].to_bytes(4, "little"))
    assert f"page 3 names page {last_names + 1} as the next one, an endless loop" in _refusal(path)


def test_loop_behind_a_page_whose_values_are_missing(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK[:3], metadata=None, photometric="minisblack", compression="zlib")
    with tifffile.TiffFile(path) as tif:
        last, first = tif.pages[2], tif.pages[0].offset
        entry = last.tags["StripByteCounts"].offset
    with open(path, "r+b") as file:
        file.seek(last.offset)
        file.seek(last.offset + 2 + 12 * int.from_bytes(file.read(2), "little"))
        file.write(first.to_bytes(4, "little"))
        file.seek(entry + 4)
        file.write((10**6).to_bytes(4, "little") * 2)  # so many values, at this byte
    assert "an endless loop" in _refusal(path)


def test_a_palette_without_colours():
    with pytest.raises(ValueError, match="its palette has the shape"):
        lookup_table(np.zeros((3, 0), np.uint16))


def test_a_companion_that_names_a_file_of_a_name_too_long(tmp_path):
    assert missing_beside(tmp_path / "a.companion.ome", ["9" * 5000]) == "9" * 5000


TRUNCATED = {
    "imagej": {"imagej": True},
    "shaped": {},
    "shaped, compressed": {"compression": "zlib"},
    "plain": {"metadata": None},
    "plain, compressed": {"metadata": None, "compression": "zlib"},
    "ome": {"ome": True},
    "ome tiles": {"ome": True, "compression": "zlib", "tile": (16, 16)},
    "bigtiff": {"bigtiff": True, "metadata": None},
}


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95, 0.999])
@pytest.mark.parametrize("name", TRUNCATED)
def test_truncated(tmp_path, name, part):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK, photometric="minisblack", **TRUNCATED[name])
    message = _refusal(_cut(path, part))
    assert "cut off" in message


def test_a_truncated_stack_names_both_numbers(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK, photometric="minisblack", metadata={"axes": "ZYX"})
    assert "announces 6 pages, of which 3 are complete" in _refusal(_cut(path, 0.6))


def test_more_images_announced_than_there_are(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK[0], metadata=None, description="ImageJ=1.54f\nimages=9\nslices=9\n")
    assert "announces 9 pages, of which 1 are complete. It is cut off or damaged" in _refusal(path)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("count", [10**6, 2**40, 10**18])
def test_more_images_announced_than_any_file_has(tmp_path, count, compression):
    text = f"ImageJ=1.54f\nimages={count}\nslices={count}\n"
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK[0], metadata=None, description=text, compression=compression)
    assert f"announces {count} pages, of which 1 are complete" in _refusal(path)


def test_a_missing_file_of_an_ome_set(tmp_path):
    tiffdata = "".join(
        f'<TiffData FirstZ="{z}" IFD="0" PlaneCount="1"><UUID FileName="z{z}.ome.tif">urn:uuid:{z}</UUID></TiffData>'
        for z in (0, 1)
    )
    pixels = (
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="64" SizeY="64" SizeZ="2" SizeC="1" SizeT="1">'
    )
    xml = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:0">'
        f'<Image ID="Image:0">{pixels}<Channel ID="Channel:0:0" SamplesPerPixel="1"/>{tiffdata}</Pixels></Image></OME>'
    )
    tifffile.imwrite(tmp_path / "z0.ome.tif", STACK[0], metadata=None, description=xml, ome=False)
    message = _refusal(tmp_path / "z0.ome.tif")
    assert "announces 2 pages, of which 1 are complete; z1.ome.tif is not beside it" in message
    tifffile.imwrite(tmp_path / "z1.ome.tif", STACK[1], metadata=None)
    source = open_image(tmp_path / "z0.ome.tif")
    np.testing.assert_array_equal(source.read(1)[0], STACK[1])


def test_pages_of_unequal_size(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tif:
        tif.write(STACK[0], metadata=None)
        tif.write(STACK[0, :32, :32], metadata=None)
    assert "has pages of unequal size: 64 x 64 and 32 x 32. Save each size as a file of its own." in _refusal(path)


def test_pages_of_unequal_type(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tif:
        tif.write(STACK[0], metadata=None)
        tif.write(STACK[0].astype(np.uint16), metadata=None)
    assert "has pages of unequal kinds: uint8 (64, 64) and uint16 (64, 64)" in _refusal(path)


def test_a_huge_compressed_strip(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], compression="zlib")
    tifffile.imwrite(tmp_path / "tiles.tif", STACK[0], compression="zlib", tile=(16, 16))
    tifffile.imwrite(tmp_path / "plain.tif", STACK[0])
    monkeypatch.setattr(segments, "LARGEST_SEGMENT", 1000)
    message = _refusal(tmp_path / "a.tif")
    assert "keeps 64 x 64 pixels in one compressed piece" in message
    assert "Save it in tiles, for instance: bfconvert -tilex 1024 -tiley 1024" in message
    open_image(tmp_path / "tiles.tif").read(0)
    open_image(tmp_path / "plain.tif").read(0)


def test_complex_values(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0].astype(np.complex64))
    assert "values of an unknown format" in _refusal(tmp_path / "a.tif")


def test_damaged_data(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK[0], compression="zlib", metadata=None)
    with tifffile.TiffFile(path) as tif:
        start = tif.pages[0].dataoffsets[0]
    data = bytearray(path.read_bytes())
    data[start : start + 200] = bytes(200)
    path.write_bytes(data)
    assert "page 1 cannot be read" in _refusal(path)


def test_tifffile_says_nothing_to_the_user(tmp_path, capfd):
    tifffile.imwrite(tmp_path / "a.tif", STACK, imagej=True)
    _refusal(_cut(tmp_path / "a.tif", 0.6))
    assert capfd.readouterr() == ("", "")
