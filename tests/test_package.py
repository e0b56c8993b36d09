"""What the package as a whole promises: quick to import, nothing heavy, nothing windowed."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import cellseg
from cellseg.cli.app import COMMANDS

ROOT = Path(__file__).parents[1]


def imported_by(code: str) -> set[str]:
    """Modules loaded after running `code` in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import cellseg",
        "from cellseg.cli.app import command_line; command_line().resolved_commands()",
        "import cellseg; cellseg.metrics; cellseg.weight_map; cellseg.measure_cells",
        "import cellseg; cellseg.metrics; cellseg.weight_map, cellseg.separate, cellseg.warp, cellseg.make_sample",
        "import cellseg; cellseg.open_image, cellseg.label_values, cellseg.write_stack, cellseg.find_annotated_pairs",
        "import cellseg; cellseg.metrics; cellseg.weight_map; cellseg.settings_for",
        "import cellseg.images.source, cellseg.labels.pairs",
        "import cellseg.models.card, cellseg.cli.pictures.panels, cellseg.labels.read",
        "import cellseg.cli.pictures.errors, cellseg.evaluation.tuning, cellseg.cli.pictures.split",
        "import cellseg; cellseg.evaluate, cellseg.summarise, cellseg.split, cellseg.measure_file",
    ],
)
def test_torch_and_napari_are_not_imported(code):
    assert not imported_by(code) & {"torch", "napari", "magicgui", "qtpy"}


def test_help_imports_nothing_heavy():
    heavy = {"torch", "numpy", "scipy", "skimage", "numba", "zarr", "tifffile", "matplotlib"}
    assert not imported_by("from cellseg.cli.app import command_line; command_line().resolved_commands()") & heavy


def test_the_list_of_commands_reads_none_of_them():
    read = imported_by("from cellseg.cli import run\ntry: run(['--help'])\nexcept SystemExit: pass")
    assert "cellseg.cli.app" in read
    assert not read & {"cellseg.options", "cellseg.training", *(f"cellseg.cli.{command}" for command in COMMANDS)}


@pytest.mark.parametrize(("command", "line"), COMMANDS.items())
def test_the_list_says_what_a_command_says_of_itself(command, line):
    function = getattr(importlib.import_module(f"cellseg.cli.{command}"), command)
    assert " ".join(function.__doc__.split("\n\n")[0].split()) == line


def test_every_public_name_is_there():
    for name in cellseg.__all__:
        assert getattr(cellseg, name) is not None


def test_python_dash_m():
    done = subprocess.run([sys.executable, "-m", "cellseg", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"cellseg {cellseg.__version__}"


def test_the_distribution_is_not_named_as_a_stranger_s():
    """`cellseg` on the public index is another project: nothing tells anybody to install it from there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == "cellseg-unet"
    assert f"name: {project['name']}\n" in (ROOT / "plugins" / "napari_cellseg" / "napari.yaml").read_text("utf-8")
    strangers = re.compile(r"(pip|uv|conda|pipx) (install|add)( -\S+)* [\"']?cellseg([\[\"'\s]|$)")
    rooms = ("cellseg", "plugins", "docs")
    files = [ROOT / "README.md", *(file for room in rooms for file in (ROOT / room).rglob("*.[pm][yd]"))]
    assert [file for file in files if strangers.search(file.read_text("utf-8"))] == []


def test_nothing_but_the_command_line_prints():
    for file in (ROOT / "cellseg").rglob("*.py"):
        if "cli" not in file.parts:
            calls = [
                n.func.id
                for n in ast.walk(ast.parse(file.read_text("utf-8")))
                if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
            ]
            assert "print" not in calls, file
