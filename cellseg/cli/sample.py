"""cellseg sample: generated cells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellseg.cli.flags import SeedFlag
from cellseg.cli.progress import say
from cellseg.errors import InputError
from cellseg.options import SampleKind

if TYPE_CHECKING:
    from numpy.typing import NDArray


def sample(kind: SampleKind, out: Path, *, size: int = 512, count: int = 4, seed: SeedFlag = 0) -> int:
    """Make images of cells with their labels, to try things on.

    Parameters
    ----------
    kind
        blobs: bright nuclei; touching: crowded cells; em: an electron micrograph's membranes.
    out
        Folder in which images.tif and labels.tif are written.
    size
        Side of an image in pixels.
    count
        Number of images.
    """
    if size < 16 or count < 1:
        raise InputError(f"--size {size} --count {count}", "The size must be 16 or more, the count 1 or more.")
    write_sample(kind, out, (size, size), count, seed)
    say(f"wrote {out / 'images.tif'} and {out / 'labels.tif'}, {count} images of {size} x {size}")
    return 0


def write_sample(kind: SampleKind, out: Path, shape: tuple[int, int], count: int, seed: int) -> None:
    """Write out/images.tif and out/labels.tif with `count` pages of `shape`."""
    import numpy as np

    from cellseg.folders import files_together
    from cellseg.samples.sample import make_sample

    made = [make_sample(kind, shape, np.random.default_rng([seed, k])) for k in range(count)]
    images, labels = zip(*made, strict=True)
    with files_together(out) as folder:
        _write_pages(folder / "images.tif", images)
        _write_pages(folder / "labels.tif", labels)


def _write_pages(path: Path, pages: Sequence[NDArray[Any]]) -> None:
    import numpy as np

    from cellseg.images.write import write_stack

    if len(pages) > 1:
        write_stack(path, np.stack(pages), "ZYX")
    else:
        write_stack(path, pages[0], "YX")
