"""Exports classifiers of torchvision and timm as ONNX, with what PyTorch and ONNX Runtime compute for the same images.

argv: the folder to write to, then names of networks. Prints a JSON list; arrays go to safetensors files. The loss is
KL(teacher || student) at temperature 4 plus the mean of the squared features' sum over logits, all in one scalar.
"""
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import timm
import torch
import torchvision
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
torch.manual_seed(1)
torch.set_num_threads(1)
BATCH, CLASSES = 2, 7


def torchvision_model(name, **options):
    return lambda: torchvision.models.get_model(name, weights=None, num_classes=CLASSES, **options)


def timm_model(name, size, **options):
    return lambda: timm.create_model(name, pretrained=False, num_classes=CLASSES, img_size=size, **options)


# name: (how it is made, side of the images, opset, exporter, whether batch norm is folded into convolutions)
NETWORKS = {
    "resnet18": (torchvision_model("resnet18"), 64, 17, "legacy", True),
    "resnet18-training": (torchvision_model("resnet18"), 64, 9, "legacy", False),
    "mobilenet_v2": (torchvision_model("mobilenet_v2"), 64, 12, "legacy", False),
    "mobilenet_v3_small": (torchvision_model("mobilenet_v3_small"), 64, 14, "legacy", False),
    "efficientnet_b0": (torchvision_model("efficientnet_b0"), 64, 13, "legacy", False),
    "shufflenet_v2_x0_5": (torchvision_model("shufflenet_v2_x0_5"), 64, 11, "legacy", False),
    "squeezenet1_1": (torchvision_model("squeezenet1_1"), 64, 10, "legacy", True),
    "regnet_y_400mf": (torchvision_model("regnet_y_400mf"), 64, 15, "legacy", False),
    "convnext_tiny": (torchvision_model("convnext_tiny"), 32, 18, "legacy", False),
    "deit_tiny": (timm_model("deit_tiny_patch16_224", 48), 48, 18, "dynamo", True),
    "vit_tiny": (timm_model("vit_tiny_patch16_224", 48), 48, 23, "dynamo", True),
    "vit_tiny-legacy": (timm_model("vit_tiny_patch16_224", 48), 48, 16, "legacy", True),
}


def lively(model):
    """Statistics and scales of a network that was trained: nothing is zero or one."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.running_mean.normal_(0, 0.2)
                module.running_var.uniform_(0.5, 1.5)
                module.weight.uniform_(0.6, 1.2)
                module.bias.normal_(0, 0.1)
        for name, parameter in model.named_parameters():
            if "layer_scale" in name or name.endswith("gamma"):
                parameter.uniform_(0.2, 0.6)
            elif parameter.ndim < 2 and float(parameter.std()) == 0:
                parameter.add_(0.05 * torch.randn_like(parameter))
    return model.eval()


def export(model, images, path, opset, exporter, folded):
    if exporter == "legacy":
        training = torch.onnx.TrainingMode.EVAL if folded else torch.onnx.TrainingMode.PRESERVE
        torch.onnx.export(
            model, images, str(path), opset_version=opset, dynamo=False, input_names=["image"],
            output_names=["logits"], dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
            training=training, do_constant_folding=folded,
        )
        return
    batch = torch.export.Dim("batch", min=1, max=4096)
    torch.onnx.export(
        model, (images,), str(path), opset_version=opset, dynamo=True, input_names=["image"],
        output_names=["logits"], dynamic_shapes=({0: batch},), external_data=False, verbose=False,
    )


def loss_of(logits, targets):
    teacher = torch.softmax(targets / 4, 1)
    return 16 * (teacher * (torch.log(teacher) - torch.log_softmax(logits / 4, 1))).sum(1).mean()


def main(folder, names):
    rows = []
    for name in names or NETWORKS:
        make, side, opset, exporter, folded = NETWORKS[name]
        model = lively(make())
        images = torch.randn(BATCH, 3, side, side)
        targets = 3 * torch.randn(BATCH, CLASSES)
        path = folder / f"{name}.onnx"
        export(model, images, path, opset, exporter, folded)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        runtime = session.run(None, {session.get_inputs()[0].name: images.numpy()})[0]
        pixels = images.clone().requires_grad_()
        loss = loss_of(model(pixels), targets)
        loss.backward()
        arrays = {
            "images": images.permute(0, 2, 3, 1).contiguous(),
            "targets": targets,
            "logits": torch.from_numpy(np.array(runtime)),
            "gradient": pixels.grad.permute(0, 2, 3, 1).contiguous(),
        }
        for key, parameter in model.named_parameters():
            arrays[f"weight/{key}"] = parameter.detach().contiguous()
            arrays[f"gradient/{key}"] = parameter.grad.contiguous()
        save_file(arrays, str(folder / f"{name}.safetensors"))
        rows.append({"name": name, "side": side, "opset": opset, "folded": folded, "exporter": exporter,
                     "loss": float(loss)})
    print(json.dumps(rows))


main(Path(sys.argv[1]), sys.argv[2:])
