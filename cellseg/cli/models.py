"""cellseg models: the networks there are."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from cellseg.cli.flags import JsonFlag
from cellseg.cli.progress import console
from cellseg.wording import size_of

if TYPE_CHECKING:
    from cellseg.models.shipped import Shipped
    from cellseg.models.table import NetworkFacts


def models(*, as_json: JsonFlag = False) -> int:
    """List the networks and the trained models that come with cellseg.

    Of a network with its usual options: parameters, cost, legal sizes, margin, whether tiling is exact.

    The cost is counted for a megapixel of the result, by tiles of 1024 x 1024 with their margins; a network takes its
    smallest size and multiples of its stride more.
    """
    from cellseg.models.shipped import shipped_models
    from cellseg.models.table import rows

    found, shipped = rows(), shipped_models()
    if as_json:
        trained = [{**asdict(model), "file": str(model.file)} for model in shipped]
        sys.stdout.write(json.dumps({"models": [asdict(row) for row in found], "shipped": trained}) + "\n")
    else:
        _print_networks(found)
        _print_shipped(shipped)
    return 0


def _print_networks(rows: list[NetworkFacts]) -> None:
    """A table with a row a network."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    names = ("name", "year", "parameters", "GFLOP/Mpx", "smallest", "stride", "margin", "exact")
    table = Table(*names, box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(
            row.name,
            f"{row.year}",
            f"{row.parameters:,}",
            f"{row.gflop_per_megapixel:,.0f}",
            f"{row.smallest}",
            f"{row.stride}",
            f"{row.margin}",
            "yes" if row.exact else "no",
        )
    console(error=False).print(table)


def _print_shipped(shipped: list[Shipped]) -> None:
    """The trained models, a line each."""
    out = console(error=False)
    if not shipped:
        out.print("No trained model comes with this version.")
        return
    out.print("Trained models that come with cellseg:")
    for model in shipped:
        out.print(f"  {'; '.join(_in_words(model))}")
    out.print(f"  next: cellseg predict {shipped[0].name} IMAGE.tif --out LABELS.tif")


def _in_words(model: Shipped) -> list[str]:
    """Name and size of a model, and what its card knows."""
    card = model.card
    objects = f"objects of about {card.diameter:.0f} pixels" if card.diameter else ""
    known = filter(None, (card.data, objects, card.licence))
    return [f"{model.name}: {card.name}, {size_of(model.bytes)}", *known]
