"""What is given takes precedence over the recipe, the recipe over the network's and the option's own default."""

from dataclasses import asdict, fields

import pytest

from cellseg.errors import InputError
from cellseg.options import AugmentOptions
from cellseg.training.recipes import RECIPES, STAGES, settings_for


def test_every_option_that_differs_between_recipes_stands_in_each():
    assert len({frozenset(recipe) for recipe in RECIPES.values()}) == 1


def test_a_sheet_of_samples_shows_those_of_fast():
    assert settings_for("fast").augment == AugmentOptions(empty=0.03)  # noise alone is drawn on a sheet when asked for


def test_given_then_recipe_then_network():
    found = settings_for("paper", model="unetpp", depth=2, w0=0)
    assert (found.network.depth, found.network.base, found.network.padding) == (2, 64, "same")
    assert (found.weights.w0, found.train.rate, found.network.deep_supervision) == (0, 1e-3, True)


@pytest.mark.parametrize("word", [None, "auto"])
def test_not_given_is_as_the_recipe_says(word):
    assert settings_for("paper", precision=word, tile=word, padding=word) == settings_for("paper")


def test_all_networks_are_trained_as_large_as_the_recipe_says():
    for model in ("unet", "unetpp", "unet3p", "resunet", "mobileunet", "effunet"):
        network = settings_for(model=model).network
        assert (network.base, network.depth, network.norm, network.dropout) == (16, 3, "batch", 0.0), model


def test_a_digest_and_a_file_have_every_option_of_every_stage():
    tree = asdict(settings_for())
    assert {stage: list(options) for stage, options in tree.items()} == {
        stage: [field.name for field in fields(owner)] for stage, owner in STAGES.items()
    }
    assert settings_for(**{name: value for stage in tree.values() for name, value in stage.items()}) == settings_for()


@pytest.mark.parametrize(
    ("options", "found"),
    [({"model": "anet"}, "no network called 'anet'"), ({"steps": 0}, "--steps is 0"), ({"stepps": 1}, "stepps")],
)
def test_wrong_wishes_are_refused(options, found):
    with pytest.raises(InputError, match=found):
        settings_for(**options)
