"""The child's side without a child: every order is answered, whatever happens."""

from __future__ import annotations

import io
import json

import pytest
from napari_cellseg.children.serving import NO_MEMORY, answer, serve

import cellseg

FAULTS = {
    "user": cellseg.InputError("no cells", "Paint some."),
    "memory": MemoryError(),
    "us": ZeroDivisionError("x"),
}


def broken(order):
    raise FAULTS[order["whose"]]


TABLE = {"double": lambda order: {"event": "doubled", "value": 2 * order["value"]}, "break": broken}


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        ({"do": "double", "value": 2}, {"event": "doubled", "value": 4}),
        ({"do": "double", "value": 2, "job": 7}, {"event": "doubled", "value": 4, "job": 7}),
        ({"do": "break", "whose": "user"}, {"event": "failed", "order": "break", "message": "no cells. Paint some."}),
        ({"do": "break", "whose": "memory", "job": 1}, {"event": "failed", "order": "break", "message": NO_MEMORY}),
        ({"do": "break", "whose": "us"}, {"event": "failed", "order": "break"}),
        ({"do": "__class__"}, {"event": "failed", "order": "__class__"}),
    ],
    ids=["answer", "job", "input", "memory", "our fault", "not in the table"],
)
def test_an_order_is_answered(order, wanted):
    found = answer(TABLE, order)
    assert wanted.items() <= found.items()
    assert found.get("job") == order.get("job")
    assert ("itself failed" in found.get("message", "")) == (order["do"] == "__class__" or order.get("whose") == "us")


def test_orders_are_lines_and_so_are_answers(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO('{"do": "double", "value": 1}\n\n{"do": "double", "value": 3}\n'))
    serve(TABLE)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in told] == ["ready", "doubled", "doubled"]
    assert [event.get("value") for event in told] == [None, 2, 6]
