"""A child speaks in JSON lines, hears, and ends when it is told."""

from __future__ import annotations

import pytest
from napari_cellseg.children.child import Child

ECHO = """
import json, sys
print("not an object")
print(json.dumps({"event": "ready"}))
for line in sys.stdin:
    print(json.dumps({"event": "heard", "value": json.loads(line)["value"]}))
    print("a word", file=sys.stderr)
"""


@pytest.fixture
def child(qtbot, tmp_path, monkeypatch):
    (tmp_path / "echo_lines.py").write_text(ECHO)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = Child(["echo_lines"])
    yield made
    made.close()


def test_events_words_and_orders(child, qtbot):
    events, words = [], []
    child.told.connect(events.append)
    child.said.connect(words.append)
    child.start()
    qtbot.waitUntil(lambda: events == [{"event": "ready"}])
    child.send({"value": 7})
    qtbot.waitUntil(lambda: words == ["a word"])
    assert events[1:] == [{"event": "heard", "value": 7}]
    with qtbot.waitSignal(child.ended):
        child.stop()
    assert not child.running


def test_a_module_that_is_not_there(qtbot):
    child = Child(["no_such_module_here"])
    with qtbot.waitSignal(child.ended) as end:
        child.start()
    assert end.args == [1]
