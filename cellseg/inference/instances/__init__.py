"""Instances of a mask, in memory or block by block: the same numbers either way.

The mask is cut into blocks that have nothing to do with the network's tiles. `passes` says what is done with each,
alone, by whichever process, and `label` has it done: `survey` labels each block and notes what meets at the seams;
`numbering` gives ids in scan order; `plane` renders any region from the tables. `split` cuts touching cells apart,
`spread` gives sure cores what is less sure around them, `grow` lets instances grow, `link` follows them through a
stack.
"""

from __future__ import annotations

from cellseg.inference.instances.instance_options import InstanceOptions
from cellseg.inference.instances.label import (
    label_as,
    label_instances,
    label_plane,
    label_planes,
    labelling,
    levels_of,
    plane_grid,
)
from cellseg.inference.instances.label_type import label_dtype
from cellseg.inference.instances.link import link_planes, shared_in
from cellseg.inference.instances.numbering import in_scan_order
from cellseg.inference.instances.passes import Pass, passes_over
from cellseg.inference.instances.plane import LabelledPlane, MaskReader

__all__ = [
    "InstanceOptions",
    "LabelledPlane",
    "MaskReader",
    "Pass",
    "in_scan_order",
    "label_as",
    "label_dtype",
    "label_instances",
    "label_plane",
    "label_planes",
    "labelling",
    "levels_of",
    "link_planes",
    "passes_over",
    "plane_grid",
    "shared_in",
]
