import numpy as np
import torch

from cellseg.training.losses import weighted_cross_entropy


def test_energy_is_the_weighted_log_of_the_softmax_of_the_true_class():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 4, 5, generator=generator)
    classes = torch.randint(0, 3, (2, 4, 5), generator=generator)
    weights = torch.rand(2, 4, 5, generator=generator) * 10
    p = np.exp(logits.numpy()) / np.exp(logits.numpy()).sum(1, keepdims=True)
    energy = 0.0
    for b, y, x in np.ndindex(2, 4, 5):
        energy -= weights[b, y, x].item() * np.log(p[b, classes[b, y, x], y, x])
    assert abs(weighted_cross_entropy(logits, classes, weights).item() - energy / 40) < 1e-5


def test_ignored_pixels_have_no_gradient_at_all():
    logits = torch.randn(1, 2, 6, 6, requires_grad=True)
    weights = torch.ones(1, 6, 6)
    weights[:, :3] = 0
    weighted_cross_entropy(logits, torch.ones(1, 6, 6, dtype=torch.long), weights).backward()
    assert (logits.grad[:, :, :3] == 0).all()
    assert (logits.grad[:, :, 3:] != 0).all()
