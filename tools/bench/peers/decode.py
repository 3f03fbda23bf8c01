"""The peer of decode.mjs: the same photographs through PyTorch's DataLoader with Pillow, as torchvision does it.

Usage: decode.py <folder> <workers> <batch> <rounds> <repeats>; answers with images per second as JSON,
and milliseconds of processor per image where there are no workers.
"""

import json
import math
import pathlib
import random
import sys
import time

import torch
from PIL import Image

FOLDER, WORKERS, BATCH, ROUNDS, REPEATS = sys.argv[1], *map(int, sys.argv[2:])
SIDE = 224


def tensor(image):
    data = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return data.view(SIDE, SIDE, 3)


def centre(image):
    width, height = image.size
    scale = 256 / min(width, height)
    image = image.resize((round(width * scale), round(height * scale)), Image.BILINEAR)
    left, top = (image.width - SIDE) // 2, (image.height - SIDE) // 2
    return tensor(image.crop((left, top, left + SIDE, top + SIDE)))


def crop(image):
    width, height = image.size
    for _ in range(10):
        area = width * height * random.uniform(0.08, 1)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            break
    else:
        w, h = width, height
    left, top = random.randint(0, width - w), random.randint(0, height - h)
    image = image.resize((SIDE, SIDE), Image.BILINEAR, box=(left, top, left + w, top + h))
    return tensor(image.transpose(Image.FLIP_LEFT_RIGHT) if random.random() < 0.5 else image)


class Photographs(torch.utils.data.Dataset):
    def __init__(self, transform):
        self.files = sorted(pathlib.Path(FOLDER).rglob("*.JPEG"))
        self.transform = transform

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        with Image.open(self.files[index]) as image:
            return self.transform(image.convert("RGB"))


def rate(transform):
    loader = torch.utils.data.DataLoader(
        Photographs(transform), BATCH, shuffle=True, num_workers=WORKERS, persistent_workers=WORKERS > 0
    )
    rates, costs = [], []
    for batch in loader:  # workers started, files in the page cache
        pass
    for _ in range(ROUNDS):
        start, used, count = time.perf_counter(), time.process_time(), 0
        for _ in range(REPEATS):
            for batch in loader:
                count += len(batch)
        rates.append(count / (time.perf_counter() - start))
        costs.append(1000 * (time.process_time() - used) / count)
    return max(rates), min(costs) if WORKERS == 0 else None


torch.set_num_threads(1)
print(json.dumps({"centre": rate(centre), "crop": rate(crop)}))
