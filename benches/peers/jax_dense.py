"""The dense step of `dense.py` in JAX: the formula as written, its gradient by `grad`, all compiled."""

import toy

toy.needs("jax")
import jax
import jax.numpy as jnp
import numpy as np
from on_jax import serve


def make(cell):
    p = np.array(cell.probabilities, dtype=np.float32)

    def loss_of(weights, bias, x):
        y = jax.nn.relu(x @ weights @ weights.T + bias)
        return jnp.mean((y - x) ** 2)

    def loss_and_gradients(weights, bias, key):
        # One number says both whether a feature is active and, if so, its value.
        uniform = jax.random.uniform(key, (cell.batch, cell.n))
        x = jnp.where(uniform < p, uniform * (2 / p), 0.0)
        loss, gradients = jax.value_and_grad(loss_of, argnums=(0, 1))(weights, bias, x)
        return loss * cell.n, gradients

    return loss_and_gradients


serve(make)
