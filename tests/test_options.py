"""Every option once, "not given" by one word, and what is refused."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import get_args

import pytest

from cellseg import options
from cellseg.checked import Checked, Help
from cellseg.errors import InputError
from cellseg.options import (
    AugmentOptions,
    LabelOptions,
    MobileUNetOptions,
    PredictOptions,
    WeightOptions,
    definition_of,
    described,
)

OWNERS = [kind for kind in vars(options).values() if isinstance(kind, type) and issubclass(kind, Checked)]
OWNERS.remove(Checked)


@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (lambda: WeightOptions(sigma=0), ("--sigma is 0", "0.1 to 100")),
        (lambda: AugmentOptions(grid=1), ("--grid is 1", "2 to 20")),
        (lambda: AugmentOptions(grid="auto"), ("--grid is 'auto'", "2 to 20")),
        (lambda: LabelOptions(labels_are="cells"), ("--labels-are", "instances")),
        (lambda: PredictOptions(tile=0), ("--tile is 0",)),
        (lambda: PredictOptions(tile="large"), ("--tile", "auto")),
        (lambda: MobileUNetOptions(depth=6), ("--depth is 6", "1 to 5")),
    ],
)
def test_a_value_out_of_range_is_refused_in_the_users_words(make, parts):
    with pytest.raises(InputError) as error:
        make()
    assert all(part in str(error.value) for part in parts)


@pytest.mark.parametrize("name", ["tile", "precision", "split", "threshold", "prune"])
def test_the_word_auto_is_not_given(name):
    assert PredictOptions(**{name: "auto"}) == PredictOptions()


def test_zero_may_be_asked_for():
    assert PredictOptions(minimum_size=0, threshold=0, fill_holes=0).minimum_size == 0


def test_no_option_is_defined_twice():
    found = defaultdict(set)
    for owner in OWNERS:
        for field in dataclasses.fields(owner):
            found[field.name].add(str(definition_of(owner, field.name)))
    assert {name: kinds for name, kinds in found.items() if len(kinds) > 1} == {}


def test_an_option_that_several_have_has_one_help():
    places = defaultdict(set)
    for owner in OWNERS:
        for name in vars(owner)["__annotations__"]:
            places[name].add(owner)
    for name, owners in places.items():
        if len(owners) > 1:
            notes = get_args(definition_of(min(owners, key=str), name)[0])
            assert any(isinstance(note, Help) for note in notes), f"{name} of {owners}"


@pytest.mark.parametrize("owner", OWNERS)
def test_every_option_has_a_help_and_no_default_is_a_word_for_none(owner):
    for name, option in described(owner).items():
        assert option.help, name
        assert option.default not in ("", "auto"), name
        assert option.default is not None or option.optional or owner is options.TrainOptions, name
    assert list(described(owner)) == [field.name for field in dataclasses.fields(owner)]


def test_what_a_form_shows():
    core, tile = described(PredictOptions)["core"], described(options.SheetOptions)["tile"]
    assert (core.flag, core.type, core.optional, core.limits.high) == ("--core", float, True, 1)
    assert core.help.endswith("equal to --threshold: off.")
    assert (tile.default, tile.optional, tile.type) == (204, False, int)
    assert described(PredictOptions)["split"].choices == ("none", "watershed")


FILES = {"images", "labels", "model"}
"""Files that commands name beside their options."""


def test_flags_that_are_options_come_from_the_dataclasses():
    from cellseg.cli.app import command_line

    app = command_line()
    helps = {name: option.help for owner in OWNERS for name, option in described(owner).items()}
    for command in (name for name in app if not name.startswith("-")):
        for argument in app[command].assemble_argument_collection():
            name = argument.name.lstrip("-").replace("-", "_")
            own = not argument.keys and argument.parameter.help != helps.get(name)
            assert not own or name not in helps.keys() - FILES, f"{command} defines {argument.name} itself"


def test_networks_have_the_options_that_are_known_without_torch():
    from cellseg.models.registry import NETWORKS

    assert {name: entry.options for name, entry in NETWORKS.items()} == options.NETWORK_OPTIONS
