"""The peer of epoch.mjs: an epoch of adversarial compression in PyTorch, with a standard DataLoader.

Arguments: images, batch size, threads, depth of the teacher, "<mode>/<layout>/<dtype>". Reads one line per request, the
number of workers, and answers with the seconds of one epoch, the teacher's forward and the images' crops and flips
included. The first epoch, which compiles where the mode is so, is timed apart.
"""

import json
import resource
import sys
import time

import torch
from torch.utils.data import DataLoader, Dataset

from configuration import Configuration
from networks import ResNet, anc_step

COUNT, BATCH, THREADS, DEPTH = (int(word) for word in sys.argv[1:5])
CONFIGURATION = Configuration.of(sys.argv[5])
torch.set_num_threads(THREADS)
torch.manual_seed(0)


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
teacher = CONFIGURATION.prepared(ResNet(DEPTH).eval())
step = anc_step(ResNet(20), 64, CONFIGURATION, BATCH)


def epoch(workers):
    start = time.perf_counter()
    for x in DataLoader(images, BATCH, shuffle=True, drop_last=True, num_workers=workers):
        x = x.contiguous(memory_format=CONFIGURATION.memory_format)
        with torch.inference_mode(), CONFIGURATION.precision():
            told, shown = teacher(x)
        step(x, told.float().clone(), shown.float().clone())  # tensors of inference mode cannot be differentiated
    return time.perf_counter() - start


first = epoch(0)
for line in sys.stdin:
    seconds = epoch(int(line))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer = {"seconds": seconds, "firstSeconds": first, "peakMiB": peak, "version": torch.__version__}
    print(json.dumps(answer), flush=True)
