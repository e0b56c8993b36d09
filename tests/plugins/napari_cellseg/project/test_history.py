"""States that were kept come back as they were, and cost little."""

from __future__ import annotations

import os

import numpy as np
import pytest
from napari_cellseg.project import history

from cellseg.errors import InputError


def test_a_state_comes_back(project):
    image = project.images[1]
    labels = project.labels(image)
    assert project.keep(image, "nothing there") is None
    labels[1, :, 200:300] = 5
    before = labels[...]
    kept = project.keep(image, "before importing")
    labels[...] = 9
    assert [(state.reason, state.folder) for state in project.kept(image)] == [("before importing", kept.folder)]
    project.restore(image, kept)
    np.testing.assert_array_equal(labels[...], before)
    newest = project.kept(image)[0]
    assert newest.reason == "before an earlier state was brought back"
    project.restore(image, newest)
    assert (labels[...] == 9).all()


def test_painting_never_changes_what_was_kept(project):
    image = project.images[0]
    labels = project.labels(image)
    labels[...] = 1
    kept = project.keep(image, "x")
    file = next(iter(kept.blocks.values()))
    assert file.stat().st_nlink == 2, "a link needs no room"
    labels[...] = 2
    assert (history.read_state(kept, (0, 0))[:200] == 1).all()


def test_without_hard_links(project, monkeypatch):
    def refuse(*_):
        raise OSError("not supported")

    monkeypatch.setattr(os, "link", refuse)
    image = project.images[0]
    project.labels(image)[...] = 1
    kept = project.keep(image, "x")
    project.labels(image)[...] = 0
    project.restore(image, kept)
    assert (project.labels(image)[...] == 1).all()


def test_the_oldest_are_forgotten(project, monkeypatch):
    monkeypatch.setattr(history, "MOST_STATES", 3)
    image = project.images[0]
    for value in range(1, 6):
        project.labels(image)[...] = value
        project.keep(image, f"{value}")
    assert [state.reason for state in project.kept(image)] == ["5", "4", "3"]
    monkeypatch.setattr(history, "MOST_BYTES", 1)
    project.labels(image)[...] = 7
    project.keep(image, "newest")
    assert [state.reason for state in project.kept(image)] == ["newest"]


def test_what_cannot_be_kept_stops_the_one_who_asks(project):
    image = project.images[0]
    project.labels(image)[...] = 1
    (project.path / "history" / image.name).write_text("in the way")
    with pytest.raises(InputError, match="so nothing was changed"):
        project.keep(image, "x")
