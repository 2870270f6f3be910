"""What the peers share: the cell, its schedule, and how the bench talks to them.

A peer reads its cell as JSON from the first line of its input. Then, for every line "N", it makes N
steps and prints {"seconds": ..., "loss": ..., "instances": ..., "version": ...}: the wall time of
the N steps, the mean of their losses (squared errors summed over features, averaged over samples),
the number of models that made each step, and what it runs on. Where the library that it needs is not
there, it prints {"absent": ...}, a sentence, and ends. Nothing here needs more than Python; what the
peers of one library share is in `on_torch.py` and `on_jax.py`.
"""

import importlib.util
import json
import math
import sys
import time


def needs(library):
    """Ends the peer, and says so, where this Python has not got the library."""
    if importlib.util.find_spec(library) is None:
        print(json.dumps({"absent": f"{sys.executable} has no {library}"}), flush=True)
        sys.exit()


class Cell:
    """A cell of a sweep, with the fields' names shortened as in the paper."""

    def __init__(self, fields):
        self.n, self.d = fields["n_features"], fields["d_hidden"]
        self.batch = fields["batch_size"]
        self.steps, self.warmup = fields["steps"], fields["warmup_steps"]
        self.rate, self.floor = fields["learning_rate"], fields["final_learning_rate_fraction"]
        self.decay = fields["weight_decay"]
        self.probabilities = fields["probabilities"]
        self.threads, self.device = fields["threads"], fields["device"]

    def rate_at(self, step):
        """A linear warm-up, then a cosine to the floor, where it stays; `step` counts from 1."""
        if step < self.warmup:
            return self.rate * step / self.warmup
        t = min(1.0, (step - self.warmup) / max(1, self.steps - self.warmup))
        return self.rate * (self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * t)))


def serve(begin):
    """Answers the bench. `begin(cell)` returns the version of what the peer runs on; a function that makes N steps,
    waits for them, and returns the mean of their losses; and the number of models that make each step."""
    version, make_steps, instances = begin(Cell(json.loads(sys.stdin.readline())))
    for line in sys.stdin:
        start = time.perf_counter()
        loss = make_steps(int(line))
        seconds = time.perf_counter() - start
        answer = {"seconds": seconds, "loss": loss, "instances": instances, "version": version}
        print(json.dumps(answer), flush=True)
