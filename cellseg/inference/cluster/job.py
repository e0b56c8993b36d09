"""The order for a worker: what it opens by path, and how it is known that it sees the same files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellseg.options import ImageOptions, PredictOptions

CLIENT, WORKER = "the client of a cluster", "a worker"
"""Names in the logs of a journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterJob:
    """A prediction that several machines compute.

    Attributes:
        model: path or name of the model.
        image: path or address of the image.
        reading: how the image is read.
        options: of the prediction.
        output: the file to write, in a folder that all machines see.
        version: of cellseg.
        digest: of the model.
        marks: of the image, by which it is told from another, see `fingerprint`.
        token: text of the file `token_file` that the client has written.
    """

    model: str
    image: str
    reading: ImageOptions
    options: PredictOptions
    output: Path
    version: str
    digest: str
    marks: dict[str, Any]
    token: str


@dataclass(frozen=True, slots=True)
class BatchDone:
    """A batch that was computed: by whom, how many of its tiles, in what time, in seconds."""

    worker: str
    tiles: int
    seconds: float


def token_file(output: Path) -> Path:
    """A file by which a worker knows that it sees the folder of the client."""
    return output.with_name(f".{output.name}.token")
