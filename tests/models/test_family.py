"""What the papers say of each network: parameters, names, structure."""

import pytest
import torch
from torch import nn

import cellseg
from cellseg.models.blocks import centre_crop
from cellseg.models.effunet import efficientnet
from cellseg.models.mbconv import DropPath, SqueezeExcitation, unit
from cellseg.models.mobileunet import mobilenet_v2
from cellseg.models.reach import follow
from cellseg.models.registry import NETWORKS


def count(module):
    return sum(p.numel() for p in module.parameters())


def empty(name, **options):
    """A network without numbers."""
    with torch.device("meta"):
        return NETWORKS[name].make(NETWORKS[name].options(**options))


def with_one_output(network):
    """Parameters of a network with two outputs, if it had one."""
    return count(network) - count(network.classify) // 2


def test_the_unets_have_the_papers_parameters():
    assert count(empty("unet")) == 31_030_658
    assert count(empty("unet", padding="same")) == 31_030_658
    assert count(empty("unet", base=32)) == 7_759_554


def test_unetpp_has_the_papers_parameters():
    assert with_one_output(empty("unetpp", deep_supervision=False)) == 9_041_601


def test_unet3p_has_the_papers_parameters():
    network = empty("unet3p", norm="none", deep_supervision=False)
    assert with_one_output(network) == 26_957_569
    assert [level.join[0].in_channels for level in network.join] == [5 * 64] * 4


ENCODERS = {
    "mobilenet_v2": (mobilenet_v2(3, 5), 1280, 3_504_872),
    "efficientnet_b0": (efficientnet("b0", 3, 5), 1280, 5_288_548),
    "efficientnet_b1": (efficientnet("b1", 3, 5), 1280, 7_794_184),
    "efficientnet_b2": (efficientnet("b2", 3, 5), 1408, 9_109_994),
    "efficientnet_b3": (efficientnet("b3", 3, 5), 1536, 12_233_232),
    "efficientnet_b4": (efficientnet("b4", 3, 5), 1792, 19_341_616),
}


@pytest.mark.parametrize(("encoder", "wide", "published"), ENCODERS.values(), ids=list(ENCODERS))
def test_encoders_have_the_published_parameters_with_the_head_of_their_classifier(encoder, wide, published):
    head = nn.Sequential(unit(encoder.channels[-1], wide, 1, nn.ReLU), nn.Linear(wide, 1000))
    assert count(encoder) + count(head) == published


NAMES = {
    "mobilenet_v2": {
        "features.0.0.weight": (32, 3, 3, 3),
        "features.1.conv.0.0.weight": (32, 1, 3, 3),
        "features.1.conv.1.weight": (16, 32, 1, 1),
        "features.2.conv.1.1.running_var": (96,),
        "features.17.conv.2.weight": (320, 960, 1, 1),
        "features.17.conv.3.bias": (320,),
    },
    "efficientnet_b0": {
        "features.0.1.running_mean": (32,),
        "features.1.0.block.0.0.weight": (32, 1, 3, 3),
        "features.1.0.block.1.fc1.weight": (8, 32, 1, 1),
        "features.1.0.block.2.0.weight": (16, 32, 1, 1),
        "features.6.3.block.2.fc2.bias": (1152,),
        "features.7.0.block.3.1.weight": (320,),
    },
}


@pytest.mark.parametrize(("name", "tensors"), NAMES.items(), ids=list(NAMES))
def test_encoders_name_their_tensors_as_torchvision_does(name, tensors):
    state = ENCODERS[name][0].state_dict()
    assert {key: tuple(state[key].shape) for key in tensors} == tensors


def small(name, **options):
    torch.manual_seed(0)
    return cellseg.build(name, **{"base": 4, "depth": 2, **options}).eval()


def test_the_node_of_unetpp_joins_all_before_it_and_what_is_below():
    network = small("unetpp", base=2, depth=2, deep_supervision=False)
    x = torch.randn(1, 1, 16, 16)
    down, up, join = network.down, network.up, network.join
    with torch.no_grad():
        x00 = down[0](x)
        x10 = down[1](nn.functional.max_pool2d(x00, 2))
        x20 = down[2](nn.functional.max_pool2d(x10, 2))
        x01 = join["0_1"](torch.cat([x00, up["0_1"](x10)], 1))
        x11 = join["1_1"](torch.cat([x10, up["1_1"](x20)], 1))
        x02 = join["0_2"](torch.cat([x00, x01, up["0_2"](x11)], 1))
        torch.testing.assert_close(network.classify["2"](x02), network.heads(x).logits[-1])


def test_unetpp_predicts_the_average_of_its_heads():
    network = small("unetpp")
    x = torch.randn(1, 1, *[network.geometry.smallest + 4] * 2)
    with torch.no_grad():
        heads = [head.softmax(1) for head in network.train()(x).logits]
        torch.testing.assert_close(network.eval()(x).softmax(1), sum(heads) / len(heads))


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_pruned_network_is_its_own_head_without_the_nodes_below(depth, padding):
    network = small("unetpp", depth=3, padding=padding)
    cut = network.pruned(depth)
    assert count(cut) < count(network)
    assert cut.geometry.margin <= network.geometry.margin
    x = torch.randn(1, 1, *[network.geometry.smallest] * 2)
    with torch.no_grad():
        torch.testing.assert_close(cut.heads(x).logits[-1], network.heads(x).logits[depth - 1])


@pytest.mark.parametrize("up", ["transposed", "bilinear"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_all_heads_of_unetpp_look_at_the_place_that_they_label(padding, up):
    network = small("unetpp", base=1, depth=3, padding=padding, up=up)
    margin = network.geometry.margin
    x = torch.zeros(1, 1, *[network.geometry.smallest + network.geometry.stride] * 2)
    side = network.geometry.output_size(x.shape[-1])
    reaches = [
        follow(lambda x, j=j: centre_crop(network.heads(x).logits[j], side, side), x)[1]
        for j in range(network.options.depth)
    ]
    assert all(margin - reach.first == reach.last - margin for reach in reaches)
    assert [margin - reach.first for reach in reaches] == [network.pruned(j).geometry.halo for j in (1, 2, 3)]


def test_what_cannot_be_pruned_is_refused():
    with pytest.raises(cellseg.InputError, match="head at every depth"):
        small("unet").pruned(1)
    with pytest.raises(cellseg.InputError, match="no head"):
        small("unetpp", deep_supervision=False).pruned(1)
    with pytest.raises(cellseg.InputError, match="has 2 depths"):
        small("unetpp").pruned(3)


@pytest.mark.parametrize(("said", "cells"), [(5.0, True), (-5.0, False)])
def test_the_guidance_of_unet3p_gates_classes(said, cells):
    network, plain = small("unet3p", guidance=True), small("unet3p")
    plain.load_state_dict(network.state_dict(), strict=False)
    nn.init.zeros_(network.guide[1].weight)
    nn.init.constant_(network.guide[1].bias, said)
    x = torch.randn(1, 1, *[network.geometry.smallest] * 2)
    with torch.no_grad():
        found, ungated = network(x).softmax(1), plain(x).softmax(1)
    torch.testing.assert_close(found[:, 1], ungated[:, 1] * cells)
    assert not network.geometry.exact
    assert plain.geometry.exact


def test_without_its_global_means_effunet_sees_its_halo_and_no_more(monkeypatch):
    monkeypatch.setattr(SqueezeExcitation, "forward", lambda self, x: x)
    network = small("effunet", depth=3).double()
    x = torch.randn(1, 1, *[network.geometry.smallest] * 2, dtype=torch.double, requires_grad=True)
    network.heads(x).logits[0][0, 0, x.shape[2] // 2, x.shape[3] // 2].backward()
    rows = x.grad.abs().sum((0, 1, 3)).nonzero().ravel() - x.shape[2] // 2
    assert network.geometry.halo * 0.8 < rows.abs().max() <= network.geometry.halo


def test_drop_path_leaves_out_whole_samples_and_keeps_the_mean():
    torch.manual_seed(0)
    found = DropPath(0.25).train()(torch.ones(4000, 1, 2, 2))
    torch.testing.assert_close(found.unique(), torch.tensor([0, 4 / 3]))
    assert (found.flatten(1).std(dim=1) == 0).all()
    assert found.mean().item() == pytest.approx(1, abs=0.03)


def test_a_residual_unit_adds_to_what_it_was_given():
    unit = small("resunet", norm="none").down[1]
    nn.init.zeros_(unit.body[-1].weight)
    x = torch.randn(1, 4, 8, 8)
    torch.testing.assert_close(unit(x), unit.identity(x))


def test_logits_are_finer_than_what_the_other_layers_compute():
    network = small("unet", norm="batch")
    x = torch.randn(1, 1, *[network.geometry.smallest + 16] * 2)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        found = network(x)
    assert found.dtype == torch.float32
    assert (found != found.bfloat16()).float().mean() > 0.9
