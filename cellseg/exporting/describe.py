"""Words and names of a model for people of other programs: who made it, from what, how far it reaches."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cellseg import __version__
from cellseg.models.card import ModelCard
from cellseg.models.exported.greys import HIGH, LOW
from cellseg.models.exported.note import ExportNote
from cellseg.options import ExportOptions

UNET = (
    "Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015.",
    "10.1007/978-3-319-24574-4_28",
)
"""Citation of a network that has no other."""
SHORTEST = 5
"""Letters of a name at bioimage.io, at least."""
NOBODY = "not named"
LICENCES = {
    "CC0 1.0": "CC0-1.0",
    "CC BY 4.0": "CC-BY-4.0",
    "CC BY-SA 4.0": "CC-BY-SA-4.0",
    "BSD-3-Clause": "BSD-3-Clause",
}
"""Licences as people write them at the beginning of a card's sentence, and their names at SPDX."""


@dataclass(frozen=True, slots=True)
class ModelWords:
    """Words on a model.

    Attributes:
        name: of the model.
        summary: one sentence.
        authors: name and affiliation of each.
        licence: its name at SPDX; None where the card names none.
        text: documentation in Markdown.
    """

    name: str
    summary: str
    authors: list[dict[str, str]]
    licence: str | None
    text: str


def words_of(note: ExportNote, options: ExportOptions, given: str) -> ModelWords:
    """Words on a model that was given under a name."""
    card, name = note.card, options.name or _allowed(given)
    summary = f"{card.name} of cellseg: probabilities of {', '.join(card.class_names)} in microscopy images."
    licence = options.licence or licence_of(card)
    return ModelWords(name, summary, authors_of(options.authors), licence, _text(name, note, options))


def _allowed(name: str) -> str:
    """A file's name as bioimage.io takes names: letters, digits and a few marks, and not too short."""
    plain = re.sub(r"[^A-Za-z0-9_+\-() ]", "_", name)
    return plain if len(plain) >= SHORTEST else f"cellseg {plain}"


def authors_of(text: str | None) -> list[dict[str, str]]:
    """Name and affiliation of each author in `A. Person (Institute); B. Person`."""
    found = [re.fullmatch(r"\s*([^(]+?)\s*(?:\((.*)\))?\s*", one) for one in (text or NOBODY).split(";") if one.strip()]
    groups = [one.groups() for one in found if one]
    return [{"name": name, **({"affiliation": where} if where else {})} for name, where in groups]


def licence_of(card: ModelCard) -> str | None:
    """SPDX's name of the licence that a card begins with; None where it is another sentence."""
    return next((spdx for name, spdx in LICENCES.items() if card.licence.startswith((name, spdx))), None)


def _text(name: str, note: ExportNote, options: ExportOptions) -> str:
    card, g = note.card, note.geometry
    parts = {
        name: f"A {card.name} made by cellseg {__version__}. {_sees(card)}",
        "Input and output": f"{note.input_says} {_percentiles(note)}Sides are {g.smallest}, {g.smallest + g.stride}, "
        f"... pixels, and {g.margin} pixels a side are taken away: cut tiles that overlap by {2 * g.margin} pixels, "
        f"and mirror the image at its edges. {_exact(note)}",
        "Cells": f"A pixel belongs to a cell where the probability is at least {card.threshold:g}; cells are what is "
        "connected. cellseg itself also separates and fills them, and leaves some out, as the model was tuned.",
        "Statistics of normalisation": f"They are {note.statistics} and do not depend on the image.{_statistics(note)}",
        "Training data": card.data or "Not told.",
        "Validation": "\n".join(f"- {what}: {value:g}" for what, value in card.metrics.items()) or "Not told.",
        "Limits": card.limits or "Not told. Try it on annotated images of your own before you rely on it.",
        "Licence": card.licence or options.licence or "Not told.",
    }
    return "".join(f"{'##' if k else '#'} {title}\n\n{text}\n\n" for k, (title, text) in enumerate(parts.items()))


def _sees(card: ModelCard) -> str:
    size = f"It has learnt from objects of about {card.diameter:.3g} pixels. " if card.diameter else ""
    scale = f"It wants images enlarged {card.scale:.3g} times. " if card.scale != 1 else ""
    return size + scale


def _percentiles(note: ExportNote) -> str:
    if note.gain or not note.compresses:
        return ""
    return (
        f"In the steps of this package the percentiles {LOW:g} and {HIGH:g} of the whole image stand for the levels, "
        "which cellseg measures where there is something to see: results are like cellseg's, but not the same. "
    )


def _statistics(note: ExportNote) -> str:
    """Cost of frozen statistics where the network took those of each image; see docs/export.md."""
    if note.statistics.startswith("running"):
        return " The network has learnt to see each image by its own: with these it may find hardly anything."
    if note.statistics.startswith("those"):
        return " cellseg takes those of each image instead: inverted images, or empty ones, may come out worse here."
    return ""


def _exact(note: ExportNote) -> str:
    return "" if note.geometry.exact else "The network looks at whole tiles, so results depend on how they are cut."


def config_of(note: ExportNote) -> dict[str, Any]:
    """Section of a package that cellseg itself reads."""
    return {"note": note.text}
