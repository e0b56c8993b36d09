"""What the label doctor says becomes lines that lead somewhere."""

from __future__ import annotations

import numpy as np
import tifffile
from napari_cellseg.annotate.amounts import amount, area
from napari_cellseg.annotate.doctor import Line, Sheet, Spot, command, lines, verdict, write

PLACE = {"pair": "plane_0003.tif", "y": 5, "x": 6, "value": 4, "pixels": 2, "change": ""}
REPORT = {
    "usable": False,
    "summary": {"cells": 1234},
    "findings": [
        {"severity": "note", "where": [], "found": "gaps", "remedy": "nothing", "places": []},
        {"severity": "warning", "where": ["plane_0003.tif"], "found": "loose", "remedy": "look", "places": []},
        {"severity": "error", "where": [], "found": "specks", "remedy": "erase", "places": [PLACE, PLACE]},
    ],
}


def test_grave_findings_come_first_and_lead_to_their_places():
    origins = {"plane_0003.tif": Spot(3, 100, 200)}
    spot = Spot(3, 105, 206)
    place = Line("", "cell 5, row 105, column 206, 2 pixels", "", spot)
    assert lines(REPORT, origins) == [
        Line("error", "specks", "erase", spot),
        place,
        place,
        Line("warning", "loose", "look", Spot(3, 100, 200)),
        Line("note", "gaps", "nothing"),
    ]
    assert verdict(REPORT) == "1,234 cells: not ready to train"


def test_sheets_are_written_as_pairs_for_training(tmp_path):
    labels = np.array([[0, 1], [2, 7]], np.uint16)
    sheet = Sheet(Spot(3, 4, 5), np.zeros((2, 2), np.uint8), labels)
    assert write([sheet], tmp_path) == {"plane_0003.tif": Spot(3, 4, 5)}
    written = tifffile.imread(tmp_path / "labels" / "plane_0003.tif")
    assert written.tolist() == [[2**32 - 1, 0], [1, 6]]
    assert command(tmp_path)[2] == str(tmp_path / "images")


def test_amounts_in_words():
    assert area(100, (0.5, 0.5), "micrometer") == "25 µm²"
    assert area(10_000_000, (0.5, 0.5), "micrometer") == "2.5 mm²"
    assert area(100, (1, 1), "pixel") == ""
    assert amount(1, 50, 100, "25 µm²") == "1 cell, 50.0% annotated (50 pixels, 25 µm²)"
    assert amount(0, 0, 100, "") == "0 cells, 0.0% annotated (0 pixels)"
    assert amount(2, 1, 1_000_000, "") == "2 cells, under 0.1% annotated (1 pixels)"
