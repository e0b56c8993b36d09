"""Amount of annotation, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari_cellseg.annotation import is_result

if TYPE_CHECKING:
    from napari_cellseg.annotate.layer import AnnotatedLayer


def area(pixels: int, scale: Sequence[float], unit: str) -> str:
    """Pixels as an area in physical units, or nothing where the size of a pixel is not known.

    Args:
        pixels: number of them.
        scale: height and width of one.
        unit: of the scale, as napari writes it, such as micrometer or pixel.
    """
    if unit in ("", "pixel"):
        return ""
    size = pixels * abs(scale[0] * scale[1])
    if unit in ("micrometer", "um", "µm"):
        return f"{size:,.0f} µm²" if size < 1e5 else f"{size / 1e6:.3g} mm²"
    return f"{size:.4g} {unit}²"


def amount(cells: int, pixels: int, total: int, physical: str, *, verb: str = "annotated") -> str:
    """The counter's line; `verb`: what the pixels are."""
    part = f"{pixels / total:.1%}" if not pixels or pixels / total >= 0.001 else "under 0.1%"
    noun = "cell" if cells == 1 else "cells"
    sizes = f"{pixels:,} pixels" + (f", {physical}" if physical else "")
    return f"{cells:,} {noun}, {part} {verb} ({sizes})"


def counted(target: AnnotatedLayer, plane: int | None) -> str:
    """The counter's lines: of the plane that is seen, and of a stack of all planes together.

    Args:
        target: the annotation.
        plane: that is seen; None where none is.
    """
    index = target.index
    if not index.complete:
        return f"Reading the annotation: {index.done / index.total:.0%}"
    planes, height, width = target.shape
    whole = _count_line(target, None, planes * height * width)
    if plane is None:
        return whole
    here = _count_line(target, plane, height * width)
    return here if planes == 1 else f"Plane {plane + 1}: {here}\nAll: {whole}"


def _count_line(target: AnnotatedLayer, plane: int | None, total: int) -> str:
    pixels = target.index.annotated(plane)
    size = area(pixels, target.layer.scale[-2:], str(target.layer.units[-1]))
    verb = "covered" if is_result(target.layer) else "annotated"
    return amount(target.index.count(plane), pixels, total, size, verb=verb)
