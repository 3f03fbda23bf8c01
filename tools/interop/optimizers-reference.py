"""
The same steps of every optimizer as tools/interop/optimizers.mjs: torch.optim's own where PyTorch has it, with
torch.nn.utils.clip_grad_norm_ and torch.optim.swa_utils.AveragedModel; LAMB and LARS from their papers' equations
(You et al. 2020, arXiv 1904.00962, Algorithm 2; You, Gitman & Ginsburg 2017, arXiv 1708.03888, Algorithm 1).

Arguments: a JSON file of cases, and a JSON file to write {case: {parameter: values}} to.
"""

import json
import sys

import torch

cases = json.load(open(sys.argv[1]))
torch.set_default_dtype(torch.float32)


class Lamb(torch.optim.Optimizer):
    """Algorithm 2 with phi = identity; decay and trust ratio for the groups that ask for them."""

    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for x in group["params"]:
                state = self.state[x]
                g = x.grad
                state["m"] = beta1 * state.get("m", torch.zeros_like(x)) + (1 - beta1) * g
                state["v"] = beta2 * state.get("v", torch.zeros_like(x)) + (1 - beta2) * g * g
                state["t"] = state.get("t", 0) + 1
                m = state["m"] / (1 - beta1 ** state["t"])
                v = state["v"] / (1 - beta2 ** state["t"])
                update = m / (v.sqrt() + group["eps"]) + group["weight_decay"] * x
                ratio = 1.0
                if group["trust"] and x.norm() > 0 and update.norm() > 0:
                    ratio = x.norm() / update.norm()
                x.sub_(group["lr"] * ratio * update)


class Lars(torch.optim.Optimizer):
    """Algorithm 1: the momentum buffer holds steps with their local learning rates."""

    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                state = self.state[w]
                g = w.grad
                local = 1.0
                if group["trust"] is not None:
                    decay = group["weight_decay"]
                    local = group["trust"] * w.norm() / (g.norm() + decay * w.norm())
                    g = g + decay * w
                state["v"] = group["momentum"] * state.get("v", torch.zeros_like(w)) + group["lr"] * local * g
                w.sub_(state["v"])


def optimizer_of(case, kernels, others):
    """`kernels` get weight decay and layer-wise rates, `others` do not."""
    kind, kwargs, decay = case["torch"], dict(case.get("kwargs", {})), case.get("decay", 0)
    rate = case["rates"][0]
    if kind == "Lamb":
        defaults = {"lr": rate, "betas": (0.9, 0.999), "eps": 1e-6, "weight_decay": 0, "trust": False}
        return Lamb([{"params": kernels, "weight_decay": decay, "trust": True}, {"params": others}], defaults)
    if kind == "Lars":
        defaults = {"lr": rate, "momentum": 0.9, "weight_decay": 0, "trust": None}
        return Lars([{"params": kernels, "weight_decay": decay, "trust": 0.001}, {"params": others}], defaults)
    groups = [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0}]
    return getattr(torch.optim, kind)(groups, lr=rate, **kwargs)


class Parameters(torch.nn.Module):
    def __init__(self, start):
        super().__init__()
        self.values = torch.nn.ParameterDict(
            {name.replace("/", "_"): torch.nn.Parameter(torch.tensor(v["data"]).reshape(v["shape"])) for name, v in start.items()}
        )


results = {}
for case in cases["cases"]:
    model = Parameters(cases["start"])
    names = {name: model.values[name.replace("/", "_")] for name in cases["start"]}
    kernels = [p for name, p in names.items() if name.endswith("weights")]
    others = [p for name, p in names.items() if not name.endswith("weights")]
    optimizer = optimizer_of(case, kernels, others)
    average = None
    if "ema" in case:
        average = torch.optim.swa_utils.AveragedModel(
            model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(case["ema"])
        )
    for step, rate in enumerate(case["rates"]):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for name, parameter in names.items():
            given = cases["gradients"][step][name]
            parameter.grad = torch.tensor(given["data"]).reshape(given["shape"])
        if "clip" in case:
            torch.nn.utils.clip_grad_norm_(model.parameters(), case["clip"])
        with torch.no_grad():
            optimizer.step()
        if average is not None:
            average.update_parameters(model)
    found = {name: p.detach().flatten().tolist() for name, p in names.items()}
    if average is not None:
        for name in names:
            averaged = average.module.values[name.replace("/", "_")]
            found["average/" + name] = averaged.detach().flatten().tolist()
    results[case["name"]] = found

schedules = {}
for case in cases["schedules"]:
    parameter = torch.nn.Parameter(torch.zeros(1))
    sgd = torch.optim.SGD([parameter], lr=1.0)
    kwargs = case["kwargs"]
    scheduler = getattr(torch.optim.lr_scheduler, case["torch"])(sgd, **kwargs)
    factors = []
    for _ in range(cases["steps"]):
        factors.append(sgd.param_groups[0]["lr"])
        sgd.step()
        scheduler.step()
    schedules[case["name"]] = factors

json.dump({"optimizers": results, "schedules": schedules, "torch": torch.__version__}, open(sys.argv[2], "w"))
