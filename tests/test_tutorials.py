"""The tutorials do what they say: their own blocks, with small sizes."""

from __future__ import annotations

import pytest

from tests.pages import ROOT, program_of, run_program

QUICK = {"nuclei", "strokes"}
"""Tutorials of every run; the others train, or predict several times, and take two to ten seconds each."""
TUTORIALS = [
    pytest.param(page, id=page.stem, marks=() if page.stem in QUICK else pytest.mark.slow)
    for page in sorted((ROOT / "docs/tutorials").glob("*.md"))
]


@pytest.mark.parametrize("page", TUTORIALS)
def test_a_tutorial_runs_as_it_stands(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = program_of(page)
    assert program.makes
    run_program(program)
    for name in program.makes:
        assert (tmp_path / name).stat().st_size, name
