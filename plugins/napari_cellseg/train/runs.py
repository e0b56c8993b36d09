"""Run folders as a window looks at them: what a training was asked for, how far it came, how it goes on."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_cellseg.train.progress import SCORES, TrainingProgress, told

MODEL, CHECKPOINT, CONFIG, CONFIG_TOML, METRICS, REPORT, CONTROL = (
    "model.safetensors",
    "last.ckpt",
    "config.json",
    "config.toml",
    "metrics.csv",
    "report.json",
    "control",
)
"""Files of a run folder (docs/training.md)."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder."""

    path: Path
    step: int
    """As far as is known; the checkpoint may be some seconds ahead."""
    steps: int
    finished: bool
    has_model: bool

    @property
    def title(self) -> str:
        """For a list."""
        state = "finished" if self.finished else f"interrupted at step {self.step:,} of {self.steps:,}"
        return f"{self.path.name} ({state})"


def read_run(path: Path) -> Run | None:
    """The run in a folder; None where none was begun, or its config.json is damaged."""
    steps = _steps_in(_config(path) or {})
    if steps is None:
        return None
    rows = metrics_of(path)
    step = int(rows[-1]["step"]) if rows else 0
    return Run(path, step, steps, (path / REPORT).is_file(), (path / MODEL).is_file())


def unfinished(folders: Iterable[Path]) -> list[Run]:
    """Those that `cellseg train --resume` can go on with."""
    return [run for run in map(read_run, folders) if run is not None and not run.finished]


def to_go_on_with(newest_first: Sequence[Path]) -> Run | None:
    """The newest run, if it was interrupted and has a checkpoint; older ones were followed by another training."""
    run = read_run(newest_first[0]) if newest_first else None
    return None if run is None or run.finished or not (run.path / CHECKPOINT).is_file() else run


def with_model(folders: Iterable[Path]) -> list[Run]:
    """Those that hold a model."""
    return [run for run in map(read_run, folders) if run is not None and run.has_model]


def data_folder(run: Path, project: Path | None) -> Path:
    """Folder of the images and labels of a run, beside it, since a new run folder must be empty."""
    return run.with_name(f"{run.name}-data") if project is None else project / "training" / run.name


def resume_words(run: Path, project: Path | None) -> list[str]:
    """Words of the call of `cellseg train` that goes on, also where the project was moved since."""
    words = ["--out", str(run), "--resume"]
    config, data = _config(run) or {}, data_folder(run, project)
    if Path(config.get("images", "")).exists() or not (data / "images").is_dir():
        return words
    moved = ["--images", str(data / "images"), "--labels", str(data / "labels")]
    return [*words, "--config", str(run / CONFIG_TOML), *moved]


def progress_of(run: Path) -> TrainingProgress:
    """The curves of a run so far, for one that goes on."""
    config = _config(run) or {}
    steps = config.get("options", {}).get("train", {}).get("steps", 0)
    found = TrainingProgress("stopped", steps=int(steps), has_model=(run / MODEL).is_file())
    for row in metrics_of(run):
        _add_row(found, row)
    return found


def _add_row(progress: TrainingProgress, row: dict[str, str]) -> None:
    progress.step = int(row["step"])
    progress.add_loss(progress.step, float(row["loss"]))
    scores = {name: float(row[name]) for name in SCORES if row.get(name)}
    if scores:
        progress.add_scores(progress.step, scores)
        progress.best = told(progress.step, scores)


def metrics_of(run: Path) -> list[dict[str, str]]:
    """Rows of metrics.csv; empty where there is none."""
    try:
        with open(run / METRICS, newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if row.get("step")]
    except OSError:
        return []


def _config(run: Path) -> dict[str, Any] | None:
    try:
        tree: dict[str, Any] = json.loads((run / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return tree


def _steps_in(config: dict[str, Any]) -> int | None:
    """Steps of a training; None where its config.json does not say them."""
    try:
        return int(config["options"]["train"]["steps"])
    except (KeyError, TypeError, ValueError):
        return None


def starts(model: str, runs: Iterable[Run], shipped: Iterable[str]) -> list[tuple[str, str]]:
    """Models that a training may begin with: words for people, and the run folder or model file, each once.

    Args:
        model: that is in use; empty: none.
        runs: those with a model.
        shipped: models that come with cellseg.
    """
    found = {"": "a new network"}
    if model:
        found[model] = f"the model in use ({Path(model).name})"
    for run in runs:
        found.setdefault(str(run.path), f"run {run.title}")
    for name in shipped:
        found.setdefault(name, f"{name}, which comes with cellseg")
    return [(words, path) for path, words in found.items()]
