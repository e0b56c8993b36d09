"""The ways in for files of others, each with small valid inputs and the reading that the program does with them."""

from __future__ import annotations

import csv
import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

import cellseg
from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.images.source import ImageSource, array_source
from cellseg.labels.layouts import label_entries
from cellseg.labels.read import kind_of, read_labels
from cellseg.options import LabelOptions, PredictOptions

from ..images.zarrs import write_group, write_image
from .harness import Door

SIDE = 24
PIXELS = np.random.default_rng(0).integers(0, 200, (3, SIDE, SIDE)).astype(np.uint8)
CELLS = np.zeros((SIDE, SIDE), np.uint8)
CELLS[2:10, 3:12], CELLS[12:20, 4:20] = 1, 2
FEW = 2**21
"""Pixels of an image that is read whole; of a larger one only corners."""


# reading as the program does -------------------------------------------------------------------------------------


def read_image(path: Path) -> None:
    """Some planes of an image, whole where it is small, and its last corner."""
    _read(open_image(path))


def read_label_file(path: Path) -> None:
    """The labels of all images that a file tells of, and what they mean."""
    like = array_source(PIXELS[0])
    for entry in label_entries(path):
        source = entry.open(like)
        if source.height * source.width * source.planes > FEW:
            _read(source)
            continue
        kind = kind_of([(source, plane) for plane in range(source.planes)], LabelOptions())
        read_labels(source, source.planes - 1, kind, LabelOptions())


def _read(source: ImageSource) -> None:
    for plane in {0, source.planes // 2, source.planes - 1}:
        if source.height * source.width * source.channels <= FEW:
            source.read(plane)
        rows, columns = (slice(max(0, length - 8), length) for length in (source.height, source.width))
        source.read(plane, rows, columns)


# images ----------------------------------------------------------------------------------------------------------


def tiffs(folder: Path) -> list[Path]:
    """Plain, compressed, tiled, in colours, with palettes, in pyramids and in stacks."""
    made = {
        "plain": {"metadata": None},
        "zlib": {"compression": "zlib", "metadata": None},
        "lzw": {"compression": "lzw", "predictor": True, "metadata": None},
        "tiles": {"tile": (16, 16), "compression": "zstd", "metadata": None},
        "big": {"bigtiff": True},
        "packed": {"compression": "packbits"},
        "jpeg": {"compression": "jpeg", "tile": (16, 16)},
        "motorola": {"byteorder": ">"},
    }
    for name, settings in made.items():
        tifffile.imwrite(folder / f"{name}.tif", PIXELS, photometric="minisblack", **settings)
    tifffile.imwrite(folder / "rgb.tif", PIXELS.transpose(1, 2, 0), photometric="rgb")
    tifffile.imwrite(folder / "palette.tif", CELLS, photometric="palette", colormap=np.zeros((3, 256), np.uint16))
    tifffile.imwrite(folder / "bits.tif", CELLS > 0, photometric="miniswhite")
    tifffile.imwrite(folder / "floats.tif", PIXELS.astype(np.float32), compression="zlib", predictor=3)
    with tifffile.TiffWriter(folder / "pyramid.tif") as file:
        file.write(PIXELS[0], subifds=1, tile=(16, 16))
        file.write(PIXELS[0, ::2, ::2], subfiletype=1, tile=(16, 16))
    return sorted(folder.iterdir())


def label_images(folder: Path) -> list[Path]:
    """Numbers and masks in TIFF and PNG, with palettes, in colours, of 1 and 16 bits."""
    from PIL import Image

    stack = np.stack([CELLS, CELLS])
    tifffile.imwrite(folder / "plain.tif", stack, photometric="minisblack", metadata=None)
    tifffile.imwrite(folder / "tiles.tif", stack, photometric="minisblack", tile=(16, 16), compression="zlib")
    tifffile.imwrite(folder / "palette.tif", CELLS, photometric="palette", colormap=np.zeros((3, 256), np.uint16))
    tifffile.imwrite(folder / "bits.tif", CELLS > 0, photometric="miniswhite")
    tifffile.imwrite(folder / "floats.tif", CELLS.astype(np.float32))
    tifffile.imwrite(folder / "rgb.tif", np.stack([CELLS * 90, CELLS * 40, CELLS * 7], -1), photometric="rgb")
    Image.fromarray(CELLS.astype(np.uint16)).save(folder / "deep.png")
    Image.fromarray(CELLS).convert("P").save(folder / "palette.png")
    Image.fromarray(CELLS > 0).save(folder / "bits.png")
    return sorted(folder.iterdir())


def imagej(folder: Path) -> list[Path]:
    """Hyperstacks, whose axes stand in a text."""
    stack = np.stack([PIXELS, PIXELS])
    settings: dict[str, Any] = {"spacing": 2.0, "unit": "um", "finterval": 0.1, "axes": "TZYX"}
    tifffile.imwrite(folder / "stack.tif", stack, imagej=True, resolution=(2, 2), metadata=settings)
    tifffile.imwrite(folder / "channels.tif", PIXELS, imagej=True, metadata={"axes": "CYX", "Labels": ["a", "b", "c"]})
    return sorted(folder.iterdir())


def ome(folder: Path) -> list[Path]:
    """OME-XML in a TIFF, and in a file beside it."""
    settings = {"axes": "ZYX", "PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2, "Channel": {"Name": ["a"]}}
    tifffile.imwrite(folder / "a.ome.tif", PIXELS, metadata=settings)
    tifffile.imwrite(folder / "b.ome.tif", PIXELS[:, None], metadata={"axes": "CZYX"}, compression="zlib")
    (folder / "set").mkdir()
    tifffile.imwrite(folder / "set/z0.tif", PIXELS[0], metadata=None)
    uuid = '<UUID FileName="z0.tif">urn:uuid:0</UUID>'
    (folder / "set/a.companion.ome").write_text(
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="24" SizeY="24" SizeZ="1" SizeC="1" '
        'SizeT="1" PhysicalSizeX="0.5" PhysicalSizeY="0.5"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
        f'<TiffData FirstZ="0" IFD="0" PlaneCount="1">{uuid}</TiffData></Pixels></Image></OME>'
    )
    return [folder / "a.ome.tif", folder / "b.ome.tif", folder / "set/a.companion.ome"]


def zarrs(folder: Path) -> list[Path]:
    """Both versions, with labels, of several images, in shards."""
    volume = PIXELS[None, None]
    write_image(folder / "new.zarr", volume, scale=[1, 1, 1, 0.5, 0.5], omero={"channels": [{"label": "a"}]})
    write_image(folder / "old.zarr", volume, version="0.4")
    write_image(folder / "shards.zarr", volume, chunks=(1, 1, 1, 8, 8), shards=(1, 1, 1, 24, 24))
    write_image(folder / "new.zarr/labels/cells", CELLS, axes="yx")
    write_group(folder / "new.zarr/labels", {"labels": ["cells"]})
    plate = write_group(folder / "plate.zarr", {"plate": {"wells": [{"path": "A/1"}, {"path": "A/2"}]}})
    for well in ("A/1", "A/2"):
        write_group(plate / well, {"well": {"images": [{"path": "0"}]}})
        write_image(plate / well / "0", PIXELS[0], axes="yx")
    return sorted(folder.iterdir())


def read_zarr(path: Path) -> None:
    """An image with its labels, or each image of a collection."""
    from cellseg.images.omezarr.folder import images_inside, labels_of, read_ome

    if "multiscales" in read_ome(path):
        for name in ("", *labels_of(path)):
            _read(open_image(path / name))
        return
    for name in list(images_inside(path))[:3]:
        _read(open_image(path / name))


def pictures(folder: Path) -> list[Path]:
    """PNG, JPEG, BMP, WebP."""
    from PIL import Image

    colours = PIXELS.transpose(1, 2, 0)
    for name in ("grey.png", "grey.jpg", "grey.bmp", "grey.webp"):
        Image.fromarray(PIXELS[0]).save(folder / name, **({"lossless": True} if name.endswith("webp") else {}))
    Image.fromarray(colours).save(folder / "rgb.png", dpi=(25400, 25400))
    Image.fromarray(CELLS.astype(np.uint16)).save(folder / "deep.png")
    Image.fromarray(CELLS).convert("P").save(folder / "palette.png")
    Image.fromarray(CELLS > 0).save(folder / "bits.png")
    return sorted(folder.iterdir())


def arrays(folder: Path) -> list[Path]:
    """NumPy's files."""
    np.save(folder / "a.npy", PIXELS)
    np.save(folder / "b.npy", PIXELS[0].astype(">f4"))
    return sorted(folder.iterdir())


# labels ----------------------------------------------------------------------------------------------------------


def archives(folder: Path) -> list[Path]:
    """Arrays in zips."""
    np.savez_compressed(folder / "a.npz", labels=CELLS)
    np.savez(folder / "b.npz", CELLS.astype(np.int32))
    return sorted(folder.iterdir())


def rois(folder: Path) -> list[Path]:
    """Regions of ImageJ: traced, composite, ovals, rectangles."""
    from roifile import ROI_TYPE, ImagejRoi

    cellseg.convert(np.stack([CELLS, CELLS]), folder / "a.zip")
    holes = CELLS.copy()
    holes[4:6, 5:8] = 0
    cellseg.convert(holes, folder / "b.zip")
    made = {"oval": ROI_TYPE.OVAL, "rectangle": ROI_TYPE.RECT}
    for name, kind in made.items():
        roi = ImagejRoi(name=name, left=2, top=3, right=12, bottom=15)
        roi.roitype = kind
        roi.tofile(folder / f"{name}.roi")
    points = ImagejRoi.frompoints([[1.5, 2.5], [9.5, 3.5], [5.5, 11.5]], name="floats 3")
    points.tofile(folder / "floats.roi")
    return sorted(folder.iterdir())


def geojson(folder: Path) -> list[Path]:
    """Cells of QuPath."""
    cellseg.convert(CELLS, folder / "a.geojson")
    return sorted(folder.iterdir())


def coco(folder: Path) -> list[Path]:
    """Run lengths, compressed and plain, and polygons."""
    cellseg.convert(CELLS, folder / "a.json")
    image = {"id": 1, "file_name": "a.png", "height": SIDE, "width": SIDE}
    drawn = [
        {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": [[1, 1, 9, 1, 9, 9, 1, 9]]},
        {
            "id": 2,
            "image_id": 1,
            "category_id": 1,
            "iscrowd": 0,
            "segmentation": {"size": [SIDE, SIDE], "counts": [300, 20, SIDE**2 - 320]},
        },
    ]
    (folder / "b.json").write_text(json.dumps({"images": [image], "annotations": drawn}))
    return sorted(folder.iterdir())


def labelme(folder: Path) -> list[Path]:
    """Every type of shape."""
    import base64

    from PIL import Image

    mask = io.BytesIO()
    Image.fromarray(CELLS[2:10, 3:12]).save(mask, "PNG")
    shapes = [
        {"label": "a", "points": [[1, 1], [9, 1], [9, 9]], "shape_type": "polygon", "group_id": None},
        {"label": "b", "points": [[11, 1], [19, 9]], "shape_type": "rectangle", "group_id": 2},
        {"label": "c", "points": [[11, 15], [13, 15]], "shape_type": "circle"},
        {
            "label": "d",
            "points": [[1, 12], [9, 19]],
            "shape_type": "mask",
            "mask": base64.b64encode(mask.getvalue()).decode(),
        },
    ]
    (folder / "a.json").write_text(json.dumps({"shapes": shapes, "imageHeight": SIDE, "imageWidth": SIDE}))
    return sorted(folder.iterdir())


def hdf5(folder: Path) -> list[Path]:
    """Files of ilastik and PlantSeg."""
    import h5py

    with h5py.File(folder / "a.h5", "w") as file:
        data = file.create_dataset("exported_data", data=CELLS[..., None], chunks=(8, 8, 1), compression="gzip")
        data.attrs["axistags"] = json.dumps({"axes": [{"key": key} for key in "yxc"]})
    with h5py.File(folder / "b.h5", "w") as file:
        data = file.create_dataset("label", data=np.stack([CELLS, CELLS]))
        data.attrs["element_size_um"] = (1.0, 0.5, 0.5)
    return sorted(folder.iterdir())


# models and runs --------------------------------------------------------------------------------------------------


@cache
def _network() -> Any:
    import torch

    torch.manual_seed(0)
    return cellseg.build("unet", base=2, depth=1, norm="batch").eval()


def models(folder: Path) -> list[Path]:
    """A tiny model."""
    cellseg.save(_network(), folder / "m.safetensors")
    return [folder / "m.safetensors"]


def use_model(path: Path) -> None:
    """Load a model, and find cells with it."""
    model = cellseg.load(path)
    if model.network.geometry.input_size(SIDE) < 300 and model.network.options.channels == 1:
        cellseg.segment_array(model, PIXELS[0])


def checkpoints(folder: Path) -> list[Path]:
    """The state of a training."""
    from cellseg.training.state import save_checkpoint

    save_checkpoint(_state(), folder / "last.ckpt", "d")
    return [folder / "last.ckpt"]


def go_on(path: Path) -> None:
    """Read a checkpoint."""
    from cellseg.training.state import load_checkpoint

    load_checkpoint(_state(), path, "d")


def _state() -> Any:
    import copy

    from cellseg.training.recipes import settings_for
    from cellseg.training.state import new_state

    return new_state(copy.deepcopy(_network()), settings_for().train)


def configs(folder: Path) -> list[Path]:
    """Options of a training."""
    (folder / "config.toml").write_text(
        'format = 3\nimages = "i"\nlabels = "l"\nsteps = 100\nrate = 0.01\nmodel = "unet"\nseed = 1\n'
        'base = 8\ndepth = 2\nnorm = "batch"\ngrey-values = "contrast"\nvalidation = "0.2"\ntile = 100\n'
    )
    return [folder / "config.toml"]


def read_config(path: Path) -> None:
    """Options of a file, as the command takes them."""
    from cyclopts import CycloptsError

    from cellseg.cli.app import command_line

    try:
        command_line().parse_args(["train", "--config", str(path)], exit_on_error=False, print_error=False)
    except CycloptsError as error:  # a line for people, too
        raise InputError(str(error)) from error


def runs(folder: Path) -> list[Path]:
    """What a run folder says of a training, to go on with."""
    from dataclasses import asdict

    from cellseg.training.recipes import settings_for

    run = folder / "run"
    run.mkdir()
    tree = {"format": 3, "images": "i", "labels": "l", "options": asdict(settings_for())}
    (run / "config.json").write_text(json.dumps(tree, default=str))
    (run / "metrics.csv").write_text("step,loss,rate\n1,0.5,0.1\n2,0.4,0.1\n")
    return [run]


def read_run(path: Path) -> None:
    """The options of a run, and its curve."""
    from cellseg.training.run_folder import RunFolder, options_in, read_config, read_metrics

    run = RunFolder(path)
    options_in(read_config(run), run)
    read_metrics(run)


def tables(folder: Path) -> list[Path]:
    """A table of groups."""
    with open(folder / "groups.csv", "w", newline="") as file:
        csv.writer(file).writerows([["name", "patient"], ["a.png", "1"], ["b.png", "2"]])
    return [folder / "groups.csv"]


def read_table(path: Path) -> None:
    """Groups of images by a table."""
    from cellseg.labels.split.groups import keys_from_table

    keys_from_table(["a.png", "b.png"], path, "patient")


def encoders(folder: Path) -> list[Path]:
    """Published weights."""
    import torch

    torch.save({"features.0.weight": torch.zeros(2, 3, 3, 3)}, folder / "a.pth")
    return [folder / "a.pth"]


def read_encoder(path: Path) -> None:
    """Weights by name."""
    from cellseg.models.encoder_weights import read_tensors

    read_tensors(path)


# predictions and projects -----------------------------------------------------------------------------------------


def journals(folder: Path) -> list[Path]:
    """An interrupted prediction."""
    from cellseg.inference.keep_prediction import keep_prediction

    for _ in keep_prediction(_network(), PIXELS[0], folder / "kept").fill():
        pass
    return [folder / "kept"]


def take_up(path: Path) -> None:
    """Go on with a prediction, and look at what is there."""
    from cellseg.inference.journal import left_behind
    from cellseg.inference.journal_key import journal_key
    from cellseg.inference.opened import prediction_on_disk
    from cellseg.inference.result import Stored
    from cellseg.inference.scope import CUT, PLAN
    from cellseg.inference.seen import seen_by

    settings = PredictOptions(result="probabilities", probability_type="float32", tile=512)
    seen = seen_by(_network(), PIXELS[0], settings)
    key = journal_key(seen, without=PLAN | CUT)
    output = path / "probabilities"
    left = left_behind(output, key)
    if left is not None:
        prediction = prediction_on_disk(seen, output, Stored(settings), key, left)
        prediction.missing()
        prediction.read(0, slice(0, SIDE), slice(0, SIDE))


def projects(folder: Path) -> list[Path]:
    """An annotation project with strokes in blocks, in its journal, and an earlier state."""
    from napari_cellseg.project.folder import Project

    tifffile.imwrite(folder / "i.tif", PIXELS[0])
    project = Project.create(folder / "work", [folder / "i.tif"])
    labels = project.labels(project.images[0])
    labels[:, :] = CELLS
    project.keep(project.images[0], "before")
    labels[3:5, 3:5] = 7
    return [folder / "work"]


def open_project(path: Path) -> None:
    """All that a window reads of a project."""
    from dataclasses import replace

    from napari_cellseg.project.folder import Project
    from napari_cellseg.project.store import LabelStore

    project = replace(Project.open(path), writable=False)
    for image in project.images:
        project.source(image)
        store = LabelStore(project._labels_of(image), writable=False)
        if store.size <= FEW:
            store.max()
            _ = store[...]
        for state in project.kept(image):
            for index in state.blocks:
                from napari_cellseg.project.history import read_state

                read_state(state, index)


# exported models --------------------------------------------------------------------------------------------------


def exports(kind: str, name: str) -> Any:
    """Maker of the file of an exported model."""

    def make(folder: Path) -> list[Path]:
        from cellseg.models.trained import as_model

        cellseg.export(as_model(_network()), folder / name, format=kind)
        return [folder / name]

    return make


DOORS = (
    Door("tiff", tiffs, read_image),
    Door("label images", label_images, read_label_file),
    Door("imagej", imagej, read_image),
    Door("ome", ome, read_image),
    Door("zarr", zarrs, read_zarr),
    Door("picture", pictures, read_image),
    Door("npy", arrays, read_image),
    Door("npz", archives, read_label_file),
    Door("rois", rois, read_label_file, ("roifile",)),
    Door("geojson", geojson, read_label_file),
    Door("coco", coco, read_label_file, ("pycocotools",)),
    Door("labelme", labelme, read_label_file),
    Door("hdf5", hdf5, read_label_file, ("h5py",)),
    Door("model", models, use_model),
    Door("checkpoint", checkpoints, go_on),
    Door("config", configs, read_config),
    Door("run", runs, read_run),
    Door("table", tables, read_table),
    Door("encoder", encoders, read_encoder),
    Door("journal", journals, take_up),
    Door("project", projects, open_project, ("napari",)),
    Door("onnx", exports("onnx", "m.onnx"), use_model, ("onnxruntime",)),
    Door("torchscript", exports("torchscript", "m.pt"), use_model),
    Door("package", exports("bioimageio", "m.zip"), use_model, ("onnxruntime", "bioimageio.spec")),
)
