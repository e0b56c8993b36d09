import json

import pytest

import cellseg


def test_the_table_lists_every_network(cellseg_cli):
    done = cellseg_cli("models")
    assert done.code == 0
    for name in (*cellseg.list_models(), "31,030,658", "GFLOP/Mpx"):
        assert name in done.out


def test_as_json_it_holds_every_column(cellseg_cli):
    rows = json.loads(cellseg_cli("models", "--json").out)["models"]
    assert [row["name"] for row in rows] == cellseg.list_models()
    assert set(rows[0]) >= {"name", "year", "parameters", "gflop_per_megapixel", "margin", "stride", "exact"}


@pytest.mark.parametrize(
    ("option", "said"),
    [(("--model", "unet3p", "--padding", "valid"), "no option padding"), (("--model", "unet6"), "unet, unetpp")],
)
def test_what_a_network_does_not_have_is_refused_and_leaves_nothing(cellseg_cli, tmp_path, option, said):
    done = cellseg_cli("train", "--images", "i.tif", "--labels", "l.tif", "--out", tmp_path / "run", *option)
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "run").exists()
