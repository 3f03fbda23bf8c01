"""The peer of loader.mjs: torchvision v2 on bytes in PyTorch's DataLoader with one worker.

Usage: loader.py <images> <augmentations as loader.mjs names them>…; answers with images per second by name, as JSON.
"""

import json
import sys
import time

import torch
from torchvision.transforms import v2

COUNT, NAMES = int(sys.argv[1]), sys.argv[2:]
BILINEAR = v2.InterpolationMode.BILINEAR

TRANSFORMS = {
    "crop(4), flip": v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()]),
    "resize-crop": v2.RandomResizedCrop(32),
    "rotate(15)": v2.RandomRotation(15),
    "rotate(15, bilinear)": v2.RandomRotation(15, interpolation=BILINEAR),
    "scale(0.1)": v2.RandomAffine(0, scale=(0.9, 1.1)),
    "translate(0.1)": v2.RandomAffine(0, translate=(0.1, 0.1)),
    "affine(15, 0.1, 0.1, 10)": v2.RandomAffine(15, translate=(0.1, 0.1), scale=(0.9, 1.1), shear=10),
    "color-jitter(0.4)": v2.ColorJitter(0.4, 0.4, 0.4),
    "color-jitter(0.4, hue=0.1)": v2.ColorJitter(0.4, 0.4, 0.4, 0.1),
    "grayscale(p=1)": v2.RandomGrayscale(1),
    "blur(3)": v2.GaussianBlur(3),
    "random-erasing(p=1)": v2.RandomErasing(1),
    "rand-augment": v2.RandAugment(),
    "trivial-augment": v2.TrivialAugmentWide(),
}
# These two are made for whole batches; they take floating point alone.
MIXING = {"mixup": v2.MixUp(num_classes=10), "cutmix": v2.CutMix(num_classes=10)}


class Images(torch.utils.data.Dataset):
    def __init__(self, name):
        self.transform = TRANSFORMS.get(name, lambda image: image)
        self.images = torch.randint(0, 256, (COUNT, 3, 32, 32), dtype=torch.uint8)

    def __len__(self):
        return COUNT

    def __getitem__(self, index):
        return self.transform(self.images[index])


def collate(name):
    def of(images):
        batch = torch.utils.data.default_collate(images)
        if name not in MIXING:
            return batch
        return MIXING[name](batch.float(), torch.zeros(len(batch), dtype=torch.long))[0]

    return of


def measured(name):
    loader = torch.utils.data.DataLoader(
        Images(name), batch_size=128, shuffle=True, num_workers=1, drop_last=True, collate_fn=collate(name)
    )
    batches = iter(loader)
    next(batches)  # the worker has started
    start, seen = time.perf_counter(), 0
    for batch in batches:
        seen += len(batch)
    return seen / (time.perf_counter() - start)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({name: measured(name) for name in NAMES}))
