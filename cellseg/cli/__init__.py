"""The command line: parse, call, show progress, write."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING, NoReturn

from cellseg import __version__
from cellseg.cli.streams import prepare_streams
from cellseg.errors import InputError

if TYPE_CHECKING:
    from cyclopts import App

INTERRUPTED = 130
WRONG_INPUT = 2
HELP = {"--help", "-h"}
VERBOSITY = {"-v": 1, "-vv": 2}


def main() -> NoReturn:
    """Run the command in sys.argv and leave with its exit code."""
    prepare_streams()
    words = sys.argv[1:]
    if words == ["--version"]:
        sys.stdout.write(f"cellseg {__version__}\n")
        sys.exit(0)
    verbosity = max(VERBOSITY.get(word, 0) for word in ["", *words])
    try:
        code = run([word for word in words if word not in VERBOSITY], verbosity)
    except KeyboardInterrupt:  # once more, while the first was told
        code = INTERRUPTED
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End at once: taking torch's modules apart takes a second, in which a finished program seems busy."""
    from cellseg.cli.signals import heed_nothing

    heed_nothing()
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError as error:
        code = code or _say(f"standard output: {error.strerror}. Free space or choose another place.", WRONG_INPUT)
    sys.stderr.flush()
    os._exit(code)


def run(words: list[str], verbosity: int = 0) -> int:
    """Run one command; returns its exit code. Errors become one line on standard error.

    Whatever asks for an end, also a terminal that is closed, ends it as Ctrl-C does.
    """
    from cellseg.cli.failures import is_known
    from cellseg.cli.reading_warnings import shown_warnings
    from cellseg.cli.signals import interruptible

    _be_quiet(verbosity)
    try:
        command, bound, _ = _command_line(words).parse_args(words, exit_on_error=False, print_error=False)
        with interruptible(), nullcontext() if verbosity else shown_warnings():
            return int(command(*bound.args, **bound.kwargs) or 0)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except Exception as error:
        if verbosity and not is_known(error):
            raise
        return _tell(error)


def _command_line(words: list[str]) -> App:
    """The commands, with the helps that these words ask for."""
    from cellseg.cli.app import command_line

    if not set(words) - HELP:
        return command_line(listing=True)
    if HELP & set(words):
        from cellseg.cli.flags import explain

        explain()
    return command_line()


def _tell(error: Exception) -> int:
    """Report of an error; returns its exit code. The first of several processes reports wrong input for all."""
    from cyclopts import CycloptsError

    from cellseg.cli.failures import in_a_line
    from cellseg.training.torchrun import is_follower, linger

    message, code = in_a_line(error)
    if is_follower() and isinstance(error, (InputError, CycloptsError)):
        linger()
        return code
    return _say(message, code)


def _say(message: str, code: int) -> int:
    sys.stderr.write(f"error: {message}\n")
    return code


def _be_quiet(verbosity: int) -> None:
    level = {0: logging.ERROR, 1: logging.INFO}.get(verbosity, logging.DEBUG)
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    if not verbosity:
        warnings.simplefilter("ignore")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
