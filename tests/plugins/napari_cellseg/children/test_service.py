"""A service starts with its first order, tells of its death, and starts again."""

from __future__ import annotations

import pytest
from napari_cellseg.children.errand import Errand
from napari_cellseg.children.service import Service

MODULE = """
import os, sys
from napari_cellseg.children.serving import serve

def die(order):
    print("out of memory", file=sys.stderr, flush=True)
    os._exit(9)

serve({"echo": lambda order: {"event": "echoed", "value": order["value"]}, "die": die})
"""
ONCE = """
import json, sys
code = int(sys.argv[1])
print("reading")
print(json.dumps({"value": code}) if code != 3 else "")
print("error: no labels. Give some.", file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Small programs, found by their names."""
    import os

    (tmp_path / "service_here.py").write_text(MODULE)
    (tmp_path / "once_here.py").write_text(ONCE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def service(qtbot, modules):
    made = Service("service_here")
    made.heard, made.deaths = [], []
    made.told.connect(lambda event: made.heard.append(event.get("value", event["event"])))
    made.died.connect(made.deaths.append)
    yield made
    made.close()


def test_orders_wait_for_it_and_a_death_is_told_once(service, qtbot):
    assert service.child is None
    for value in (1, 2):
        service.send({"do": "echo", "value": value})
    qtbot.waitUntil(lambda: service.heard == ["ready", 1, 2], timeout=20_000)
    service.send({"do": "die"})
    qtbot.waitUntil(lambda: service.deaths == ["out of memory"], timeout=20_000)
    assert service.child is None
    service.send({"do": "echo", "value": 3})
    qtbot.waitUntil(lambda: service.heard[3:] == ["ready", 3], timeout=20_000)
    service.close()
    assert (service.child, len(service.deaths)) == (None, 1)


@pytest.mark.parametrize(
    ("code", "codes", "told"),
    [
        (0, (0,), {"value": 0}),
        (2, (0,), "no labels. Give some."),
        (2, (0, 2), {"value": 2}),
        (3, (0, 3), "no labels. Give some."),
    ],
    ids=["answer", "failure", "failure with an answer", "no answer"],
)
def test_an_errand_has_an_answer_or_a_reason(qtbot, modules, code, codes, told):
    errand, heard = Errand(["once_here", str(code)], codes=codes), []
    errand.answered.connect(heard.append)
    errand.failed.connect(heard.append)
    errand.start()
    qtbot.waitUntil(lambda: bool(heard), timeout=20_000)
    assert heard == [told]


def test_it_may_be_closed_after_qt_took_its_child_away(service, qtbot):
    """As when the program ends: then Qt may be quicker."""
    service.send({"do": "echo", "value": 1})
    qtbot.waitUntil(lambda: service.heard == ["ready", 1], timeout=20_000)
    with qtbot.waitSignal(service.child.destroyed):
        service.child.deleteLater()
    service.close()
    assert service.child is None
