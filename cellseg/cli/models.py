"""cellseg models: the networks there are."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from cellseg.cli.flags import JsonFlag
from cellseg.cli.progress import console


def models(*, as_json: JsonFlag = False) -> int:
    """List the networks: parameters, legal sizes, margin, whether tiling is exact."""
    from cellseg.models.registry import NETWORKS, build

    rows = []
    for name, entry in NETWORKS.items():
        network = build(name)
        count = sum(p.numel() for p in network.parameters())
        rows.append({"name": name, "year": entry.year, "parameters": count, **asdict(network.geometry)})
    if as_json:
        sys.stdout.write(json.dumps({"models": rows}) + "\n")
        return 0
    from rich.table import Table

    table = Table("name", "year", "parameters", "legal input sizes", "margin", "tiling")
    for row in rows:
        sizes = f"{row['smallest']}, then every {row['stride']} px"
        table.add_row(
            row["name"],
            str(row["year"]),
            f"{row['parameters']:,}",
            sizes,
            f"{row['margin']} px",
            "exact" if row["exact"] else "not exact",
        )
    console(error=False).print(table)
    return 0
