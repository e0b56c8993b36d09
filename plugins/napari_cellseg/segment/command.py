"""The command line that does what was done in the window."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from cellseg.options import PredictOptions


def changed(options: PredictOptions) -> dict[str, Any]:
    """The options that are not as by default."""
    plain = PredictOptions()
    values = {field.name: getattr(options, field.name) for field in fields(options)}
    return {name: value for name, value in values.items() if value != getattr(plain, name)}


def predict_words(
    model: str, image: str, out: str, options: PredictOptions, *, axes: str = "", channel: str = ""
) -> list[str]:
    """`cellseg predict` with these options, word by word."""
    flags = {**changed(options), **({"axes": axes} if axes else {}), **({"channel": channel} if channel else {})}
    words = [word for name, value in flags.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return ["cellseg", "predict", model, image, "--out", out, *words]
