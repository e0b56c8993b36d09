"""Which options a network gets: what is given, else its own; what it does not have is refused by name."""

import pytest

import cellseg
from cellseg.errors import InputError
from cellseg.models.choice import completed, options_for
from cellseg.options import NetworkOptions


def test_what_is_not_given_is_the_networks_own():
    found = completed(NetworkOptions(model="resunet", base=8))
    assert (found.base, found.depth, found.norm, found.padding, found.up) == (8, 3, "batch", "same", "transposed")
    assert (found.deep_supervision, found.guidance, found.variant) == (None, None, None)
    assert completed(found) == found


@pytest.mark.parametrize(
    ("model", "option"),
    [("unet", {"guidance": True}), ("resunet", {"variant": "b0"}), ("unet3p", {"padding": "valid"})],
)
def test_an_option_that_a_network_does_not_have_is_refused_by_its_name(model, option):
    with pytest.raises(InputError, match=f"{model} has no option {next(iter(option))}"):
        options_for(NetworkOptions(model=model, **option), 1, 2)


def test_networks_that_always_have_zero_padding_may_be_asked_for_it():
    assert options_for(NetworkOptions(model="unet3p", padding="same"), 1, 2).base == 64


def test_the_network_of_2015_is_built_without_options():
    options = cellseg.build("unet").options
    assert (options.base, options.depth, options.norm, options.dropout) == (64, 4, "none", 0.5)
