"""What README.md shows in Python runs as it stands (with fewer steps)."""

import re
from pathlib import Path

import numpy as np
import pytest

from cellseg.images.write import write_stack
from cellseg.samples.sample import make_sample

ROOT = Path(__file__).parents[1]


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stacks = [
        np.stack(s)
        for s in zip(*(make_sample("touching", (64, 64), np.random.default_rng(k)) for k in range(4)), strict=True)
    ]
    for name, stack in zip(("images.tif", "labels.tif"), stacks, strict=True):
        write_stack(name, stack)
    write_stack("image.tif", stacks[0][0])
    write_stack("truth.tif", stacks[1][0])
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    found = {}
    exec(code.replace("steps=500", "steps=2"), found)
    assert found["weights"].shape == (64, 64)
    assert found["probabilities"].shape == (2, 64, 64)


def test_the_python_of_the_page_on_preprocessing_runs():
    code = re.findall(r"```python\n(.*?)```", (ROOT / "docs/preprocessing.md").read_text("utf-8"), re.S)
    assert len(code) == 2
    exec("\n".join(code), {})


def test_the_python_of_the_page_on_napari_runs(tmp_path, monkeypatch):
    folder = pytest.importorskip("napari_cellseg.project.folder")
    monkeypatch.chdir(tmp_path)
    write_stack("image.tif", np.zeros((1, 20, 30), np.uint8))
    project = folder.Project.create(tmp_path / "annotation", [tmp_path / "image.tif"])
    project.labels(project.images[0])[5:9, 5:9] = 2
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/napari.md").read_text("utf-8"), re.S)
    found = {}
    exec(code, found)
    assert found["project"].labels(found["image"])[5, 5] == 2


def test_every_file_that_the_documentation_links_to_is_there():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "data").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


RUN = {"README.md", "preprocessing.md", "napari.md", "extending.md"}
"""Pages whose Python runs here and in test_extensions.py; that of tutorials in test_tutorials.py."""


def test_no_page_has_python_that_nothing_runs():
    pages = [ROOT / "README.md", ROOT / "data/README.md", *(ROOT / "docs").glob("*.md")]
    assert {page.name for page in pages if "```python" in page.read_text("utf-8")} == RUN
