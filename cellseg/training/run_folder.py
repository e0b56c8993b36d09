"""The run folder: config.json and .toml, model.safetensors, last.ckpt, metrics.csv, report and TensorBoard events."""

from __future__ import annotations

import csv
import importlib.metadata
import json
import platform
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cellseg import __version__
from cellseg.errors import InputError, reading
from cellseg.files import complete_file, linked_place, write_json, write_text
from cellseg.models.card import MODEL_FILE
from cellseg.models.trained import save
from cellseg.options import TrainSettings
from cellseg.training.data import TrainingSet
from cellseg.training.events import Event, Finished, Started, Stepped, Validated, Validating, Weighed
from cellseg.training.old_options import FORMAT, migrated
from cellseg.training.report import in_text, report_of
from cellseg.training.run_toml import to_toml

CONFIG = "config.json"
CONFIG_TOML = "config.toml"
CHECKPOINT = "last.ckpt"
METRICS = "metrics.csv"
CURVES = "curves.png"
REPORT = "report.json"
REPORT_TEXT = "report.txt"
PICTURES = "pictures"
CONTROL = "control"
WEIGHT_MAPS = "weights"
PASSING = (".part", ".lock")
"""Endings of files that a killed program leaves, or one that begins."""
LIBRARIES = ("torch", "numpy", "scipy", "scikit-image", "tifffile")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder that holds one training."""

    path: Path

    @property
    def checkpoint(self) -> Path:
        """The state to go on from."""
        return self.path / CHECKPOINT

    @property
    def weight_maps(self) -> Path:
        """Weight maps that were made once."""
        return self.path / WEIGHT_MAPS

    @property
    def metrics(self) -> Path:
        """Loss and scores by step."""
        return self.path / METRICS

    @property
    def control(self) -> Path:
        """A file in which somebody may write pause, go or stop."""
        return self.path / CONTROL

    @property
    def pictures(self) -> Path:
        """Pictures of each validation."""
        return self.path / PICTURES


def refuse_used(path: Path) -> None:
    """Raise InputError where something stands already at the place of a new run folder; weight maps may stay there."""
    used = path.is_dir() and any(p for p in path.iterdir() if p.suffix not in PASSING and p.name != WEIGHT_MAPS)
    if path.is_file() or used:
        raise InputError("exists already and is not empty", "Choose another --out, or go on with --resume.", path=path)


def new_run(path: Path) -> RunFolder:
    """A new run folder. Raises InputError where something is there already."""
    refuse_used(path)
    try:
        linked_place(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot be made ({error.strerror})", "Choose another --out.", path=path) from error
    return RunFolder(path)


def old_run(path: Path) -> RunFolder | None:
    """The run folder of a training to go on with; None where nothing was begun.

    Raises InputError where something else is there.
    """
    if (path / CONFIG).is_file():
        return RunFolder(path)
    refuse_used(path)
    return None


def write_config(
    run: RunFolder,
    settings: TrainSettings,
    data: TrainingSet,
    sources: dict[str, str | None],
    notes: Sequence[str] = (),
) -> None:
    """Note all that is needed to repeat the run: options, seed, versions, and a hash of the data.

    `notes`: sentences on what is other than asked for.
    """
    write_text(run.path / CONFIG_TOML, to_toml(sources, settings))
    write_json(
        run.path / CONFIG,
        {
            "format": FORMAT,
            **sources,
            "options": asdict(settings),
            "notes": list(notes),
            "data": {
                "sha256": data.digest,
                "images": [image.name for image in data.training],
                "validation": [image.name for image in data.held],
                "labels_are": data.kind,
                "classes": data.classes,
            },
            "versions": _versions(),
        },
    )


def move_sources(run: RunFolder, sources: dict[str, str | None], settings: TrainSettings) -> None:
    """Note where the files of a run are now, so that it can be gone on with without a word on them."""
    kept = read_config(run)
    if any(text and (kept.get(name) or None) != text for name, text in sources.items()):
        write_text(run.path / CONFIG_TOML, to_toml(sources, settings))
        write_json(run.path / CONFIG, {**kept, **{name: text for name, text in sources.items() if text}})


def read_config(run: RunFolder) -> dict[str, Any]:
    """Config that `write_config` wrote. Raises InputError where it is damaged."""
    with reading(run.path / CONFIG, "is damaged", "Start a new run."):
        return dict(json.loads((run.path / CONFIG).read_text(encoding="utf-8-sig")))


def options_in(config: dict[str, Any], run: RunFolder) -> dict[str, Any]:
    """The options in what `read_config` gives, by name; `None` is not given. Raises InputError as `migrated`."""
    with reading(run.path / CONFIG, "is damaged", "Start a new run."):
        flat = {name: value for stage in config["options"].values() for name, value in stage.items()}
        return migrated(flat, config.get("format", 1), run.path / CONFIG)


def record(events: Generator[Event], run: RunFolder, data: TrainingSet, steps: int) -> Generator[Event]:
    """Pass events on, writing metrics, TensorBoard events, the best model and the report as they come.

    Args:
        events: of the training.
        run: where it is written.
        data: what is learnt from.
        steps: that were asked for.
    """
    rows: list[dict[str, Any]] | None = None
    try:
        with closing(events), _Board(run.path) as board:
            for event in events:
                if isinstance(event, Started):
                    rows = [row for row in read_metrics(run) if int(row["step"]) <= event.step]
                assert rows is not None, "the first event is Started"
                _note(event, rows, board)
                if isinstance(event, Finished) or (isinstance(event, Validated) and event.kept):
                    save(event.model, run.path / MODEL_FILE)
                if isinstance(event, Finished):
                    _report(event, run, data, steps)
                if not isinstance(event, Stepped | Weighed | Validating):
                    write_metrics(run, rows)
                yield event
    finally:
        if rows is not None:  # a training that is stopped has its last steps in the file, too
            write_metrics(run, rows)


def _report(found: Finished, run: RunFolder, data: TrainingSet, steps: int) -> None:
    report = report_of(found, data, steps)
    write_json(run.path / REPORT, report)
    write_text(run.path / REPORT_TEXT, in_text(report))


def _note(event: Event, rows: list[dict[str, Any]], board: _Board) -> None:
    if isinstance(event, Stepped):
        row = {"step": event.step, "loss": event.loss, "rate": event.rate, "seconds": event.seconds}
        rows.append({name: f"{value:.6g}" for name, value in row.items()})
        board.add("loss", event.loss, event.step)
    if isinstance(event, Validated) and rows:
        rows[-1].update({name: f"{value:.6g}" for name, value in event.scores.items()})
        for name, value in event.scores.items():
            board.add(f"validation/{name}", value, event.step)


class _Board:
    """TensorBoard events of a run; the file is made with the first value."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None

    def __enter__(self) -> _Board:
        return self

    def add(self, name: str, value: float, step: int) -> None:
        """Note one value."""
        from torch.utils.tensorboard import SummaryWriter

        if self._writer is None:
            self._writer = SummaryWriter(str(self._folder))
        self._writer.add_scalar(name, value, step)

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()


def read_metrics(run: RunFolder) -> list[dict[str, Any]]:
    """Rows of metrics.csv, each with its step; empty where there is none. Raises InputError for a damaged one."""
    if not run.metrics.is_file():
        return []
    remedy = "Move it away: the training goes on, and its curve begins where it goes on."
    with reading(run.metrics, "is damaged", remedy), open(run.metrics, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
        for row in rows:
            int(row["step"])
        return rows


def write_metrics(run: RunFolder, rows: list[dict[str, Any]]) -> None:
    """Write metrics.csv anew."""
    columns = list(dict.fromkeys(name for row in rows for name in row)) or ["step"]
    with complete_file(run.metrics) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def _versions() -> dict[str, str]:
    own = {"cellseg": __version__, "python": platform.python_version()}
    return own | {name: _version(name) for name in LIBRARIES}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
