"""Notes on whole planes: their grey values and the network's statistics, each taken once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np

from cellseg.arrays import Float32
from cellseg.images.greys_json import greys_as_json, greys_from_json
from cellseg.inference.notes import Notes, note
from cellseg.inference.runner import Runner
from cellseg.inference.seen import SeenImage


@dataclass(frozen=True, slots=True, eq=False)
class PlaneNotes:
    """Notes on the planes of an image that several may predict: one takes them, the others read them."""

    seen: SeenImage
    runner: Runner
    notes: Notes
    _grey: set[int] = field(default_factory=set)
    _sampled: set[int] = field(default_factory=set)

    @property
    def adaptive(self) -> bool:
        """The network wants statistics of each plane."""
        return self.runner.adaptive

    def attempt(self, plane: int) -> bool:
        """Measure a plane, or read what was noted of it; False while another process measures it.

        Raises InputError for an image that is damaged or holds NaN.
        """
        return self._attempt_greys(plane) and (self._needs_none(plane) or self._attempt_sample(plane))

    def wait_for_greys(self, plane: int) -> None:
        """Grey values of a plane. Raises as `attempt`."""
        if plane not in self._grey:
            self._take_greys(plane, note(self.notes, _greys_name(plane), lambda: self._greys(plane)))

    def wait_for_statistics(self, plane: int) -> None:
        """Statistics of a plane, given to the network."""
        if self.runner.plane != plane or plane not in self._sampled:
            self._take_sample(plane, note(self.notes, _statistics_name(plane), lambda: self._statistics(plane)))

    def recall(self, planes: range) -> None:
        """Read what was noted of planes, so that a person can be told."""
        for plane in planes:
            found = None if plane in self._grey else self.notes.peek(_greys_name(plane))
            if found is not None:
                self._take_greys(plane, found)

    def _needs_none(self, plane: int) -> bool:
        return (
            not self.adaptive or plane in self._sampled or self.seen.image.holds_nothing(plane, adaptive=self.adaptive)
        )

    def _attempt_greys(self, plane: int) -> bool:
        if plane in self._grey:
            return True
        found = self.notes.attempt(_greys_name(plane), lambda: self._greys(plane))
        if found is not None:
            self._take_greys(plane, found)
        return found is not None

    def _attempt_sample(self, plane: int) -> bool:
        found = self.notes.attempt(_statistics_name(plane), lambda: self._statistics(plane))
        if found is not None:
            self._sampled.add(plane)
        return found is not None

    def _greys(self, plane: int) -> bytes:
        return json.dumps(greys_as_json(self.seen.image.measure(plane))).encode()

    def _statistics(self, plane: int) -> bytes:
        if self.runner.plane != plane:
            self.runner.see(self.seen.image.sample(plane, self.seen.geometry), plane)
        return _bytes(self.runner.statistics)

    def _take_greys(self, plane: int, found: bytes) -> None:
        self.seen.image.know(plane, greys_from_json(json.loads(found)))
        self._grey.add(plane)

    def _take_sample(self, plane: int, found: bytes) -> None:
        if self.runner.plane != plane or found != _bytes(self.runner.statistics):
            self.runner.take(np.frombuffer(found, np.float32), plane)
        self._sampled.add(plane)


def _bytes(statistics: Float32) -> bytes:
    return statistics.astype("<f4").tobytes()


def _greys_name(plane: int) -> str:
    return f"greys-{plane}.json"


def _statistics_name(plane: int) -> str:
    return f"statistics-{plane}.f4"
