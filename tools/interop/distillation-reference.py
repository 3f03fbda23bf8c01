"""The terms of distillation methods again: torchdistill's modules, and PyTorch's own where it has none.

Reads what tools/interop/distillation.mjs recorded (inputs, and our values and gradients) and prints for every case
max|difference| / max|ours| of the value and of each gradient.
"""
import json
import sys

import torch
import torch.nn.functional as F
from safetensors.numpy import load_file
from torchdistill.losses import mid_level
from torchdistill.models.wrapper import AttentionBasedFusion

recorded = {name: torch.tensor(value, dtype=torch.float64) for name, value in load_file(sys.argv[1]).items()}
cases = json.loads(sys.argv[2])


def channels_first(x):
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def outputs(x, side):  # what torchdistill's hooks collect, by path
    return {name[2:]: {"output": channels_first(value)} for name, value in x.items() if name.startswith(f"{side}/")}


def torchdistill(name, x, **options):
    return getattr(mid_level, name)(**options)(outputs(x, "s"), outputs(x, "t"))


def logits(**options):
    paths = {f"{who}_module_{what}": value for who in ("student", "teacher") for what, value in (("path", "logits"), ("io", "output"))}
    return {**paths, **options}


def batch_norm(x, gamma, beta):
    return F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-5)


def kernel(p):
    return p.permute(3, 2, 0, 1)


def load_fusion(p, tap, last):
    into, out, attention = p[f"review-{tap}-in/conv/weights"], p[f"review-{tap}-out/conv/weights"], f"review-{tap}-attention"
    fusion = AttentionBasedFusion(into.shape[2], into.shape[3], out.shape[3], uses_attention=not last).double()
    values = {
        "conv1.0.weight": kernel(into),
        "conv1.1.weight": p[f"review-{tap}-in/norm/gamma"],
        "conv1.1.bias": p[f"review-{tap}-in/norm/beta"],
        "conv2.0.weight": kernel(out),
        "conv2.1.weight": p[f"review-{tap}-out/norm/gamma"],
        "conv2.1.bias": p[f"review-{tap}-out/norm/beta"],
    }
    if not last:
        values |= {"attention_conv.0.weight": kernel(p[f"{attention}/weights"]), "attention_conv.0.bias": p[f"{attention}/bias"]}

    def run(*args):
        return torch.func.functional_call(fusion, values, args)

    return run


def review(x, p, taps):
    features = [channels_first(x[f"s/{tap}"]) for tap in taps]
    wanted = [channels_first(x[f"t/{tap}"]) for tap in taps]
    features, wanted = ([f if f.ndim == 4 else f[:, :, None, None] for f in side] for side in (features, wanted))
    total, rest = 0.0, None
    for i in reversed(range(len(taps))):
        fusion = load_fusion(p, taps[i], rest is None)
        size = features[i].shape[2]
        out, rest = fusion(features[i]) if rest is None else fusion(features[i], rest, size)
        total = total + hierarchical(out, rest, wanted[i])
    return total


def hierarchical(out, rest, wanted):
    term = mid_level.HierarchicalContextLoss("map", "output", "map", "output")
    return term({"map": {"output": (out, rest)}}, {"map": {"output": wanted}})


def contrast(x, p, temperature):
    def embed(side, features):
        weights, bias = p[f"contrast-{side}/weights"], p[f"contrast-{side}/bias"]
        return F.normalize(features @ weights + bias)

    scores = embed("student", x["s/features"]) @ embed("teacher", x["t/features"]).T / temperature
    same = torch.arange(len(scores))
    return F.cross_entropy(scores, same) + F.cross_entropy(scores.T, same)


def hint(x, p, own, wanted):  # RepDistiller's ConvReg, without its transposed convolution
    source, target = channels_first(x["s/late"]), channels_first(x["t/late"])
    name = "features-projection"
    how = {"stride": 2, "padding": 1} if own[0] == 2 * wanted[0] else {"padding": 1} if own[0] < wanted[0] else {}
    y = F.conv2d(source, kernel(p[f"{name}/conv/weights"]), p[f"{name}/conv/bias"], **how)
    y = F.relu(batch_norm(y, p[f"{name}/norm/gamma"], p[f"{name}/norm/beta"]))
    return F.mse_loss(y, F.adaptive_avg_pool2d(target, y.shape[2:]))


def attention(x, taps, uneven=False):
    if not uneven:
        pairs = {tap: {side: {"path": tap, "io": "output"} for side in ("student", "teacher")} for tap in taps}
        return torchdistill("ATLoss", x, at_pairs=pairs, mode="code")
    total = 0.0
    for tap in taps:  # RepDistiller's: the larger plane is averaged to the smaller
        s, t = channels_first(x[f"s/{tap}"]), channels_first(x[f"t/{tap}"])
        if s.shape[2] > t.shape[2]:
            s = F.adaptive_avg_pool2d(s, t.shape[2:])
        else:
            t = F.adaptive_avg_pool2d(t, s.shape[2:])
        total = total + (mid_level.ATLoss.attention_transfer(s) - mid_level.ATLoss.attention_transfer(t)).pow(2).mean()
    return total


def value_of(name, x, options):
    p = {key[2:]: value for key, value in x.items() if key.startswith("p/")}
    output = options.get("output")
    flat = {"student_output_path": output, "teacher_output_path": output}
    if name == "dist":
        return torchdistill("DISTLoss", x, **logits(beta=options["beta"], gamma=options["gamma"], tau=options["temperature"]))
    if name == "rkd":
        return torchdistill("RKDLoss", x, dist_factor=options["distance"], angle_factor=options["angle"], reduction="mean", **flat)
    if name == "pkt":
        paths = {f"{who}_module_path": output for who in ("student", "teacher")}
        return torchdistill("PKTLoss", x, student_module_io="output", teacher_module_io="output", **paths)
    if name == "similarity":  # as RepDistiller; torchdistill's SPKDLoss scales rows to a sum of one instead of unit length
        own, wanted = (F.normalize(z @ z.T) for z in (channels_first(x[f"{side}/{output}"]).flatten(1) for side in "st"))
        return (wanted - own).pow(2).mean()
    if name == "standardized":
        loss = torchdistill("LogitStdKDLoss", x, temperature=options["temperature"], alpha=0, **logits())
        return loss * options["temperature"] ** 2  # which the module adds with labels alone
    if name == "attention":
        return attention(x, **options)
    if name == "review":
        return review(x, p, options["taps"])
    if name == "contrast":
        return contrast(x, p, options["contrastTemperature"])
    if name == "class-maps":  # CAT-KD's: pooled, each class's map of unit length, mean squared error
        maps = (F.adaptive_avg_pool2d(channels_first(x[f"{side}/maps"]), options["side"]) for side in "st")
        return F.mse_loss(*(F.normalize(m, dim=(2, 3)) for m in maps))
    if name == "hint":
        return hint(x, p, options["own"], options["wanted"])
    assert name == "hierarchical-context"
    s, t = channels_first(x["s/map"]), channels_first(x["t/map"])
    return hierarchical(s, None, t)


def error(ours, theirs):
    return float((ours - theirs).abs().max() / ours.abs().max().clamp(min=1e-12))


results = []
for i, (name, options, trained) in enumerate(cases):
    prefix = f"{i}/in/"
    x = {key[len(prefix):]: value.clone() for key, value in recorded.items() if key.startswith(prefix)}
    for key in trained:
        x[key].requires_grad_()
    value = value_of(name, x, options)
    value.backward()
    found = {"value": error(recorded[f"{i}/out/value"].reshape(()), value.detach())}
    for key in trained:
        gradient = x[key].grad
        if gradient is None:
            gradient = torch.zeros_like(x[key])
        ours = recorded[f"{i}/out/gradient/{key}"]
        scale = max(float(recorded[f"{i}/out/gradient/{other}"].abs().max()) for other in trained)
        found[key] = float((ours - gradient).abs().max()) / max(scale, 1e-12)
    results.append(found)
print(json.dumps(results))
