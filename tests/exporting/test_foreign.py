"""Packages of other programs: tiled exactly, their steps obeyed or refused by name, their outputs understood."""

import gc

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.cli import run
from cellseg.errors import InputError
from cellseg.models.exported.output_classes import meaning_of
from tests.exporting.foreign import STEP, Strange, package

pytest.importorskip("onnxruntime")
pytest.importorskip("bioimageio.spec")
pytestmark = pytest.mark.filterwarnings("ignore")
FREE = {"min": 32, "step": STEP}
SIGMOID = [("sigmoid", None)]


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def standard(image, axes=(1, 2)):
    return (image - image.mean(axes, keepdims=True)) / (image.std(axes, keepdims=True) + 1e-6)


def percentiles(image):
    low, high = np.percentile(image, (1, 99.8), (1, 2), keepdims=True)
    return np.clip((image - low) / (high - low + 1e-6), 0, 1)


def fixed(image):
    return (image - np.array([200, 90])[:, None, None]) / (np.array([40, 30])[:, None, None] + 1e-6)


def image(channels=1, side=64, seed=0):
    rng = np.random.default_rng(seed)
    pixels = rng.normal(200, 40, (channels, side, side))
    pixels[:, 12:30, 20:44] += 300
    return pixels.clip(0, 65535).astype(np.uint16)


def mirrored(pixels, margin, step):
    """The image with its surroundings, to a size that the network takes."""
    more = [margin + (-(length + 2 * margin)) % step for length in pixels.shape[1:]]
    return np.pad(pixels, [(0, 0), (margin, more[0]), (margin, more[1])], mode="reflect")


def with_axes(array, axes):
    """(C, H, W) with the axes in another order, some of length 1 added."""
    kept = [letter for letter in "cyx" if letter in axes]
    array = array if "c" in axes else array[0]
    array = array.transpose([kept.index(letter) for letter in axes if letter in "cyx"])
    for place, letter in enumerate(axes):
        array = np.expand_dims(array, place) if letter in "bz" else array
    return np.ascontiguousarray(array)


KINDS = {
    "05-script": {"size": FREE, "steps": standard, "before": [("zero_mean_unit_variance", {"axes": ["y", "x"]})]},
    "05-onnx-one-size": {
        "kind": "onnx",
        "size": 64,
        "axes": "byxc",
        "steps": percentiles,
        "before": [
            ("scale_range", {"axes": ["y", "x"], "min_percentile": 1, "max_percentile": 99.8}),
            ("clip", {"min": 0.0, "max": 1.0}),
        ],
    },
    "04-script-no-batch": {
        "version": "0.4",
        "size": FREE,
        "axes": "xy",
        "steps": standard,
        "before": [("zero_mean_unit_variance", {"mode": "per_sample", "axes": "xy"})],
    },
    "04-onnx-fixed": {
        "version": "0.4",
        "kind": "onnx",
        "size": 64,
        "axes": "bczyx",
        "channels": 2,
        "steps": fixed,
        "before": [
            ("zero_mean_unit_variance", {"mode": "fixed", "axes": "zyx", "mean": [200.0, 90.0], "std": [40.0, 30.0]})
        ],
    },
    "05-loses-pixels": {
        "size": FREE,
        "padding": 0,
        "halo": 0,
        "lost": 4,
        "channels": 2,
        "steps": lambda image: standard(image, (0, 1, 2)),
        "before": [("zero_mean_unit_variance", None)],
    },
}


def made(path, kind, **more):
    """A package of a kind, and the probabilities that it must give for an image (C, H, W)."""
    told = {"axes": "bcyx", "channels": 1, "halo": 4, "lost": 0, "kind": "torchscript", **KINDS[kind], **more}
    steps, padding = told.pop("steps"), told.pop("padding", 1)
    network = Strange(told["channels"], axes=told["axes"], padding=padding).eval()

    def plain(pixels):
        with torch.no_grad():
            found = network.plain(torch.from_numpy(pixels.astype(np.float32))[None])[0].numpy()
        return sigmoid(found)

    seen = image(told["channels"]).astype(np.float32)
    output = plain(steps(seen.astype(np.float64)))
    package(path, network, with_axes(seen, told["axes"]), with_axes(output, told["axes"]), after=SIGMOID, **told)

    def wanted(pixels):
        margin = 32
        around = plain(mirrored(steps(pixels.astype(np.float64)), margin, STEP))
        cut = margin - told["lost"] // 2
        return around[0, cut : cut + pixels.shape[1], cut : cut + pixels.shape[2]]

    return wanted


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_of_another_program_is_tiled_exactly(kind, tmp_path):
    wanted = made(tmp_path / "p.zip", kind)
    model = cellseg.load(tmp_path / "p.zip")
    pixels = image(model.network.options.channels, side=150, seed=1)
    given = pixels if len(pixels) > 1 else pixels[0]
    found = [cellseg.predict_array(model, given, tile=tile)[1] for tile in (64, 128)]
    assert np.abs(found[0] - found[1]).max() < 1e-6
    assert np.abs(found[0] - wanted(pixels)).max() < 1e-5


@pytest.mark.parametrize("kind", ["05-script", "05-onnx-one-size"])
def test_the_command_line_takes_it_as_any_model(kind, tmp_path, capsys):
    wanted = made(tmp_path / "p.zip", kind)
    pixels = image(side=300, seed=2)
    tifffile.imwrite(tmp_path / "image.tif", pixels[0])
    words = [str(tmp_path / name) for name in ("p.zip", "image.tif")]
    options = ["--tile", "64", "--verify-seams", "2", "--memory", "4GB"]
    assert run(["predict", *words, "--out", str(tmp_path / "out.tif"), *options]) == 0
    assert "across seams 0.0e+00" in capsys.readouterr().err
    labels = tifffile.imread(tmp_path / "out.tif")
    assert np.array_equal(labels > 0, wanted(pixels) >= 0.5)


def test_the_library_of_bioimageio_predicts_the_same(tmp_path):
    """Within the image, by steps without statistics: it takes those of the image with its mirrored surroundings."""
    core = pytest.importorskip("bioimageio.core")
    linear = [("scale_linear", {"gain": 0.01, "offset": -2.0})]
    made(tmp_path / "p.zip", "05-script", steps=lambda image: 0.01 * image - 2, before=linear)
    pixels = image(side=96, seed=3)
    found = cellseg.predict_array(str(tmp_path / "p.zip"), pixels[0])[1]
    told = core.predict(model=core.load_model_description(tmp_path / "p.zip"), inputs=pixels[None].astype(np.float32))
    other = np.asarray(told.members["seen"].data).squeeze()
    gc.collect()  # that library leaves files open, and the warning is its own
    assert np.abs(found - other)[8:-8, 8:-8].max() < 1e-5


def test_a_network_of_cellseg_is_read_from_numbers_alone(tmp_path):
    import io
    import zipfile

    import yaml

    torch.manual_seed(0)
    network = cellseg.build("unet", base=2, depth=1, padding="valid").eval()
    seen = image().astype(np.float32)[None]
    with torch.no_grad():
        output = torch.softmax(network(torch.from_numpy(standard(seen[0]).astype(np.float32))[None]), 1).numpy()
    margin = network.geometry.margin

    def change(tree):
        options = {"name": "unet", "base": 2, "depth": 1, "padding": "valid"}
        layers = {"import_from": "cellseg", "callable": "build", "kwargs": options}
        entry = {"source": "state", "architecture": layers, "pytorch_version": "2.0"}
        return {**tree, "weights": {"pytorch_state_dict": entry}}

    package(
        tmp_path / "p.zip",
        Strange().eval(),
        seen,
        output,
        size={"min": 32, "step": 2},
        halo=0,
        lost=2 * margin,
        names=["background", "cell"],
        before=[("zero_mean_unit_variance", {"axes": ["y", "x"]})],
        after=[("softmax", {"axis": "channel"})],
        change=change,
    )
    buffer = io.BytesIO()
    torch.save(network.state_dict(), buffer)
    with zipfile.ZipFile(tmp_path / "p.zip", "a") as archive:
        archive.writestr("state", buffer.getvalue())
        assert yaml.safe_load(archive.read("rdf.yaml"))
    pixels = image(side=90, seed=4)[0]
    found = cellseg.predict_array(str(tmp_path / "p.zip"), pixels)
    assert np.abs(found - cellseg.predict_array(network, pixels, precision="float32")).max() < 1e-5


def refused(path, parts, folder, capsys, *options):
    tifffile.imwrite(folder / "image.tif", image(side=100)[0])
    words = [str(path), str(folder / "image.tif"), "--out", str(folder / "out.tif"), *options]
    assert run(["predict", *words]) == 2
    error = capsys.readouterr().err
    assert parts in error
    assert error.count("\n") == 1
    assert not (folder / "out.tif").exists()


def with_step(name, kwargs=None, *, before=False):
    def change(tree):
        step = {"id": name, **({"kwargs": kwargs} if kwargs else {})}
        key, which = ("inputs", "preprocessing") if before else ("outputs", "postprocessing")
        tree[key][0][which] = [step]
        return tree

    return change


def with_size(tensor, size, axis=-1, **more):
    def change(tree):
        tree[tensor][0]["axes"][axis] = {**tree[tensor][0]["axes"][axis], **more, "size": size}
        return tree

    return change


def both(*changes):
    def change(tree):
        for one in changes:
            tree = one(tree)
        return tree

    return change


def python_alone(tree):
    layers = {"source": "weights", "callable": "build"}
    entry = {"source": "weights", "architecture": layers, "pytorch_version": "2.0"}
    return {**tree, "weights": {"pytorch_state_dict": entry}}


def two_inputs(tree):
    return {**tree, "inputs": [*tree["inputs"], {**tree["inputs"][0], "id": "other"}]}


def without(tensor, name):
    def change(tree):
        del tree[tensor][0][name]
        return tree

    return change


REF = {"tensor_id": "raw", "axis_id": "x"}
STARS = {"prob_threshold": 0.5, "nms_threshold": 0.4, "n_rays": 8, "grid": [1, 1], "b": 1}
REFUSED = {
    "custom": (with_step("stardist_postprocessing", STARS), "stardist_postprocessing"),
    "whole output": (with_step("zero_mean_unit_variance", {"axes": ["y", "x"]}), "variance of the whole output"),
    "softmax before": (with_step("softmax", {"axis": "channel"}, before=True), "softmax before the network"),
    "rows": (with_step("zero_mean_unit_variance", {"axes": ["y"]}, before=True), "along the axes y"),
    "softmax of x": (with_step("softmax", {"axis": "x"}), "softmax along the axis x"),
    "twice as large": (with_size("outputs", REF, scale=2.0), "cannot be tiled"),
    "as high as wide": (both(with_size("inputs", REF, -2), with_size("outputs", REF, -2)), "cannot be tiled"),
    "no common size": (with_size("inputs", {"min": 33, "step": 2}), "cannot be tiled"),
    "odd": (with_size("outputs", {**REF, "offset": -3}), "cannot be tiled"),
    "stack": (with_size("inputs", 8, axis=0, type="space", id="z"), "3 axes in space"),
    "python": (python_alone, "no weights that run without Python"),
    "two inputs": (two_inputs, "has 2 inputs (raw, other)"),
    "untested": (without("outputs", "test_tensor"), "no test tensors"),
    "another function": (with_step("binarize", {"threshold": 0.9}), "does not reproduce its test tensors"),
    "other size": (both(*(with_size("inputs", {"min": 33, "step": 4}, k) for k in (-1, -2))), "not take the image"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_refused_by_name(case, tmp_path, capsys):
    change, parts = REFUSED[case]
    made(tmp_path / "p.zip", "05-script", change=change)
    refused(tmp_path / "p.zip", parts, tmp_path, capsys)


@pytest.mark.parametrize(
    ("options", "parts"), [(["--invert"], "--invert"), (["--grey-values", "0,9"], "--grey-values")]
)
def test_its_steps_are_its_own(options, parts, tmp_path, capsys):
    made(tmp_path / "p.zip", "05-script")
    refused(tmp_path / "p.zip", parts, tmp_path, capsys, *options)


def test_it_is_not_exported_again(tmp_path):
    made(tmp_path / "p.zip", "05-script")
    with pytest.raises(InputError, match="cannot be exported again"):
        cellseg.export(tmp_path / "p.zip", tmp_path / "again.onnx", format="onnx")


CELLS = ("background", "cell")
MEANINGS = [
    (["probability"], "seen", [0.3], "cell", CELLS),
    (["channel0"], "boundaries", [0.3], "rest", CELLS),
    (["membrane"], "seen", [0.3], "rest", CELLS),
    (["background", "nuclei"], "seen", [0.7, 0.3], "classes", CELLS),
    (["nuclei", "background"], "seen", [0.3, 0.7], "classes", CELLS),
    (["channel0", "channel1"], "seen", [0.3, 0.3], "rim", CELLS),
    (["edges", "cells"], "seen", [0.3, 0.3], "rim", CELLS),
    (["cell", "background"], "seen", [0.3, 0.3], "cell", CELLS),
    (["bg", "inside", "border"], "seen", [0.5, 0.3, 0.2], "inside", CELLS),
    (["channel0", "channel1", "channel2"], "seen", [0.5, 0.3, 0.2], "classes", ("background", "class 1", "class 2")),
]


@pytest.mark.parametrize(("names", "tensor", "values", "kind", "classes"), MEANINGS)
def test_names_and_values_say_what_channels_are(names, tensor, values, kind, classes, tmp_path):
    meaning = meaning_of(names, tensor, np.array(values, np.float32)[:, None, None], tmp_path)
    assert (meaning.kind, meaning.names) == (kind, classes)
    found = meaning.classes(torch.tensor(values)[None, :, None, None])[0, :, 0, 0]
    assert torch.allclose(found.sum(), torch.tensor(1.0))
    likely = {"cell": 0.3, "rest": 0.7, "rim": 0.3 * 0.85, "inside": 0.4, "classes": 0.3}
    assert abs(float(found[1]) - likely[kind]) < 1e-6


@pytest.mark.parametrize(
    ("names", "values", "parts"),
    [
        (["probability"], [7.0], "no probabilities"),
        (["x0", "x1", "x2"], [0.9, 0.9, 0.9], "do not add up"),
        (["nuclei", "cells"], [0.9, 0.9], "nuclei, cells"),
    ],
)
def test_what_is_no_probability_is_refused(names, values, parts, tmp_path):
    with pytest.raises(InputError, match=parts):
        meaning_of(names, "seen", np.array(values, np.float32)[:, None, None], tmp_path)


def test_rims_keep_neighbours_apart():
    """Two cells that touch: foreground everywhere in them, the rim between."""
    from cellseg.inference.cut import instances_in
    from cellseg.models.card import ModelCard

    foreground, rim = np.zeros((2, 20, 30), np.float32)
    foreground[4:16, 3:27] = 0.95
    rim[4:16, 14:16] = 0.9
    meaning = meaning_of(["channel0", "channel1"], "seen", np.stack([foreground, rim]), None)
    probabilities = meaning.classes(torch.from_numpy(np.stack([foreground, rim]))[None])[0].numpy()
    threshold, core = meaning.cut
    cells = instances_in(probabilities, ModelCard(name="strange", options={}, threshold=threshold, core=core))
    assert cells.max() == 2
    assert np.array_equal(cells > 0, foreground > 0)
