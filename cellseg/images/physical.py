"""Pixel sizes and channel names from OME-XML, ImageJ's description or the resolution tags."""

from __future__ import annotations

import logging
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
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
    return _from_resolution(tif.pages.first)


def _from_ome(xml: str) -> Physical:
    pixels = next(_elements(ElementTree.fromstring(xml).iter(), "Pixels"), None)
    if pixels is None:
        return Physical()
    z, y, x = (_ome_size(pixels.attrib, axis) for axis in "ZYX")
    names = [channel.get("Name") or str(k) for k, channel in enumerate(_elements(pixels, "Channel"))]
    return Physical(_if_both((y, x)), z or None, tuple(names))


def _elements(parents: Iterable[ElementTree.Element], tag: str) -> Iterator[ElementTree.Element]:
    """Those of this tag, in whatever namespace of OME."""
    return (element for element in parents if element.tag.endswith(f"}}{tag}"))


def _if_both(size: tuple[float, float]) -> tuple[float, float] | None:
    """Height and width, of which 0 is unknown."""
    return size if all(size) else None


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
    across, down, through = _imagej_units(metadata)
    size = _from_tags(page, down, across)
    spacing = positive_number(str(metadata.get("spacing") or 0).removeprefix("-"), "spacing") * through
    return Physical(size, spacing or None)


def _imagej_units(metadata: Mapping[str, Any]) -> tuple[float, float, float]:
    """Micrometres in the unit of the width, the height and the depth, which have the width's where they have none."""
    unit = str(metadata.get("unit") or "")
    down, through = (micrometres_per(str(metadata.get(f"{axis}unit") or unit)) for axis in "yz")
    return micrometres_per(unit), down, through


def _from_resolution(page: tifffile.TiffPage) -> Physical:
    """The size by the resolution tags alone, if it is a microscope's."""
    per_unit = {2: UM_PER["inch"], 3: UM_PER["cm"]}.get(int(_number(page, "ResolutionUnit")), 0.0)
    return by_density(_from_tags(page, per_unit, per_unit))


def by_density(size: tuple[float, float] | None) -> Physical:
    """The height and width of a pixel in micrometres that a density alone tells (PNG's pHYs, dots per inch), if it is a
    microscope's: programs fill in a screen's or a printer's 72 to 2400 dots per inch, of which none means anything."""
    return Physical(size if size and max(size) < LARGEST_PLAUSIBLE_UM else None)


def _from_tags(page: tifffile.TiffPage, down: float, across: float) -> tuple[float, float] | None:
    """Height and width of a pixel, where the resolution tags count pixels per so many micrometres."""
    high, wide = _number(page, "YResolution"), _number(page, "XResolution")
    return _if_both((down / high, across / wide)) if high and wide else None


def _number(page: tifffile.TiffPage, tag: str) -> float:
    """A tag's number, a quotient included; 0 for what is none."""
    value = page.tags[tag].value if tag in page.tags else 0
    return positive_number(_quotient(value) if isinstance(value, tuple) else value, tag)


def _quotient(parts: tuple[Any, ...]) -> Any:
    return parts[0] / parts[1] if len(parts) > 1 and parts[1] else 0
