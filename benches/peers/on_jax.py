"""What the peers on JAX share: the start, Adam with its signed decay, and the loop over steps inside one call."""

import math
import os

import jax
import jax.numpy as jnp
import numpy as np
import toy

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def start(cell, key):
    """Weights of variance 1/d and biases of variance 1."""
    of_weights, of_bias = jax.random.split(key)
    weights = jax.random.normal(of_weights, (cell.n, cell.d)) / math.sqrt(cell.d)
    return weights, jax.random.normal(of_bias, (cell.n,))


def adam(cell, rate, step, weights, bias, moments, gradients):
    """A step of Adam, after the decay of the weights."""
    strength = rate * cell.decay
    if cell.decay >= 0:
        weights = weights * (1 - strength)
    else:
        norms = jnp.linalg.norm(weights, axis=-1, keepdims=True)
        weights = weights * (1 + strength - strength / (norms + 1e-8))
    unbias1, unbias2 = 1 - BETA1**step, 1 - BETA2**step

    def moved(parameter, moment, gradient):
        first = BETA1 * moment[0] + (1 - BETA1) * gradient
        second = BETA2 * moment[1] + (1 - BETA2) * gradient * gradient
        change = rate * (first / unbias1) / (jnp.sqrt(second / unbias2) + EPSILON)
        return parameter - change, (first, second)

    weights, of_weights = moved(weights, moments[0], gradients[0])
    bias, of_bias = moved(bias, moments[1], gradients[1])
    return weights, bias, (of_weights, of_bias)


def serve(make, instances=1, devices=1):
    """Answers the bench. `make(cell)` returns a function of weights, bias and a key: the loss on a batch that it
    draws, and its gradients. All steps that are asked for are one call, whose arrays are reused. So many instances,
    each with batches of its own, are one `vmap` on each of so many devices, which a CPU's cores can be made to be."""

    def begin(cell):
        os.environ["JAX_PLATFORMS"] = cell.device
        # Ours has work on the same card.
        os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
        if cell.threads < os.cpu_count() and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: cell.threads])
        if devices > 1:
            jax.config.update("jax_num_cpu_devices", devices)
        loss_and_gradients = make(cell)
        rates = np.array([cell.rate_at(step) for step in range(1, cell.steps + 1)], dtype=np.float32)

        def begun(key):
            key, of_start = jax.random.split(key)
            weights, bias = start(cell, of_start)
            moments = tuple((jnp.zeros_like(of), jnp.zeros_like(of)) for of in (weights, bias))
            return key, jnp.int32(0), weights, bias, moments

        def steps(state, n_steps):
            def step_once(_, state):
                (key, step, weights, bias, moments), total = state
                key, of_batch = jax.random.split(key)
                loss, gradients = loss_and_gradients(weights, bias, of_batch)
                rate = jnp.asarray(rates)[jnp.minimum(step, cell.steps - 1)]
                number = (step + 1).astype(jnp.float32)
                weights, bias, moments = adam(cell, rate, number, weights, bias, moments, gradients)
                return (key, step + 1, weights, bias, moments), total + loss

            # Compiled once, however many they are.
            state, total = jax.lax.fori_loop(0, n_steps, step_once, (state, jnp.float32(0)))
            return state, total / jnp.maximum(n_steps, 1)

        keys = jax.random.split(jax.random.key(0), (devices, instances))
        steps, begun = jax.vmap(steps, (0, None)), jax.vmap(begun)
        if devices == 1:
            steps, begun, keys = jax.jit(steps, donate_argnums=0), jax.jit(begun), keys[0]
        else:
            steps, begun = jax.pmap(steps, in_axes=(0, None), donate_argnums=0), jax.pmap(begun)
        state = begun(keys)

        def make_steps(n_steps):
            nonlocal state
            state, losses = steps(state, n_steps)
            return float(np.mean(losses))

        version = f"JAX {jax.__version__} on {jax.devices()[0].device_kind}"
        return version, make_steps, devices * instances

    toy.serve(begin)
