"""Top of the panel for annotating: its sentences and offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from napari_cellseg.annotation import ANNOTATION_CODE, NOT_ANNOTATED, LabelCode


@dataclass(frozen=True, slots=True)
class AnnotateHeadline:
    """A line, and the buttons that are offered."""

    text: str
    begin: bool = False
    """An annotation of the image may be begun."""
    use: bool = False
    """The chosen labels may become an annotation."""

    @classmethod
    def of(cls, *, unused: str | None, target: str | None, image: bool, result: bool = False) -> Self:
        """Headline for what is open.

        Args:
            unused: name of the active labels, if they are neither an annotation nor a result.
            target: name of the annotation or result in hand, if there is one.
            image: an image is open.
            result: it is cells that a network found, and no annotation.
        """
        if unused is not None:
            return cls(f"<b>{unused}</b> is no annotation yet. What does the value 1 mean in it?", use=True)
        if target is not None:
            return cls(f"Correcting the cells <b>{target}</b>" if result else f"Annotating <b>{target}</b>")
        if not image:
            return cls("Open an image or a project to annotate.")
        return cls("No annotation yet.", begin=True)


def chosen_words(number: int, code: LabelCode = ANNOTATION_CODE, kind: str = "") -> str:
    """Sentence on what the brush paints; `kind`: name of the cell's class, where there are some."""
    named = {NOT_ANNOTATED: "Nothing: not annotated", code.background: "Background"}
    return named.get(number, f"Cell {number}, {kind}" if kind else f"Cell {number}")
