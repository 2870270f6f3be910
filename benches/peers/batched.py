"""Peer (c): several instances in one einsum, as the teaching notebooks do. A step is one of each."""

import toy

toy.needs("torch")
import torch
from on_torch import Adam, probabilities, serve, start

INSTANCES = 4


def make(cell):
    weights, bias = start(cell, INSTANCES)
    weights.requires_grad_(), bias.requires_grad_()
    p = probabilities(cell).float()
    optimizer = Adam(cell, weights, bias)

    def step(number):
        shape = (cell.batch, INSTANCES, cell.n)
        x = torch.where(torch.rand(shape) < p, 2 * torch.rand(shape), 0.0)
        hidden = torch.einsum("bin,ind->bid", x, weights)
        y = torch.relu(torch.einsum("bid,ind->bin", hidden, weights) + bias)
        # The mean over one instance's entries, summed over instances: each learns as if alone.
        loss = ((y - x) ** 2).mean(dim=(0, 2)).sum()
        weights.grad = bias.grad = None
        loss.backward()
        optimizer.step(number)
        return loss.detach() / INSTANCES * cell.n

    return step


serve(make, INSTANCES)
