"""cellseg export: models for other programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from cellseg.cli.flags import AxesFlag, ChannelFlag, Flat, JsonFlag
from cellseg.cli.progress import console, say
from cellseg.errors import InputError
from cellseg.options import ExportOptions
from cellseg.wording import size_of


def export(
    model: Path,
    *,
    out: Path,
    options: Annotated[ExportOptions, Flat] = ExportOptions(),
    like: Path | None = None,
    channel: ChannelFlag = None,
    axes: AxesFlag = None,
    overwrite: Annotated[bool, Parameter(negative="")] = False,
    as_json: JsonFlag = False,
) -> int:
    """Write a model for other programs: the same probabilities without cellseg.

    Parameters
    ----------
    model
        A run folder, a model file, or the name of a model that comes with cellseg.
    out
        The file to write.
    like
        An image, or a folder or glob of images, like those that will be predicted: statistics that the model takes
        from each image are gathered over them, and the grey levels of a single one are written down. Default: the
        training's.
    overwrite
        Replace a file that is there.
    """
    from dataclasses import asdict

    from cellseg.exporting.export import export as write
    from cellseg.exporting.export import some
    from cellseg.images.listing import list_images
    from cellseg.images.open import open_image

    if out.exists() and not overwrite:
        raise InputError("exists", "Choose another --out, or replace it with --overwrite.", path=out)
    paths = [] if like is None else some(list_images(like))
    images = [open_image(path, axes=axes, channel=channel) for path in paths]
    with console().status("exporting"):
        found = write(model, out, like=images, **asdict(options))
    size = out.stat().st_size
    told: dict[str, Any] = {"out": str(out), "bytes": size}
    if found is not None:
        told |= json.loads(found.note.text)
        if found.warning:
            say(f"warning: {found.warning}")
    if as_json:
        sys.stdout.write(json.dumps(told) + "\n")
    say(f"wrote {out}: {size_of(size)}{'' if found is None else f'; input: {found.note.input_says}'}")
    return 0
