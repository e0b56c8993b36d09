"""Exported files through the same prediction: same probabilities, same cells, and refusals of what is wrong."""

import io
import json
import zipfile

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.cli import run
from cellseg.errors import InputError
from cellseg.exporting.travelling import compressed
from cellseg.models.exported.network import spread_out
from cellseg.models.trained import save
from tests.exporting.conftest import tiny, with_card

pytest.importorskip("onnxruntime")
pytest.importorskip("bioimageio.spec")
pytestmark = pytest.mark.filterwarnings("ignore")
EXACT = {"precision": "float32"}  # the arithmetic of exported networks
FORMATS = {"onnx": "m.onnx", "torchscript": "m.pt", "bioimageio": "m.zip"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model and the folder with its exports."""
    folder = tmp_path_factory.mktemp("exported")
    model = with_card(tiny("unet"), grey_values="contrast", threshold=0.4)
    for kind, name in FORMATS.items():
        cellseg.export(model, folder / name, format=kind)
    return model, folder


def image(seed=0, side=150):
    rng = np.random.default_rng(seed)
    pixels = rng.normal(200, 20, (side, side + 30))
    pixels[20:60, 30:80] += 900
    pixels[90, 100] = 60000  # a hot pixel, which is compressed
    return pixels.clip(0, 65535).astype(np.uint16)


def test_what_was_compressed_is_spread_out_again():
    values = torch.linspace(-3000, 3000, 2001)
    assert torch.allclose(spread_out(compressed(values)), values, rtol=1e-4)
    bent = torch.linspace(-40, 40, 801)
    assert torch.allclose(compressed(spread_out(bent)), bent, atol=1e-5)


@pytest.mark.parametrize("name", FORMATS.values())
def test_an_exported_file_predicts_the_same_tile_by_tile(exported, name):
    model, folder = exported
    wanted = cellseg.predict_array(model, image(), **EXACT)
    found = cellseg.predict_array(str(folder / name), image(), tile=40)
    assert np.abs(found - wanted).max() < 1e-5
    assert np.array_equal(
        cellseg.segment_array(str(folder / name), image()), cellseg.segment_array(model, image(), **EXACT)
    )


def test_a_model_of_earlier_grey_values_predicts_the_same(tmp_path):
    model = with_card(tiny("resunet"), grey_values="mean")
    cellseg.export(model, tmp_path / "m.onnx", format="onnx")
    found = cellseg.predict_array(str(tmp_path / "m.onnx"), image())
    assert np.abs(found - cellseg.predict_array(model, image(), **EXACT)).max() < 1e-5


@pytest.mark.parametrize("name", FORMATS.values())
def test_the_command_line_takes_it_as_any_model(exported, name, tmp_path, capsys):
    model, folder = exported
    save(model, tmp_path / "model.safetensors")
    tifffile.imwrite(tmp_path / "image.tif", image())
    for given, out in ((folder / name, "found.tif"), (tmp_path / "model.safetensors", "wanted.tif")):
        words = [
            str(given),
            str(tmp_path / "image.tif"),
            "--out",
            str(tmp_path / out),
            "--tile",
            "48",
            "--precision",
            "float32",
        ]
        assert run(["predict", *words, "--verify-seams", "2"]) == 0
    assert "largest difference across seams" in capsys.readouterr().err
    assert np.array_equal(tifffile.imread(tmp_path / "found.tif"), tifffile.imread(tmp_path / "wanted.tif"))


def test_memory_and_averaging_are_those_of_any_model(exported):
    model, folder = exported
    options = {"average": "dihedral8", "memory": "3GB", **EXACT}
    wanted = cellseg.predict_array(model, image(), **options)
    assert np.abs(cellseg.predict_array(str(folder / "m.onnx"), image(), **options) - wanted).max() < 1e-5


@pytest.mark.parametrize(
    ("options", "parts"), [({"precision": "bfloat16"}, "float32"), ({"prune": 1}, "cannot be cut")]
)
def test_what_a_file_cannot_do_is_refused(exported, options, parts):
    with pytest.raises(InputError, match=parts):
        cellseg.predict_array(str(exported[1] / "m.onnx"), image(), **options)


def test_it_is_no_model_file(exported, tmp_path):
    with pytest.raises(InputError, match="cannot be saved"):
        save(cellseg.load(exported[1] / "m.pt"), tmp_path / "m.safetensors")


def rewritten(package, out, change):
    """A copy of a package with one file changed by a function, or left out where it gives None."""
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            content = change(one, old.read(one))
            if content is not None:
                new.writestr(one, content)
        change(None, new)


def off(name, content):
    if name != "test_output.npy":
        return content
    buffer = io.BytesIO()
    np.save(buffer, np.load(io.BytesIO(content)) + 0.1)
    return buffer.getvalue()


def pickled(name, content):
    if name != "test_output.npy":
        return content
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], object), allow_pickle=True)
    return buffer.getvalue()


def python_alone(name, content):
    if name != "rdf.yaml":
        return content
    import yaml

    tree = yaml.safe_load(content)
    tree["weights"] = {"pytorch_state_dict": tree["weights"]["pytorch_state_dict"]}
    return yaml.safe_dump(tree)


def python_of_another(name, content):
    import yaml

    content = python_alone(name, content)
    if name == "rdf.yaml":
        tree = yaml.safe_load(content)
        del tree["config"]["cellseg"]
        return yaml.safe_dump(tree)
    return content


def code_in_it(name, content):
    """A pickle that would call a function."""
    if name != "weights.pt":
        return python_alone(name, content)
    import pickle

    class Call:
        def __reduce__(self):
            return print, ("called",)

    return pickle.dumps({"a": Call()})


def foreign(name, content):
    import yaml

    if name != "rdf.yaml":
        return content
    tree = yaml.safe_load(content)
    del tree["config"]["cellseg"]
    tree["outputs"][0]["postprocessing"] = [{"id": "scale_mean_variance", "kwargs": {"reference_tensor": "image"}}]
    return yaml.safe_dump(tree)


def traversal(name, content):
    return content.writestr("../evil.txt", "x") if name is None else content


def references(name, content):
    """A description of nine lines that has a billion parts."""
    lines = [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}' if k else '1'] * 10)}]" for k in range(9)]
    return "\n".join(lines).encode() if name == "rdf.yaml" else content


def of_a_giant(name, content):
    """A test tensor that says it has 10^15 numbers."""
    if name != "test_output.npy":
        return content
    return content.replace(b"'shape': (1, ", b"'shape': (10000000000000, ", 1).replace(b" " * 13, b"", 1)


class Writes(torch.nn.Module):
    """A network that writes a file."""

    def forward(self, x):
        torch.save(x, "written_by_a_network")
        return x


def writing(name, content):
    if name != "weights_torchscript.pt":
        return content
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(Writes()), buffer)
    return buffer.getvalue()


def bomb(name, content):
    return content.writestr("zeros.bin", bytes(2**26)) if name is None else content


CHANGES = [
    (off, "does not reproduce its test tensors"),
    (pickled, "damaged test_output.npy"),
    (python_of_another, "no weights that run without Python"),
    (code_in_it, "more than numbers"),
    (foreign, "scale_mean_variance"),
    (traversal, "outside itself"),
    (bomb, "far larger unpacked"),
    (references, "far too large"),
    (of_a_giant, "damaged test_output.npy"),
    (writing, "writes or reads files (torch.save)"),
    (lambda name, content: b"format_version: 0.4.9" if name == "rdf.yaml" else content, "cannot be read"),
    (lambda name, content: None if name == "weights_torchscript.pt" else content, "has no weights_torchscript.pt"),
    (lambda name, content: None if name == "rdf.yaml" else content, "no rdf.yaml"),
    (lambda name, content: b"a: [" if name == "rdf.yaml" else content, "cannot be read"),
    (lambda name, content: b"type: model" if name == "rdf.yaml" else content, "no valid model"),
    (lambda name, content: content[:1000] if name == "weights_torchscript.pt" else content, "cannot be read as"),
]


def test_a_state_dict_alone_is_a_network_of_cellseg(exported, tmp_path):
    model, folder = exported
    rewritten(folder / "m.zip", tmp_path / "state.zip", python_alone)
    found = cellseg.load(tmp_path / "state.zip")
    assert np.array_equal(cellseg.predict_array(found, image()), cellseg.predict_array(model, image()))
    save(found, tmp_path / "m.safetensors")
    assert cellseg.load(tmp_path / "m.safetensors").card == found.card


@pytest.mark.parametrize(("change", "parts"), CHANGES)
def test_a_bad_package_is_refused_in_one_line(exported, change, parts, tmp_path, capsys):
    rewritten(exported[1] / "m.zip", tmp_path / "bad.zip", change)
    refused(tmp_path / "bad.zip", parts, tmp_path, capsys)


def refused(model, parts, folder, capsys):
    tifffile.imwrite(folder / "image.tif", image())
    assert run(["predict", str(model), str(folder / "image.tif"), "--out", str(folder / "out.tif")]) == 2
    error = capsys.readouterr().err
    assert parts in error
    assert error.count("\n") == 1
    assert not (folder / "out.tif").exists()


def test_bad_files_are_refused_in_one_line(exported, tmp_path, capsys):
    import onnx
    from onnx import helper

    good = (exported[1] / "m.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(good[: len(good) // 2])
    (tmp_path / "text.onnx").write_text("no model")
    (tmp_path / "empty.onnx").write_bytes(b"")
    (tmp_path / "cut.pt").write_bytes((exported[1] / "m.pt").read_bytes()[:3000])
    (tmp_path / "cut.zip").write_bytes((exported[1] / "m.zip").read_bytes()[:3000])
    one = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 1, "h", "w"])
    two = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 1, "h", "w"])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [one], [two])
    foreign_model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(foreign_model, tmp_path / "foreign.onnx")
    told = onnx.load_from_string(good).metadata_props[0].value
    helper.set_model_props(foreign_model, {"cellseg": told})
    onnx.save(foreign_model, tmp_path / "liar.onnx")
    for name in ("channels", "classes"):  # what the card must say of the network
        said = json.loads(told)
        del said["card"]["options"][name]
        helper.set_model_props(foreign_model, {"cellseg": json.dumps(said)})
        onnx.save(foreign_model, tmp_path / f"without {name}.onnx")
    helper.set_model_props(foreign_model, {"cellseg": json.dumps({"format": 99})})
    onnx.save(foreign_model, tmp_path / "later.onnx")
    for name, parts in {
        "cut.onnx": "cannot be read as ONNX",
        "text.onnx": "cannot be read as ONNX",
        "empty.onnx": "cannot be read as ONNX",
        "cut.pt": "not a model file",
        "cut.zip": "cannot be read as a zip",
        "foreign.onnx": "was not exported by cellseg",
        "liar.onnx": "where it says",
        "without channels.onnx": "does not understand",
        "without classes.onnx": "does not understand",
        "later.onnx": "does not understand",
    }.items():
        refused(tmp_path / name, parts, tmp_path, capsys)


@pytest.mark.parametrize("location", ["../elsewhere.bin", "/etc/hostname", "beside.bin"])
def test_weights_in_other_files_are_not_read(exported, location, tmp_path, capsys):
    import onnx

    model = onnx.load_from_string((exported[1] / "m.onnx").read_bytes())
    tensor = next(one for one in model.graph.initializer if len(one.raw_data) > 100)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    (tmp_path / "beside.bin").write_bytes(bytes(100_000))
    refused(tmp_path / "m.onnx", "keeps weights in another file", tmp_path, capsys)
