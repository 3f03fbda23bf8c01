"""The parts of the objective again on JAX, from the equations and the authors' published code.

Reads what tools/interop/objectives.mjs recorded (inputs, and our values and gradients) and prints for every case
max|difference| / max|ours| of the value and of each gradient.
"""
import json
import sys

import jax
import jax.numpy as jnp
from jax.nn import log_softmax, relu, softmax
from safetensors.numpy import load_file

jax.config.update("jax_enable_x64", True)
recorded = {name: jnp.asarray(value, jnp.float64) for name, value in load_file(sys.argv[1]).items()}
cases = json.loads(sys.argv[2])


def divergence(log_q, p):  # KL(p || q), summed over the classes, mean over the batch
    return jnp.sum(jnp.where(p > 0, p * (jnp.log(jnp.where(p > 0, p, 1.0)) - log_q), 0.0), 1).mean()


def kl(s, t, temperature):  # Hinton 2015
    return divergence(log_softmax(s / temperature, 1), softmax(t / temperature, 1)) * temperature**2


def dkd(s, t, temperature, alpha, beta):  # Zhao 2022, with the teacher's prediction as the target
    mask = jax.nn.one_hot(t.argmax(1), t.shape[1])

    def binary(z):
        p = softmax(z / temperature, 1)
        return jnp.stack([(p * mask).sum(1), (p * (1 - mask)).sum(1)], 1)

    tckd = divergence(jnp.log(binary(s)), binary(t))
    nckd = divergence(log_softmax(s / temperature - 1000.0 * mask, 1), softmax(t / temperature - 1000.0 * mask, 1))
    return (alpha * tckd + beta * nckd) * temperature**2


def standardized(z):  # Sun 2024
    centered = z - z.mean(1, keepdims=True)
    return centered / jnp.sqrt((centered**2).mean(1, keepdims=True) + 1e-7)


def similarity(f_s, f_t):  # Tung & Mori 2019
    def rows(f):
        g = f @ f.T
        return g / jnp.linalg.norm(g, axis=1, keepdims=True)

    return ((rows(f_t) - rows(f_s)) ** 2).sum() / len(f_s) ** 2


def data(name, x, options):
    s, t = x["s/logits"], x["t/logits"]
    if name == "l2":
        squares = (s - t) ** 2
        return (squares.sum(1) if options["reduction"] == "sum" else squares.mean(1)).mean()
    if name == "kl":
        return kl(s, t, options["temperature"])
    if name == "dkd":
        return dkd(s, t, options["temperature"], options["alpha"], options["beta"])
    if name == "standardized":
        return kl(standardized(s), standardized(t), options["temperature"])
    if name == "l1":
        return jnp.abs(s - t).mean()
    return similarity(x["s/features"], x["t/features"])


def bce(logits, label):  # -log sigmoid(z) or -log (1 - sigmoid(z))
    return jnp.logaddexp(0.0, -logits if label == 1 else logits).mean()


def relative(form, z, label):  # Jolicoeur-Martineau 2018
    if form == "cross-entropy":
        return bce(z, label)
    sign = 1 if label == 1 else -1
    return ((z - sign) ** 2).mean() if form == "least-squares" else relu(1 - sign * z).mean()


def adversarial(side, name, x, options):
    t, s = x["t/logits"], x["s/logits"]
    student = side == "student"
    if name == "relativistic":
        return relative(options["form"], s - t if student else t - s, 1)
    if name == "relativistic-average":
        high, low = (s, t) if student else (t, s)
        return relative(options["form"], high - low.mean(), 1) + relative(options["form"], low - high.mean(), 0)
    if name == "hinge":
        return -s.mean() if student else relu(1 - t).mean() + relu(1 + s).mean()
    if name == "least-squares":
        return ((s - 1) ** 2).mean() if student else ((t - 1) ** 2).mean() + (s**2).mean()
    if name == "wasserstein":
        return -s.mean() if student else s.mean() - t.mean()
    if not student:
        return bce(t, 1) + bce(s, 0)
    if name == "saturating":
        return jnp.log(1 - jax.nn.sigmoid(s)).mean()
    if name == "feature-matching":  # Salimans 2016
        layers = options.get("layers", ["hidden1", "hidden2"])
        return sum(((x[f"t/{h}"].mean(0) - x[f"s/{h}"].mean(0)) ** 2).sum() for h in layers)
    return bce(s, 1)


class Ema:  # google/lecam-gan, StyleGAN2: moving averages with the correction for their start at zero
    def __init__(self, decay):
        self.decay, self.sums, self.power = decay, [0.0, 0.0], 1.0

    def update(self, teacher, student):
        means = (teacher.mean(), student.mean())
        self.sums = [old * self.decay + new * (1 - self.decay) for old, new in zip(self.sums, means)]
        self.power *= self.decay

    def averages(self):
        return [total / (1 - self.power) for total in self.sums]


def regularizer(name, x, options):
    def discriminate(f):
        return jnp.tanh(f @ x["d/w1"] + x["d/b1"]) @ x["d/w2"] + x["d/b2"]

    def gradients(at):
        return jax.grad(lambda f: discriminate(f).sum())(at)

    def to_unit_norm(at):
        return ((jnp.linalg.norm(gradients(at), axis=1) - 1) ** 2).mean()

    teacher, student = x["t/features"], x["s/features"]
    if name in ("r1", "r2"):  # Mescheder 2018
        return 10 / 2 * (gradients(teacher if name == "r1" else student) ** 2).sum(1).mean()
    if name == "wgan-gp":  # Gulrajani 2017
        epsilon = x["n/share"]
        return 10 * to_unit_norm(epsilon * teacher + (1 - epsilon) * student)
    if name == "dragan":  # Kodali 2017, the authors' code: X + 0.5 * X.std() * uniform, then a point in between
        perturbed = teacher + teacher.std() * x["n/direction"]  # the direction has the factor 0.5
        return 10 * to_unit_norm(teacher + x["n/share"] * (perturbed - teacher))
    ema = Ema(options.get("decay", 0.99))  # Tseng 2021
    for on_teacher, on_student in x["history"]:
        ema.update(on_teacher, on_student)
    on_teacher, on_student = ema.averages()
    beyond = relu if options.get("oneSided", True) else (lambda z: z)
    penalty = (beyond(discriminate(teacher) - on_student) ** 2).mean()
    penalty = penalty + (beyond(on_teacher - discriminate(student)) ** 2).mean()
    return options.get("weight", 0.3) * penalty


def apart(ours, theirs):
    scale = max(float(jnp.abs(ours).max()), float(jnp.abs(theirs).max()), 1e-30)
    return float(jnp.abs(ours - theirs).max()) / scale


def value_of(kind, name, options, x):
    if kind == "data":
        return data(name, x, options)
    return regularizer(name, x, options) if kind == "regularizer" else adversarial(kind, name, x, options)


results = []
for i, (kind, name, options, trained) in enumerate(cases):
    prefix = f"{i}/in/"
    x = {key[len(prefix):]: value for key, value in recorded.items() if key.startswith(prefix)}
    leaves = {leaf: x[leaf] for leaf in trained}
    value, grads = jax.value_and_grad(lambda own: value_of(kind, name, options, {**x, **own}))(leaves)
    errors = {"value": apart(recorded[f"{i}/out/value"], value)}
    for leaf, grad in grads.items():
        errors[f"gradient at {leaf}"] = apart(recorded[f"{i}/out/gradient/{leaf}"], grad)
    results.append(errors)
print(json.dumps(results))
