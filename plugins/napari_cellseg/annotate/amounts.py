"""How much is annotated, in words."""

from __future__ import annotations

from collections.abc import Sequence


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


def amount(cells: int, pixels: int, total: int, physical: str) -> str:
    """The counter's line."""
    part = f"{pixels / total:.1%}" if not pixels or pixels / total >= 0.001 else "under 0.1%"
    noun = "cell" if cells == 1 else "cells"
    sizes = f"{pixels:,} pixels" + (f", {physical}" if physical else "")
    return f"{cells:,} {noun}, {part} annotated ({sizes})"
