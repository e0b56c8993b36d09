"""OME-Zarr folders made by the zarr library, as other programs write them."""

from __future__ import annotations

import json

import zarr

UNIT = "micrometer"


def write_image(folder, array, axes="tczyx", version="0.5", scale=None, unit=UNIT, chunks=None, shards=None, **ome):
    """Write an array as level 0 of an OME-Zarr image; `ome` goes beside its metadata."""
    kinds = {"t": "time", "c": "channel"}
    named = [{"name": axis, "type": kinds.get(axis, "space")} for axis in axes]
    for axis in named:
        axis |= {"unit": unit} if unit and axis["type"] == "space" else {}
    transforms = [{"type": "scale", "scale": scale or [1.0] * array.ndim}]
    multiscales = [{"name": "a", "axes": named, "datasets": [{"path": "0", "coordinateTransformations": transforms}]}]
    write_group(folder, {"multiscales": multiscales, **ome}, version)
    settings = {"chunks": chunks or (*[1] * (array.ndim - 2), 16, 16), "zarr_format": 2 if version == "0.4" else 3}
    settings |= {"dimension_names": list(axes), "shards": shards} if version == "0.5" else {}
    zarr.create_array(str(folder / "0"), data=array, **settings)
    return folder


def write_group(folder, ome, version="0.5"):
    """Write a group with these OME metadata."""
    folder.mkdir(parents=True, exist_ok=True)
    if version == "0.4":
        ome = (
            {**ome, "multiscales": [{"version": version, **m} for m in ome["multiscales"]]}
            if "multiscales" in ome
            else ome
        )
        (folder / ".zgroup").write_text('{"zarr_format": 2}')
        (folder / ".zattrs").write_text(json.dumps(ome))
    else:
        node = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": version, **ome}}}
        (folder / "zarr.json").write_text(json.dumps(node))
    return folder


def write_sparse(folder, shape):
    """Write an OME-Zarr image (H, W) of this shape that has no chunk: it may be larger than any disk."""
    transforms = [{"type": "scale", "scale": [1.0, 1.0]}]
    axes = [{"name": axis, "type": "space"} for axis in "yx"]
    datasets = [{"path": "0", "coordinateTransformations": transforms}]
    write_group(folder, {"multiscales": [{"name": "a", "axes": axes, "datasets": datasets}]})
    zarr.create_array(str(folder / "0"), shape=shape, dtype="uint8", chunks=(256, 256))
    return folder
