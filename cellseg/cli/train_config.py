"""Sources of options: the command line, then of a training a TOML file; "auto" is not given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cyclopts.token import Token


def complete_options(_app: Any, commands: tuple[str, ...], arguments: Any) -> None:
    """Give options of a training that were not given themselves the values of `--config`.

    Of any command, leave open what was given as "auto", where the word has no value of its own: on the command line it
    takes precedence over the file.
    """
    from cellseg.checked import meaning_of_auto, takes_auto

    if commands == ("train",):
        _take_config({name: argument for argument in arguments for name in argument.names})
    for argument in arguments:
        if takes_auto(argument.field_info.annotation):
            argument.tokens[:] = _without_auto(argument.tokens, meaning_of_auto(argument.field_info.annotation))


def _without_auto(tokens: Sequence[Token], meaning: float | None) -> list[Token]:
    """Tokens without the word "auto": it is left out, or replaced by the value that it stands for."""
    from cellseg.checked import AUTO

    kept = []
    for token in tokens:
        if token.value != AUTO:
            kept.append(token)
        elif meaning is not None:
            kept.append(token.evolve(value=str(meaning)))
    return kept


def _take_config(by_name: Mapping[str, Any]) -> None:
    from cellseg.training.config_file import OF_THE_CALL, read_config_file

    tokens = by_name["--config"].tokens
    if tokens:
        config = str(tokens[-1].value)
        _fill(by_name, read_config_file(Path(config), _for_a_file(by_name) - OF_THE_CALL), config)


def _for_a_file(by_name: Mapping[str, Any]) -> set[str]:
    """Names that a file may use: a word that is switched off is written as NAME = false."""
    return {name for name in by_name if not name.startswith("--no-")}


def _fill(by_name: Mapping[str, Any], values: Mapping[str, Any], source: str) -> None:
    for option, value in values.items():
        argument = by_name[option]
        if not argument.tokens:
            argument.append(Token(keyword=argument.name, value=str(value), source=source))
