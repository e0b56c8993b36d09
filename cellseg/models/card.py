"""Metadata of a model file; readable without torch."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from cellseg.errors import InputError, reading
from cellseg.files import complete_file

FORMAT = 1
MODEL_FILE = "model.safetensors"
LIMITS: dict[str, tuple[float, float]] = {
    "threshold": (0, 1),
    "core": (0, 1),
    "grow": (0, 10_000),
    "minimum_size": (0, 2**40),
    "minimum_probability": (0, 1),
    "fill_holes": (0, 2**40),
    "split": (0, 1e6),
    "diameter": (0, 1e6),
    "scale": (1e-3, 1e3),
}
"""Lowest and highest numbers of a card."""
WORDS = {"labels_are": ("instances", "classes"), "sizes": ("learnt", "measured"), "statistics": ("image", "fixed")}
"""Words that a card may have."""
SHIPPED = Path(__file__).with_name("shipped")
"""Folder of the models that come with the package, NAME.safetensors."""
ALIGNMENT = 8
"""The weights in a safetensors file begin at a multiple of this."""
CUT = ("threshold", "core", "grow", "minimum_size", "minimum_probability", "fill_holes", "split")
"""Fields of a card that tell how probabilities become cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Metadata that is needed to use a network; stored in its file.

    Attributes:
        name: name in the registry.
        options: the network's options.
        class_names: one a class; class 0 is the background.
        labels_are: "instances" (a pixel belongs to a cell or not) or "classes".
        threshold: probability from which on a pixel belongs to a cell; chosen on training images.
        core: probability that a cell has somewhere: the connected cores are the cells, and spread over what is above
            the threshold. 0 = cells are what is connected above the threshold.
        grow: pixels by which instances are grown, to give back what the separating border took; chosen likewise.
        minimum_size: pixels that an instance has at least; smaller ones are left out. 0 = any.
        minimum_probability: probability that half of the pixels of an instance have, or it is left out. 0 = any.
        fill_holes: holes in an instance of at most that many pixels are filled.
        split: usual diameter in pixels of the cells as which instances are cut apart at their necks; 0 = they are not.
        diameter: median diameter of the objects it has learnt from, in pixels as the network sees them; 0 = not known.
        scale: how many times larger than it is the network sees an image, where nothing else is asked for.
        sizes: learnt: it is predicted at that scale; measured: the objects of each image are measured first, as by
            `--diameter auto`.
        grey_values: rule by which it sees grey values: contrast, LOW,HIGH, or mean, as in earlier versions.
        statistics: of its normalisation layers: fixed, or taken from each image, as in earlier versions.
        gathered: images over which those in its file were gathered, with which other programs predict where statistics
            are taken from each image; empty: they are the running average of the training.
        training: how it was made, for people: data, recipe, steps, versions, scores.
        data: what it has learnt from, with the source, for people.
        licence: of its weights, that of the data taken into account.
        metrics: how good it is, by name; what was measured on what stands in the names.
        limits: on what it was not measured, or fails.
    """

    name: str
    options: dict[str, Any]
    class_names: tuple[str, ...] = ("background", "cell")
    labels_are: str = "instances"
    threshold: float = 0.5
    core: float = 0.0
    grow: int = 0
    minimum_size: int = 0
    minimum_probability: float = 0.0
    fill_holes: int = 0
    split: float = 0.0
    diameter: float = 0.0
    scale: float = 1.0
    sizes: str = "learnt"
    grey_values: str = "mean"
    statistics: str = "image"
    gathered: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    data: str = ""
    licence: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    limits: str = ""


def read_card(file: Path) -> ModelCard:
    """The card in a model file, without its weights."""
    found = "has a card that this version of cellseg does not understand"
    with reading(file, found, "Use the version that made it."):
        tree = dict(json.loads(_stored_text(file)))
        if tree.pop("format", None) != FORMAT:
            raise InputError("was made by another version of cellseg", "Use that version or train again.", path=file)
        return card_of(tree)


def card_of(tree: dict[str, Any]) -> ModelCard:
    """A card from a tree of JSON. Raises ValueError, TypeError or KeyError where it is none."""
    card = ModelCard(**{**tree, "class_names": tuple(tree["class_names"])})
    if not card.class_names or not all(isinstance(name, str) for name in card.class_names):
        raise ValueError(f"class_names is {card.class_names}")
    for one in fields(card):
        _check(one.name, one.type, getattr(card, one.name))
    return card


def _check(name: str, kind: Any, value: Any) -> None:
    """ValueError for a field of a card that has another type, is beyond its limits, or is no known word."""
    numbers = {"int": int, "float": (int, float)}
    others = {"str": str, "tuple[str, ...]": tuple}
    wanted: Any = numbers.get(kind) or others.get(kind, dict)
    low, high = LIMITS.get(name, (-math.inf, math.inf))
    right = isinstance(value, wanted) and not isinstance(value, bool)
    if not right or (kind in numbers and not low <= value <= high) or value not in WORDS.get(name, (value,)):
        raise ValueError(f"{name} is {value!r}")


def _stored_text(file: Path) -> str:
    try:
        with safe_open(file, framework="numpy") as tensors:
            text = (tensors.metadata() or {}).get("cellseg")
    except (SafetensorError, OSError) as error:
        raise InputError(
            "is not a model file (safetensors)", "Give a run folder or the model.safetensors in it.", path=file
        ) from error
    if text is None:
        raise InputError(
            "is a safetensors file, but not one of cellseg", "Give a model made by cellseg train.", path=file
        )
    return str(text)


def store_card(file: Path, card: ModelCard) -> None:
    """Give a model file another card; its weights stay as they are, byte for byte.

    A safetensors file is the length of its header (8 bytes), the header (JSON) and the weights.

    Raises:
        InputError: it is no model file of cellseg, or it cannot be written.
    """
    read_card(file)
    with open(file, "rb") as old:
        header = json.loads(old.read(int.from_bytes(old.read(8), "little")))
        header["__metadata__"]["cellseg"] = card_text(card)
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        text += b" " * (-len(text) % ALIGNMENT)
        with complete_file(file) as temporary, open(temporary, "wb") as new:
            new.write(len(text).to_bytes(8, "little") + text)
            shutil.copyfileobj(old, new)


def card_text(card: ModelCard) -> str:
    """The card as it stands in a file."""
    return json.dumps({"format": FORMAT, **asdict(card)}, default=str)


def model_file(path: Path) -> Path:
    """The model file of a run folder, the file itself, or that of a model that comes with the package, by its name.

    Files and run folders of this name go before those of the package. Raises InputError where there is none; it lists
    the names that there are.
    """
    if path.is_file():
        return path
    if (path / MODEL_FILE).is_file():
        return path / MODEL_FILE
    if str(path) in shipped_files():
        return shipped_files()[str(path)]
    raise _without_model(path)


def _without_model(path: Path) -> InputError:
    if path.is_dir():
        return InputError(
            f"is a folder without {MODEL_FILE}",
            "Give a run folder made by cellseg train; this one may be unfinished.",
            path=path,
        )
    names = ", ".join(shipped_files())
    known = f"a run folder, a model file, or the name of a model that comes with cellseg: {names}"
    return InputError(
        "there is no such model", f"Give {known if names else 'a run folder or a model file'}.", path=path
    )


def shipped_files() -> dict[str, Path]:
    """The models that come with the package, by name."""
    return {file.stem: file for file in sorted(SHIPPED.glob("*.safetensors"))}
