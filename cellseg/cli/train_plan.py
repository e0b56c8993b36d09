"""cellseg train --dry-run: what a training would do, without doing it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from cellseg.options import TrainSettings
from cellseg.training.data import TrainingSet, cell_areas, median_diameter
from cellseg.training.rare import rare_classes
from cellseg.wording import duration, size_of

SIZES_SHOWN = 6
SMALL = 0.75
"""Part of the tile below which an image is worth a word."""


def plan_of(data: TrainingSet, settings: TrainSettings, network: Any, size: tuple[int, int]) -> dict[str, Any]:
    """What would be done.

    Args:
        data: what is learnt from.
        settings: of the training.
        network: with random weights.
        size: sides of a sample's input and of its labelled part.
    """
    from cellseg.training.expected_cost import STEPS, expected_cost
    from cellseg.training.step import precision_of

    every = (*data.training, *data.held)
    options = settings.train
    cost = expected_cost(data, settings, network, size)
    cells = sum(len(cell_areas(image)) for image in every)
    shares = data.counts / max(int(data.counts.sum()), 1)
    plan: dict[str, Any] = {
        "data": {
            "images": len(data.new),
            "validation": len(data.validation),
            "replay": data.replayed,
            "sizes": [[*shape, count] for shape, count in Counter(i.truth.ignore.shape for i in every).most_common()],
            "channels": len(data.training[0].image),
            "labels_are": data.kind,
            "classes": data.classes,
            "class_shares": [round(float(share), 5) for share in shares[: data.classes]],
            "rare_classes": rare_classes(data.counts) if options.rare else [],
            "cells": cells,
            "cell_diameter": median_diameter(data) or None,
            "unannotated": float(np.mean([image.truth.ignore.mean() for image in every])),
        },
        "network": {
            "name": settings.network.model,
            "parameters": sum(p.numel() for p in network.parameters()),
            "margin": network.geometry.margin,
        },
        "tile": size[1],
        "input": size[0],
        "batch": options.batch,
        "steps": options.steps,
        "recipe": options.recipe,
        "precision": str(precision_of(options)).removeprefix("torch."),
        "samples_per_image": options.steps * options.batch / len(data.training),
        "memory_bytes": cost.bytes,
        "seconds": cost.seconds,
        "seconds_by": f"{STEPS} steps were measured",
    }
    return {**plan, "notes": _notes(data, settings, plan)}


def in_lines(plan: dict[str, Any]) -> list[str]:
    """The plan for people."""
    data, network = plan["data"], plan["network"]
    sizes = [f"{count} of {height} x {width}" for height, width, count in data["sizes"][:SIZES_SHOWN]]
    more = f" and {len(data['sizes']) - SIZES_SHOWN} more sizes" if len(data["sizes"]) > SIZES_SHOWN else ""
    cells = f", {data['cells']:,} {'cells' if data['classes'] == 2 else 'regions'}"
    across = f" of about {data['cell_diameter']:.0f} pixels across" if data["cell_diameter"] else ""
    shares = ", ".join(f"{share:.1%}" for share in data["class_shares"])
    replay = f", {data['replay']} of an earlier training" if data["replay"] else ""
    channels = f"{data['channels']} channel{'s' if data['channels'] > 1 else ''}"
    return [
        f"images     {data['images']} to learn from, {data['validation']} held out{replay}; {channels}",
        f"sizes      {', '.join(sizes)}{more}",
        f"labels     {data['labels_are']}, {data['classes']} classes of {shares} of the pixels{cells}{across}",
        f"network    {network['name']}, {network['parameters']:,} parameters, margin {network['margin']} pixels",
        f"samples    {plan['batch']} a step, {plan['tile']} x {plan['tile']} pixels seen within {plan['input']} x "
        f"{plan['input']}, {plan['precision']}",
        f"steps      {plan['steps']}, recipe {plan['recipe']}: each image is sampled about "
        f"{plan['samples_per_image']:.0f} times",
        f"memory     about {size_of(plan['memory_bytes'])}",
        f"time       about {duration(plan['seconds'])} ({plan['seconds_by']})",
        *(f"note       {note}" for note in plan["notes"]),
    ]


def _notes(data: TrainingSet, settings: TrainSettings, plan: dict[str, Any]) -> list[str]:
    """What is worth knowing before it begins."""
    options, tile, found = settings.train, plan["tile"], []
    if tile < options.tile:
        found.append(f"no image is larger, so the tile is {tile} and not {options.tile}")
    small = sum(max(image.truth.ignore.shape) < SMALL * tile for image in data.training)
    if small:
        found.append(f"{small} images are much smaller than the tile; what lies beyond their edge is mirrored")
    rare = plan["data"]["rare_classes"]
    if rare:
        names = ", ".join(map(str, rare))
        found.append(f"rare classes: {names}; {options.rare:.0%} of the samples are drawn around their pixels (--rare)")
    diameter, margin = plan["data"]["cell_diameter"], plan["network"]["margin"]
    if diameter and diameter > 2 * margin:
        found.append(f"the network sees {margin} pixels around each one, less than half a cell; a larger --depth helps")
    if plan["data"]["unannotated"]:
        found.append(f"{plan['data']['unannotated']:.1%} of the pixels are not annotated and do not count")
    if not data.validation:
        found.append("nothing is held out: the last model is kept, and how good it is stays unknown")
    return found
