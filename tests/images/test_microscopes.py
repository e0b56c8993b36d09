"""CZI, ND2 and LIF: files that the format's own library writes, or is asked to read beside ours."""

from __future__ import annotations

import json
import pickle
import sys

import numpy as np
import pytest

import cellseg
from cellseg.cli.info import info
from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.images.write import write_stack
from cellseg.options import DataOptions
from cellseg.training.data import find_training_pairs

RNG = np.random.default_rng(0)
STACK = RNG.integers(0, 60_000, (2, 2, 2, 3, 24, 30), dtype=np.uint16)
"""Scenes, T, C, Z, Y, X."""
RGB = RNG.integers(0, 256, (24, 30, 3), dtype=np.uint8)


def write_czi(path, scenes=1, rgb=False):
    """A CZI by Zeiss' own library."""
    czi = pytest.importorskip("pylibCZIrw.czi")
    stack = RGB[None, None, None, None, ..., ::-1] if rgb else STACK[:scenes, ..., None]
    with czi.create_czi(str(path)) as file:
        for scene, t, c, z in np.ndindex(stack.shape[:4]):
            sheet = np.ascontiguousarray(stack[scene, t, c, z])
            file.write(data=sheet, plane={"T": t, "Z": z, "C": c}, location=(500 * scene, 0), scene=scene)
        names = {0: "DAPI", 1: "GFP"}
        file.write_metadata("a", channel_names=names, scale_x=0.2e-6, scale_y=0.25e-6, scale_z=1e-6)
    return path


def test_a_czi_sheet_by_sheet_with_names_and_sizes(tmp_path):
    source = open_image(write_czi(tmp_path / "a.czi"))
    assert (source.plane_axes, source.plane_shape, source.channel_names) == ("TZ", (2, 3), ("DAPI", "GFP"))
    assert (*source.pixel_size_um, source.spacing_um) == pytest.approx((0.25, 0.2, 1))
    for plane, (t, z) in enumerate(np.ndindex(2, 3)):
        np.testing.assert_array_equal(source.read(plane), STACK[0, t, :, z])
    part = pickle.loads(pickle.dumps(source)).only("gfp").read(4, slice(3, 9), slice(5, 30))
    np.testing.assert_array_equal(part[0], STACK[0, 1, 1, 1, 3:9, 5:])


def test_a_czi_in_colours(tmp_path):
    source = open_image(write_czi(tmp_path / "a.czi", rgb=True))
    assert source.channel_names == ("red", "green", "blue")
    np.testing.assert_array_equal(source.read(0), RGB.transpose(2, 0, 1))


def test_scenes_by_name_and_number(tmp_path, capsys):
    path = write_czi(tmp_path / "a.czi", scenes=2)
    for scene in ("Scene 1", "1"):
        np.testing.assert_array_equal(open_image(path, scene=scene).read(0), STACK[1, 0, :, 0])
    listed = r"0 \(Scene 0\), 1 \(Scene 1\)\. Name one with --scene"
    for wish, words in ((None, "holds 2 scenes"), ("x", "has no scene 'x'")):
        with pytest.raises(InputError, match=f"{words}: {listed}"):
            open_image(path, scene=wish)
    info(path, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found == {"kind": "collection", "format": "Zeiss CZI", "scenes": ["Scene 0", "Scene 1"]}
    info(path, scene="1", as_json=True)
    one = json.loads(capsys.readouterr().out)
    assert one | {"channel_names": ["DAPI", "GFP"], "scenes": found["scenes"], "height": 24} == one


def write_lif(path, down="Y"):
    """A LIF of two images, by the format's description: a header in XML, then a block of memory for each.

    `down`: the axis along the columns of a sheet, Y, Z or T; of the others Z or Y counts sheets.
    """
    down_id, sheets_id = {"Y": (2, 3), "Z": (3, 2), "T": (4, 2)}[down]

    def block(body, head=b""):
        return b"\x70\0\0\0" + (len(head) + len(body)).to_bytes(4, "little") + head + body

    def text(words):
        return b"\x2a" + len(words).to_bytes(4, "little") + words.encode("utf-16-le")

    def element(number):
        sizes = ((1, 30, 2), (down_id, 24, 60), (sheets_id, 3, 1440 * 2))
        dimensions = "".join(
            f'<DimensionDescription DimID="{k}" NumberOfElements="{n}" Origin="0" Length="{(n - 1) * 2e-7}" Unit="m" '
            f'BitInc="0" BytesInc="{step}"/>'
            for k, n, step in sizes
        )
        channels = "".join(
            f'<ChannelDescription DataType="0" ChannelTag="0" Resolution="16" '
            f'NameOfMeasuredQuantity="" Min="0" Max="1" Unit="" LUTName="Green" IsLUTInverted="0" '
            f'BitInc="0" BytesInc="{c * 1440}"/>'
            for c in range(2)
        )
        return (
            f'<Element Name="cell {number}"><Data><Image><ImageDescription><Channels>{channels}</Channels>'
            f"<Dimensions>{dimensions}</Dimensions></ImageDescription></Image></Data>"
            f'<Memory Size="8640" MemoryBlockID="MemBlock_{number}"/></Element>'
        )

    inside = f"<Children>{element(0)}{element(1)}</Children>"
    xml = f'<LMSDataContainerHeader Version="2"><Element Name="a.lif">{inside}</Element></LMSDataContainerHeader>'
    content = block(text(xml))
    for number in range(2):
        data = STACK[number, 0].transpose(1, 0, 2, 3).tobytes()
        name = f"MemBlock_{number}"
        head = b"\x2a" + len(data).to_bytes(8, "little") + text(name)
        content += block(b"", head) + data
    path.write_bytes(content)
    return path


def test_a_lif_by_the_names_of_its_images(tmp_path):
    liffile = pytest.importorskip("liffile")
    path = write_lif(tmp_path / "a.lif")
    source = open_image(path, scene="cell 1")
    with liffile.LifFile(path) as file:
        theirs = file.images[1].asarray()
        assert file.images[1].dims == ("Z", "C", "Y", "X")
    assert (source.plane_axes, source.channels) == ("Z", 2)
    np.testing.assert_array_equal(np.stack([source.read(z) for z in range(3)]), theirs)
    np.testing.assert_array_equal(theirs, STACK[1, 0].transpose(1, 0, 2, 3))
    assert (*source.pixel_size_um, source.spacing_um) == pytest.approx((0.2, 0.2, 0.2))


def test_sections_of_a_lif_are_sheets(tmp_path):
    """Z runs down the sheets, Y counts them; such images were left out or read wrongly."""
    pytest.importorskip("liffile")
    path = write_lif(tmp_path / "a.lif", down="Z")
    source = open_image(path, scene="1")
    assert (source.plane_axes, source.plane_shape, source.height, source.width) == ("Z", (3,), 24, 30)
    for plane in range(3):
        np.testing.assert_array_equal(source.read(plane), STACK[1, 0, :, plane])


def test_a_lif_of_line_scans_alone_is_told(tmp_path):
    """It held "0 scenes", one of which was to be named."""
    pytest.importorskip("liffile")
    path = write_lif(tmp_path / "a.lif", down="T")
    read = r"Images have the axes YX, or ZX .*; line scans and lifetimes do not"
    for scene in (None, "0"):
        with pytest.raises(
            InputError, match=rf"holds no image that cellseg reads: cell 0 \(YCTX\), cell 1 .*\. {read}"
        ):
            open_image(path, scene=scene)


def test_raw_data_of_a_czi_are_refused(tmp_path, monkeypatch):
    """32 pictures of the detector's parts: the first alone would be read."""
    czi = pytest.importorskip("pylibCZIrw.czi")
    path, box = write_czi(tmp_path / "a.czi"), czi.CziReader.total_bounding_box.fget
    monkeypatch.setattr(czi.CziReader, "total_bounding_box", property(lambda file: box(file) | {"H": (0, 32)}))
    with pytest.raises(InputError, match=r"holds 32 phases \(axis H\)"):
        open_image(path)


STARTS = {"czi": (b"ZISRAWFILE", "pylibCZIrw"), "nd2": (b"\xda\xce\xbe\x0a", "nd2"), "lif": (b"p\0\0\0", "liffile")}


@pytest.mark.parametrize("ending", STARTS)
def test_without_the_extra_one_line_says_what_to_install(tmp_path, monkeypatch, ending):
    start, library = STARTS[ending]
    for name in [name for name in sys.modules if name.startswith("cellseg.images.microscopes.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / f"a.{ending}").write_bytes(start + bytes(400))
    with pytest.raises(InputError, match=rf"{ending.upper()} files need {library}, .* pip install '\.\[formats\]'"):
        open_image(tmp_path / f"a.{ending}")


@pytest.mark.parametrize("ending", STARTS)
def test_a_damaged_file_is_one_clear_line(tmp_path, ending):
    start, library = STARTS[ending]
    pytest.importorskip(library)
    (tmp_path / f"a.{ending}").write_bytes(start + bytes(400))
    with pytest.raises(InputError, match=r"cannot be read \(.+\)\. It is cut off or damaged") as caught:
        open_image(tmp_path / f"a.{ending}")
    assert "\n" not in str(caught.value)


def test_what_has_no_scenes_is_told(tmp_path):
    np.save(tmp_path / "a.npy", STACK[0, 0, 0, 0])
    with pytest.raises(InputError, match="has no scenes, as a NumPy array has none"):
        open_image(tmp_path / "a.npy", scene="1")


def test_a_scene_is_trained_on_and_checked(tmp_path):
    path, labels = write_czi(tmp_path / "a.czi", scenes=2), np.zeros((6, 24, 30), np.uint8)
    labels[:, 4:12, 4:12], labels[:, 14:20, 14:24] = 1, 2
    write_stack(tmp_path / "labels.tif", labels)
    where = DataOptions(images=str(path), labels=str(tmp_path / "labels.tif"), scene="Scene 1")
    first = find_training_pairs(where).new[0]
    np.testing.assert_array_equal(first.image.read(first.image_plane), STACK[1, 0, :, 0])
    assert cellseg.check(path, tmp_path / "labels.tif", scene="1", trust_pairs=True).summary.pairs == 6
    with pytest.raises(InputError, match="holds 2 scenes"):
        cellseg.check(path, tmp_path / "labels.tif")
