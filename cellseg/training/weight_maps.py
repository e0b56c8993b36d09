"""Weight maps of a training, made once: in parallel, and kept under the hash of all that they follow from."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float32
from cellseg.files import complete_file
from cellseg.labels.meaning import LabelPlane
from cellseg.locks import BeingWrittenError
from cellseg.options import WeightOptions
from cellseg.preprocess.augment import Example, make_example
from cellseg.preprocess.targets import class_factors, make_weights
from cellseg.training.data import TrainingSet
from cellseg.training.events import Weighed

VERSION = 1
"""Of the algorithm: another number wherever it gives other bits."""
CHECK = hashlib.sha256().digest_size
WRITING = threading.Lock()
"""Images with the same labels, such as empty ones, have the same file."""


def weigh(
    data: TrainingSet, options: WeightOptions, folder: Path | None = None, threads: int | None = None
) -> Generator[Weighed, None, tuple[Example, ...]]:
    """Make the examples that samples are drawn from.

    Args:
        data: the annotated images.
        options: of the weight map.
        folder: where maps are kept, and read where they are there already and whole.
        threads: maps made at once; None: one for each processor.

    Yields:
        One event for each image, in order.

    Returns:
        The examples, one for each training image.
    """

    def prepare(k: int) -> tuple[Example, bool]:
        image, truth, kinds = data.training[k].image, data.training[k].truth, data.targets[k]
        weights, reused = kept(truth, kinds, options, data.counts, folder)
        return make_example(image, kinds, weights), reused

    total, reused, examples = len(data.training), 0, []
    pool = ThreadPoolExecutor(threads or os.cpu_count())
    try:
        for done, (example, known) in enumerate(pool.map(prepare, range(total)), 1):
            examples.append(example)
            reused += known
            yield Weighed(done, total, reused)
    finally:  # whoever stops does not wait for maps that were not begun
        pool.shutdown(cancel_futures=True)
    return tuple(examples)


def kept(
    truth: LabelPlane,
    kinds: NDArray[np.uint8],
    options: WeightOptions,
    counts: NDArray[np.int64],
    folder: Path | None = None,
) -> tuple[Float32, bool]:
    """The weights (H, W) of an image, and whether they were there already.

    Args:
        truth: its cells and ignored pixels.
        kinds: (H, W) uint8 classes after the cut.
        options: of the weight map.
        counts: (K,) pixels per class of the data set.
        folder: where maps are kept as `HASH.npy`; None = nowhere.
    """
    factors = class_factors(kinds, truth.ignore, options, counts)
    file = None if folder is None else folder / f"{_key(truth, kinds, options, factors)}.npy"
    weights = None if file is None else _read(file)
    if weights is not None:
        return weights, True
    weights = make_weights(truth.instances, kinds, truth.ignore, options, factors)
    if file is not None:
        _write(file, weights)
    return weights, False


def _key(truth: LabelPlane, kinds: NDArray[np.uint8], options: WeightOptions, factors: NDArray[np.float64]) -> str:
    settings = (VERSION, kinds.shape, options.w0, options.sigma, options.where, options.spacing, factors.tolist())
    found = hashlib.sha256(repr(settings).encode())
    for array in (truth.instances, kinds, truth.ignore):
        found.update(array.tobytes())
    return found.hexdigest()


def _write(file: Path, weights: Float32) -> None:
    """As numpy does, and behind it the hash of it all, which numpy does not mind."""
    content = io.BytesIO()
    np.save(content, weights, allow_pickle=False)
    with suppress(BeingWrittenError), WRITING, complete_file(file) as temporary, open(temporary, "wb") as out:
        out.write(content.getbuffer())
        out.write(hashlib.sha256(content.getbuffer()).digest())


def _read(file: Path) -> Float32 | None:
    """None where it is not there, or damaged."""
    try:
        content = memoryview(file.read_bytes())
    except OSError:
        return None
    if hashlib.sha256(content[:-CHECK]).digest() != content[-CHECK:]:
        return None
    weights: Float32 = np.load(io.BytesIO(content[:-CHECK]), allow_pickle=False)
    return weights
