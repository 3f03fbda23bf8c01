"""Mobile networks of torchvision and timm: their checkpoints, parameters, and what PyTorch computes for the same pixels.

argv: the folder to write to. Prints a JSON list.
"""
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import timm
import torch
import torchvision

warnings.filterwarnings("ignore")
torch.manual_seed(1)
torch.set_num_threads(1)
COUNT, SIDE = 4, 64
PIXELS = (np.arange(COUNT * SIDE * SIDE * 3, dtype=np.uint32) * 7919 % 256).reshape(COUNT, SIDE, SIDE, 3)
IMAGES = torch.from_numpy(np.ascontiguousarray((PIXELS.astype(np.float32) / np.float32(255)).transpose(0, 3, 1, 2)))


def torchvision_model(name, **options):
    return lambda: torchvision.models.get_model(name, weights=None, **options)


def timm_model(name):
    return lambda: timm.create_model(name, pretrained=False)


# name: (how it is made, our model, its options where the checkpoint does not tell them, what else is compared)
NETWORKS = {
    "mobilenet_v2": (torchvision_model("mobilenet_v2"), "mobilenet-v2", None, []),
    "mobilenet_v3_small of 0.75": (torchvision_model("mobilenet_v3_small", width_mult=0.75), "mobilenet-v3-small", None, ["tfjs:wasm", "exported"]),
    "mobilenet_v3_large": (torchvision_model("mobilenet_v3_large"), "mobilenet-v3-large", None, []),
    "shufflenet_v2_x0_5": (torchvision_model("shufflenet_v2_x0_5"), "shufflenet-v2", None, ["exported"]),
    "shufflenet_v2_x1_5": (torchvision_model("shufflenet_v2_x1_5"), "shufflenet-v2", None, []),
    "tf_efficientnet_lite0": (timm_model("tf_efficientnet_lite0"), "efficientnet-lite0", None, []),
    "efficientnet_lite0": (timm_model("efficientnet_lite0"), "efficientnet-lite0", {"padding": "both"}, []),
}


def lively(model):
    """Statistics and scales of a network that was trained: nothing is zero or one, and activations keep their size."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.weight.uniform_(0.6, 1.2)
                module.bias.normal_(0, 0.1)
                module.momentum = 1.0
        model.train()
        model(torch.randn(16, 3, SIDE, SIDE))  # running averages of its own activations
        for name, parameter in model.named_parameters():
            if parameter.ndim < 2 and float(parameter.std()) == 0:
                parameter.add_(0.05 * torch.randn_like(parameter))
    return model.eval()


def main(folder):
    rows = []
    for name, (make, model_name, options, others) in NETWORKS.items():
        model = lively(make())
        file = folder / f"{name.replace(' ', '-')}.pth"
        torch.save(model.state_dict(), file)
        with torch.no_grad():
            logits = model.double()(IMAGES.double())  # of these weights, without rounding on the way
        rows.append({
            "what": name, "file": str(file), "model": model_name, "options": options, "side": SIDE, "others": others,
            "parameters": sum(p.numel() for p in model.parameters()),
            "logits": logits.flatten().tolist(),
        })
    (folder / "rows.json").write_text(json.dumps(rows))


main(Path(sys.argv[1]))
