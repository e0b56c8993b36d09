"""Picture of README.md: nuclei of BBBC039 (CC0) that the model `nuclei` has not learnt from, and their outlines.

CELLSEG_DATA=FOLDER python tests/benchmarks/readme_picture.py docs/pictures/result.png
"""

import os
import sys
from pathlib import Path

import numpy as np
import tifffile

import cellseg
from cellseg.cli.pictures.drawing import outlined
from cellseg.cli.pictures.panels import draw_panels

PART = slice(100, 400), slice(60, 660)

if __name__ == "__main__":
    file = sorted((Path(os.environ["CELLSEG_DATA"]) / "bbbc039/val/images").glob("*.tif"))[1]
    image = tifffile.imread(file)
    cells = cellseg.segment_array("nuclei", image)
    low, high = np.quantile(image, (0.01, 0.99))
    shown = np.clip((image - low) / (high - low), 0, 1)[PART]
    found = cells[PART]
    panels = [("nuclei", shown, "gray"), (f"{len(np.unique(found)) - 1} found", outlined(shown, found), "")]
    draw_panels(panels, Path(sys.argv[1]))
