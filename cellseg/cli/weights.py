"""cellseg weights: the border weight map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cellseg.cli.flags import LikeFlag, MasksFlag
from cellseg.cli.label_notes import say_notes
from cellseg.cli.progress import bar, say
from cellseg.errors import InputError
from cellseg.options import LabelOptions, Separate, WeightsAlone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cellseg.labels.meaning import LabelPlane, Meaning
    from cellseg.labels.pairs import Pair


def weights(
    labels: Path,
    *,
    out: Path | None = None,
    like: LikeFlag = None,
    picture: Path | None = None,
    plane: int = 0,
    annotated: MasksFlag = None,
    options: Annotated[WeightsAlone, Parameter(name="*")] = WeightsAlone(),
    label_options: Annotated[LabelOptions, Parameter(name="*")] = LabelOptions(),
) -> int:
    """Write the border weight map of a label image or stack as float32 TIFF, or draw it.

    Parameters
    ----------
    labels
        A label TIFF, or labels of any other format that is read.
    out
        The TIFF to write.
    picture
        A PNG to draw, with a colour bar.
    plane
        Which plane of a stack the picture shows, from 0.
    """
    if out is None and picture is None:
        raise InputError("nothing to write was named", "Give --out for a TIFF, --picture for a PNG, or both.")
    planes = _planes(labels, like, annotated)
    if picture is not None:
        _refuse_plane(plane, len(planes), labels)
    scales = _scales(planes, options, label_options)
    if out is not None:
        _write(out, planes, lambda pair: scales.weigh(pair)[1])
        say(f"wrote {out}")
    if picture is not None:
        _draw(picture, planes[plane], scales)
        say(f"wrote {picture}")
    return 0


@dataclass(frozen=True, slots=True, eq=False)
class _Scales:
    """The same weighing for all planes."""

    kind: Meaning
    frequencies: NDArray[np.int64] | None
    """Pixels of each class over all planes; None: of each plane its own."""
    options: WeightsAlone
    labels: LabelOptions

    def weigh(self, pair: Pair) -> tuple[LabelPlane, NDArray[np.float32]]:
        """The labels of a plane, and its weights (H, W)."""
        from cellseg.labels.annotated import read_truth
        from cellseg.preprocess.targets import make_target

        truth = read_truth(pair, self.kind, self.labels)
        _, found = make_target(truth.instances, truth.classes, truth.ignore, self.options, self.frequencies)
        return truth, found


def _scales(planes: Sequence[Pair], options: WeightsAlone, labels: LabelOptions) -> _Scales:
    from cellseg.labels.read import kind_of

    kind = kind_of([(pair.labels, pair.label_plane) for pair in planes], labels)
    together = options.balance == "dataset"
    return _Scales(kind, _frequencies(planes, kind, labels, options.separate) if together else None, options, labels)


def _refuse_plane(plane: int, planes: int, labels: Path) -> None:
    if not 0 <= plane < planes:
        raise InputError(f"--plane is {plane}", f"It must be 0 to {planes - 1}.", path=labels)


def _draw(picture: Path, pair: Pair, scales: _Scales) -> None:
    from cellseg.cli.pictures.weights import draw_weight_map

    truth, found = scales.weigh(pair)
    title = f"{pair.name}, w0 {scales.options.w0:g}, sigma {scales.options.sigma:g}"
    draw_weight_map(found, truth.instances, picture, title=title, pixel_size_um=pair.labels.pixel_size_um)


def _planes(labels: Path, like: Path | None, annotated: str | None) -> list[Pair]:
    """The planes of a label file, each as its own image, with masks if there are any."""
    from cellseg.labels.annotated import with_masks
    from cellseg.labels.opened import open_labels_like
    from cellseg.labels.pairs import pairs_of

    source = open_labels_like(labels, like)
    say_notes([source])
    pairs = pairs_of([(source, source)])
    if annotated is None:
        return pairs
    return with_masks(pairs, like or labels, annotated, palette="lookup" if like else "index")


def _write(out: Path, planes: Sequence[Pair], weigh: Callable[[Pair], NDArray[np.float32]]) -> None:
    import numpy as np

    from cellseg.images.write import layout_like, write_tiled

    layout = layout_like(planes[0].labels, np.float32)
    with bar(planes[0].labels.name, len(planes)) as update:

        def blocks() -> Iterator[NDArray[np.float32]]:
            for done, pair in enumerate(planes, 1):
                found = weigh(pair)
                yield from (found[region] for region in layout.tiles)
                update(done, "planes")

        write_tiled(out, layout, blocks())


def _frequencies(
    pairs: Sequence[Pair], kind: Meaning, options: LabelOptions, separate: Separate | None
) -> NDArray[np.int64]:
    """Pixels per class over all planes."""
    from cellseg.labels.annotated import read_truth
    from cellseg.preprocess.targets import count_classes, separated_classes

    truths = (read_truth(pair, kind, options) for pair in pairs)
    with bar("class frequencies", len(pairs)) as update:

        def targets() -> Iterator[tuple[NDArray[np.uint8], NDArray[np.bool_]]]:
            for done, truth in enumerate(truths, 1):
                yield separated_classes(truth.instances, truth.classes, truth.ignore, separate), truth.ignore
                update(done, "planes")

        return count_classes(targets())
