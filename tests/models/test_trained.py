import pickle

import numpy as np
import pytest
import torch

import cellseg
from cellseg.models.trained import as_model, save


@pytest.fixture
def model():
    torch.manual_seed(0)
    return as_model(cellseg.build("unet", base=2, depth=1, norm="batch"))


def test_a_saved_model_comes_back_the_same(model, tmp_path):
    save(model, tmp_path / "model.safetensors")
    for path in (tmp_path, tmp_path / "model.safetensors"):
        again = cellseg.load(path)
        assert again.digest == model.digest
        assert again.card == model.card


def test_saving_is_public_and_takes_a_bare_network_and_a_path_as_text(model, tmp_path):
    cellseg.save(model.network, str(tmp_path / "new" / "m.safetensors"))
    assert cellseg.load(tmp_path / "new" / "m.safetensors").digest == as_model(model.network).digest
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["m.safetensors"]
    with pytest.raises(cellseg.InputError, match="a float was given as a model"):
        cellseg.save(0.5, tmp_path / "n.safetensors")
    with pytest.raises(cellseg.InputError, match="cannot be written"):
        cellseg.save(model, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["new"]


def test_a_model_may_be_given_by_its_path(model, tmp_path):
    save(model, tmp_path / "model.safetensors")
    image = np.random.default_rng(0).random((40, 50))
    expected = cellseg.predict_array(model, image)
    for given in (tmp_path, str(tmp_path / "model.safetensors"), model.network):
        np.testing.assert_array_equal(cellseg.predict_array(given, image), expected)
    with pytest.raises(cellseg.InputError, match="a float was given as a model"):
        cellseg.predict_array(0.5, image)


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemError('code was run')",))


@pytest.mark.parametrize("name", ["m.safetensors", "m.ckpt", "m.pt"])
def test_a_pickle_is_refused_and_never_run(name, tmp_path):
    (tmp_path / name).write_bytes(pickle.dumps(Evil()))
    with pytest.raises(cellseg.InputError, match=name):
        cellseg.load(tmp_path / name)


def test_a_cut_model_file_is_refused(model, tmp_path):
    file = tmp_path / "model.safetensors"
    save(model, file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(cellseg.InputError, match=r"model\.safetensors"):
        cellseg.load(file)


def test_weights_that_are_no_numbers_are_refused(model, tmp_path):
    """As a variance that is too large for 16 bits: every probability would be no number."""
    model.network.state_dict()["down.0.1.running_var"][:] = float("inf")
    save(model, tmp_path / "model.safetensors")
    with pytest.raises(cellseg.InputError, match=r"infinite or no numbers: down\.0\.1\.running_var"):
        cellseg.load(tmp_path / "model.safetensors")


def test_an_unfinished_run_folder_is_refused(tmp_path):
    with pytest.raises(cellseg.InputError, match="unfinished"):
        cellseg.load(tmp_path)
