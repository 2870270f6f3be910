"""Peer (b): the best we can write in PyTorch: only active features drawn, and the Gram form.

The same algebra as our own engine, gradient by hand, on PyTorch's kernels: sparse sampling, the
active rows of the Gram matrix, sparse products for samples, dense products for weights.
"""

import warnings

import toy

toy.needs("torch")
import torch
from on_torch import Adam, probabilities, serve, start

warnings.filterwarnings("ignore", message="Sparse CSR")
torch.sparse.check_sparse_tensor_invariants.disable()


def make(cell):
    weights, bias = start(cell)
    weights.grad, bias.grad = torch.empty_like(weights), torch.empty_like(bias)
    optimizer = Adam(cell, weights, bias)
    n, batch = cell.n, cell.batch
    # Events of a Poisson process of rate -ln(1-p) hit a sample at least once with probability p.
    rates = -torch.log1p(-probabilities(cell))
    expected = float(rates.sum()) * batch
    cumulative = (rates.cumsum(0) / rates.sum()).float()

    @torch.no_grad()
    def step(number):
        n_events = int(torch.poisson(torch.tensor(expected)))
        features = torch.searchsorted(cumulative, torch.rand(n_events)).clamp_(max=n - 1)
        keys = torch.unique(torch.randint(batch, (n_events,)) * n + features)
        samples, features = keys // n, keys % n
        values = 2 * torch.rand(len(keys))
        active, column = torch.unique(features, return_inverse=True)
        present, counts = torch.unique_consecutive(samples, return_counts=True)
        a, present_count = len(active), len(present)
        offsets = torch.zeros(present_count + 1, dtype=torch.long)
        torch.cumsum(counts, 0, out=offsets[1:])
        row = torch.repeat_interleave(torch.arange(present_count), counts)
        x = torch.sparse_csr_tensor(offsets, column, values, (present_count, a))

        rows = weights[active]
        gram = rows @ weights.T
        error = torch.addmm(bias, x, gram).relu_()
        n_empty = batch - present_count
        empty = bias.relu()
        at = error[row, features]
        squares = error.square().sum() + n_empty * empty.square().sum()
        squares += ((at - values) ** 2 - at**2).sum()
        error[row, features] = torch.where(at > 0, at - values, 0.0)
        asked = x.t().to_sparse_csr() @ error
        factor = 2 / (batch * n)
        torch.mm(asked.T, rows, out=weights.grad)
        weights.grad.index_add_(0, active, asked @ weights)
        weights.grad.mul_(factor)
        torch.add(error.sum(0), empty, alpha=n_empty, out=bias.grad)
        bias.grad.mul_(factor)
        optimizer.step(number)
        return squares / batch

    return step


serve(make)
