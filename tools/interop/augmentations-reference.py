"""What torchvision's functional form makes of the recorded draws of augmentations.mjs.

Usage: augmentations-reference.py <folder with cases.json and pixels.bin>; answers with JSON: per augmentation the number of
draws, the largest difference in levels of 255 and the share of equal bytes; and every draw that differs by more than one.
"""

import json
import math
import pathlib
import sys

import numpy as np
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F
from torchvision.transforms.v2 import RandAugment, TrivialAugmentWide

torch.set_num_threads(1)
folder = pathlib.Path(sys.argv[1])
recorded = json.loads((folder / "cases.json").read_text())
pixels = np.fromfile(folder / "pixels.bin", dtype=np.uint8)


def degrees(slope):
    return math.degrees(math.atan(slope))


def affine(image, record, mode):
    return F.affine(
        image,
        angle=record["angle"],
        translate=list(record["translate"]),
        scale=record["scale"],
        shear=list(record["shear"]),
        interpolation=mode,
    )


def jitter(image, record):
    adjust = {
        "brightness": F.adjust_brightness,
        "contrast": F.adjust_contrast,
        "saturation": F.adjust_saturation,
        "hue": F.adjust_hue,
    }
    for name, amount in record:
        image = adjust[name](image, amount)
    return image


def automatic(image, operations, mode):
    still = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "interpolation": mode}
    for entry in operations:
        name, magnitude = entry["operation"], entry["magnitude"]
        if name == "shear-x":
            image = F.affine(image, **still, shear=[degrees(magnitude), 0.0], center=[0, 0])
        elif name == "shear-y":
            image = F.affine(image, **still, shear=[0.0, degrees(magnitude)], center=[0, 0])
        elif name == "translate-x":
            image = F.affine(image, **{**still, "translate": [int(magnitude), 0]}, shear=[0.0, 0.0])
        elif name == "translate-y":
            image = F.affine(image, **{**still, "translate": [0, int(magnitude)]}, shear=[0.0, 0.0])
        elif name == "rotate":
            image = F.rotate(image, angle=magnitude, interpolation=mode)
        elif name == "brightness":
            image = F.adjust_brightness(image, 1.0 + magnitude)
        elif name == "color":
            image = F.adjust_saturation(image, 1.0 + magnitude)
        elif name == "contrast":
            image = F.adjust_contrast(image, 1.0 + magnitude)
        elif name == "sharpness":
            image = F.adjust_sharpness(image, 1.0 + magnitude)
        elif name == "posterize":
            image = F.posterize(image, int(magnitude))
        elif name == "solarize":
            image = F.solarize(image, 255.0 * magnitude)
        elif name == "auto-contrast":
            image = F.autocontrast(image)
        elif name == "equalize":
            image = F.equalize(image)
        else:
            assert name == "identity", name
    return image


def expected(case, image, partner):
    name, options, record = case["name"], case["options"], case["record"]
    height, width, channels = case["shape"]
    mode = InterpolationMode(options.get("interpolation", "nearest"))
    if name == "crop":
        pad = max(abs(record["dy"]), abs(record["dx"]))
        padded = F.pad(image, [pad, pad, pad, pad])
        return F.crop(padded, pad + record["dy"], pad + record["dx"], height, width)
    if name == "flip":
        return F.horizontal_flip(image) if record["mirrored"] else image
    if name == "resize-crop":
        box = [record[key] for key in ("top", "left", "height", "width")]
        return F.resized_crop(
            image, *box, size=[height, width], interpolation=InterpolationMode.BILINEAR, antialias=True
        )
    if name == "rotate":
        return F.rotate(image, angle=-record["angle"], interpolation=mode)
    if name in ("scale", "translate", "affine"):
        return affine(image, record, mode)
    if name == "color-jitter":
        return jitter(image, record)
    if name == "grayscale":
        return F.rgb_to_grayscale(image, num_output_channels=channels)
    if name == "blur":
        kernel = options["kernel"]
        if min(height, width) <= kernel // 2:
            return None  # torchvision has no such blur
        return F.gaussian_blur(image, [kernel, kernel], [record["sigma"], record["sigma"]])
    if name == "random-erasing":
        box = [record[key] for key in ("top", "left", "height", "width")]
        return F.erase(image, *box, torch.tensor(options["value"], dtype=torch.uint8))
    if name in ("rand-augment", "trivial-augment"):
        return automatic(image, record if isinstance(record, list) else [record], mode)
    if name == "mixup":
        share = record["share"]
        return partner.double().mul(1 - share).add(image.double().mul(share)).round().to(torch.uint8)
    if name == "cutmix":
        out = image.clone()
        x1, y1, x2, y2 = (record[key] for key in ("x1", "y1", "x2", "y2"))
        out[..., y1:y2, x1:x2] = partner[..., y1:y2, x1:x2]
        return out
    raise ValueError(name)


found, wrong, at = {}, [], 0
for case in recorded["cases"]:
    height, width, channels = case["shape"]
    size = height * width * channels
    image, partner, ours = (
        torch.from_numpy(pixels[at + k * size : at + (k + 1) * size].copy())
        .reshape(height, width, channels)
        .permute(2, 0, 1)
        .contiguous()
        for k in range(3)
    )
    at += 3 * size
    theirs = expected(case, image, partner)
    if theirs is None:
        continue
    difference = (theirs.int() - ours.int()).abs()
    mode = case["options"].get("interpolation")
    key = case["name"] + (f" ({mode})" if mode else "")
    entry = found.setdefault(key, {"draws": 0, "largest difference": 0, "equal bytes": 0, "bytes": 0})
    entry["draws"] += 1
    entry["largest difference"] = max(entry["largest difference"], int(difference.max()))
    entry["equal bytes"] += int((difference == 0).sum())
    entry["bytes"] += size
    if int(difference.max()) > 1:
        count = int((difference > 1).sum())
        wrong.append(f"{key} {case['shape']} {json.dumps(case['record'])}: {count} of {size} bytes, up to {int(difference.max())}")
for entry in found.values():
    entry["equal bytes"] = f"{100 * entry.pop('equal bytes') / entry.pop('bytes'):.3f} %"

NAMES = {
    "shear-x": "ShearX",
    "shear-y": "ShearY",
    "translate-x": "TranslateX",
    "translate-y": "TranslateY",
    "rotate": "Rotate",
    "brightness": "Brightness",
    "color": "Color",
    "contrast": "Contrast",
    "sharpness": "Sharpness",
    "posterize": "Posterize",
    "solarize": "Solarize",
}
for kind in (RandAugment, TrivialAugmentWide):
    space = kind._AUGMENTATION_SPACE
    ours = recorded["bins"][kind.__name__]
    if len(ours) != len(space):
        wrong.append(f"{kind.__name__}: {len(ours)} operations, torchvision has {len(space)}")
    for name, theirs in NAMES.items():
        magnitudes = sorted({float(m) for m in space[theirs][0](31, 20, 33)})
        if ours.get(name) != magnitudes:
            wrong.append(f"{kind.__name__} {name}: bins {ours.get(name)}, torchvision's are {magnitudes}")

print(json.dumps({"found": found, "wrong": wrong}))
