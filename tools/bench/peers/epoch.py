"""The peer of epoch.mjs: an epoch of adversarial compression in PyTorch, with a standard DataLoader.

Reads one line per request, "<layout> <workers>", and answers with the seconds of one epoch, the teacher's forward and
the images' crops and flips included. The first epoch is not timed.
"""

import json
import resource
import sys
import time

import torch
from torch.utils.data import DataLoader, Dataset

from networks import ResNet, anc_step

COUNT, BATCH, THREADS, DEPTH = (int(word) for word in sys.argv[1:5])
torch.set_num_threads(THREADS)
torch.manual_seed(0)
LAYOUTS = {"nchw": torch.contiguous_format, "nhwc": torch.channels_last}


class Images(Dataset):
    """Bytes in memory; each access pads, crops, flips and standardises one image."""

    def __init__(self):
        self.bytes = torch.randint(0, 256, (COUNT, 3, 32, 32), dtype=torch.uint8)
        self.mean, self.std = torch.full((3, 1, 1), 120.0), torch.full((3, 1, 1), 64.0)

    def __len__(self):
        return COUNT

    def __getitem__(self, i):
        padded = torch.nn.functional.pad(self.bytes[i], (4, 4, 4, 4))
        top, left = torch.randint(0, 9, (2,)).tolist()
        image = padded[:, top : top + 32, left : left + 32]
        if torch.rand(()) < 0.5:
            image = image.flip(2)
        return (image.float() - self.mean) / self.std


images = Images()
ready = {}


def epoch(layout, workers):
    if layout not in ready:
        ready.clear()
        teacher = ResNet(DEPTH).to(memory_format=LAYOUTS[layout]).eval()
        ready[layout] = teacher, anc_step(ResNet(20), 64, LAYOUTS[layout], BATCH)
    teacher, step = ready[layout]
    start = time.perf_counter()
    for x in DataLoader(images, BATCH, shuffle=True, drop_last=True, num_workers=workers):
        x = x.contiguous(memory_format=LAYOUTS[layout])
        with torch.inference_mode():
            told, shown = teacher(x)
        step(x, told.clone(), shown.clone())
    return time.perf_counter() - start


for line in sys.stdin:
    layout, workers = line.split()
    fresh = layout not in ready
    if fresh:
        epoch(layout, int(workers))
    seconds = epoch(layout, int(workers))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peakMiB": peak, "version": torch.__version__}), flush=True)
