"""cellseg weights: the border weight map."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cellseg.cli.progress import bar, say
from cellseg.options import LabelOptions, WeightOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def weights(
    labels: Path,
    *,
    out: Path,
    options: Annotated[WeightOptions, Parameter(name="*")] = WeightOptions(balance="image"),
    label_options: Annotated[LabelOptions, Parameter(name="*")] = LabelOptions(),
) -> int:
    """Write the border weight map of a label image or stack as float32 TIFF.

    Parameters
    ----------
    labels
        A label TIFF.
    out
        The TIFF to write.
    """
    import numpy as np

    from cellseg.images.open import open_image
    from cellseg.images.read_labels import kind_of, read_labels
    from cellseg.images.write import layout_like, write_tiled
    from cellseg.preprocess.targets import make_target

    source = open_image(labels, palette="index")
    kind = kind_of([(source, k) for k in range(source.planes)], label_options)
    layout = layout_like(source, np.float32)
    with bar(labels.name, source.planes) as update:

        def blocks() -> Iterator[NDArray[np.float32]]:
            for k in range(source.planes):
                plane = read_labels(source, k, kind, label_options)
                found = make_target(plane.instances, plane.classes, plane.ignore, options)[1]
                yield from (found[region] for region in layout.tiles)
                update(k + 1, "planes")

        write_tiled(out, layout, blocks())
    say(f"wrote {out}")
    return 0
