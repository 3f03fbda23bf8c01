"""The peer of step.mjs: the same networks and the same step in PyTorch, eager.

Reads one line per request, "<case> <layout> <runs>", and answers with the milliseconds of each run.
One student forward serves both phases, as a careful PyTorch programmer writes it.
"""

import json
import resource
import sys
import time

import torch

from networks import LeNet4, NiN, ResNet, anc_step

BATCH, THREADS = int(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(THREADS)
torch.manual_seed(0)


def step(network, image, width, layout):
    play = anc_step(network, width, layout, BATCH)
    x = torch.randn(BATCH, *image).contiguous(memory_format=layout)
    told, shown = torch.randn(BATCH, 10), torch.randn(BATCH, width).relu()
    return lambda: play(x, told, shown)


def forward(network, image, layout):
    network = network.to(memory_format=layout).eval()
    x = torch.randn(BATCH, *image).contiguous(memory_format=layout)

    def step():
        with torch.inference_mode():
            network(x)

    return step


CASES = {
    "lenet4-step": lambda layout: step(LeNet4(), (1, 28, 28), 1024, layout),
    "resnet20-step": lambda layout: step(ResNet(20), (3, 32, 32), 64, layout),
    "resnet20-forward": lambda layout: forward(ResNet(20), (3, 32, 32), layout),
    "resnet164-forward": lambda layout: forward(ResNet(164), (3, 32, 32), layout),
    "nin-forward": lambda layout: forward(NiN(), (1, 28, 28), layout),
}
LAYOUTS = {"nchw": torch.contiguous_format, "nhwc": torch.channels_last}
ready = {}

for line in sys.stdin:
    case, layout, runs = line.split()
    key = case, layout
    if key not in ready:
        ready.clear()
        ready[key] = CASES[case](LAYOUTS[layout])
        ready[key]()
    times = []
    for _ in range(int(runs)):
        start = time.perf_counter()
        ready[key]()
        times.append((time.perf_counter() - start) * 1e3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms": times, "peakMiB": peak, "version": torch.__version__}), flush=True)
