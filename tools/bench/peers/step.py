"""The peer of step.mjs: the same networks and the same step in PyTorch, in one configuration.

Arguments: batch size, threads, "<mode>/<layout>/<dtype>". Reads one line per request, "<case> <runs>", and answers with the
milliseconds of each run and the seconds until the first one had ended, which compiles where the mode is so.
One student forward serves both phases, as a careful PyTorch programmer writes it.
"""

import json
import resource
import sys
import time

import torch

from configuration import Configuration
from networks import LeNet4, NiN, ResNet, anc_step

BATCH, THREADS, CONFIGURATION = int(sys.argv[1]), int(sys.argv[2]), Configuration.of(sys.argv[3])
torch.set_num_threads(THREADS)
torch.manual_seed(0)


def images(shape):
    return torch.randn(BATCH, *shape).contiguous(memory_format=CONFIGURATION.memory_format)


def step(network, image, width):
    play = anc_step(network, width, CONFIGURATION, BATCH)
    x = images(image)
    told, shown = torch.randn(BATCH, 10), torch.randn(BATCH, width).relu()
    return lambda: play(x, told, shown)


def forward(network, image):
    network = CONFIGURATION.prepared(network.eval())
    x = images(image)

    def run():
        with torch.inference_mode(), CONFIGURATION.precision():
            network(x)

    return run


CASES = {
    "lenet4-step": lambda: step(LeNet4(), (1, 28, 28), 1024),
    "resnet20-step": lambda: step(ResNet(20), (3, 32, 32), 64),
    "resnet20-forward": lambda: forward(ResNet(20), (3, 32, 32)),
    "resnet164-forward": lambda: forward(ResNet(164), (3, 32, 32)),
    "nin-forward": lambda: forward(NiN(), (1, 28, 28)),
}
ready, first = {}, {}

for line in sys.stdin:
    case, runs = line.split()
    if case not in ready:
        ready.clear()
        start = time.perf_counter()
        ready[case] = CASES[case]()
        ready[case]()
        first[case] = time.perf_counter() - start
        ready[case]()  # the first step after a compilation still allocates
    times = []
    for _ in range(int(runs)):
        start = time.perf_counter()
        ready[case]()
        times.append((time.perf_counter() - start) * 1e3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer = {"ms": times, "firstSeconds": first[case], "peakMiB": peak, "version": torch.__version__}
    print(json.dumps(answer), flush=True)
