"""Metadata of an exported network, in its file; readable without torch.

Numbers are for programs, the sentences for those who write them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cellseg.errors import InputError
from cellseg.models.card import ModelCard, card_of
from cellseg.models.geometry import Geometry

KEY = "cellseg"
"""Name under which the metadata stand: in an ONNX among its properties, in a TorchScript as a file of this name."""
VERSION = 1
INPUT, OUTPUT = "image", "probabilities"
"""Names of the tensors."""
MEAN = "Each channel minus its mean, divided by its standard deviation, both of the whole image and not of a tile."
LEVELS = (
    "Linear grey values: -2 at the dark and 2 at the bright level of what there is to see in each channel of the whole "
    "image; what lies beyond is compressed by the network itself."
)
NUMBERS = "Pixel of each channel times its gain plus its offset; what lies beyond -2 to 2 is compressed by the network."
NUMBERS_OF_MEAN = "Pixel of each channel times its gain plus its offset."


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportNote:
    """Metadata of an exported network.

    Attributes:
        card: of the model; its statistics are fixed.
        geometry: legal sizes and margin of the network.
        statistics: origin of the statistics of its normalisation layers, in words.
        gain: of each channel, where grey values do not depend on the image; else empty.
        offset: likewise.
    """

    card: ModelCard
    geometry: Geometry
    statistics: str
    gain: tuple[float, ...] = ()
    offset: tuple[float, ...] = ()

    @property
    def compresses(self) -> bool:
        """True if the network itself compresses grey values beyond the levels."""
        return self.card.grey_values != "mean" and not self.card.grey_values.startswith("[")

    @property
    def input_says(self) -> str:
        """Sentence on the grey values that the network wants."""
        if self.gain:
            return NUMBERS if self.compresses else NUMBERS_OF_MEAN
        return LEVELS if self.compresses else MEAN

    @property
    def text(self) -> str:
        """The metadata as they stand in a file (JSON)."""
        size, g = self.card.options, self.geometry
        tree = {
            "format": VERSION,
            "input": f"{INPUT}: float32 (N, {size['channels']}, H, W). {self.input_says}",
            "sizes": f"H and W: {g.smallest}, {g.smallest + g.stride}, ...; {g.margin} pixels a side are taken away.",
            "output": f"{OUTPUT}: float32 (N, {size['classes']}, H - {2 * g.margin}, W - {2 * g.margin}), of the "
            f"classes {', '.join(self.card.class_names)}, adding up to 1.",
            **asdict(self),
        }
        return json.dumps(tree, default=str)


def read_note(text: str | None, path: Path) -> ExportNote:
    """The metadata from their text in a file. Raises InputError where there are none, or they are not understood."""
    if text is None:
        found = "was not exported by cellseg, so its sizes and grey values are not known"
        raise InputError(found, "Give a file of cellseg export, or a bioimage.io package, which says them.", path=path)
    try:
        return _from_tree(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        found = "has metadata that this version of cellseg does not understand"
        raise InputError(found, "Use the version that exported it, or export it again.", path=path) from error


def _from_tree(tree: dict[str, Any]) -> ExportNote:
    if tree["format"] != VERSION:
        raise ValueError(tree["format"])
    card = card_of(dict(tree["card"]))
    if min(int(card.options["channels"]), int(card.options["classes"])) < 1:
        raise ValueError(card.options)
    return ExportNote(
        card=card,
        geometry=Geometry(**tree["geometry"]),
        statistics=tree["statistics"],
        gain=tuple(map(float, tree["gain"])),
        offset=tuple(map(float, tree["offset"])),
    )
