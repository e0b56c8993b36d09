"""Weights of a TorchScript that are fewer than it says end no program: torch would read beyond them."""

import io
import warnings
import zipfile

import pytest
import torch

from cellseg.errors import InputError
from cellseg.models.exported.files import script_file


class Layer(torch.nn.Module):
    """Views, several types of numbers, and a constant."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(4, 3).t())
        self.register_buffer("brain", torch.ones(4, dtype=torch.bfloat16))
        self.register_buffer("part", torch.arange(12)[2:6])

    def forward(self, x):
        return (x @ self.weight) * self.brain.float() + self.part + torch.ones(4)


@pytest.fixture(scope="module")
def script():
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(Layer(), torch.ones(1, 3)), content)
    return content.getvalue()


def changed(script, wanted, change):
    """The archive with one file of it changed."""
    new = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(script)) as old, zipfile.ZipFile(new, "w") as archive:
        for name in old.namelist():
            text = old.read(name)
            archive.writestr(name, change(text) if name.endswith(wanted) else text)
    return new.getvalue()


def test_a_whole_one_is_read(script, tmp_path):
    assert script_file(script, tmp_path / "m.pt").raw(torch.ones(1, 3)).shape == (1, 4)


@pytest.mark.parametrize("wanted", ["/data/0", "/data/1", "/data/2"])
@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: b""])
def test_weights_that_are_cut_off(script, tmp_path, wanted, change):
    with pytest.raises(InputError, match="cannot be read as TorchScript"):
        script_file(changed(script, wanted, change), tmp_path / "m.pt")


def test_a_tensor_that_reaches_beyond_its_numbers(script, tmp_path):
    """Of `part`, which begins at 2 of 12 numbers, the length 4 becomes 250."""
    assert b"K\x02(K\x04t" in zipfile.ZipFile(io.BytesIO(script)).read("archive/data.pkl")
    beyond = changed(script, "data.pkl", lambda text: text.replace(b"K\x02(K\x04t", b"K\x02(K\xfat"))
    with pytest.raises(InputError, match="cannot be read as TorchScript"):
        script_file(beyond, tmp_path / "m.pt")
