"""The best we can write in JAX: only active features drawn, and the Gram form, as in `gram.py`.

Shapes must be known when a step is compiled. A batch's order means nothing, so its samples are sorted by how many
events they have, and cut into blocks of as many slots for events as samples there may need: as many samples have a
first, second, ... event, at most, as six standard deviations above the mean. A slot without an event has the value
zero. The same goes for the set of active features.
"""

import argparse
import math

import toy

toy.needs("jax")
import jax
import jax.numpy as jnp
import numpy as np
from on_jax import serve

SPREAD = 6
# Fewer samples are not worth a block of their own, which takes long to compile.
FEWEST = 64


def above(mean, variance):
    """A multiple of eight that a count of this mean and variance does not exceed."""
    return 8 * math.ceil((mean + SPREAD * math.sqrt(variance) + 1) / 8)


def chances(batch, mean):
    """Of at least one, two, ... events in a sample, a Poisson variable, as far as a batch may have any."""
    found, chance, left = [], math.exp(-mean), 1.0
    while batch * (left := left - chance) > 1e-6:
        found.append(left)
        chance *= mean / len(found)
    return found


def blocks(batch, chances):
    """First and last sample and number of slots of each block."""
    found, low = [], 0
    sizes = [min(batch, above(batch * c, batch * c * (1 - c))) for c in chances]
    for size in reversed(sizes):
        if size - low >= FEWEST or size == sizes[0]:
            found.append((low, size, sum(other > low for other in sizes)))
            low = size
    return found


def make(cell):
    n, batch = cell.n, cell.batch
    p = np.array(cell.probabilities)
    # Events of a Poisson process of rate -ln(1-p) hit a sample at least once with probability p.
    rates = -np.log1p(-p)
    cumulative = (np.cumsum(rates) / rates.sum()).astype(np.float32)
    hit = 1 - (1 - p) ** batch
    n_active = min(n, above(hit.sum(), (hit * (1 - hit)).sum()))
    of_count = chances(batch, rates.sum())
    parts = blocks(batch, of_count)
    n_slots = [(high - low) * width for low, high, width in parts]
    ends = np.cumsum(n_slots)
    n_shown, total = parts[-1][1], ends[-1]

    def of_blocks(slots):
        """What belongs to all slots, `[samples, slots]` for each block."""
        shapes = [(high - low, width) for low, high, width in parts]
        return [slots[end - size : end].reshape(shape) for end, size, shape in zip(ends, n_slots, shapes)]

    def draw(key):
        """The feature and the value of every slot, and whether anything is there."""
        uniform = jax.random.uniform(key, (batch + 2 * total,))
        counts = jnp.sum(uniform[:batch, None] < np.array(of_count, dtype=np.float32), axis=0)
        features = jnp.searchsorted(cumulative, uniform[batch : batch + total], method="scan_unrolled")
        features = jnp.minimum(features, n - 1)
        there = []
        for (low, high, width), f in zip(parts, of_blocks(features)):
            # A second event of one feature in one sample counts for nothing.
            same = (f[:, :, None] == f[:, None, :]) & np.tri(width, k=-1, dtype=bool)
            there.append((np.arange(low, high)[:, None] < counts[:width]) & ~same.any(axis=2))
        there = jnp.concatenate([of_block.reshape(-1) for of_block in there])
        return features, jnp.where(there, 2 * uniform[batch + total :], 0.0), there

    def loss_and_gradients(weights, bias, key):
        features, values, there = draw(key)
        is_active = jnp.zeros(n, bool).at[features].max(there)
        active = jnp.nonzero(is_active, size=n_active, fill_value=0)[0]
        column = jnp.where(there, jnp.cumsum(is_active)[features] - 1, 0)
        rows = weights[active]
        gram = rows @ weights.T
        # Samples without any slot are all alike.
        n_empty = batch - n_shown
        empty = jax.nn.relu(bias)
        squares, of_bias = n_empty * jnp.vdot(empty, empty), n_empty * empty
        asked = jnp.zeros((n_active, n))
        for f, v, t, c in zip(*map(of_blocks, (features, values, there, column))):
            z = bias
            for slot in range(v.shape[1]):
                z = z + v[:, slot, None] * gram[c[:, slot]]
            error = jax.nn.relu(z)
            samples = np.arange(len(v))[:, None]
            at = error[samples, f]
            squares += jnp.vdot(error, error) + jnp.sum(jnp.where(t, v * v - 2 * at * v, 0.0))
            error = error.at[samples, f].add(jnp.where(t & (at > 0), -v, 0.0))
            of_bias += jnp.sum(error, axis=0)
            asked = asked.at[c.reshape(-1)].add((v[:, :, None] * error[:, None, :]).reshape(-1, n))
        of_weights = (rows.T @ asked).T.at[active].add(asked @ weights)
        factor = 2 / (batch * n)
        return squares / batch, (of_weights * factor, of_bias * factor)

    return loss_and_gradients


given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
given.add_argument("--instances", type=int, default=1, help="cells of one `vmap`")
given.add_argument("--devices", type=int, default=1, help="parts that the CPU's cores are made to be, each with its own cells")
given = given.parse_args()
serve(make, given.instances, given.devices)
