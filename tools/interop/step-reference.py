"""The adversarial step of the paper's Section 3.4, written again on JAX from the equations alone.

Reads what tools/interop/step.mjs recorded (initial state, batches, teacher outputs, masks), plays the same
steps and prints, for every tensor, max|difference| / max|w| against the state that our compiled step reached.
"""
import json
import sys

import jax
import jax.numpy as jnp
from safetensors.numpy import load_file

start, end, inputs = (load_file(path) for path in sys.argv[1:4])
options = json.loads(sys.argv[4])
jax.config.update("jax_default_matmul_precision", "highest")


def conv(x, w, b, padding):  # NHWC, HWIO
    y = jax.lax.conv_general_dilated(x, w, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return y + b


def pool(x):  # 2x2 maximum
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def student(p, images):
    x = (images - options["mean"]) / options["std"]
    for i, padding in ((1, "SAME"), (2, "VALID")):
        x = pool(jax.nn.relu(conv(x, p[f"conv{i}/weights"], p[f"conv{i}/bias"], padding)))
    x = x.reshape(x.shape[0], -1)
    x = jax.nn.relu(x @ p["fc1/weights"] + p["fc1/bias"])
    features = jax.nn.relu(x @ p["fc2/weights"] + p["fc2/bias"])
    return features, features @ p["logits/weights"] + p["logits/bias"]


def discriminator(p, f):
    for i in range(1, options["hidden"] + 1):
        f = jax.nn.relu(f @ p[f"hidden{i}/weights"] + p[f"hidden{i}/bias"])
    return f @ p["output/weights"] + p["output/bias"]


def minus_log(z):  # -log sigmoid(z)
    return jnp.mean(jnp.logaddexp(0.0, -z))


def d_loss(p, f_t, f_s):
    on_t, on_s = discriminator(p, f_t), discriminator(p, f_s)
    maximised = -minus_log(on_t) - minus_log(-on_s) - minus_log(on_s)  # Eq. 2 and Eq. 7
    return -maximised


def s_loss(p, d, images, f_t, z_t, mask):
    features, logits = student(p, images)
    dropped = features * mask / (1 - options["dropout"])
    data = jnp.mean(jnp.sum((z_t - logits) ** 2, axis=1))  # Eq. 3
    return minus_log(discriminator(d, dropped)) + options["lambda"] * data  # label inversion


def momentum(p, v, g):
    for name in p:
        grad = g[name] + (options["decay"] * p[name] if name.endswith("weights") else 0.0)
        v[name] = 0.9 * v[name] + grad
        p[name] = p[name] - options["rate"] * v[name]


def part(state, prefix):
    return {name[len(prefix):]: jnp.asarray(value) for name, value in state.items() if name.startswith(prefix)}


players = {who: part(start, f"{who}/params/") for who in ("student", "discriminator")}
velocity = {who: {name: jnp.zeros_like(w) for name, w in p.items()} for who, p in players.items()}
grad_d, grad_s = jax.jit(jax.grad(d_loss)), jax.jit(jax.grad(s_loss))
for step in range(options["steps"]):
    batch = part(inputs, f"{step}/")
    images = batch["images"].astype(jnp.float32)
    s, d = players["student"], players["discriminator"]
    momentum(d, velocity["discriminator"], grad_d(d, batch["teacher/features"], student(s, images)[0]))
    momentum(s, velocity["student"],
             grad_s(s, d, images, batch["teacher/features"], batch["teacher/logits"], batch["mask"]))

worst = {}
for who, p in players.items():
    for name, w in p.items():
        ours = end[f"{who}/params/{name}"]
        moved = float(jnp.abs(w - start[f"{who}/params/{name}"]).max())
        worst[f"{who}/{name}"] = [float(jnp.abs(w - ours).max() / jnp.abs(w).max()), moved]
print(json.dumps(worst))
