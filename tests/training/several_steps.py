"""Some steps of several networks in double precision, alone or as one of several processes; writes the weights."""

import os
import warnings

import numpy as np
import torch
from safetensors.torch import save_file

import cellseg
from cellseg.options import AugmentOptions
from cellseg.preprocess.augment import make_example
from cellseg.training import several
from cellseg.training.sampler import Batch, Sampler
from cellseg.training.state import new_state
from cellseg.training.step import take_step

STEPS = 3
CASES = (
    ("unet", {"base": 2, "depth": 1, "norm": "batch", "dropout": 0.5}, "hybrid"),
    ("unetpp", {"base": 2, "depth": 1, "norm": "batch"}, "iou"),
    ("unet3p", {"base": 2, "depth": 1, "guidance": True}, "focal"),
    ("effunet", {"base": 2, "depth": 1}, "cross-entropy"),
)


def example():
    rng = np.random.default_rng(0)
    image = rng.normal(size=(1, 80, 80)).astype(np.float32)
    classes = (image[0] > 0.5).astype(np.uint8)
    return make_example(image, classes, rng.uniform(0, 2, (80, 80)).astype(np.float32))


def steps(name, options, loss):
    """The weights after some steps with a batch of four."""
    torch.manual_seed(0)
    settings = cellseg.settings_for(batch=4, loss=loss, rate=0.05, optimiser="sgd", decay=0.0, ema=0.5).train
    network = cellseg.build(name, **options).double().train()
    size = network.geometry.input_size(32)
    state = new_state(network, settings)
    state.shared = several.shared(state.network)
    share = several.share_of(settings.batch)
    sampler = Sampler(
        [example()], AugmentOptions(), 0, len(share), size, network.geometry.output_size(size), first=share.start
    )
    for batch in sampler.batches(0, STEPS):
        take_step(state, Batch(batch.images.double(), batch.classes, batch.weights.double()), settings, torch.float32)
    return state.averaged.state_dict()


def run(out, environment):
    """The work of one process, which has these variables; the first one writes."""
    os.environ.update(environment)  # without CUDA, because GPUs have other kernels
    warnings.simplefilter("error", FutureWarning)  # else once a process
    torch.set_num_threads(1)
    if "RANK" in os.environ:
        several.join()
    found = {f"{case[0]}.{name}": tensor.contiguous() for case in CASES for name, tensor in steps(*case).items()}
    if several.is_first():
        save_file(found, out)
