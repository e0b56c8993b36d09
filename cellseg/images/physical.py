"""Pixel sizes and channel names from OME-XML, ImageJ's description or the resolution tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import tifffile

UM_PER = {
    **dict.fromkeys(("µm", "μm", "\\u00b5m", "um", "micron", "microns", "micrometer", "micrometre"), 1.0),
    "pm": 1e-6,
    "picometer": 1e-6,
    "å": 1e-4,
    "angstrom": 1e-4,
    **dict.fromkeys(("nm", "nanometer", "nanometre"), 1e-3),
    **dict.fromkeys(("mm", "millimeter", "millimetre"), 1e3),
    **dict.fromkeys(("cm", "centimeter", "centimetre"), 1e4),
    **dict.fromkeys(("m", "meter", "metre"), 1e6),
    "in": 25400.0,
    "inch": 25400.0,
}
LARGEST_PLAUSIBLE_UM = 10.0
"""Larger pixels by the resolution tags alone are a printer's dots per inch, not a microscope's."""


@dataclass(frozen=True, slots=True)
class Physical:
    """What a file says about its pixels, in micrometres."""

    pixel_size_um: tuple[float, float] | None = None
    """Height and width of a pixel."""
    spacing_um: float | None = None
    """Distance of planes."""
    channel_names: tuple[str, ...] = ()


def read_physical(tif: tifffile.TiffFile, kind: str) -> Physical:
    """Pixel sizes and channel names of an open file whose series is of this kind (`ome`, `imagej`, ...)."""
    if kind == "ome":
        return _from_ome(tif.ome_metadata or "")
    if tif.imagej_metadata:
        return _from_imagej(tif.imagej_metadata, tif.pages.first)
    per_unit = {2: UM_PER["inch"], 3: UM_PER["cm"]}.get(int(_number(tif.pages.first, "ResolutionUnit")), 0.0)
    size = _from_tags(tif.pages.first, per_unit, per_unit)
    return Physical(size if size and max(size) < LARGEST_PLAUSIBLE_UM else None)


def _from_ome(xml: str) -> Physical:
    pixels = next((e for e in ElementTree.fromstring(xml).iter() if e.tag.endswith("}Pixels")), None)
    if pixels is None:
        return Physical()
    z, y, x = (_ome_size(pixels.attrib, axis) for axis in "ZYX")
    names = [e.get("Name") or str(k) for k, e in enumerate(e for e in pixels if e.tag.endswith("}Channel"))]
    return Physical((y, x) if y and x else None, z or None, tuple(names))


def _ome_size(attributes: Mapping[str, str], axis: str) -> float:
    unit = attributes.get(f"PhysicalSize{axis}Unit", "µm")
    return float(attributes.get(f"PhysicalSize{axis}", 0)) * UM_PER.get(unit.casefold(), 0.0)


def _from_imagej(metadata: Mapping[str, Any], page: tifffile.TiffPage) -> Physical:
    units = {axis: str(metadata.get(f"{axis}unit") or metadata.get("unit") or "").casefold() for axis in "yz"}
    across = UM_PER.get(str(metadata.get("unit") or "").casefold(), 0.0)
    size = _from_tags(page, UM_PER.get(units["y"], 0.0), across)
    spacing = float(metadata.get("spacing") or 0) * UM_PER.get(units["z"], 0.0)
    return Physical(size, abs(spacing) or None)


def _from_tags(page: tifffile.TiffPage, down: float, across: float) -> tuple[float, float] | None:
    """Height and width of a pixel, where the resolution tags count pixels per so many micrometres."""
    per_unit = [_number(page, tag) for tag in ("YResolution", "XResolution")]
    if not all(per_unit) or not down or not across:
        return None
    return down / per_unit[0], across / per_unit[1]


def _number(page: tifffile.TiffPage, tag: str) -> float:
    value = page.tags[tag].value if tag in page.tags else 0
    if isinstance(value, tuple):
        return value[0] / value[1] if value[1] else 0.0
    return float(value)
