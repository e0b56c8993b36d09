"""Scripts for Fiji and QuPath: what they name is right, and they run where the programs are."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import cellseg
from cellseg.errors import InputError
from cellseg.exporting.scripts import SCRIPTS, ij_macro, qupath_script
from cellseg.models.trained import save
from tests.exporting.conftest import tiny


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_script_names_the_model_and_leaves_no_gap(kind, tmp_path):
    save(tiny("unet"), tmp_path / "my model.safetensors")
    cellseg.export(tmp_path / "my model.safetensors", tmp_path / "script", format=kind)
    text = (tmp_path / "script").read_text("utf-8")
    assert str((tmp_path / "my model.safetensors").resolve()) in text
    assert all(word in text for word in ("predict", "convert", cellseg.__version__))
    assert "{program}" not in text


def test_a_model_that_comes_with_cellseg_keeps_its_name(tmp_path):
    cellseg.export("nuclei", tmp_path / "script", format="ij-macro")
    assert 'model = "nuclei";' in (tmp_path / "script").read_text("utf-8")


@pytest.mark.parametrize("kind", SCRIPTS)
def test_what_is_no_model_is_refused(kind, tmp_path):
    with pytest.raises(InputError, match="no such model"):
        cellseg.export(tmp_path / "none", tmp_path / "script", format=kind)
    with pytest.raises(InputError, match="path"):
        cellseg.export(tiny("unet"), tmp_path / "script", format=kind)


def test_quotes_and_backslashes_stay_what_they_are():
    assert r'"C:\\my \"models\"\\m"' in ij_macro('C:\\my "models"\\m')
    assert r"'C:\\it\'s $here'" in qupath_script("C:\\it's $here")


@pytest.mark.skipif(not (shutil.which("groovyc") and shutil.which("java")), reason="groovy is not installed")
def test_groovy_compiles_the_script(tmp_path):
    (tmp_path / "script.groovy").write_text(qupath_script("it's $mine"), "utf-8")
    home = os.environ | {"JAVA_HOME": str(Path(shutil.which("java")).resolve().parents[1])}
    subprocess.run(["groovyc", "-d", str(tmp_path), str(tmp_path / "script.groovy")], check=True, timeout=200, env=home)
