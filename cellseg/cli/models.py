"""cellseg models: the networks there are."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from cellseg.cli.flags import JsonFlag
from cellseg.cli.progress import console


def models(*, as_json: JsonFlag = False) -> int:
    """List the networks with their usual options: parameters, cost, legal sizes, margin, whether tiling is exact."""
    from cellseg.models.table import rows

    found = rows()
    if as_json:
        sys.stdout.write(json.dumps({"models": [asdict(row) for row in found]}) + "\n")
        return 0
    from rich.table import Table

    table = Table("name", "year", "parameters", "GFLOP a megapixel", "legal input sizes", "margin", "tiling")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in found:
        table.add_row(
            row.name,
            f"{row.year}",
            f"{row.parameters:,}",
            f"{row.gflop_per_megapixel:,.0f}",
            f"{row.smallest}, then every {row.stride} px",
            f"{row.margin} px",
            "exact" if row.exact else "not exact",
        )
    console(error=False).print(table)
    return 0
