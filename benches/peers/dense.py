"""Peer (a): the dense step as the paper describes it, with autograd. `--compile` compiles it."""

import sys

import toy

toy.needs("torch")
import torch
from on_torch import Adam, probabilities, serve, start

COMPILE = sys.argv[1:] == ["--compile"]


def make(cell):
    weights, bias = start(cell)
    weights.requires_grad_(), bias.requires_grad_()
    p = probabilities(cell).float()
    optimizer = Adam(cell, weights, bias)

    def loss_of(weights, bias):
        shape = (cell.batch, cell.n)
        x = torch.where(torch.rand(shape) < p, 2 * torch.rand(shape), 0.0)
        y = torch.relu(x @ weights @ weights.T + bias)
        return torch.mean((y - x) ** 2)

    if COMPILE:
        loss_of = torch.compile(loss_of)

    def step(number):
        loss = loss_of(weights, bias)
        weights.grad = bias.grad = None
        loss.backward()
        optimizer.step(number)
        return loss.detach() * cell.n

    return step


serve(make)
