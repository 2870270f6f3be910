"""Many small toys at once in PyTorch: one einsum over all instances, each with a density and an importance of its own.

The model, data, batch and optimizer of configs/paper/elhage2022/phases-2-1.toml: y = ReLU(x W Wᵀ + b), values
uniform on [0, 1], squared errors by importance, Adam at 1e-3. Prints a line for each number of instances: microseconds for
one step of one instance, on the clock and of processor time.

    python benches/peers/instances.py --instances 60 240 960 --steps 200
"""

import argparse
import time

import torch


def seconds(n_instances, n_features, d_hidden, batch_size, steps, warm_up):
    """Wall time and processor time, over all threads, of so many steps of all instances."""
    density = torch.logspace(0, -2, n_instances)
    importance = torch.ones(n_instances, n_features)
    importance[:, -1] = torch.logspace(-1, 1, n_instances)
    weights = torch.nn.init.xavier_normal_(torch.empty(n_instances, n_features, d_hidden))
    weights.requires_grad_()
    bias = torch.zeros(n_instances, n_features, requires_grad=True)
    optimizer = torch.optim.Adam([weights, bias], lr=1e-3)
    shape = (batch_size, n_instances, n_features)
    for step in range(warm_up + steps):
        if step == warm_up:
            begun, begun_cpu = time.perf_counter(), time.process_time()
        x = torch.rand(shape) * (torch.rand(shape) < density[:, None])
        hidden = torch.einsum("bif,ifh->bih", x, weights)
        y = torch.relu(torch.einsum("bih,ifh->bif", hidden, weights) + bias)
        # The sum over instances: the gradient of each is that of its own loss.
        loss = (importance * (y - x) ** 2).mean(dim=(0, 2)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.perf_counter() - begun, time.process_time() - begun_cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, nargs="+", default=[60, 240, 960])
    parser.add_argument("--features", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--warm-up", type=int, default=20)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    print("instances,threads,steps,wall_s,cpu_s,wall_us_each,cpu_us_each")
    for n in given.instances:
        wall, cpu = seconds(n, given.features, given.hidden, given.batch, given.steps, given.warm_up)
        each = 1e6 / (n * given.steps)
        print(f"{n},{given.threads},{given.steps},{wall:.3f},{cpu:.3f},{wall * each:.2f},{cpu * each:.2f}", flush=True)


if __name__ == "__main__":
    main()
