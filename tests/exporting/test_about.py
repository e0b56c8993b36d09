"""What `cellseg info` says of exported models, and of those of other programs."""

import json
import subprocess
import sys

import pytest

import cellseg
from cellseg.cli import run
from tests.exporting.conftest import tiny, with_card
from tests.exporting.test_foreign import made

pytest.importorskip("onnxruntime")
pytest.importorskip("bioimageio.spec")
pytestmark = pytest.mark.filterwarnings("ignore")
FORMATS = {"onnx": "ONNX", "torchscript": "TorchScript", "bioimageio": "bioimage.io package"}


def told(path, capsys):
    capsys.readouterr()
    assert run(["info", str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("kind", FORMATS)
def test_an_exported_model_says_what_it_is(kind, tmp_path, capsys):
    model = with_card(tiny("unet", 2, 3, padding="valid"), grey_values="contrast", licence="CC0 1.0")
    cellseg.export(model, tmp_path / "model.zip", format=kind)
    found = told(tmp_path / "model.zip", capsys) if kind == "bioimageio" else None
    if found is None:
        (tmp_path / "model.zip").rename(tmp_path / ("model.onnx" if kind == "onnx" else "model.pt"))
        found = told(next(tmp_path.iterdir()), capsys)
    assert (found["kind"], found["format"], found["made_by"]) == ("model", FORMATS[kind], "cellseg")
    assert found["class_names"] == ["background", "class 1", "class 2"]
    assert found["options"]["channels"] == 2
    assert found["geometry"]["margin"] == 20
    assert "44, 48" in found["legal_sizes"]
    assert "-2 at the dark" in found["input"]


def test_a_package_of_another_program_says_its_steps(tmp_path, capsys):
    made(tmp_path / "p.zip", "04-onnx-fixed")
    found = told(tmp_path / "p.zip", capsys)
    assert (found["made_by"], found["weights"]) == ("another program", ["onnx"])
    assert "fixed_zero_mean_unit_variance" in found["inputs"]["raw"]["steps"]
    assert found["outputs"]["seen"]["axes"]["y"]["halo"] == 4


def test_other_zips_are_no_models_and_torch_is_not_imported(tmp_path, capsys):
    import zipfile

    with zipfile.ZipFile(tmp_path / "rois.zip", "w") as archive:
        archive.writestr("1.roi", b"Iout")
    assert run(["info", str(tmp_path / "rois.zip")]) == 2
    made(tmp_path / "p.zip", "05-script")
    code = "import sys; from cellseg.cli import run; run(['info', sys.argv[1]]); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "p.zip")], check=True)
