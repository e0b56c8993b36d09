"""Weights in a TorchScript file, before it is loaded: torch trusts what their descriptions say, and reads beyond them.

The descriptions are pickles. They are read here without any of the classes that they name.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Iterator
from typing import Any

PICKLES = {"data.pkl": "data", "constants.pkl": "constants"}
"""Descriptions, each with the folder of its numbers."""
BYTES = {"Double": 8, "Float": 4, "Half": 2, "BFloat16": 2, "Long": 8, "Int": 4, "Short": 2, "QInt32": 4}
BYTES |= {"ComplexDouble": 16, "ComplexFloat": 8, "ComplexHalf": 4}
"""Bytes of a number by its kind; of all others one."""


def check_weights(archive: zipfile.ZipFile) -> None:
    """Raise ValueError, or what a damaged pickle raises, where a tensor has more numbers than its file holds."""
    sizes = {one.filename: one.file_size for one in archive.infolist()}
    for name in sizes:
        folder, _, last = name.rpartition("/")
        if last in PICKLES and folder.count("/") == 0:
            for key, needed in _announced(archive.read(name)):
                if sizes.get(f"{folder}/{PICKLES[last]}/{key}", 0) < needed:
                    raise ValueError(f"the weights {key} are fewer than announced")


def _announced(content: bytes) -> Iterator[tuple[str, int]]:
    """Key of each run of numbers, and the bytes that it must have for all tensors made of it."""
    found = _Descriptions(io.BytesIO(content))
    found.load()
    for numbers in found.numbers:
        yield numbers.key, numbers.item * max(numbers.count, numbers.reached)


class _Numbers:
    """A run of numbers in a file: `count` of `item` bytes, of which tensors reach up to `reached`."""

    def __init__(self, kind: Any, key: Any, count: Any) -> None:
        self.key, self.count, self.reached = str(key), int(count), 0
        self.item = BYTES.get(getattr(kind, "name", "").removesuffix("Storage"), 1)


class _Descriptions(pickle.Unpickler):
    """Reads a pickle in which every class is an empty one of ours; notes tensors and their numbers."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, encoding="utf-8")
        self.numbers: list[_Numbers] = []

    def find_class(self, module: str, name: str, /) -> Any:
        """A stand-in, also for functions."""
        return type(name, (_StandIn,), {"name": name})

    def persistent_load(self, pid: Any, /) -> _Numbers:
        """The numbers that a description points at."""
        _, kind, key, _, count = pid
        self.numbers.append(_Numbers(kind, key, count))
        return self.numbers[-1]


class _StandIn(dict[Any, Any]):
    """An object of any class of a pickle; of a tensor it notes how far it reaches."""

    name = ""

    def __new__(cls, *given: Any) -> Any:
        made = super().__new__(cls)
        if cls.name.startswith("_rebuild") and given and isinstance(given[0], _Numbers):
            _reach(*given[:4])
        return made

    def __init__(self, *given: Any) -> None:
        super().__init__()

    def __setstate__(self, state: Any) -> None:
        """Nothing of it is wanted."""


def _reach(numbers: _Numbers, offset: int, sizes: tuple[int, ...], strides: tuple[int, ...]) -> None:
    """Note the end of a tensor in its numbers. Raises ValueError for one that begins before them."""
    if offset < 0 or min((*sizes, *strides), default=0) < 0 or len(sizes) != len(strides):
        raise ValueError("a tensor of no place")
    if 0 not in sizes:
        last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
        numbers.reached = max(numbers.reached, last + 1)
