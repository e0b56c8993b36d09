"""A network that has learnt something: its card, its file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open

from cellseg.errors import InputError
from cellseg.files import complete_file
from cellseg.models.registry import NETWORKS, build

FORMAT = 1
MODEL_FILE = "model.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What must be known of a network to use it; stored in its file.

    Attributes:
        name: name in the registry.
        options: the network's options.
        class_names: one a class; class 0 is the background.
        labels_are: "instances" (a pixel belongs to a cell or not) or "classes".
        threshold: probability from which on a pixel belongs to a cell; chosen on training images.
        grow: pixels by which instances are grown, to give back what the separating border took; chosen likewise.
        training: how it was made, for people: data, recipe, steps, versions, scores.
    """

    name: str
    options: dict[str, Any]
    class_names: tuple[str, ...] = ("background", "cell")
    labels_are: str = "instances"
    threshold: float = 0.5
    grow: int = 0
    training: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A network ready to predict."""

    network: Any
    card: ModelCard

    @property
    def digest(self) -> str:
        """SHA-256 of weights and card: two models with one digest predict the same."""
        found = hashlib.sha256(json.dumps(asdict(self.card), sort_keys=True, default=str).encode())
        for name, tensor in sorted(self.network.state_dict().items()):
            found.update(name.encode())
            found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return found.hexdigest()


def as_model(model: Any) -> TrainedModel:
    """A bare network from `build` as a model with default card; a TrainedModel as it is."""
    if isinstance(model, TrainedModel):
        return model
    count = model.options.classes
    names = ("background", "cell") if count == 2 else ("background", *(f"class {k}" for k in range(1, count)))
    card = ModelCard(
        name=getattr(model, "name", type(model).__name__),
        options=asdict(model.options),
        class_names=names,
        labels_are="instances" if count == 2 else "classes",
    )
    return TrainedModel(model, card)


def save(model: TrainedModel, path: Path) -> None:
    """Write weights and card as one safetensors file."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.network.state_dict().items()}
    card = json.dumps({"format": FORMAT, **asdict(model.card)}, default=str)
    content = safetensors.torch.save(tensors, metadata={"cellseg": card})
    with complete_file(path) as temporary:  # written by Python, so that a full disk is an OSError
        temporary.write_bytes(content)


def load(path: str | Path) -> TrainedModel:
    """A model ready to predict, from a run folder or a model file; loading runs no code.

    Raises InputError where there is no such file, it is no safetensors file, or it is not a model of cellseg.
    """
    file = model_file(Path(path))
    card = read_card(file)
    options = dict(card.options)
    network = build(card.name, **options)
    try:
        with safe_open(file, framework="pt") as tensors:
            network.load_state_dict({name: tensors.get_tensor(name) for name in tensors.keys()})  # noqa: SIM118
    except (SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"the weights do not fit the network {card.name} ({reason})", "Train again.", path=file
        ) from error
    return TrainedModel(network.eval(), card)


def read_card(file: Path) -> ModelCard:
    """The card in a model file, without its weights."""
    try:
        with safe_open(file, framework="pt") as tensors:
            text = (tensors.metadata() or {}).get("cellseg")
    except (SafetensorError, OSError) as error:
        raise InputError(
            "is not a model file (safetensors)", "Give a run folder or the model.safetensors in it.", path=file
        ) from error
    if text is None:
        raise InputError(
            "is a safetensors file, but not one of cellseg", "Give a model made by cellseg train.", path=file
        )
    tree = json.loads(text)
    if tree.pop("format", None) != FORMAT or tree.get("name") not in NETWORKS:
        raise InputError("was made by another version of cellseg", "Use that version or train again.", path=file)
    tree["class_names"] = tuple(tree["class_names"])
    return ModelCard(**tree)


def device() -> torch.device:
    """Where networks run: the first CUDA device, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def model_file(path: Path) -> Path:
    """The model file of a run folder, or the file itself; InputError where there is none."""
    if path.is_dir():
        if not (path / MODEL_FILE).is_file():
            raise InputError(
                f"is a folder without {MODEL_FILE}",
                "Give a run folder made by cellseg train; this one may be unfinished.",
                path=path,
            )
        return path / MODEL_FILE
    if not path.is_file():
        raise InputError("there is no such model", "Give a run folder or a model file.", path=path)
    return path
