"""An annotator without a window, for the scripts beside it: it knows the truth and paints as people do.

It drives the code that the tab *Annotate* calls: layers of a project, napari's own brush on them, the index of cells,
the next place, and predicted cells that are taken with a click or a drag. Everything is seeded. What it does:

- It goes from place to place (the next one worth annotating, or a random one) and works on the few cells in the middle.
- A cell gets one stroke along its middle that stays inside; about one stroke in `SLIPS` strays across the border.
- About one stroke in four is background: along the gap beside the last cell, as wide as the gap allows.
- Where there are predicted cells and it accepts, it drags over those that are right, says "no cell here" to what is
  none, and paints only what is missed or wrong. Once in `SLIPS` it takes a wrong one.

A drag or a click is counted as a stroke, as one with the brush is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from napari.layers import Layer
from napari_cellseg.annotate import accepting
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.annotate.suggest import Suggestion, WindowSurvey, annotated, features, rank, windows
from napari_cellseg.annotation import BACKGROUND
from napari_cellseg.project.layer_data import layer_data
from napari_cellseg.project.layers import make_ready
from scipy import ndimage
from skimage.morphology import skeletonize

SLIPS = 30
CELLS_AT_A_PLACE = 2
GAP_EVERY = 2  # a stroke of background after so many cells
LONGEST_GAP = 40  # pixels of a stroke of background
WIDEST = 20  # pixels of the brush
RIGHT, NONE = 0.6, 0.1  # IoU from which a predicted cell looks right, and up to which there is nothing
IN_A_DRAG = 5  # cells that one drag takes


@dataclass(frozen=True, slots=True)
class Habits:
    """Ways of working that are compared."""

    next_place: bool = True
    accepts: bool = False
    seed: int = 0


class SimulatedAnnotator:
    """Annotates the images of a project whose truth it knows; `strokes` counts what it did.

    Args:
        project: empty, of images whose names are those of `truths`.
        truths: cells (planes, H, W) by the name of the image, 0 = background.
        habits: how it works.
        predict: gives the predicted cells (planes, H, W) of an image by its name, None where there is no model.
        uncertainty: gives the mean uncertainty of places, None without a model.
    """

    def __init__(self, project, truths, habits, predict=None, uncertainty=None):
        self.project, self.truths, self.habits = project, truths, habits
        self.strokes = self.taken = self.painted = 0
        self._predict = predict or (lambda _name: None)
        self._uncertainty = uncertainty or (lambda _places: None)
        self._random = np.random.default_rng(habits.seed)
        self._places = [(image, at) for image in project.images for at in windows(image.shape)]
        self._features = np.array([features(self._grey(image, at)) for image, at in self._places])
        self._shown = np.zeros(len(self._places), bool)
        self._targets = {}

    def work(self, strokes):
        """Go on until so many strokes are made, or until there is nothing to do at any place."""
        idle = 0
        while self.strokes < strokes and idle <= 2 * len(self._places):
            image, place, before = *self._next_place(), self.strokes
            for act in self._acts(image, place):
                if self.strokes >= strokes:
                    return
                self.strokes += bool(act())
            idle = idle + 1 if self.strokes == before else 0

    @property
    def cells(self):
        """Number of annotated cells, a plane each."""
        return sum(target.index.count() for target in self._targets.values())

    # places

    def _grey(self, image, at):
        return self._pixels(image)[(at.plane, *at.box.slices)]

    def _pixels(self, image):
        return _pixels_of(self.project, image.name)

    def _next_place(self):
        known = self._shown | np.array([self._is_annotated(image, at) for image, at in self._places])
        if known.all():
            self._shown[:] = False
            known = self._shown.copy()
        if self.habits.next_place:
            survey = WindowSurvey(tuple(at for _, at in self._places), self._features, self._uncertainty(self._places))
            best = rank(survey, known)[0]
        else:
            best = int(self._random.choice(np.flatnonzero(~known)))
        self._shown[best] = True
        return self._places[best]

    def _is_annotated(self, image, at):
        return image.name in self._targets and annotated(self._target(image).read(at.plane, at.box))

    def _target(self, image):
        """The annotation of an image, as the window makes it."""
        if image.name not in self._targets:
            data, arguments, kind = layer_data(self.project, image)[-1]
            layer = Layer.create(data, arguments, kind)
            make_ready(layer)
            target = AnnotatedLayer(layer)
            list(target.index.build())
            self._targets[image.name] = target
        return self._targets[image.name]

    # what is done at a place

    def _acts(self, image, place: Suggestion):
        """Acts at a place, a stroke each; false where there is nothing to do."""
        target, truth = self._target(image), self.truths[image.name][place.plane]
        found = self._predict(image.name) if self.habits.accepts else None
        if found is not None:
            yield from self._mending(target, place, found, truth)
            return
        yield from self._painting(target, place, truth, self._in_the_middle(truth, place.box, truth))

    def _in_the_middle(self, labels, box, truth):
        """Numbers of the cells that lie in a window for the larger part, those nearest to its middle first."""
        part = labels[box.slices]
        whole = np.bincount(labels.ravel())
        here = np.bincount(part.ravel(), minlength=len(whole))
        numbers = [k for k in np.flatnonzero(here[1:]) + 1 if here[k] >= whole[k] / 2]
        middle = (np.array(part.shape) - 1) / 2
        centres = ndimage.center_of_mass(part > 0, part, numbers) if numbers else []
        distance = [float(np.hypot(*(np.array(centre) - middle))) for centre in centres]
        return [numbers[i] for i in np.argsort(distance)][:CELLS_AT_A_PLACE]

    def _painting(self, target, place, truth, numbers):
        for count, k in enumerate(numbers, 1):
            yield lambda k=k: self._paint_cell(target, place.plane, truth, k)
            if count % GAP_EVERY == 0 or count == len(numbers):
                yield lambda k=k: self._paint_gap(target, place.plane, truth, truth == k)
        if not numbers:
            yield lambda: self._paint_gap(target, place.plane, truth, _middle_of(place.box, truth.shape))

    def _mending(self, target, place, predicted, truth):
        """Take what is right, refuse what is none, paint the rest."""
        found = predicted[place.plane]
        judged = {k: _iou(found == k, truth) for k in self._near(found, place.box)}
        fresh = {k: v for k, v in judged.items() if not target.whole(place.plane)[found == k].any()}
        right = [k for k, (iou, _) in fresh.items() if iou >= RIGHT]
        for drag in drags(found, right):
            yield lambda drag=drag: self._take(target, place.plane, predicted, drag)
        none = [k for k, (_, inside) in fresh.items() if inside <= NONE]
        for k in none:
            yield lambda k=k: self._take(target, place.plane, predicted, [_deepest(found == k)], no_cell=True)
        seen = {k: _iou(truth == k, found) for k in self._in_the_middle(truth, place.box, truth)}
        wrong = [k for k, (iou, _) in seen.items() if iou < RIGHT]
        if wrong and self._random.random() < 1 / SLIPS:
            yield lambda: self._take(target, place.plane, predicted, [_deepest(truth == wrong[0])])
        if wrong or not judged:
            yield from self._painting(target, place, truth, wrong)

    def _near(self, found, box):
        return [int(k) for k in np.unique(found[box.slices]) if k]

    def _take(self, target, plane, predicted, places, no_cell=False):
        accepting.put(target, plane, predicted.reshape(target.layer.data.shape), places, no_cell=no_cell)
        self.taken += 1
        return True

    def _paint_cell(self, target, plane, truth, number):
        points, width = stroke_in(truth == number)
        if self._random.random() < 1 / SLIPS:
            points = points + self._random.normal(size=2) * width
        return self._stroke(target, plane, points, target.index.free_number(), width)

    def _paint_gap(self, target, plane, truth, beside):
        points, width = stroke_beside(truth > 0, beside, self._random)
        return len(points) > 0 and self._stroke(target, plane, points, BACKGROUND, width)

    def _stroke(self, target, plane, points, value, width):
        """A stroke with napari's brush."""
        layer = target.layer
        layer.brush_size = width
        with layer.block_history():
            for y, x in points:
                layer.paint((*target.leading(plane), float(y), float(x)), value)
        self.painted += 1
        return True


@cache
def _pixels_cached(path, name):
    from napari_cellseg.project.folder import Project

    project = Project.open(path)
    source = project.source(project.image(name))
    return np.stack([np.asarray(source.read(plane)).mean(axis=0) for plane in range(source.planes)])


def _pixels_of(project, name):
    """Grey values (planes, H, W) of an image; channels are averaged."""
    return _pixels_cached(project.path, name)


def stroke_in(cell):
    """Points (n, 2) of a stroke along the middle of a cell (H, W), and the width of the brush, which stays inside."""
    depth = ndimage.distance_transform_edt(np.pad(cell, 1))[1:-1, 1:-1]
    width = int(np.clip(1.4 * depth.max() - 1, 1, WIDEST))
    inside = np.argwhere(depth > width / 2)
    if not len(inside):
        return np.argwhere(depth == depth.max())[:1], 1
    centre = np.array(np.unravel_index(depth.argmax(), depth.shape))
    around = inside - inside.mean(axis=0)
    axis = np.linalg.svd(around, full_matrices=False)[2][0]
    points = [centre]
    for sign in (1, -1):
        for along in range(1, max(cell.shape)):
            at = np.rint(centre + sign * along * axis).astype(int)
            if (at < 0).any() or (at >= cell.shape).any() or depth[tuple(at)] <= width / 2:
                break
            points.append(at)
    return np.array(points), width


def stroke_beside(cells, beside, random):
    """Points (n, 2) of a stroke of background along the gap nearest to a region, and the width of the brush.

    Args:
        cells: (H, W) true foreground.
        beside: (H, W) region that the gap is sought beside.
        random: generator of chance.
    """
    far = ndimage.distance_transform_edt(~beside)
    clear = ndimage.distance_transform_edt(np.pad(~cells, 1, mode="edge"))[1:-1, 1:-1]
    middle = skeletonize(~cells)
    if not middle.any():
        middle = ~cells
    if not middle.any():
        return np.empty((0, 2), int), 1
    left = middle.copy()
    at = np.unravel_index(np.where(middle, far, np.inf).argmin(), far.shape)
    points = []
    while at is not None and len(points) < LONGEST_GAP:
        points.append(at)
        left[at] = False
        around = [(at[0] + y, at[1] + x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
        open_ = [p for p in around if 0 <= p[0] < left.shape[0] and 0 <= p[1] < left.shape[1] and left[p]]
        at = open_[random.integers(len(open_))] if open_ else None
    points = np.array(points)
    narrow = np.quantile(clear[tuple(points.T)], 0.2)
    return points, int(np.clip(2 * narrow - 2, 1, WIDEST))


def drags(found, right):
    """Drags over predicted cells that are right: lists of the pixels gone over, none of which is in another cell."""
    left, deep = list(right), {k: _deepest(found == k) for k in right}
    while left:
        path, at = [deep[left[0]]], left.pop(0)
        for _ in range(IN_A_DRAG - 1):
            nearest = sorted(left, key=lambda k: np.hypot(*np.subtract(deep[k], deep[at])))
            to = next((k for k in nearest[:3] if _clear(found, deep[at], deep[k], right)), None)
            if to is None:
                break
            path += _line(deep[at], deep[to])
            left.remove(to)
            at = to
        yield path


def _line(one, other):
    steps = int(np.abs(np.subtract(one, other)).max()) + 1
    return [(int(y), int(x)) for y, x in np.rint(np.linspace(one, other, steps))]


def _clear(found, one, other, right):
    return {int(found[at]) for at in _line(one, other)} <= {0, *right}


def _deepest(region):
    depth = ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    return tuple(int(n) for n in np.unravel_index(depth.argmax(), depth.shape))


def _middle_of(box, shape):
    found = np.zeros(shape, bool)
    found[tuple(round(at) for at in box.centre)] = True
    return found


def _iou(region, labels):
    """The best IoU of a region with a label of another image, and the part of it that is in any."""
    inside = labels[region]
    numbers, shared = np.unique(inside[inside > 0], return_counts=True)
    total = int(region.sum())
    best = max((n / (total + int((labels == k).sum()) - n) for k, n in zip(numbers, shared, strict=True)), default=0.0)
    return best, float((inside > 0).mean()) if total else 0.0
