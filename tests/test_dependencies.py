"""Every package that is imported is declared, and every declared one is imported or said to be there for a reason."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {"bioimageio.spec": "bioimageio", "PyYAML": "yaml", "scikit-image": "skimage", "pillow": "PIL"}
"""Names of modules that are not those of their packages."""
INDIRECT = {"imagecodecs", "tensorboard", "pydantic"}
"""Used though nothing imports them: the codecs of tifffile, what `torch.utils.tensorboard` and bioimageio.spec need."""
OWN = {"cellseg", "napari_cellseg"}


@cache
def declared(extra: str | None) -> frozenset[str]:
    """Modules of the packages that are declared, of an extra or always."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["dependencies"] if extra is None else project["optional-dependencies"][extra]
    names = [re.match(r"[A-Za-z0-9_.-]+", line).group() for line in listed]
    return frozenset(MODULES.get(name, name).lower() for name in names)


@cache
def imported(folder: str) -> frozenset[str]:
    """Packages that the modules of a folder import anywhere, without Python's own and ours."""
    found = set()
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                found.add(node.module.split(".")[0])
    return frozenset(found - OWN - set(sys.stdlib_module_names))


@pytest.mark.parametrize(
    ("folder", "extras"),
    [("cellseg", [None, "labels", "formats", "export", "remote", "cluster"]), ("plugins", [None, "napari"])],
    ids=["library", "plugin"],
)
def test_what_is_imported_is_declared(folder, extras):
    known = frozenset[str]().union(*(declared(extra) for extra in extras))
    assert not {name for name in imported(folder) if name.lower() not in known}


@pytest.mark.parametrize(
    ("extra", "folders"),
    [
        (None, ["cellseg", "plugins"]),
        ("napari", ["plugins", "cellseg"]),
        ("labels", ["cellseg"]),
        ("formats", ["cellseg"]),
        ("export", ["cellseg"]),
    ],
    ids=["always", "napari", "labels", "formats", "export"],
)
def test_what_is_declared_is_imported(extra, folders):
    used = frozenset[str]().union(*(imported(folder) for folder in folders)) | INDIRECT
    assert not declared(extra) - {name.lower() for name in used}


def test_every_declared_package_is_pinned_for_the_tests():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    pinned = {MODULES.get(name, name).lower() for name in (line.split("==")[0] for line in lines)}
    extras = frozenset[str]().union(*(declared(extra) for extra in (None, "napari", "labels", "formats", "export")))
    assert not {name for name in extras if name not in pinned}
