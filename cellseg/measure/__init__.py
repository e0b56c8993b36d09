"""Size, shape and brightness of every cell of a label image."""

from cellseg.measure.cells import measure_cells as measure_cells
from cellseg.measure.places import CellGrid as CellGrid
from cellseg.measure.places import measure_place as measure_place
from cellseg.measure.table import CellTable as CellTable
