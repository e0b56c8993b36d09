"""What README.md shows in Python runs as it stands (with fewer steps)."""

import re
from pathlib import Path

import numpy as np

from cellseg.images.sample import make_sample
from cellseg.images.write import write_stack

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


def test_every_file_that_the_documentation_links_to_is_there():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "data/README.md"]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
