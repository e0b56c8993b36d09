"""The one of several shares that writes the result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cellseg.inference.journal import journal_folder
from cellseg.life import heartbeat, lives, signed
from cellseg.locks import BeingWrittenError, sole_writer


@contextmanager
def sole_finisher(output: Path) -> Iterator[bool]:
    """True for one of the processes that want to write an output whose tiles are complete.

    Beside the lock there is a file in the journal, for file systems without locks.
    """
    with ExitStack() as held:
        yield _alone(output, held)


def _alone(output: Path, held: ExitStack) -> bool:
    claim = journal_folder(output) / "finishing"
    try:
        held.enter_context(sole_writer(output))
        if not lives(claim):
            claim.unlink(missing_ok=True)
        if not signed(claim):
            return False
    except (BeingWrittenError, FileNotFoundError):  # without a journal another has finished
        return False
    held.callback(claim.unlink, missing_ok=True)
    held.enter_context(heartbeat(claim))
    return True
