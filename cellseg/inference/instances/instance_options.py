"""Steps from a mask to instances, as they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

from cellseg.options import Split

CELL, CORE, SURE = 1, 2, 4
"""A mask is CELL, or CORE in the core of an instance where cores are told apart; SURE is added where the probability
is the one that half of the pixels of an instance must have."""


@dataclass(frozen=True, slots=True)
class Least:
    """Least size and share of sure pixels of an instance; others are left out."""

    size: int = 0
    """Pixels."""
    sure: bool = False
    """Half of its pixels are SURE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceOptions:
    """Steps from a mask to instances: holes filled, touching cells split, small ones removed, the rest grown."""

    cores: bool = False
    """Instances are the components of what is CORE in the mask, and spread over the rest of it."""

    fill_holes: int = 0
    """Holes of at most that many pixels are filled."""
    minimum_size: int = 0
    """Instances with fewer pixels are left out."""
    sure: bool = False
    """Instances are left out of which less than half the pixels are SURE in the mask."""
    grow: int = 0
    """Pixels by which each instance grows where there is room; two that meet stay apart by name."""
    split: Split = "none"
    """watershed: components are cut at their necks, see `watershed`."""
    object_diameter: float = 0.0
    """Usual diameter of a cell in pixels, for the watershed; 0: each one's own."""
