"""Fiji ROI sets: there and back, and the regions that people draw."""

from __future__ import annotations

from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from napari_cellseg.exchange.rois import read_rois, write_rois
from napari_cellseg.exchange.target import Target
from roifile import ROI_SUBTYPE, ROI_TYPE, ImagejRoi, roiwrite

from cellseg import InputError


def there_and_back(target, path, put, **more):
    write_rois(path, target)
    empty = Target("empty", np.zeros_like(target.data), target.annotation, **more)
    return put(read_rois(path, empty, "background"), empty)


def test_there_and_back(annotated, layer, put, tmp_path):
    found = there_and_back(layer(annotated), tmp_path / "set.zip", put)
    np.testing.assert_array_equal(found, np.where(annotated == 0, 1, annotated))


@given(arrays(np.uint32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 5)))
def test_any_labels_there_and_back(tmp_path_factory, labels):
    labels[0, 0] = 1
    path = tmp_path_factory.mktemp("roi") / "set.zip"
    target = Target("labels", labels, annotation=False)
    write_rois(path, target)
    ((_, found),) = read_rois(path, Target("empty", np.zeros_like(labels), annotation=False), "background")
    np.testing.assert_array_equal(found, labels)


@pytest.mark.parametrize(("shape", "axes"), [((3,), "Z"), ((2, 3), "TZ")])
def test_stacks_keep_their_planes(annotated, layer, put, tmp_path, shape, axes):
    stack = np.zeros((*shape, *annotated.shape), np.uint32)
    stack[(0,) * len(shape)] = stack[tuple(k - 1 for k in shape)] = np.where(annotated == 0, 1, annotated)
    found = there_and_back(layer(stack, axes=axes), tmp_path / "set.zip", put, axes=axes)
    np.testing.assert_array_equal(found, stack)
    with ZipFile(tmp_path / "set.zip") as file:
        rois = [ImagejRoi.frombytes(file.read(name)) for name in file.namelist()]
    assert {roi.name for roi in rois} >= {"plane 1 cell 900"}
    if axes == "TZ":
        assert {(roi.t_position, roi.z_position) for roi in rois} == {(1, 1), (2, 3)}
    else:
        assert {roi.position for roi in rois} == {1, 3}


def test_holes_are_composite_regions_and_others_polygons(annotated, layer, tmp_path):
    write_rois(tmp_path / "set.zip", layer(annotated))
    with ZipFile(tmp_path / "set.zip") as file:
        by_name = {name: ImagejRoi.frombytes(file.read(name)) for name in file.namelist()}
    assert by_name["cell 900.roi"].composite
    assert len(by_name["cell 900.roi"].coordinates(multi=True)) == 2
    assert by_name["cell 901.roi"].composite
    assert all(roi.roitype in (ROI_TYPE.RECT, ROI_TYPE.TRACED) for roi in by_name.values())


def drawn_by_hand():
    box = {"left": 2, "top": 1, "right": 6, "bottom": 4}
    polygon = ImagejRoi.frompoints(np.array([(10, 1), (14, 1), (14, 5), (10, 5)]), name="")
    polygon.roitype = ROI_TYPE.POLYGON
    freehand = ImagejRoi.frompoints(np.array([(9.6, 7.6), (12.4, 7.6), (12.4, 9.4), (9.6, 9.4)]), name="")
    return [
        ImagejRoi(roitype=ROI_TYPE.RECT, **box),
        polygon,
        freehand,
        ImagejRoi(roitype=ROI_TYPE.OVAL, left=1, top=6, right=6, bottom=9),
        ImagejRoi(roitype=ROI_TYPE.LINE, x1=0, y1=0, x2=5, y2=5, **box),
        ImagejRoi(roitype=ROI_TYPE.RECT, subtype=ROI_SUBTYPE.TEXT, **box),
    ]


def test_regions_drawn_by_hand(layer, put, tmp_path):
    roiwrite(tmp_path / "set.zip", drawn_by_hand(), name=[f"0001-000{k}-0007" for k in range(6)])
    target = layer((10, 16))
    put(read_rois(tmp_path / "set.zip", target, "unknown"), target)
    wanted = [
        "................",
        "..aaaa....bbbb..",
        "..aaaa....bbbb..",
        "..aaaa....bbbb..",
        "..........bbbb..",
        "................",
        "..ddd...........",
        ".ddddd..........",
        "..ddd.....cc....",
        "................",
    ]
    assert ["".join("..abcd"[v] for v in row) for row in target.data] == wanted


def test_what_is_refused(layer, tmp_path):
    (tmp_path / "a.zip").write_bytes(b"no")
    with pytest.raises(InputError, match=r"a\.zip: is no ROI set"):
        next(read_rois(tmp_path / "a.zip", layer((5, 5)), "unknown"))
    roiwrite(tmp_path / "line.roi", drawn_by_hand()[4])
    with pytest.raises(InputError, match="no region that is an area"):
        next(read_rois(tmp_path / "line.roi", layer((5, 5)), "unknown"))
    roiwrite(tmp_path / "far.roi", drawn_by_hand()[1])
    with pytest.raises(InputError, match="lies outside of 5 x 5 pixels"):
        next(read_rois(tmp_path / "far.roi", layer((5, 5)), "unknown"))
    polygon = drawn_by_hand()[1]
    polygon.position = 9
    roiwrite(tmp_path / "late.roi", polygon)
    with pytest.raises(InputError, match="is of a plane that"):
        next(read_rois(tmp_path / "late.roi", layer((3, 20, 20)), "unknown"))


def test_nothing_half_written(layer, tmp_path):
    with pytest.raises(InputError, match="has no cell"):
        write_rois(tmp_path / "set.zip", layer((5, 5)))
    with pytest.raises(InputError, match="60535"):
        write_rois(tmp_path / "set.zip", layer((1, 70_000)))
    assert not list(tmp_path.iterdir())
