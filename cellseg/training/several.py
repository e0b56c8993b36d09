"""Several processes that train as one: each computes its share of every batch, and all take the same step.

`torchrun` starts them and names them in the environment. Sample k of a step is the same whoever draws it; sums over the
batch (of the statistics of normalisation layers, of ratios in losses) go over all shares; gradients are averaged. So
the result is that of one process with the whole batch, to rounding. Without `join` all of this does nothing.

The convention: the loss of the batch is the mean of the losses of the shares. A sum over all shares that a loss depends
on is summed over all on the way back, too (`summed`), and DistributedDataParallel takes the mean of the gradients.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous
from torch.nn.functional import batch_norm

from cellseg.errors import InputError
from cellseg.models.hardware import training_device
from cellseg.models.mbconv import DropPath

LONGEST = timedelta(hours=24)
"""What others wait for the first one, which validates alone; one that is gone is noticed at once."""
ASK_EVERY = 0.05
"""Seconds between two looks for processes that are not there yet."""
T = TypeVar("T")


def join() -> None:
    """Become one of the processes that torchrun started; it names them in the environment.

    Raises InputError where there are fewer GPUs than processes on this machine.
    """
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    gpus = training_device().type == "cuda"
    if gpus:
        if here > torch.cuda.device_count():
            found = f"{here} processes were started on a machine with {torch.cuda.device_count()} GPUs"
            raise InputError(found, "Start one for each GPU, or hide them by CUDA_VISIBLE_DEVICES= (empty).")
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    store, own, count = next(rendezvous("env://"))
    backend = "nccl" if gpus else "gloo"
    fresh = PrefixStore(_token(store, own, count), store)
    dist.init_process_group(backend, store=fresh, rank=own, world_size=count, timeout=LONGEST)


def size() -> int:
    """Number of processes that train together; 1 for one alone."""
    return dist.get_world_size() if _joined() else 1


def rank() -> int:
    """The number of this one, from 0."""
    return dist.get_rank() if _joined() else 0


def is_first() -> bool:
    """True if this is the one that validates and writes."""
    return rank() == 0


def share_of(batch: int) -> range:
    """The samples of a batch that this process draws. Raises InputError where it cannot be divided equally."""
    each, left = divmod(batch, size())
    if left:
        found, near = f"--batch {batch} cannot be divided equally among {size()} processes", size() * max(each, 1)
        raise InputError(found, f"Choose {near} or {near + size()}, or another number of processes.")
    return range(rank() * each, (rank() + 1) * each)


def summed(part: Tensor) -> Tensor:
    """The sum over all processes, through which gradients flow; the same shape everywhere."""
    if not _joined():
        return part
    whole: Tensor = _Sum.apply(part)  # type: ignore[no-untyped-call]
    return whole


def mean(value: Tensor) -> Tensor:
    """The mean over all processes, without gradients."""
    return _total(value.detach()) / size() if _joined() else value.detach()


def any_wishes(wish: bool) -> bool:
    """True if one of the processes wishes something; all hear the same at the same place."""
    return wish if not _joined() else bool(mean(torch.tensor(float(wish), device=_device())) > 0)


def first_says(answer: bool) -> bool:
    """Answer of the first process."""
    return answer if not _joined() else bool(_told(bytes([answer]), 0)[0])


def from_first(work: Callable[[], bytes]) -> bytes:
    """Result of `work` in the first process; the others do not do it."""
    return work() if not _joined() else _told(work() if is_first() else b"", 0)


def agreed(work: Callable[[], T]) -> T:
    """Result of `work` here; where it raises InputError in one process, it does in all."""
    if not _joined():
        return work()
    found, wrong = None, ""
    try:
        found = work()
    except InputError as error:
        wrong = str(error)
    for k, text in enumerate(_all_told(wrong)):
        if text:
            raise InputError(text if k == 0 else f"process {k}: {text}")
    return found  # type: ignore[return-value]


def check_same(digest: str) -> None:
    """Raise InputError unless all processes train with the same data and options."""
    if _joined() and len(set(_all_told(digest))) > 1:
        raise InputError(
            "the processes have read different images, labels or options",
            "Give each machine the same files and the same command.",
        )


def first_is_done() -> None:
    """Others wait here until the first one comes here, too."""
    if _joined():
        first_says(True)


def is_loss(error: RuntimeError) -> bool:
    """True if an error says that another process is gone."""
    return isinstance(error, dist.DistError) or any(word in str(error) for word in ("gloo", "NCCL", "peer"))


def shared(network: nn.Module) -> nn.Module | None:
    """The network as all processes train it: with the statistics and the chances of the whole batch; None for one.

    Its parameters are those of `network`, whose layers are changed for it.
    """
    if not _joined():
        return None
    if training_device().type == "cuda":
        nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    for module in list(network.modules()):
        for name, layer in list(module.named_children()):
            if type(layer) is nn.BatchNorm2d:
                setattr(module, name, _WholeBatchNorm.like(layer))
            if isinstance(layer, nn.Dropout | DropPath):
                setattr(module, name, _DrawnTogether(layer))
    return nn.parallel.DistributedDataParallel(network)


class _Sum(torch.autograd.Function):
    """Sum over all processes: each gets the sum of what all give, and on the way back the sum of all gradients."""

    @staticmethod
    def forward(_context: Any, part: Tensor) -> Tensor:
        return _total(part)

    @staticmethod
    def backward(_context: Any, gradient: Tensor) -> Tensor:
        return _total(gradient)


class _WholeBatchNorm(nn.BatchNorm2d):
    """Batch normalisation with mean and variance of all shares; torch's own is for GPUs only."""

    @classmethod
    def like(cls, layer: nn.BatchNorm2d) -> _WholeBatchNorm:
        """With the parameters and buffers of a layer."""
        made = cls(layer.num_features, layer.eps, layer.momentum)
        made.weight, made.bias = layer.weight, layer.bias
        for name, buffer in layer.named_buffers():
            setattr(made, name, buffer)
        return made

    def forward(self, x: Tensor) -> Tensor:
        """x (B, C, H, W), of which each process has as many."""
        if not self.training:
            return batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        mean, variance = self._moments(wide)
        found = (wide - _by_channel(mean)) * _by_channel(self.weight * (variance + self.eps).rsqrt())
        return (found + _by_channel(self.bias)).to(x.dtype)

    def _moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance (C,) over all shares, from those of each share: all are equally large."""
        variance, mean = torch.var_mean(x, (0, 2, 3), correction=0)
        own = torch.zeros(size(), 1, 1, dtype=x.dtype, device=x.device)
        own[rank()] = 1
        means, variances = summed(own * torch.stack([mean, variance])).unbind(1)
        mean = means.mean(0)
        variance = variances.mean(0) + ((means - mean) ** 2).mean(0)
        self._remember(mean.detach(), variance.detach(), size() * x.numel() // x.shape[1])
        return mean, variance

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """As torch does: the running variance is that of the population."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / max(count - 1, 1)), self.momentum)


class _DrawnTogether(nn.Module):
    """A layer that multiplies by chance, such as drop-out; each process draws for the whole batch and takes its share.

    So chance is that of one process, and the random state is the same everywhere: that of the first goes into the
    checkpoint for all.
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        last = x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last)
        ones = torch.ones((size() * len(x), *x.shape[1:]), dtype=x.dtype, device=x.device)
        factors: Tensor = self.layer(ones.to(memory_format=torch.channels_last) if last else ones)
        return x * factors[rank() * len(x) : (rank() + 1) * len(x)]


def _total(part: Tensor) -> Tensor:
    total = part.clone(memory_format=torch.contiguous_format)
    dist.all_reduce(total)
    return total


def _by_channel(values: Tensor) -> Tensor:
    return values[:, None, None]


def _token(store: Store, own: int, count: int) -> str:
    """A word that only the processes of this start have.

    torchrun's store outlives a start, and with it the addresses of processes that are gone, for which gloo would wait
    for ever. So each process says a word that was never said before, and takes the one that the first answers to it.
    """
    mine = uuid.uuid4().hex
    if own:
        store.set(f"word of {own}", mine)
        found = str(store.get(f"answer to {mine}").decode())
        store.set(f"{found} heard by {own}", "")
        return found
    waiting = set(range(1, count))
    while waiting:
        for other in [other for other in waiting if store.check([f"word of {other}"])]:
            store.set(f"answer to {store.get(f'word of {other}').decode()}", mine)
        time.sleep(ASK_EVERY)
        waiting -= {other for other in waiting if store.check([f"{mine} heard by {other}"])}
    return mine


def _joined() -> bool:
    return dist.is_available() and dist.is_initialized()


def _device() -> torch.device:
    return torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")


def _all_told(text: str) -> list[str]:
    """The texts of all processes."""
    return [_told(text.encode(), source).decode() for source in range(size())]


def _told(content: bytes, source: int) -> bytes:
    """The content that one process has; nothing is pickled."""
    length = torch.tensor([len(content)], device=_device())
    dist.broadcast(length, source)
    if not int(length):
        return b""
    own = bytearray(content if rank() == source else int(length))
    data = torch.frombuffer(own, dtype=torch.uint8).to(_device())
    dist.broadcast(data, source)
    return data.cpu().numpy().tobytes()
