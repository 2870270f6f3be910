"""What the peers share: the cell, the optimizer with its signed decay, and how the bench talks to them.

A peer reads its cell as JSON from the first line of its input. Then, for every line "N", it makes N
steps and prints {"seconds": ..., "loss": ..., "instances": ..., "version": ...}: the wall time of
the N steps, the mean of their losses (squared errors summed over features, averaged over samples),
the number of models that made each step, and what it runs on. Only PyTorch is needed.
"""

import json
import math
import sys
import time

import torch


class Cell:
    """A cell of a sweep, with the fields' names shortened as in the paper."""

    def __init__(self, fields):
        self.n, self.d = fields["n_features"], fields["d_hidden"]
        self.batch = fields["batch_size"]
        self.steps, self.warmup = fields["steps"], fields["warmup_steps"]
        self.rate, self.floor = fields["learning_rate"], fields["final_learning_rate_fraction"]
        self.decay = fields["weight_decay"]
        self.p = torch.tensor(fields["probabilities"], dtype=torch.float64)

    def start(self, *instances):
        """Weights of variance 1/d and biases of variance 1."""
        return torch.randn(*instances, self.n, self.d) / math.sqrt(self.d), torch.randn(*instances, self.n)

    def rate_at(self, step):
        """A linear warm-up, then a cosine to the floor; `step` counts from 1."""
        if step < self.warmup:
            return self.rate * step / self.warmup
        t = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.rate * (self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * t)))


class Adam:
    """Adam in PyTorch's fused kernel, after the decay of the weights."""

    def __init__(self, cell, weights, bias):
        self.cell, self.weights = cell, weights
        self.adam = torch.optim.Adam([weights, bias], lr=cell.rate, fused=True)

    @torch.no_grad()
    def step(self, step):
        rate = self.cell.rate_at(step)
        strength = rate * self.cell.decay
        if self.cell.decay >= 0:
            self.weights.mul_(1 - strength)
        else:
            norms = torch.linalg.vector_norm(self.weights, dim=-1, keepdim=True)
            self.weights.mul_(1 + strength - strength / (norms + 1e-8))
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()


def serve(make, instances=1):
    """Answers the bench. `make(cell)` returns a function that makes a step and returns its loss."""
    fields = json.loads(sys.stdin.readline())
    torch.manual_seed(0)
    torch.set_num_threads(fields["threads"])
    torch.set_default_device(fields["device"])
    step_once = make(Cell(fields))
    step = 0
    for line in sys.stdin:
        n_steps, losses = int(line), []
        start = time.perf_counter()
        for _ in range(n_steps):
            step += 1
            losses.append(step_once(step))
        if fields["device"] == "cuda":
            torch.cuda.synchronize()
        seconds = time.perf_counter() - start
        loss = float(torch.stack(losses).mean()) if losses else None
        answer = {"seconds": seconds, "loss": loss, "instances": instances}
        version = f"PyTorch {torch.__version__}"
        if fields["device"] == "cuda":
            version += f" on {torch.cuda.get_device_name()}"
        print(json.dumps(answer | {"version": version}), flush=True)
