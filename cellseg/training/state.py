"""Everything that changes while a training runs, and its checkpoint."""

from __future__ import annotations

import copy
import io
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch

from cellseg.errors import InputError, reason_of
from cellseg.files import complete_file, part_name
from cellseg.models.hardware import training_device
from cellseg.options import TrainOptions
from cellseg.training.best import Best, as_tree
from cellseg.training.events import Saved
from cellseg.training.optimiser import optimiser_of
from cellseg.training.several import from_first

FORMAT = 3


@dataclass(slots=True)
class State:
    """Network, running average of its weights, optimiser, the steps done, and what validations found.

    `validated` is the step of the last validation, `best` the best model of all. `shared` is the network as several
    processes train it together; None where one is alone.
    """

    network: Any
    averaged: Any
    optimiser: torch.optim.Optimizer
    step: int = 0
    validated: int = 0
    best: Best | None = None
    shared: Any = None

    def is_finite(self) -> bool:
        """True if all weights are numbers; they may not be one step before the loss is none."""
        tensors = (*self.network.state_dict().values(), *self.averaged.state_dict().values())
        return all(bool(tensor.isfinite().all()) for tensor in tensors)


def new_state(network: Any, options: TrainOptions) -> State:
    """The state before the first step."""
    network = network.to(training_device(), memory_format=torch.channels_last)
    return State(network, copy.deepcopy(network), optimiser_of(network, options))


def save_checkpoint(state: State, path: Path, digest: str) -> None:
    """Write all that is needed to go on to the same bits; `digest` names the data and options it belongs to."""
    tree = {
        "format": FORMAT,
        "digest": digest,
        "step": state.step,
        "validated": state.validated,
        "best": None if state.best is None else as_tree(state.best),
        "network": state.network.state_dict(),
        "averaged": state.averaged.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "random": torch.get_rng_state(),
    }
    content = io.BytesIO()
    torch.save(tree, content)
    _keep_before(path)
    with complete_file(path) as temporary:  # written by Python, so that a full disk is an OSError
        temporary.write_bytes(content.getbuffer())


def before_file(path: Path) -> Path:
    """The checkpoint before the one of this name."""
    return path.with_name(f"before-{path.name}")


def _keep_before(path: Path) -> None:
    """Keep the checkpoint that is about to be replaced, under a second name; at no moment is there none."""
    if path.exists():
        temporary = part_name(before_file(path))
        temporary.unlink(missing_ok=True)
        try:
            os.link(path, temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(path, temporary)
        os.replace(temporary, before_file(path))


def load_checkpoint(state: State, path: Path, digest: str) -> str:
    """Bring a new state to where the checkpoint was, or where that is damaged, the one before; loading runs no code.

    Returns a sentence where it was the one before, else nothing. Raises InputError where both are damaged, or it is of
    another version, or belongs to other data or options.
    """
    try:
        _restore(state, path, digest)
        return ""
    except DamagedCheckpoint as error:
        try:
            _restore(state, before_file(path), digest)
        except InputError:
            raise error from None
    return f"{path} is damaged; the training goes on from the checkpoint before it, after step {state.step}"


class DamagedCheckpoint(InputError):
    """A checkpoint that cannot be read; another one may be."""


def _restore(state: State, path: Path, digest: str) -> None:
    tree = _read(path)
    if tree.get("digest") != digest:
        raise InputError(
            "belongs to a training with other images, labels or options",
            "Give the same ones, or start a new run.",
            path=path,
        )
    try:
        state.network.load_state_dict(tree["network"])
        state.averaged.load_state_dict(tree["averaged"])
        state.optimiser.load_state_dict(tree["optimiser"])
        torch.set_rng_state(tree["random"])
        state.step, state.validated = int(tree["step"]), int(tree["validated"])
        state.best = None if tree["best"] is None else Best(**tree["best"])
    except Exception as error:  # a damaged one may hold anything
        raise DamagedCheckpoint(f"is damaged ({reason_of(error)})", "Start a new run.", path=path) from error


@dataclass(slots=True)
class Keeper:
    """Keeps a checkpoint of a state on disk, no older than `every` seconds."""

    state: State
    path: Path | None
    digest: str
    every: float
    _saved: float = field(default_factory=time.monotonic)
    _step: int = -1

    def due(self) -> bool:
        """True if the checkpoint on disk is older than it may be."""
        return time.monotonic() - self._saved >= self.every

    def save(self) -> Iterator[Saved]:
        """Write the checkpoint unless it is there or the state is spoilt; yields what was saved."""
        if self.path is not None and self.state.step != self._step and self.state.is_finite():
            save_checkpoint(self.state, self.path, self.digest)
            self._saved, self._step = time.monotonic(), self.state.step
            yield Saved(self.state.step)


def _read(path: Path) -> dict[str, Any]:
    content = io.BytesIO(from_first(lambda: _content(path)))
    try:
        with ZipFile(content) as archive:
            if archive.testzip() is not None:  # torch itself looks at no checksum
                raise ValueError("a checksum is wrong")
        content.seek(0)
        tree = torch.load(content, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except Exception as error:  # torch fails in many ways
        raise DamagedCheckpoint("is not a checkpoint of cellseg, or damaged", "Start a new run.", path=path) from error
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        remedy = "Go on with that version, or start a new run with --from this one."
        raise InputError("is a checkpoint of another version of cellseg", remedy, path=path)
    return tree


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise InputError("there is no checkpoint to go on from", "Start without --resume.", path=path)
    return path.read_bytes()
