"""ONNX and TorchScript predict what PyTorch predicts, also in a process that knows no cellseg."""

import copy
import json
import subprocess
import sys

import numpy as np
import pytest
import torch

import cellseg
from cellseg.images.grey_values import bent
from tests.exporting.conftest import every_network, images_of, tiny

ort = pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.filterwarnings("ignore")  # other programs' own

CELLSEGS = """
import io, json, os, sys, zipfile
sys.path[:] = [place for place in sys.path if not os.path.isdir(os.path.join(place or ".", "cellseg"))]
sys.modules["cellseg"] = None  # importing it fails
import numpy as np, onnxruntime, torch
folder = sys.argv[1]
package, made = zipfile.ZipFile(folder + "/package.zip"), {}
exec(package.read("architecture.py").decode(), made)
whole = made["build"](**json.loads(sys.argv[2])).eval()
whole.load_state_dict(torch.load(io.BytesIO(package.read("weights.pt")), weights_only=True))
given = np.load(folder + "/given.npz")
session = onnxruntime.InferenceSession(folder + "/model.onnx")
script = torch.jit.load(folder + "/model.pt", _extra_files=(extra := {"cellseg": ""}))
said = session.get_modelmeta().custom_metadata_map["cellseg"]
assert json.loads(said) == json.loads(extra["cellseg"])
worst = []
for k in range(len(given) // 2):
    image, wanted = given[f"image{k}"], given[f"wanted{k}"]
    (found,) = session.run(["probabilities"], {"image": image})
    traced = script(torch.from_numpy(image)).detach().numpy()
    own = whole(torch.from_numpy(image)).detach().numpy()
    assert found.shape == traced.shape == own.shape == wanted.shape
    worst.append([float(abs(one - wanted).max()) for one in (found, traced, own)])
print(json.dumps(worst))
"""


def predicted(model, image):
    """What cellseg predicts of linear grey values."""
    with torch.no_grad():
        return torch.softmax(model.network(torch.from_numpy(bent(image))), dim=1).numpy()


@every_network
@pytest.mark.parametrize(("channels", "classes"), [(1, 4), (3, 2)])
def test_other_programs_predict_what_cellseg_predicts(name, channels, classes, tmp_path):
    model = tiny(name, channels, classes)
    session, script = exported(model, tmp_path)
    for image in images_of(model.network.geometry, channels):
        wanted = predicted(model, image)
        (found,) = session.run(["probabilities"], {"image": image})
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max() < 1e-5
        assert np.abs(script(torch.from_numpy(image)).detach().numpy() - wanted).max() < 1e-5


@every_network
def test_whatever_the_size_of_the_logits_they_are_as_near_to_the_truth_as_torch(name, tmp_path):
    """Logits of hundreds, which random weights may give, are beyond 1e-5 for float32 itself."""
    model = tiny(name, 3, 2, tame=False)
    session, script = exported(model, tmp_path)
    exact = copy.deepcopy(model.network).double()
    for image in images_of(model.network.geometry, 3):
        with torch.no_grad():
            truth = torch.softmax(exact(torch.from_numpy(bent(image)).double()), dim=1).numpy()
        allowed = max(1e-5, 2 * np.abs(predicted(model, image) - truth).max())
        found = session.run(["probabilities"], {"image": image})[0], script(torch.from_numpy(image)).detach().numpy()
        assert max(np.abs(one - truth).max() for one in found) < allowed


def exported(model, folder):
    for kind in ("onnx", "torchscript"):
        cellseg.export(model, folder / kind, format=kind)
    return ort.InferenceSession(folder / "onnx"), torch.jit.load(folder / "torchscript")


def test_a_process_without_cellseg_predicts_the_same(tmp_path):
    """ONNX, TorchScript, and the state dict in the layers of the package's own source."""
    pytest.importorskip("bioimageio.spec")
    model = tiny("unet", 3, 4)
    cellseg.export(model, tmp_path / "model.onnx", format="onnx")
    cellseg.export(model, tmp_path / "model.pt", format="torchscript")
    cellseg.export(model, tmp_path / "package.zip", format="bioimageio")
    options = json.dumps({**model.card.options, "margin": model.network.geometry.margin, "bends": True})
    given = {}
    for k, image in enumerate(images_of(model.network.geometry, 3)):
        given |= {f"image{k}": image, f"wanted{k}": predicted(model, image)}
    np.savez(tmp_path / "given.npz", **given)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CELLSEGS, str(tmp_path), options],
        capture_output=True,
        text=True,
        check=True,
    )
    assert np.max(json.loads(done.stdout)) < 1e-5


def test_a_file_says_what_it_wants_and_gives(tmp_path):
    model = tiny("unet", padding="valid")
    cellseg.export(model, tmp_path / "m.onnx", format="onnx")
    text = ort.InferenceSession(tmp_path / "m.onnx").get_modelmeta().custom_metadata_map["cellseg"]
    told, geometry = json.loads(text), model.network.geometry
    assert told["geometry"]["smallest"] == geometry.smallest == 44
    assert told["geometry"]["margin"] == geometry.margin == 20
    assert told["card"]["class_names"] == ["background", "cell"]
    assert "-2 at the dark" in told["input"]
    assert "44, 48" in told["sizes"]
    assert "(N, 2, H - 40, W - 40)" in told["output"]
