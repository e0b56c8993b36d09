"""Sentences on a training before it begins."""

from __future__ import annotations

from collections.abc import Iterator

from cellseg.training.data import TrainingSet
from cellseg.training.run import TrainingRun

MEANINGS = {"binary": "a mask of cells", "instances": "numbered cells"}


def lines_on(run: TrainingRun) -> Iterator[str]:
    """The data, and what is other than one may expect, in sentences."""
    yield from run.notes
    yield from (f"warning: {warning}" for warning in run.data.warnings)
    yield from run.data.notes
    yield from _on_data(run.data)
    if run.data.scale != 1:
        asked = run.settings.train.seen_diameter is not None
        said = "--seen-diameter" if asked else "--seen-diameter 0 leaves them as they are"
        yield f"Images are learnt from, and predicted, {run.data.scale:.2g} times as large ({said})."
    if run.settings.network.encoder_weights:
        yield _fit_of_weights(run)


def _on_data(data: TrainingSet) -> Iterator[str]:
    meaning = MEANINGS.get(data.kind, f"{data.classes} classes")
    yield f"{len(data.training)} images to learn from, {len(data.held)} held out; labels are {meaning}."
    ignored = [float(image.truth.ignore.mean()) for image in (*data.training, *data.held)]
    if any(ignored):
        yield f"{sum(ignored) / len(ignored):.1%} of the pixels are not annotated and do not count."
    shared = {image.image.tobytes() for image in data.training} & {image.image.tobytes() for image in data.held}
    if shared:
        yield f"{len(shared)} images to validate on are also learnt from: their scores say little."


def _fit_of_weights(run: TrainingRun) -> str:
    """Fit of published weights to the encoder."""
    from cellseg.models.registry import build_for

    fit = build_for(run.settings.network, len(run.data.training[0].image), run.data.classes)[1]
    return f"{run.settings.network.encoder_weights}: {fit}."
