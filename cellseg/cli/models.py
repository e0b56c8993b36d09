"""cellseg models: the networks there are."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from cellseg.cli.flags import JsonFlag
from cellseg.cli.progress import console


def models(*, as_json: JsonFlag = False) -> int:
    """List the networks with their usual options: parameters, cost, legal sizes, margin, whether tiling is exact.

    The cost is counted for a megapixel of the result, by tiles of 1024 x 1024 with their margins; a network takes its
    smallest size and multiples of its stride more.
    """
    from cellseg.models.table import rows

    found = rows()
    if as_json:
        sys.stdout.write(json.dumps({"models": [asdict(row) for row in found]}) + "\n")
        return 0
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    names = ("name", "year", "parameters", "GFLOP/Mpx", "smallest", "stride", "margin", "exact")
    table = Table(*names, box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in found:
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
    return 0
