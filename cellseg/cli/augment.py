"""cellseg augment: what training samples look like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cellseg.cli.flags import Flat, MasksFlag
from cellseg.cli.label_notes import say_notes
from cellseg.cli.progress import console, say
from cellseg.options import AugmentOptions, LabelOptions, SheetOptions, WeightOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cellseg.cli.pictures.contact_sheet import Panel, PanelRow
    from cellseg.labels.pairs import Pair
    from cellseg.preprocess.augment import Example
    from cellseg.preprocess.parts import View

COLUMNS = 5
IMAGES = 4
"""Images that samples are drawn from: as many as a mosaic needs."""
SHAPES = ("elastic", "rotate", "flip", "shift", "scale", "mosaic")
ENLARGED = ("blur", "noise")
"""Parts that show in the middle only, enlarged."""


def augment(
    images: str,
    labels: str,
    *,
    out: Path,
    annotated: MasksFlag = None,
    sheet_options: Annotated[SheetOptions, Flat] = SheetOptions(),
    options: Annotated[AugmentOptions, Flat] = AugmentOptions(),
    label_options: Annotated[LabelOptions, Flat] = LabelOptions(),
    weights: Annotated[WeightOptions, Flat] = WeightOptions(),
) -> int:
    """Draw a contact sheet of augmented samples: each part of the augmentation alone, then all together.

    Parameters
    ----------
    images
        A multi-page TIFF, a folder of images or a glob; or a sequence of the Cell Tracking Challenge.
    labels
        The same for the labels; matched by page or by name.
    out
        The PNG to draw.
    """
    from cellseg.cli.pictures.contact_sheet import draw_sheet
    from cellseg.labels.annotated import find_annotated_pairs

    with console().status("drawing samples"):
        chosen = _evenly(find_annotated_pairs(images, labels, annotated))
        say_notes(pair.labels for pair in chosen)
        examples = _examples(chosen, label_options, weights)
        rows = sheet(examples, options, sheet_options.seed, sheet_options.tile)
        size = chosen[0].image.pixel_size_um
        title = f"{chosen[0].name}, seed {sheet_options.seed}; orange: outlines of classes; grey weights: ignored"
        draw_sheet(rows, out, title=title, pixel_um=size[1] if size else None)
    say(f"wrote {out}")
    return 0


def _evenly(pairs: list[Pair]) -> list[Pair]:
    """A few images, evenly spread over all."""
    count = min(IMAGES, len(pairs))
    return [pairs[k * len(pairs) // count] for k in range(count)]


def sheet(examples: list[Example], options: AugmentOptions, seed: int, tile: int) -> list[PanelRow]:
    """The rows of the contact sheet, from examples of which the first shows the single parts."""
    import numpy as np

    from cellseg.cli.pictures.contact_sheet import PanelRow
    from cellseg.preprocess.parts import DrawPart, parts, whole

    size = min(tile, examples[0].classes.shape[0]), min(tile, examples[0].classes.shape[1])

    def views(name: str, draw: DrawPart, count: int) -> list[View]:
        return [draw(np.random.default_rng([seed, *name.encode(), k])) for k in range(count)]

    alone = parts(examples, options, size)
    (original,) = views("original", alone.pop("original"), 1)
    limits = np.percentile(original.sample.image[0], (0.5, 99.5))
    samples = views("all together", whole(examples, options, size), COLUMNS)
    return [
        PanelRow("original", [_image(original, limits), _image(original, limits, labels=True), _weights(original)]),
        *(_row_of_part(name, views(name, draw, COLUMNS), limits, options) for name, draw in alone.items()),
        PanelRow("all together", [_image(view, limits) for view in samples]),
        PanelRow("with labels", [_image(view, limits, labels=True) for view in samples]),
        PanelRow("their weights", [_weights(view) for view in samples]),
    ]


def _row_of_part(name: str, views: list[View], limits: NDArray[np.float64], options: AugmentOptions) -> PanelRow:
    from cellseg.cli.pictures.contact_sheet import PanelRow

    shown = {"labels": name in SHAPES, "grid": name == "elastic", "enlarged": name in ENLARGED}
    return PanelRow(_title(name, options), [_image(view, limits, **shown) for view in views])


def _title(name: str, options: AugmentOptions) -> str:
    strength = {
        "elastic": f"std {options.elastic:g} px\n{options.grid} x {options.grid} vectors",
        "rotate": "any angle",
        "scale": f"log std {options.scale:g}",
        "grey": f"gain, offset, gamma\nlog std {options.grey:g}",
        "inverted": f"{options.inverted:.0%} of the samples",
        "blur": f"up to {options.blur:g} px\nmiddle, enlarged",
        "noise": f"std up to {options.noise:g}\nmiddle, enlarged",
        "flaws": f"{options.flaws:.0%} of the samples",
        "empty": f"{options.empty:.0%} of the samples\nof the second half",
        "mosaic": f"of four images\n{options.mosaic:.0%} of the samples",
    }
    return f"{name}\n{strength[name]}" if name in strength else name


def _image(
    view: View, limits: NDArray[np.float64], *, labels: bool = False, grid: bool = False, enlarged: bool = False
) -> Panel:
    import numpy as np

    from cellseg.cli.pictures.contact_sheet import Panel
    from cellseg.preprocess.augment import middle

    grey = np.clip((view.sample.image[0] - limits[0]) / max(limits[1] - limits[0], 1e-6), 0, 1).astype(np.float32)
    if enlarged:
        grey = middle(grey, (max(grey.shape[0] // 3, 1), max(grey.shape[1] // 3, 1)))
    return Panel(grey, view.sample.classes if labels else None, view.coordinates if grid else None)


def _weights(view: View) -> Panel:
    from cellseg.cli.pictures.contact_sheet import Panel

    return Panel(view.sample.weights, weights=True)


def _examples(pairs: list[Pair], labels: LabelOptions, weights: WeightOptions) -> list[Example]:
    from cellseg.preprocess.augment import make_example
    from cellseg.preprocess.targets import class_factors, make_weights
    from cellseg.training.data import read_training_set

    data = read_training_set(pairs, labels, 0, separate=weights.separate)
    examples = []
    for image, kinds in zip(data.training, data.targets, strict=True):
        truth = image.truth
        factors = class_factors(kinds, truth.ignore, weights, data.counts)
        weight = make_weights(truth.instances, kinds, truth.ignore, weights, factors)
        examples.append(make_example(image.image, kinds, weight))
    return examples
