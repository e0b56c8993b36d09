"""Size, shape and brightness of every cell of a label image."""

from cellseg.measure.cells import measure_cells as measure_cells
from cellseg.measure.table import CellTable as CellTable
