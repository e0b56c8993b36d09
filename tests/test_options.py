import pytest

from cellseg.errors import InputError
from cellseg.options import AugmentOptions, LabelOptions, PredictOptions, WeightOptions


@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (lambda: WeightOptions(sigma=0), ("--sigma is 0", "0.1 to 100")),
        (lambda: AugmentOptions(grid=1), ("--grid is 1", "2 to 20")),
        (lambda: LabelOptions(labels_are="cells"), ("--labels-are", "instances")),
        (lambda: PredictOptions(tile=0), ("--tile is 0",)),
        (lambda: PredictOptions(tile="large"), ("--tile", "auto")),
    ],
)
def test_a_value_out_of_range_is_refused_in_the_users_words(make, parts):
    with pytest.raises(InputError) as error:
        make()
    assert all(part in str(error.value) for part in parts)


def test_a_word_or_a_number():
    assert PredictOptions(tile=252).tile == 252
    assert PredictOptions().tile == "auto"


def test_every_option_has_a_help_text():
    from docstring_parser import parse_from_object

    from cellseg import options

    for name, kind in vars(options).items():
        if name.endswith("Options"):
            told = {p.arg_name for part in kind.__mro__[:-2] for p in parse_from_object(part).params}
            assert told == set(kind.__dataclass_fields__), name
