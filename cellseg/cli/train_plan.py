"""cellseg train --dry-run: the plan of a training for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellseg.wording import duration, size_of

if TYPE_CHECKING:
    from cellseg.training.plan import DataPlan, TrainingPlan

SIZES_SHOWN = 6


def in_lines(plan: TrainingPlan) -> list[str]:
    """The plan for people."""
    network = plan.network
    return [
        *_data_lines(plan.data),
        f"network    {network.name}, {network.parameters:,} parameters, margin {network.margin} pixels",
        f"samples    {plan.batch} a step, {plan.tile} x {plan.tile} pixels seen within {plan.input} x "
        f"{plan.input}, {plan.precision}",
        f"steps      {plan.steps}, recipe {plan.recipe}: each image is sampled about "
        f"{plan.samples_per_image:.0f} times",
        f"validation {plan.validations} times on {plan.predicted_pixels / 1e6:.1f} megapixels, the cut is searched on "
        f"{plan.searched_pixels / 1e6:.1f}",
        f"memory     about {size_of(plan.memory_bytes)}",
        f"time       about {duration(plan.seconds)} ({plan.seconds_by})",
        *(f"note       {note}" for note in plan.notes),
    ]


def _data_lines(data: DataPlan) -> list[str]:
    sizes = [f"{count} of {height} x {width}" for height, width, count in data.sizes[:SIZES_SHOWN]]
    more = f" and {len(data.sizes) - SIZES_SHOWN} more sizes" if len(data.sizes) > SIZES_SHOWN else ""
    cells = f", {data.cells:,} {'cells' if data.classes == 2 else 'regions'}"
    across = f" of about {data.cell_diameter:.0f} pixels across" if data.cell_diameter else ""
    shares = ", ".join(f"{share:.1%}" for share in data.class_shares)
    replay = f", {data.replay} of an earlier training" if data.replay else ""
    channels = f"{data.channels} channel{'s' if data.channels > 1 else ''}"
    return [
        f"images     {data.images} to learn from, {data.validation} held out{replay}; {channels}",
        f"sizes      {', '.join(sizes)}{more}",
        f"labels     {data.labels_are}, {data.classes} classes of {shares} of the pixels{cells}{across}",
    ]
