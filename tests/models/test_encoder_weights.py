import pickle

import pytest
import safetensors.torch
import torch

import cellseg
from cellseg.models.encoder_weights import for_channels, load_encoder
from cellseg.models.registry import build_for
from cellseg.options import NetworkOptions


def network(name="mobileunet", **options):
    return cellseg.build(name, **{"base": 4, "depth": 3, **options})


def published(**options):
    """What a file with the weights of a whole classification network holds, in torchvision's names."""
    torch.manual_seed(1)
    tensors = network(channels=3, depth=5, **options).encoder.state_dict()
    return {**tensors, "features.18.0.weight": torch.zeros(1280, 320, 1, 1), "classifier.1.bias": torch.zeros(1000)}


@pytest.fixture
def file(tmp_path):
    torch.save(published(), tmp_path / "mobilenet_v2.pth")
    return tmp_path / "mobilenet_v2.pth"


def test_published_weights_fit_and_the_report_says_what_did_not(file):
    net = network(channels=3)
    fit = load_encoder(net, file)
    given = published()
    assert all(torch.equal(x, given[name]) for name, x in net.encoder.state_dict().items() if "num_" not in name)
    assert fit.adapted is None
    assert not fit.missing
    assert {"features.18.0.weight", "classifier.1.bias", "features.17.conv.2.weight"} <= set(fit.unused)
    assert "not used" in str(fit)
    assert "classifier.1.bias" in str(fit)


def test_safetensors_hold_the_same(file, tmp_path):
    safetensors.torch.save_file(published(), tmp_path / "m.safetensors")
    assert load_encoder(network(), tmp_path / "m.safetensors") == load_encoder(network(), file)


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_the_first_convolution_is_changed_to_the_channels(file, channels):
    net = network(channels=channels)
    fit = load_encoder(net, file)
    assert fit.adapted == (3, channels)
    assert f"from 3 to {channels} channels" in str(fit)
    grey = torch.rand(1, 1, 9, 9)
    weight = published()["features.0.0.weight"]
    wanted = torch.conv2d(grey.repeat(1, 3, 1, 1), weight)
    if channels == 1:
        torch.testing.assert_close(torch.conv2d(grey, for_channels(weight, 1)), wanted, rtol=1e-4, atol=1e-5)
    assert net.encoder.features[0][0].weight.shape[1] == channels


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemError('code was run')",))


@pytest.mark.parametrize(
    "content", [pickle.dumps({"features": Evil()}, 2), b"", b"nonsense"], ids=["evil", "empty", "nonsense"]
)
@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_a_file_that_is_no_weights_is_refused_and_never_run(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(cellseg.InputError, match=name):
        load_encoder(network(), tmp_path / name)


def test_a_file_of_something_else_is_refused(tmp_path):
    torch.save([torch.zeros(3)], tmp_path / "w.pth")
    with pytest.raises(cellseg.InputError, match="by name"):
        load_encoder(network(), tmp_path / "w.pth")
    with pytest.raises(cellseg.InputError, match="no such file"):
        load_encoder(network(), tmp_path / "missing.pth")


def test_weights_of_another_network_are_refused_with_what_lacks(file):
    with pytest.raises(cellseg.InputError, match=r"another network.*lacking.*features\.1\.0\.block"):
        load_encoder(network("effunet"), file)
    with pytest.raises(cellseg.InputError, match="no encoder"):
        load_encoder(network("unet"), file)


@pytest.mark.parametrize(("file_of", "ours"), [("b1", "b0"), ("b0", "b1"), ("b4", "b0")])
@pytest.mark.parametrize("depth", [2, 5])
def test_another_variant_is_refused_though_all_that_is_wanted_may_be_there(tmp_path, file_of, ours, depth):
    tensors = network("effunet", channels=3, depth=5, variant=file_of).encoder.state_dict()
    torch.save(tensors, tmp_path / "w.pth")
    load_encoder(network("effunet", depth=depth, variant=file_of), tmp_path / "w.pth")
    with pytest.raises(cellseg.InputError, match="another network"):
        load_encoder(network("effunet", depth=depth, variant=ours), tmp_path / "w.pth")


def test_a_training_asks_by_option(file):
    options = cellseg.settings_for("fast", model="mobileunet", encoder_weights=str(file)).network
    net, fit = build_for(options, channels=1, classes=3)
    assert fit.loaded == len([n for n in net.encoder.state_dict() if "num_" not in n])
    assert (net.options.base, net.options.depth, net.options.classes) == (16, 3, 3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "unet3p", "padding": "valid"}, "unet3p has no option padding"),
        ({"model": "unet", "guidance": True}, "unet has no option guidance"),
        ({"model": "effunet", "depth": 6}, "1 to 5"),
        ({"model": "vnet"}, "effunet"),
    ],
)
def test_an_option_that_the_network_does_not_have_is_refused(options, said):
    with pytest.raises(cellseg.InputError, match=said):
        build_for(NetworkOptions(**options), 1, 2)


@pytest.mark.parametrize("model", cellseg.list_models())
def test_every_network_may_be_asked_to_put_zeros_around(model):
    network, _ = build_for(NetworkOptions(model=model, base=2, depth=2, padding="same"), 1, 2)
    assert network.geometry.margin == network.geometry.halo
