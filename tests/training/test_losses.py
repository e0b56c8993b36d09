import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from cellseg.models.network import Heads
from cellseg.training.losses import (
    LOSSES,
    focal,
    iou,
    presence_loss,
    soft_dice,
    structural,
    total_loss,
    tversky,
    weighted_cross_entropy,
)
from cellseg.training.ssim import ms_ssim

every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=list(LOSSES))


def drawn(batch=2, count=3, height=4, width=5, dtype=torch.float32):
    """Logits, classes and weights; some pixels are ignored."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(batch, count, height, width, generator=generator, dtype=dtype)
    classes = torch.randint(0, count, (batch, height, width), generator=generator)
    weights = torch.rand(batch, height, width, generator=generator, dtype=dtype) * 10
    return logits, classes, torch.where(weights > 2, weights, 0)


def certain(classes, count):
    """Logits that say the classes without doubt."""
    return 50.0 * torch.nn.functional.one_hot(classes, count).movedim(-1, 1)


def test_energy_is_the_weighted_log_of_the_softmax_of_the_true_class():
    logits, classes, weights = drawn()
    p = np.exp(logits.numpy()) / np.exp(logits.numpy()).sum(1, keepdims=True)
    energy = 0.0
    for b, y, x in np.ndindex(2, 4, 5):
        energy -= weights[b, y, x].item() * np.log(p[b, classes[b, y, x], y, x])
    assert abs(weighted_cross_entropy(logits, classes, weights).item() - energy / 40) < 1e-5


def test_focal_without_focus_is_cross_entropy_and_with_it_less():
    logits, classes, weights = drawn()
    torch.testing.assert_close(focal(logits, classes, weights, 0.0), weighted_cross_entropy(logits, classes, weights))
    one = torch.tensor([[[[0.0]], [[np.log(3.0)]]]])  # probabilities 1/4 and 3/4
    found = focal(one, torch.tensor([[[1]]]), torch.ones(1, 1, 1))
    assert found.item() == pytest.approx((1 / 4) ** 2 * -np.log(3 / 4), rel=1e-5)


def test_overlaps_are_the_ratios_of_their_formulas():
    logits, classes, weights = drawn()
    p = logits.softmax(1).numpy()
    dice, jaccard, missing = [], [], []
    for k in range(3):
        g, w = (classes == k).numpy(), weights.numpy()
        both, found, true = (w * p[:, k] * g).sum(), (w * p[:, k]).sum(), (w * g).sum()
        dice.append((2 * both + 1) / (found + true + 1))
        jaccard.append((both + 0.5) / (found + true - both + 0.5))
        missing.append((both + 0.5) / (both + 0.7 * (true - both) + 0.3 * (found - both) + 0.5))
    for loss, ratios in ((soft_dice, dice), (iou, jaccard), (tversky, missing)):
        assert loss(logits, classes, weights).item() == pytest.approx(1 - np.mean(ratios), abs=1e-5)


def test_ssim_at_one_scale_is_scikit_images():
    from skimage.metrics import structural_similarity

    rng = np.random.default_rng(0)
    a = rng.random((15, 18))  # too small for a second scale
    b = 0.7 * a + 0.3 * rng.random((15, 18))
    _, wanted = structural_similarity(
        a, b, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    inside = torch.zeros(1, 15, 18, dtype=torch.double)
    inside += 1e-30  # known, but it does not count
    inside[:, 7:8, 7:11] = 1.0  # no window reaches the edge from here
    found = ms_ssim(torch.tensor(a)[None, None], torch.tensor(b)[None, None], inside)
    assert 2 * found.item() - 1 == pytest.approx(wanted[7, 7:11].mean(), abs=1e-6)


@every_loss
@pytest.mark.parametrize(("height", "width"), [(3, 4), (1, 1), (1, 7), (12, 25)])
def test_gradients_agree_with_differences(loss, height, width):
    logits, classes, weights = drawn(height=height, width=width, dtype=torch.double)
    assert gradcheck(lambda x: loss(x, classes, weights), logits.requires_grad_(), fast_mode=height > 3)


def test_the_gradient_of_the_structural_loss_holds_over_scales():
    logits, classes, weights = drawn(1, 2, 23, 24, torch.double)  # two scales
    smooth = (torch.nn.functional.one_hot(classes, 2).movedim(-1, 1) * 3 + logits).requires_grad_()
    assert gradcheck(lambda x: structural(x, classes, weights), smooth, fast_mode=True)


@every_loss
def test_ignored_pixels_have_no_gradient_at_all(loss):
    logits, classes, weights = drawn(1, 2, 26, 30)
    weights[:, :, 10:20] = 0
    logits.requires_grad_()
    loss(logits, classes, weights).backward()
    ignored = (weights == 0)[:, None].expand_as(logits)
    assert (logits.grad[ignored] == 0).all()
    assert (logits.grad[~ignored] != 0).any()
    other = logits.detach().clone()
    other[ignored] = 99.0
    assert loss(other, 1 - classes * (weights == 0) - (1 - classes) * (weights > 0), weights) == pytest.approx(
        loss(logits, classes, weights).item(), abs=1e-6
    )


@every_loss
def test_the_truth_itself_costs_nothing_and_its_opposite_most(loss):
    _, classes, weights = drawn(1, 2, 26, 30)
    right, wrong = (loss(certain(c, 2), classes, weights).item() for c in (classes, 1 - classes))
    assert right == pytest.approx(0, abs=1e-4)
    assert wrong > 0.5


@every_loss
def test_a_sample_that_nobody_annotated_teaches_nothing(loss):
    logits, classes, weights = drawn()
    logits.requires_grad_()
    found = loss(logits, classes, 0 * weights)
    found.backward()
    assert torch.isfinite(found)
    assert (logits.grad == 0).all()


@every_loss
def test_half_precision_is_computed_in_single(loss):
    logits, classes, weights = drawn()
    rough = logits.bfloat16()
    torch.testing.assert_close(loss(rough, classes, weights), loss(rough.float(), classes, weights))


def test_the_loss_of_several_heads_is_their_mean():
    logits, classes, weights = drawn()
    both = total_loss(Heads([logits, 2 * logits]), classes, weights, "hybrid")
    one, two = (total_loss(x, classes, weights, "hybrid") for x in (logits, 2 * logits))
    torch.testing.assert_close(both, (one + two) / 2)


def test_presence_is_learnt_where_it_is_known():
    classes, weights = torch.zeros(3, 4, 4, dtype=torch.long), torch.ones(3, 4, 4)
    classes[0, 0, 0] = 1
    weights[2, 0, 0] = 0  # the third sample holds no cell where it is annotated, and may hold one elsewhere
    presence = torch.tensor([[0.0], [0.0], [3.0]], requires_grad=True)
    loss = presence_loss(presence, classes, weights)
    loss.backward()
    assert loss.item() == pytest.approx(2 * np.log(2) / 3, rel=1e-5)
    assert presence.grad.sign().ravel().tolist() == [-1, 1, 0]
