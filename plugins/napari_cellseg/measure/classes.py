"""Classes of cells as a column of their table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cellseg import CellTable
from napari_cellseg.project.cell_classes import CellClassTable

CLASS = "class"


def with_classes(table: CellTable, classes: CellClassTable | None, planes: Sequence[int], place: int) -> CellTable:
    """A table with the class of each cell as a column, 0 where it has none.

    Args:
        table: cells of some planes.
        classes: None: there are none, and the table stays as it is.
        planes: counted through.
        place: of the column.
    """
    if classes is None:
        return table
    known = classes.as_classes()
    columns = (*table.columns[:place], CLASS, *table.columns[place:])
    values = np.insert(table.values, place, known.of(table["cell"], planes), axis=1)
    return CellTable(columns, values, {**table.words, CLASS: known.names})
