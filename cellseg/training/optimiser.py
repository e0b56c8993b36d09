"""Optimisers of torch without its compiler, which they would load at their first step: two to three seconds."""

from __future__ import annotations

import inspect
from typing import TypeVar, cast

import torch

from cellseg.options import TrainOptions

T = TypeVar("T", bound=torch.optim.Optimizer)
MARKED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
"""Methods that torch wraps, so that its compiler leaves them out; the wrapper loads the compiler to tell it so."""


def optimiser_of(network: torch.nn.Module, options: TrainOptions) -> torch.optim.Optimizer:
    """The optimiser that the options name, for all weights of a network."""
    if options.optimiser == "sgd":
        return _plain(torch.optim.SGD)(
            network.parameters(), lr=options.rate, momentum=options.momentum, weight_decay=options.decay
        )
    betas = (options.momentum, 0.99)
    return _plain(torch.optim.AdamW)(network.parameters(), lr=options.rate, betas=betas, weight_decay=options.decay)


def _plain(kind: type[T]) -> type[T]:
    """The same optimiser with the methods as they are below their wrappers."""
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in MARKED}
    step = torch.no_grad()(inspect.unwrap(kind.step))
    return cast(type[T], type(kind.__name__, (kind,), {**methods, "step": step}))
