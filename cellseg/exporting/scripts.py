"""Scripts of Fiji and QuPath that send the open image through cellseg's command line and bring the cells back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from cellseg import __version__
from cellseg.models.card import model_file, shipped_files

MACRO = """// Cells of the open image as ROIs, by cellseg {version}. Fiji: Plugins > Macros > Run...
// It writes the image into a folder of its own, runs the command line, and opens the ROI set that comes of it.
program = {program};
model = {model};

if (nImages == 0) exit("Open an image first.");
title = getTitle();
folder = getDirectory("temp") + "cellseg-" + d2s(getTime(), 0) + File.separator;
File.makeDirectory(folder);
image = folder + "image.tif";
labels = folder + "labels.tif";
cells = folder + "cells.zip";
original = getImageID();
run("Select None");
run("Duplicate...", "title=cellseg duplicate");
saveAs("Tiff", image);
close();
selectImage(original);

showStatus("cellseg is segmenting " + title);
exec(program, "-m", "cellseg", "predict", model, image, "--out", labels);
if (!File.exists(labels)) exit("cellseg made no result. Run this in a terminal to see why:\\n"
    + program + " -m cellseg predict " + model + " " + image + " --out " + labels);
exec(program, "-m", "cellseg", "convert", labels, "--out", cells);
if (!File.exists(cells)) exit("cellseg found no cells in " + title + ".");
roiManager("reset");
roiManager("open", cells);
roiManager("show all");
showStatus("cellseg: " + roiManager("count") + " cells");
"""
GROOVY = """// Cells of the open image as detections, by cellseg {version}. QuPath: Automate > Script editor, Run.
// It writes the image at full size into a folder of its own, runs the command line, and imports the GeoJSON.
import java.nio.file.Files

def program = {program}
def model = {model}

def server = getCurrentServer()
def folder = Files.createTempDirectory('cellseg').toFile()
def image = new File(folder, 'image.ome.tif')
def labels = new File(folder, 'labels.tif')
def cells = new File(folder, 'cells.geojson')
writeImage(server, image.getAbsolutePath())

def call = {{ List<String> words ->
    def process = new ProcessBuilder([program, '-m', 'cellseg'] + words).redirectErrorStream(true).start()
    def said = process.getInputStream().getText('UTF-8')
    if (process.waitFor() != 0)
        throw new IOException('cellseg failed: ' + said)
}}
call(['predict', model, image.getAbsolutePath(), '--out', labels.getAbsolutePath()])
call(['convert', labels.getAbsolutePath(), '--out', cells.getAbsolutePath()])
importObjectsFromFile(cells.getAbsolutePath())
println('cellseg: the cells of ' + server.getMetadata().getName() + ' are there')
"""


def ij_macro(model: str) -> str:
    """An ImageJ macro for a model, by its path or name."""
    words = {"program": sys.executable, "model": model}
    return MACRO.format(version=__version__, **{name: _in_double(text) for name, text in words.items()})


def qupath_script(model: str) -> str:
    """A Groovy script for QuPath, likewise."""
    words = {"program": sys.executable, "model": model}
    return GROOVY.format(version=__version__, **{name: _in_single(text) for name, text in words.items()})


SCRIPTS: dict[str, Callable[[str], str]] = {"ij-macro": ij_macro, "qupath-script": qupath_script}


def place_of(model: str | Path) -> str:
    """Name of a model in a script: that of one that comes with cellseg, else its whole path.

    Raises InputError where there is none.
    """
    file = model_file(Path(model))
    return str(model) if file == shipped_files().get(str(model)) else str(Path(model).resolve())


def _in_double(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _in_single(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
