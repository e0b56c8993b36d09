"""All options of a run as one TOML file: `cellseg train --config` reads it, to repeat the run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields

from cellseg.options import TrainSettings
from cellseg.training.old_options import FORMAT

HEAD = """\
# All that this training was asked for. To repeat it, to the same bits on the same processor:
#   cellseg train --config THIS_FILE --out ANOTHER_RUN
# Options on the command line take precedence over those in a file, these over the recipe's.
"""

Value = str | int | float | bool | None


def to_toml(sources: Mapping[str, str | None], settings: TrainSettings) -> str:
    """The text of the file.

    Args:
        sources: files of images and labels by option, as `DataOptions`; empty ones are left out.
        settings: all other options.
    """
    parts = [HEAD, f"format = {FORMAT}", *_lines({name: text for name, text in sources.items() if text})]
    for stage in fields(settings):
        part = getattr(settings, stage.name)
        parts += ["", f"# {(type(part).__doc__ or stage.name).splitlines()[0]}", *_lines(asdict(part))]
    return "\n".join(parts) + "\n"


def _lines(options: Mapping[str, Value]) -> Iterator[str]:
    for name, value in options.items():
        if value is not None:  # TOML has no word for it; what is not there is not given
            yield f"{name.replace('_', '-')} = {_value(value)}"


def _value(value: Value) -> str:
    """As TOML spells it: a string as JSON does, an infinity never comes."""
    return json.dumps(value, ensure_ascii=False)
