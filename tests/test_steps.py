"""Generators that return a result."""

from cellseg.steps import finished, now_and_then


def steps():
    yield from range(5)
    return "done"


def heard(some):
    found = []
    while True:
        try:
            found.append(next(some))
        except StopIteration as end:
            return found, end.value


def test_the_result_comes_whether_anything_is_heard_or_not():
    assert finished(steps()) == "done"
    assert heard(now_and_then(steps(), 60)) == ([], "done")
    assert heard(now_and_then(steps(), 0)) == ([0, 1, 2, 3, 4], "done")
