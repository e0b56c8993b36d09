"""Images of microscopes' files as image sources, read sheet by sheet.

The readers are those of each format alone: pylibCZIrw (by Zeiss), nd2 and liffile. bioio 3.6 was tried: bioio-nd2 does
not install beside the fsspec of today, and bioio-czi 3.0.1 gives the blue of an RGB image for all three colours and
misses the scenes of a file that pylibCZIrw wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array, Shape
from cellseg.errors import InputError
from cellseg.extras import wanted
from cellseg.images.axes import parse_axes
from cellseg.images.cache import new_token, shared_blocks
from cellseg.images.fileformat import CZI, LIF, ND2, format_of_file
from cellseg.images.microscopes.scene import Scene
from cellseg.images.samples import RGB_NAMES, channels_among, without_alpha
from cellseg.images.segments import refuse_huge_piece
from cellseg.images.source import ImageSource, make_source

EXTRA = "formats"
SCENES_SHOWN = 8


@dataclass(frozen=True, slots=True, eq=False)
class ScenePixels:
    """The sheets of a scene, of colours one for each."""

    path: Path
    scene: Scene
    _token: int = field(default_factory=new_token, init=False)

    @property
    def block(self) -> Shape:
        """All of a sheet."""
        return self.scene.size

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        number, sample = divmod(sheet, self.scene.samples)
        whole = shared_blocks.get((self._token, number), lambda: self._sheet(number))
        return whole[rows, columns, sample].copy()

    def _sheet(self, number: int) -> Array:
        scene = self.scene
        lengths = scene.shape[: len(scene.ahead)]
        at = dict(zip(scene.ahead, (int(k) for k in np.unravel_index(number, lengths)), strict=True)) if lengths else {}
        with _legible(self.path):
            return scene.read(at).reshape(*scene.size, scene.samples).astype(scene.dtype, copy=False)


def open_microscope(
    path: str | Path, *, axes: str | None = None, channel: int | str | None = None, scene: str | None = None
) -> ImageSource:
    """Open an image of a CZI, ND2 or LIF.

    Args:
        path: the file; its first bytes tell what it is.
        axes: its axes, if the file says the wrong thing; as many as it has.
        channel: take only this channel, by number from 0 or by name.
        scene: name of the image, else its number from 0; needed where there are several.

    Raises:
        InputError: the extra `formats` is missing, the file is damaged, several scenes and none named, or no such one.
    """
    path = Path(path)
    chosen = _chosen(scenes_of(path), scene, path)
    refuse_huge_piece(chosen.size, int(np.prod((*chosen.size, chosen.samples))) * chosen.dtype.itemsize, path)
    names = _named(chosen, axes, path)
    pixels, name = ScenePixels(path, chosen), path.name if scene is None else f"{path.name} {chosen.name}"
    source = make_source(pixels, names, chosen.shape, chosen.dtype, name=name, path=path, physical=chosen.physical)
    samples = channels_among(chosen.samples, 3, RGB_NAMES, ()) if names.endswith("S") else None
    return (source if samples is None else without_alpha(source, samples, names, chosen.shape)).only(channel)


def scenes_of(path: Path) -> list[Scene]:
    """The images in a microscope's file, in its order.

    Raises:
        InputError: the extra `formats` is missing, or the file is damaged.
    """
    kind = format_of_file(path)
    with wanted(EXTRA, f"{kind.split()[-1]} files"):
        read = READERS[kind]()
    with _legible(path):
        return read(path)


def _chosen(scenes: Sequence[Scene], wish: str | None, path: Path) -> Scene:
    names = [scene.name for scene in scenes]
    if wish is None and len(scenes) == 1:
        return scenes[0]
    if wish in names:
        return scenes[names.index(wish)]
    if wish is not None and wish.isdecimal() and int(wish) < len(scenes):
        return scenes[int(wish)]
    more = f" and {len(names) - SCENES_SHOWN} more" if len(names) > SCENES_SHOWN else ""
    listed = ", ".join(f"{number} ({name})" for number, name in enumerate(names[:SCENES_SHOWN]))
    found = f"holds {len(scenes)} scenes" if wish is None else f"has no scene {wish!r}"
    raise InputError(f"{found}: {listed}{more}", "Name one with --scene, by name or number.", path=path)


def _named(scene: Scene, axes: str | None, path: Path) -> str:
    said = parse_axes(axes) if axes else scene.axes
    if len(said) != len(scene.axes) or said[len(scene.ahead) :] != scene.axes[len(scene.ahead) :]:
        found = f"has the axes {scene.axes} of shape {scene.shape}, which {axes!r} does not fit"
        raise InputError(found, "Name one axis each, in the file's order.", path=path)
    return said


@contextmanager
def _legible(path: Path) -> Iterator[None]:
    """Errors of a reader as one line for people."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # a damaged file makes each reader fail in ways of its own
        reason = " ".join(str(error).split()) or type(error).__name__
        found = f"cannot be read ({reason})"
        raise InputError(found, "It is cut off or damaged; copy or export it again.", path=path) from error


def _czi() -> Callable[[Path], list[Scene]]:
    from cellseg.images.microscopes.czi import czi_scenes

    return czi_scenes


def _nd2() -> Callable[[Path], list[Scene]]:
    from cellseg.images.microscopes.nikon import nd2_scenes

    return nd2_scenes


def _lif() -> Callable[[Path], list[Scene]]:
    from cellseg.images.microscopes.leica import lif_scenes

    return lif_scenes


READERS = {CZI: _czi, ND2: _nd2, LIF: _lif}
"""Readers by format; each imports a library of its own."""
