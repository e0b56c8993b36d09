"""A network that has learnt something: its card, its file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import safe_open

from cellseg.errors import InputError, reading
from cellseg.files import complete_file
from cellseg.models.card import ModelCard, card_text, model_file, read_card
from cellseg.models.exported.kind import exported_kind
from cellseg.models.registry import build


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A network ready to predict."""

    network: Any
    card: ModelCard

    @property
    def adaptive(self) -> bool:
        """True if the network takes statistics from each image before it predicts it."""
        layers = any(isinstance(layer, torch.nn.BatchNorm2d) for layer in self.network.modules())
        return layers and self.card.statistics == "image"

    @property
    def digest(self) -> str:
        """SHA-256 of weights and card: two models with one digest predict the same."""
        found = hashlib.sha256(json.dumps(asdict(self.card), sort_keys=True, default=str).encode())
        for name, tensor in sorted(self.network.state_dict().items()):
            found.update(name.encode())
            found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return found.hexdigest()


def as_model(model: Any) -> TrainedModel:
    """A model from what was given: a loaded one, the path or name of one (see `load`), or a network from `build`.

    A network gets a default card. Raises InputError for anything else.
    """
    if isinstance(model, TrainedModel):
        return model
    if isinstance(model, (str, Path)):
        return load(model)
    if not hasattr(model, "options"):
        raise InputError(f"a {type(model).__name__} was given as a model", "Give what cellseg.load returns, or a path.")
    return TrainedModel(model, _default_card(model))


def _default_card(network: Any) -> ModelCard:
    """Two classes are cells and background; more have numbers."""
    count = network.options.classes
    cells = count == 2
    return ModelCard(
        name=getattr(network, "name", type(network).__name__),
        options=asdict(network.options),
        class_names=("background", "cell") if cells else ("background", *(f"class {k}" for k in range(1, count))),
        labels_are="instances" if cells else "classes",
    )


def pruned(model: TrainedModel, depth: int | None) -> TrainedModel:
    """The model cut off at a depth, None: as it is. Raises InputError where its network cannot be cut there."""
    if depth is None:
        return model
    network = model.network.pruned(depth)
    network.name = model.card.name
    return TrainedModel(network, replace(model.card, options=asdict(network.options)))


def save(model: Any, path: str | Path) -> None:
    """Write a model file: weights and card as one safetensors file, which `load` reads.

    Args:
        model: what `load` or a training gives, or a network from `build`, which gets a default card.
        path: of the file. It appears there only when it is complete; a file that was there is replaced.

    Raises:
        InputError: `model` is no model, or the file cannot be written.
    """
    model = as_model(model)
    refuse_exported(model, "cannot be saved as a model file")
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.network.state_dict().items()}
    content = safetensors.torch.save(tensors, metadata={"cellseg": card_text(model.card)})
    with complete_file(Path(path)) as temporary:  # written by Python, so that a full disk is an OSError
        temporary.write_bytes(content)


def refuse_exported(model: TrainedModel, what: str) -> None:
    """Raise InputError for a network of another program's file, of which it says what cannot be done with it."""
    if hasattr(model.network, "without_numbers"):
        raise InputError(f"an exported network {what}", "Give the model that it was made from.")


def load(path: str | Path) -> TrainedModel:
    """A model ready to predict, from a run folder, a model file, or a file of `export`; loading runs no code.

    Raises InputError where there is no such file, it is no safetensors file, it is not a model of cellseg, or a weight
    is not finite.
    """
    file = model_file(Path(path))
    kind = exported_kind(file)
    if kind:
        from cellseg.models.exported.load import load_exported

        return TrainedModel(*load_exported(file, kind))
    card = read_card(file)
    with reading(file, f"the weights do not fit the network {card.name}", "Train again."):
        _refuse_larger(card, file)
        network = build(card.name, **card.options)
        with safe_open(file, framework="pt") as tensors:
            network.load_state_dict({name: tensors.get_tensor(name) for name in tensors.keys()})  # noqa: SIM118
    _refuse_unusable(network, file)
    return TrainedModel(network.eval(), card)


def _refuse_larger(card: ModelCard, file: Path) -> None:
    """ValueError where the network of a card has more weights than its file has bytes, before memory is taken."""
    with torch.device("meta"):
        network = build(card.name, **card.options)
    count = sum(tensor.numel() for tensor in network.state_dict().values())
    if count > file.stat().st_size:
        raise ValueError(f"it has {count} weights, which the file cannot hold")


def _refuse_unusable(network: Any, file: Path) -> None:
    unusable = [name for name, tensor in network.state_dict().items() if not bool(torch.isfinite(tensor).all())]
    if unusable:
        raise InputError(
            f"weights are infinite or no numbers: {', '.join(unusable[:3])}", "Train again, or copy it anew.", path=file
        )
