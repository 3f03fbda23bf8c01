"""Trains the models of measure.mjs: each for its set, with its preprocessing and architecture, exported without metadata.

    python tools/check-accuracy/train.py <work folder> [name ...]
"""
import json, sys, time
from pathlib import Path
import numpy as np, torch
from torch import nn
import torch.nn.functional as F

torch.set_num_threads(1)
work = Path(sys.argv[1])

# Mean and deviation of pixels in 0..1, red, green, blue or grey; "bgr" turns the channels around after it.
STATISTICS = {
    "unit": ([0.0], [1.0]), "signed": ([0.5], [0.5]), "bytes": ([0.0], [1 / 255]),
    "imagenet": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    "caffe": ([123.68 / 255, 116.779 / 255, 103.939 / 255], [1 / 255]),
    "cifar10": ([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.201]),
    "cifar100": ([0.5071, 0.4867, 0.4408], [0.2675, 0.2565, 0.2761]),
    "svhn": ([0.4377, 0.4438, 0.4728], [0.198, 0.201, 0.197]),
    "mnist": ([0.1307], [0.3081]), "fashion-mnist": ([0.286], [0.353]),
}

def conv(i, o, norm, stride=1):
    return [nn.Conv2d(i, o, 3, stride, 1, bias=not norm)] + ([nn.BatchNorm2d(o)] if norm else []) + [nn.ReLU()]

def plain(shape, classes, norm=False):  # convolutions, pooling, one hidden layer
    side, c = shape[0] // 4, shape[2]
    return nn.Sequential(*conv(c, 16, norm), nn.MaxPool2d(2), *conv(16, 32, norm), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(32 * side * side, 96), nn.ReLU(), nn.Dropout(0.3), nn.Linear(96, classes))

def normed(shape, classes): return plain(shape, classes, True)

def lenet(shape, classes):  # the LeNet-5 of 1998: tanh and average pooling
    side = (shape[0] // 2 - 4) // 2
    return nn.Sequential(nn.Conv2d(shape[2], 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(),
                         nn.AvgPool2d(2), nn.Flatten(), nn.Linear(16 * side * side, 120), nn.Tanh(), nn.Linear(120, classes))

def vgg(shape, classes):  # convolutions alone, averaged
    return nn.Sequential(*conv(shape[2], 24, True), *conv(24, 24, True, 2), *conv(24, 48, True), *conv(48, 48, True, 2),
                         *conv(48, 64, True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, classes))

def mlp(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, classes))

def separable(shape, classes):  # depthwise separable convolutions
    layers, c = conv(shape[2], 16, True), 16
    for o, s in [(32, 2), (48, 1), (64, 2)]:
        layers += [nn.Conv2d(c, c, 3, s, 1, groups=c, bias=False), nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, o, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
        c = o
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, classes))

class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.widen = (o - i) // 2
    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.widen: x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.widen, self.widen))
        return F.relu(y + x)

class Resnet8(nn.Module):  # a CIFAR ResNet with padded shortcuts, its tensors named as in published checkpoints
    def __init__(self, shape, classes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(shape[2], 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = (nn.Sequential(Block(i, o, s)) for i, o, s in [(16, 16, 1), (16, 32, 2), (32, 64, 2)])
        self.linear = nn.Linear(64, classes)
    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))

# name: set, architecture, preprocessing, order, epochs, format
MODELS = {
    "fashion-lenet-unit": ("fashion", lenet, "unit", "rgb", 6, "onnx"),
    "fashion-normed-own": ("fashion", normed, "fashion-mnist", "rgb", 3, "onnx"),
    "fashion-plain-signed": ("fashion", plain, "signed", "rgb", 4, "onnx"),
    "fashion-separable-mnist": ("fashion", separable, "mnist", "rgb", 4, "onnx"),
    "fashion-vgg-bytes": ("fashion", vgg, "bytes", "rgb", 3, "onnx"),
    "fashion-mlp-unit": ("fashion", mlp, "unit", "rgb", 8, "onnx"),
    "glyphs-lenet-unit": ("glyphs", lenet, "unit", "rgb", 6, "onnx"),
    "glyphs-normed-signed": ("glyphs", normed, "signed", "rgb", 3, "onnx"),
    "glyphs-plain-mnist": ("glyphs", plain, "mnist", "rgb", 5, "onnx"),
    "digits-normed-svhn": ("digits", normed, "svhn", "rgb", 40, "onnx"),
    "digits-vgg-signed": ("digits", vgg, "signed", "rgb", 40, "onnx"),
    "digits-plain-unit": ("digits", plain, "unit", "rgb", 60, "onnx"),
    "objects-resnet8-cifar100": ("objects", Resnet8, "cifar100", "rgb", 8, "th"),
    "objects-resnet8-imagenet": ("objects", Resnet8, "imagenet", "rgb", 8, "th"),
    "objects-normed-unit": ("objects", normed, "unit", "rgb", 8, "onnx"),
    "objects-vgg-signed": ("objects", vgg, "signed", "rgb", 8, "onnx"),
    "objects-normed-caffe": ("objects", normed, "caffe", "bgr", 8, "onnx"),
    "objects-vgg-bytes": ("objects", vgg, "bytes", "rgb", 6, "onnx"),
}

def prepared(images, name, order):  # bytes [N, H, W, C] -> [N, C, H, W]
    mean, std = (torch.tensor(v, dtype=torch.float32) for v in STATISTICS[name])
    x = (torch.from_numpy(images).float() / 255 - mean) / std
    if order == "bgr": x = x.flip(-1)
    return x.permute(0, 3, 1, 2).contiguous()

def train(name):
    kind, architecture, how, order, epochs, form = MODELS[name]
    about = json.loads((work / f"{kind}.json").read_text())
    shape, classes = about["shape"], about["classes"]
    images = np.fromfile(work / f"{kind}.images", np.uint8).reshape(-1, *shape)
    labels = torch.from_numpy(np.fromfile(work / f"{kind}.labels", np.uint8).astype(np.int64))
    torch.manual_seed(sum(map(ord, name)))
    x, net = prepared(images, how, order), architecture(shape, classes)
    if how in ("bytes", "caffe"):  # otherwise the first steps diverge
        first = next(m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear)))
        with torch.no_grad(): first.weight /= 64
    rate = 0.002 * (0.02 if how in ("bytes", "caffe") and architecture is mlp else 1)
    optimizer = torch.optim.Adam(net.parameters(), rate)
    steps = epochs * (len(x) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2 * rate, steps)
    start = time.time()
    for epoch in range(epochs):
        net.train()
        for batch in torch.randperm(len(x)).split(64)[: len(x) // 64]:
            views = x[batch]
            if kind not in ("fashion", "glyphs"):  # crops, and mirrored photographs
                dx, dy = torch.randint(-2, 3, (2,)).tolist()
                views = torch.roll(views, (dy, dx), (2, 3))
                if kind != "digits" and torch.rand(()) < 0.5: views = views.flip(3)
            optimizer.zero_grad()
            F.cross_entropy(net(views), labels[batch]).backward()
            optimizer.step(); schedule.step()
    net.eval()
    with torch.no_grad(): right = float((torch.cat([net(p) for p in x[:2000].split(200)]).argmax(1) == labels[:2000]).float().mean())
    if form == "th": torch.save({"state_dict": net.state_dict()}, work / f"{name}.th")
    else:
        torch.onnx.export(net, (torch.zeros(1, *x.shape[1:]),), str(work / f"{name}.onnx"), dynamo=False, opset_version=17,
                          input_names=["images"], output_names=["logits"], dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}})
    mean, std = STATISTICS[how]
    (work / f"{name}.model.json").write_text(json.dumps({"file": f"{name}.{form}", "set": kind, "preprocessing": how, "order": order if shape[2] == 3 else "grey", "architecture": architecture.__name__.lower()}))
    print(f"{name}: {right:.1%} of training images right, {time.time() - start:.0f} s", flush=True)

for name in sys.argv[2:] or MODELS:
    if not (work / f"{name}.model.json").exists(): train(name)
