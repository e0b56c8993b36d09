"""Trainings with a budget of time, and how good they become; for the scripts beside it.

CELLSEG_DATA names the folder of the public data sets. The budget is processor time, so that trainings may run side by
side, or time on the clock, where a GPU computes. The steps follow from the pace of the first ones, so that the schedule
ends with the budget. Threshold and growth are chosen on images held out of the training ones.
"""

from __future__ import annotations

import os
import resource
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

import cellseg
from cellseg.inference.cut import instances_in
from cellseg.inference.scale import at_own_size
from cellseg.labels.ctc.frames import frames
from cellseg.labels.pairs import find_pairs
from cellseg.labels.read import kind_of, read_labels
from cellseg.metrics.tally import tally_cells
from cellseg.options import DataOptions, LabelOptions, PredictOptions
from cellseg.training.data import find_training_pairs, read_training_set
from cellseg.training.events import Finished, Started, Stepped
from cellseg.training.validate import judge as cut_on

WARM_UP, PACE = 2, 8
FEWEST = 20
HELD = 0.1  # part of the images on which the cut is chosen
CLOCKS = {"processor": time.process_time, "wall": time.perf_counter}
HELA_TRAIN = 42  # frames 0-41 of DIC-C2DH-HeLa/01 are learnt from


def isbi2012(out):
    """Sections 0-19 to learn from, 20-23 to be judged on, as stacks."""
    folder = data("isbi2012")
    for name, sections in (("train", slice(0, 20)), ("val", slice(20, 24))):
        for kind, file in (("images", "train-volume.tif"), ("labels", "train-labels.tif")):
            target = out / f"isbi2012-{name}-{kind}.tif"
            if not target.exists():
                tifffile.imwrite(target, tifffile.imread(folder / file)[sections], photometric="minisblack")
    return [[out / f"isbi2012-{name}-{kind}.tif" for kind in ("images", "labels")] for name in ("train", "val")]


def dsb2018(out):
    """The set's own split."""
    return [[data("dsb2018") / name / kind for kind in ("images", "labels")] for name in ("train", "val")]


def dic_hela(out):
    """Frames 0-41 with gold truth where it is there and silver truth elsewhere; gold truth of the frames from 42 on."""
    train, val = out / "dic_hela-train", out / "dic_hela-val"
    for frame in frames(data("ctc") / "DIC-C2DH-HeLa" / "01"):
        if frame.time < HELA_TRAIN:
            copies = {"01": frame.image, "01_GT/SEG": frame.gold, "01_GT/TRA": frame.markers, "01_ST/SEG": frame.silver}
            folder = train
        else:
            copies = {"images": frame.image, "labels": frame.gold} if frame.gold else {}
            folder = val
        for place, file in copies.items():
            if file is not None and not (folder / place / file.name).exists():
                (folder / place).mkdir(parents=True, exist_ok=True)
                shutil.copy(file, folder / place)
    return [[train / "01", train / "01_ST"], [val / "images", val / "labels"]]


SETS = {"isbi2012": isbi2012, "dsb2018": dsb2018, "dic_hela": dic_hela}


def data(name):
    return Path(os.environ["CELLSEG_DATA"]) / name


@dataclass(frozen=True, slots=True)
class Trained:
    """A training that had its budget."""

    model: object
    steps: int
    minutes: float
    seconds_a_step: float
    memory_gb: float

    def row(self):
        """What a results file says of it."""
        return {
            "parameters": sum(p.numel() for p in self.model.network.parameters()),
            "steps": self.steps,
            "minutes": self.minutes,
            "seconds_a_step": self.seconds_a_step,
            "training_memory_gb": self.memory_gb,
        }


def train(pair, clock=time.process_time, **options):
    """The last event, and the seconds from each step to the next."""
    last, took = clock(), []
    for event in cellseg.train(*pair, best_by="last", save_every=0, **{"threads": 1, **options}):
        if isinstance(event, (Started, Stepped)):
            now = clock()
            took += [now - last] if isinstance(event, Stepped) else []
            last = now
    assert isinstance(event, Finished)
    return event, took


def train_for(minutes, pair, clock=time.process_time, **options):
    """Train for so long; a tenth of the images is held out for the threshold."""
    first = train(pair, clock, **options, steps=WARM_UP + PACE, validation=0, validate_every=10**7)[1]
    return train_steps(max(int(minutes * 60 / np.mean(first[WARM_UP:])), FEWEST), pair, clock, **options)


def train_steps(steps, pair, clock=time.process_time, **options):
    """Train so many steps; a tenth of the images is held out for the threshold."""
    done, took = train(pair, clock, **options, steps=steps, validation=HELD, validate_every=steps)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Trained(done.model, steps, sum(took) / 60, float(np.median(took)), memory / 1e9)


def cut_again(model, pair, held=HELD):
    """A trained model with its cut chosen anew, on the images that were held out of its training."""
    data = read_training_set(
        find_training_pairs(DataOptions(images=str(pair[0]), labels=str(pair[1]))),
        LabelOptions(),
        held,
        lambda _: model.card.scale,
    )
    return cut_on(model, data).model


def border_scores(instances, truth):
    """Scores of the ISBI 2012 challenge of one image."""
    metrics = cellseg.metrics
    return {
        "v_rand": metrics.v_rand(instances, truth),
        "v_info": metrics.v_info(instances, truth),
        "v_rand_thinned": metrics.v_rand(instances, truth, thin=True),
        "v_info_thinned": metrics.v_info(instances, truth, thin=True),
        "pixel_error": metrics.pixel_error(instances > 0, truth > 0),
    }


def judge(model, images, labels, average="none"):
    """Scores of images: those of borders their means, AP and SEG pooled; and megapixels a processor second."""
    pairs, seconds, pixels = find_pairs(images, labels), 0.0, 0
    card = at_own_size(model, PredictOptions()).card
    kind = kind_of([(p.labels, p.label_plane) for p in pairs], LabelOptions())
    tally, borders = None, []
    for p in pairs:
        image = p.image.read(p.image_plane)[0]
        began = time.process_time()
        probabilities = cellseg.predict_array(model, image, average=average)
        seconds, pixels = seconds + time.process_time() - began, pixels + image.size
        instances = instances_in(probabilities, card)
        truth = read_labels(p.labels, p.label_plane, kind, LabelOptions()).instances
        borders.append(border_scores(instances, truth))
        one = tally_cells(instances, truth, outlines=False)
        tally = one if tally is None else tally + one
    return {
        **{name: float(np.mean([scores[name] for scores in borders])) for name in borders[0]},
        **{f"ap{t:g}": float(v) for t, v in tally.average_precision.items()},
        "seg": float(tally.seg),
        "megapixels_a_second": pixels / seconds / 1e6,
    }
