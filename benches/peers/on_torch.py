"""What the peers on PyTorch share: the start, the optimizer with its signed decay, and the loop over steps."""

import math

import torch
import toy


def start(cell, *instances):
    """Weights of variance 1/d and biases of variance 1."""
    return torch.randn(*instances, cell.n, cell.d) / math.sqrt(cell.d), torch.randn(*instances, cell.n)


def probabilities(cell):
    """Each feature's, in double precision."""
    return torch.tensor(cell.probabilities, dtype=torch.float64)


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

    def begin(cell):
        torch.manual_seed(0)
        torch.set_num_threads(cell.threads)
        torch.set_default_device(cell.device)
        on_gpu = cell.device == "cuda"
        step_once, step = make(cell), 0

        def make_steps(n_steps):
            nonlocal step
            losses = []
            for _ in range(n_steps):
                step += 1
                losses.append(step_once(step))
            if on_gpu:
                torch.cuda.synchronize()
            return float(torch.stack(losses).mean()) if losses else None

        version = f"PyTorch {torch.__version__}"
        version += f" on {torch.cuda.get_device_name()}" if on_gpu else ""
        return version, make_steps, instances

    toy.serve(begin)
