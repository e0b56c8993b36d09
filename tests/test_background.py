import threading
import time

import pytest

from cellseg.background import Behind, ahead


def test_items_are_made_ahead_in_order_in_another_thread():
    made = []

    def items():
        for k in range(5):
            made.append(threading.get_ident())
            yield k

    assert list(ahead(items())) == list(range(5))
    assert set(made).isdisjoint({threading.get_ident()})


def test_no_more_items_wait_than_asked():
    made = []
    stream = ahead((made.append(k) for k in range(100)), depth=3)
    next(stream)
    time.sleep(0.1)
    assert len(made) <= 5
    stream.close()
    before = len(made)
    time.sleep(0.05)
    assert len(made) == before


def test_an_error_comes_up_at_its_place():
    def items():
        yield 1
        raise OSError("disk gone")

    stream = ahead(items())
    assert next(stream) == 1
    with pytest.raises(OSError, match="disk gone"):
        next(stream)


def test_work_is_done_behind_in_order_and_finished_at_the_end():
    done = []
    with Behind() as behind:
        for k in range(20):
            behind.do(lambda k=k: (time.sleep(0.001), done.append(k)))
    assert done == list(range(20))


def test_an_error_behind_is_not_lost():
    with pytest.raises(ZeroDivisionError), Behind() as behind:
        behind.do(lambda: 1 / 0)
