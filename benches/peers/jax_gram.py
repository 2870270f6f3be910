"""The best we can write in JAX: only active features drawn, and the Gram form, as in `gram.py`.

Shapes must be known when a step is compiled. So samples, whose order means nothing, are sorted by how many events
they have, and each of a sample's events is a slot: as many samples have a slot, at most, as six standard deviations
above the mean; those that have not have a value of zero there. The same goes for the set of active features.
"""

import math
import os
import sys

import toy

toy.needs("jax")
import jax
import jax.numpy as jnp
import numpy as np
from on_jax import serve

SPREAD = 6
FEWEST = 64


def above(mean, variance):
    """A multiple of eight that a count of this mean and variance does not exceed."""
    return 8 * math.ceil((mean + SPREAD * math.sqrt(variance) + 1) / 8)


class Slots:
    """How many samples have a first, a second, ... event at most, and samples in blocks of as many slots."""

    def __init__(self, batch, mean):
        # The chance of at least so many events in a sample, a Poisson variable.
        self.chances, chance, left = [], math.exp(-mean), 1.0
        while batch * (left := left - chance) > 1e-6:
            self.chances.append(left)
            chance *= mean / len(self.chances)
        sizes = [min(batch, above(batch * c, batch * c * (1 - c))) for c in self.chances]
        self.sizes, self.total = sizes, sum(sizes)
        self.begins = np.cumsum([0, *sizes[:-1]])
        # Blocks of few samples are not worth their own code.
        self.blocks, low = [], 0
        for at in range(len(sizes) - 1, -1, -1):
            if sizes[at] - low >= FEWEST or at == 0:
                self.blocks.append((low, sizes[at], sum(size > low for size in sizes)))
                low = sizes[at]


def make(cell):
    n, batch = cell.n, cell.batch
    p = np.array(cell.probabilities)
    # Events of a Poisson process of rate -ln(1-p) hit a sample at least once with probability p.
    rates = -np.log1p(-p)
    slots = Slots(batch, rates.sum())
    chances = np.array(slots.chances, dtype=np.float32)
    cumulative = (np.cumsum(rates) / rates.sum()).astype(np.float32)
    hit = 1 - (1 - p) ** batch
    n_active = min(n, above(hit.sum(), (hit * (1 - hit)).sum()))
    n_slots = len(slots.sizes)
    row = np.concatenate([np.arange(size) for size in slots.sizes])

    of_slot = np.repeat(np.arange(n_slots), slots.sizes)

    def draw(key):
        """The feature and the value of every slot, and whether anything is there."""
        uniform = jax.random.uniform(key, (batch + 2 * slots.total,))
        counts = jnp.sum(uniform[:batch, None] < chances, axis=0)
        features = jnp.searchsorted(cumulative, uniform[batch : batch + slots.total], method="scan_unrolled")
        features = jnp.minimum(features, n - 1)
        # A second event of one feature in one sample counts for nothing.
        by_slot = [features[begin : begin + size] for begin, size in zip(slots.begins, slots.sizes)]
        again = [
            sum((before[: slots.sizes[at]] == by_slot[at] for before in by_slot[:at]), jnp.zeros(slots.sizes[at], bool))
            for at in range(n_slots)
        ]
        there = (row < counts[of_slot]) & ~jnp.concatenate(again)
        return features, jnp.where(there, 2 * uniform[batch + slots.total :], 0.0), there

    def loss_and_gradients(weights, bias, key):
        features, values, there = draw(key)
        is_active = jnp.zeros(n, bool).at[features].max(there)
        active = jnp.nonzero(is_active, size=n_active, fill_value=0)[0]
        column = jnp.where(there, jnp.cumsum(is_active)[features] - 1, 0)
        rows = weights[active]
        gram = rows @ weights.T
        squares, of_bias = jnp.float32(0), jnp.zeros(n)
        asked = jnp.zeros((n_active, n))
        for low, high, width in slots.blocks:
            at = slots.begins[:width] + np.arange(low, high)[:, None]
            at = np.minimum(at, slots.begins[:width] + np.array(slots.sizes[:width]) - 1)
            f, v, t, c = (of_all[at] for of_all in (features, values, there, column))
            is_slot = np.arange(low, high)[:, None] < np.array(slots.sizes[:width])
            v, t = jnp.where(is_slot, v, 0.0), t & is_slot
            z = bias
            for slot in range(width):
                z = z + v[:, slot, None] * gram[c[:, slot]]
            error = jax.nn.relu(z)
            samples = np.arange(high - low)[:, None]
            y = error[samples, f]
            squares += jnp.sum(error * error) + jnp.sum(jnp.where(t, v * v - 2 * y * v, 0.0))
            error = error.at[samples, f].add(jnp.where(t & (y > 0), -v, 0.0))
            of_bias += jnp.sum(error, axis=0)
            for slot in range(width):
                asked = asked.at[c[:, slot]].add(v[:, slot, None] * error)
        # Samples without any slot are all alike.
        n_empty = batch - slots.sizes[0]
        empty = jax.nn.relu(bias)
        squares += n_empty * jnp.sum(empty * empty)
        of_weights = (rows.T @ asked).T.at[active].add(asked @ weights)
        factor = 2 / (batch * n)
        return squares / batch, (of_weights * factor, (of_bias + n_empty * empty) * factor)

    return loss_and_gradients


serve(make, lambda cell: int(os.environ.get("I","1")), lambda cell: int(os.environ.get("D","1")))
