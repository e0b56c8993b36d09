"""Pixel sizes and channel names from OME-XML, ImageJ's description or the resolution tags."""

from __future__ import annotations

import logging
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import tifffile

from cellseg.images.source import Physical

logger = logging.getLogger(__name__)

UM_PER = {
    **dict.fromkeys(("\u03bcm", "um", "micron", "micrometer", "micrometre"), 1.0),
    **dict.fromkeys(("pm", "picometer", "picometre"), 1e-6),
    **dict.fromkeys(("\u00e5", "angstrom", "angstr\u00f6m"), 1e-4),
    **dict.fromkeys(("nm", "nanometer", "nanometre"), 1e-3),
    **dict.fromkeys(("mm", "millimeter", "millimetre"), 1e3),
    **dict.fromkeys(("cm", "centimeter", "centimetre"), 1e4),
    **dict.fromkeys(("m", "meter", "metre"), 1e6),
    **dict.fromkeys(("in", "inch", "inche"), 25400.0),
}
"""Micrometres in a unit, by its name in the singular and in lower case."""
LARGEST_PLAUSIBLE_UM = 10.0
"""Larger pixels by the resolution tags alone are a printer's dots per inch, not a microscope's."""


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


def micrometres_per(unit: str) -> float:
    """Micrometres in a unit as people and programs write it (escaped or not, singular or plural); 0 if unknown."""
    plain = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), unit.strip())
    name = unicodedata.normalize("NFKC", plain).casefold()
    return UM_PER.get(name) or UM_PER.get(name.removesuffix("s"), 0.0)


def positive_number(text: object, what: str) -> float:
    """A length as metadata state it, decimal commas included; 0 for what is none, which the log says."""
    try:
        value = float(str(text).strip().replace(",", "."))
    except ValueError:
        value = math.nan
    if math.isfinite(value) and value >= 0:
        return value
    logger.warning("%s is %r, which is no length; it is taken as unknown", what, text)
    return 0.0


def _ome_size(attributes: Mapping[str, str], axis: str) -> float:
    name = f"PhysicalSize{axis}"
    size = positive_number(attributes.get(name, 0), name)
    return size * micrometres_per(attributes.get(f"{name}Unit", "um"))


def _from_imagej(metadata: Mapping[str, Any], page: tifffile.TiffPage) -> Physical:
    unit = str(metadata.get("unit") or "")
    down, through = (micrometres_per(str(metadata.get(f"{axis}unit") or unit)) for axis in "yz")
    size = _from_tags(page, down, micrometres_per(unit))
    spacing = positive_number(str(metadata.get("spacing") or 0).removeprefix("-"), "spacing") * through
    return Physical(size, spacing or None)


def _from_tags(page: tifffile.TiffPage, down: float, across: float) -> tuple[float, float] | None:
    """Height and width of a pixel, where the resolution tags count pixels per so many micrometres."""
    per_unit = [_number(page, tag) for tag in ("YResolution", "XResolution")]
    if not all(per_unit) or not down or not across:
        return None
    return down / per_unit[0], across / per_unit[1]


def _number(page: tifffile.TiffPage, tag: str) -> float:
    """A tag's number, a quotient included; 0 for what is none."""
    value = page.tags[tag].value if tag in page.tags else 0
    if isinstance(value, tuple):
        value = value[0] / value[1] if len(value) > 1 and value[1] else 0
    return positive_number(value, tag)
