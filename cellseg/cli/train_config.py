"""Where options come from: the command line, then of a training a TOML file, then --from; "auto" is not given."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cyclopts.token import Token

from cellseg.checked import AUTO, flag_of, takes_auto
from cellseg.errors import InputError
from cellseg.training.old_options import FORMAT, format_of, migrated

OF_THE_CALL = frozenset({"--config", "--resume", "--dry-run", "--json", "--events"})
"""What is asked of one call of the program and not of a training."""


def complete_options(_app: Any, commands: tuple[str, ...], arguments: Any) -> None:
    """Give options of a training that were not given themselves the values of `--config` and of the model of `--from`.

    Of any command, leave open what was given as "auto": on the command line it takes precedence over the file.
    """
    by_name = {name: argument for argument in arguments for name in argument.names}
    if commands == ("train",):
        _take_config(by_name)
    for argument in arguments:
        if takes_auto(argument.field_info.annotation):
            argument.tokens[:] = [token for token in argument.tokens if token.value != AUTO]
    if commands == ("train",):
        _take_model(by_name)


def _take_config(by_name: Mapping[str, Any]) -> None:
    _refuse_changes(by_name)
    config = _given(by_name, "--config")
    if config:
        _fill(by_name, read_config_file(Path(config), _for_a_file(by_name)), config)


def _take_model(by_name: Mapping[str, Any]) -> None:
    model = _given(by_name, "--from")
    if model:
        _take_network(by_name, Path(model))
        _fill(by_name, {"--recipe": "finetune"}, "--from")


def read_config_file(path: Path, known: set[str]) -> dict[str, Any]:
    """Options (`--validate-every`) and values of a TOML file; in it they may be written with - or _.

    Raises InputError where there is no such file, it is no TOML, or it holds an option that is not `known`.
    """
    found: dict[str, Any] = {}
    for name, value in _read_toml(path).items():
        option, key = flag_of(name), name.replace("_", "-")
        if option in OF_THE_CALL:
            raise InputError(f"{key} is nothing that a file can say", f"Give {option} on the command line.", path=path)
        if option not in known:
            nearest = difflib.get_close_matches(option, known, 1, cutoff=0.4)
            meant = f"Did you mean {nearest[0][2:]}?" if nearest else "`cellseg train --help` lists them."
            raise InputError(f"there is no option {key!r} for a file", meant, path=path)
        if isinstance(value, dict | list):
            raise InputError(f"{key} has several values, where one is wanted", "Write: name = value", path=path)
        found[option] = value
    return found


def _read_toml(path: Path) -> dict[str, Any]:
    """What a file says, by names of fields; a file of an earlier version in the words of this one."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", "Check the path.", path=path) from error
    except ValueError as error:
        raise InputError(f"is no TOML ({error})", "Write lines such as: steps = 1000", path=path) from error
    named: dict[str, Any] = {}
    for key, value in tree.items():
        name = key.replace("-", "_")
        if name in named:
            raise InputError(f"{key} stands there twice", "Leave one of them.", path=path)
        named[name] = value
    number = named.pop("format", None)
    if number is None and "diameter" in named and format_of(named) == FORMAT:
        found = "diameter is the width in the images, and not, as before, what the network shall see"
        raise InputError(found, f"Write seen-diameter for that, or add the line: format = {FORMAT}", path=path)
    return migrated(named, format_of(named) if number is None else number, path)


def _refuse_changes(by_name: Mapping[str, Any]) -> None:
    """Refuse options beside --resume alone, where those of the run hold."""
    if not by_name["--resume"].tokens or by_name["--images"].tokens or by_name["--config"].tokens:
        return
    for name, argument in by_name.items():
        if argument.tokens and name not in (*OF_THE_CALL, "--out") and name == argument.name:
            found = f"{name} is given, but --resume goes on with the run's own options"
            raise InputError(found, "Leave it out, or start a new run.")


def _for_a_file(by_name: Mapping[str, Any]) -> set[str]:
    """Names that a file may use: a word that is switched off is written as NAME = false."""
    return {name for name in by_name if not name.startswith("--no-")} - OF_THE_CALL


def _given(by_name: Mapping[str, Any], option: str) -> str:
    tokens = by_name[option].tokens
    return str(tokens[-1].value) if tokens else ""


def _fill(by_name: Mapping[str, Any], values: Mapping[str, Any], source: str) -> None:
    for option, value in values.items():
        argument = by_name[option]
        if not argument.tokens:
            argument.append(Token(keyword=argument.name, value=str(value), source=source))


def _take_network(by_name: Mapping[str, Any], model: Path) -> None:
    """Give the network's options the values of the model that is gone on from.

    Raises InputError where others were asked for.
    """
    from cellseg.models.card import model_file, read_card

    card = read_card(model_file(model))
    for name, value in {"model": card.name, **card.options}.items():
        option = flag_of(name)
        if option not in by_name:  # channels and classes follow from the data
            continue
        given = _given(by_name, option)
        if given and given != str(value) and not _same_number(given, value):
            remedy = f"Leave {option} out, or train a new network without --from."
            raise InputError(f"{option} is {given}, the model's is {value}", remedy, path=model)
        _fill(by_name, {option: value}, "--from")


def _same_number(given: str, value: object) -> bool:
    try:
        return isinstance(value, int | float) and float(given) == float(value)
    except ValueError:
        return False
