"""The doctor finds every planted fault, names the plane, and says nothing worse of what is not there."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg.labels.meaning import read_values
from cellseg.labels.pairs import find_pairs

from .conftest import pairs_of, report_on
from .planted import FAULTS, Fault

BROUGHT_ALONG = {
    "shifted": {"split", "speck", "unlabelled"},  # np.roll tears cells at the edge
    "fringes": {"speck"},
    "contradiction": {"unrelated"},
    "turned": {"unrelated"},
    "saturated": {"unlabelled"},
}
"""Other findings that the way of planting brings along."""
NOT_IN = {"em": {"half of the cells without a label"}}
"""Cells that fill the image leave no place in which a forgotten one stands out."""


def assert_found(fault: Fault, images, labels) -> None:
    """The fault is said, with its severity, of its plane only, and nothing else but notes."""
    masks = np.where(labels > 0, 255, 0).astype(np.uint8)
    report = report_on(pairs_of(*fault.plant(images, masks if fault.mask else labels)))
    said = {finding.code: finding for finding in report.findings}
    assert said.get(fault.code), [finding.found for finding in report.findings]
    finding = said[fault.code]
    assert (finding.severity, finding.repairable) == (fault.severity, fault.repaired)
    if fault.plane is not None:
        planes = set(finding.where)
        assert planes == {f"plane[{fault.plane}]"} or (fault.mask and f"plane[{fault.plane}]" in planes)
    others = {f.code for f in report.findings if f.severity != "note"} - {fault.code}
    assert others <= BROUGHT_ALONG.get(fault.code, set()), [f.found for f in report.findings]
    assert report.usable == (fault.severity != "error")


@pytest.mark.parametrize("kind", ["blobs", "em"])
def test_untouched_samples_are_healthy(samples, kind):
    assert report_on(pairs_of(*samples[kind])).findings == ()


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("kind", ["blobs", "em"])
def test_planted_in_samples(samples, kind, name):
    if name in NOT_IN.get(kind, ()):
        pytest.skip("cells fill the image")
    assert_found(FAULTS[name], *samples[kind])


@pytest.fixture(scope="module")
def nuclei(real_data):
    """Five images of dsb2018 of 256 x 256 with their labels."""
    pairs = find_pairs(real_data / "dsb2018/train/images", real_data / "dsb2018/train/labels")
    chosen = [p for p in pairs if (p.image.height, p.image.width) == (256, 256)][12:60:10]
    return tuple(
        np.stack(arrays)
        for arrays in zip(*((p.image.read(0)[0], read_values(p.labels, 0)) for p in chosen), strict=True)
    )


@pytest.mark.parametrize("name", FAULTS)
def test_planted_in_real_nuclei(nuclei, name):
    assert_found(FAULTS[name], *nuclei)


SECTIONS = {
    "as they are": (lambda a: a, None),
    "in reverse order": (lambda a: a[::-1], "order"),
    "one section late": (lambda a: np.roll(a, 1, 0), "order"),
    "two sections early": (lambda a: np.roll(a, -2, 0), "order"),
    "two exchanged": (lambda a: a[[0, 1, 5, 3, 4, 2]], "exchanged"),
    "moved by 4 pixels": (lambda a: np.roll(a, 4, 2), "shifted"),
    "transposed": (lambda a: a.transpose(0, 2, 1), "turned"),
    "mirrored": (lambda a: a[:, :, ::-1], "turned"),
    "turned by 90 degrees": (lambda a: np.rot90(a, 1, (1, 2)), "turned"),
    "one inverted": (lambda a: np.where(np.arange(6)[:, None, None] == 3, 255 - a, a), "inverted"),
}


@pytest.mark.parametrize("name", SECTIONS)
def test_the_wrong_pairing_is_caught_on_isbi2012(real_data, name):
    change, code = SECTIONS[name]
    first, *_ = find_pairs(real_data / "isbi2012/train-volume.tif", real_data / "isbi2012/train-labels.tif")
    part = slice(64, 448)
    images = np.stack([first.image.read(k, part, part)[0] for k in range(6)])
    labels = change(np.stack([first.labels.read(k, part, part)[0] for k in range(6)]))
    errors = [finding for finding in report_on(pairs_of(images, labels)).findings if finding.severity == "error"]
    assert [finding.code for finding in errors] == ([code] if code else [])


def test_the_way_back_is_named(samples):
    images, labels = samples["em"]
    for turn, words in ((1, "turned by 90 degrees to the left"), (3, "turned by 90 degrees to the right")):
        (finding,) = report_on(pairs_of(images, np.rot90(labels, turn, (1, 2)))).findings
        assert words in finding.found
    finding = report_on(pairs_of(images, np.roll(labels, (6, -3), (1, 2)))).findings[0]
    assert "6 pixels up and 3 pixels right" in finding.found
