"""The panel's settings as a command line."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from cellseg.options import AugmentOptions, WeightOptions, WeightsAlone, described
from napari_cellseg.forms.words import quoted, words_of


def weights_command(labels: Path, weights: WeightOptions) -> str:
    """Command that writes the weight map of a label file.

    Args:
        labels: the file.
        weights: the settings; those that are the command's own defaults are left out, but for w0 and sigma.
    """
    out = labels.with_name(f"{labels.name.split('.')[0]}-weights.tif")
    return quoted(["cellseg", "weights", str(labels), "--out", str(out), *_flags(weights, WeightsAlone)])


def train_command(weights: WeightOptions, augment: AugmentOptions) -> str:
    """A training with these settings, its files still to be named."""
    files = ["--images", "IMAGES", "--labels", "LABELS", "--out", "RUN"]
    return quoted(["cellseg", "train", *files, *_flags(weights, WeightOptions), *_flags(augment, AugmentOptions)])


def _flags(options: WeightOptions | AugmentOptions, defaults: type[WeightOptions] | type[AugmentOptions]) -> list[str]:
    """Flags that differ from the command's own defaults; w0 and sigma in any case."""
    values, known = asdict(options), described(defaults)
    told = ("w0", "sigma")
    return words_of({name: value for name, value in values.items() if value != known[name].default or name in told})
