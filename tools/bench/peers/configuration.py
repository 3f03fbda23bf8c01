"""What an experienced user of PyTorch sets: how modules run, their memory layout and their precision."""

import contextlib
from dataclasses import dataclass

import torch

LAYOUTS = {"default": torch.contiguous_format, "channels_last": torch.channels_last}


@dataclass(frozen=True)
class Configuration:
    mode: str  # eager or compiled
    layout: str  # default or channels_last
    dtype: str  # float32 or bfloat16, by autocast

    @staticmethod
    def of(words):
        mode, layout, dtype = words.split("/")
        if mode not in ("eager", "compiled") or layout not in LAYOUTS or dtype not in ("float32", "bfloat16"):
            raise ValueError(f"no configuration: {words}")
        return Configuration(mode, layout, dtype)

    @property
    def memory_format(self):
        return LAYOUTS[self.layout]

    def prepared(self, network):
        network = network.to(memory_format=self.memory_format)
        return torch.compile(network) if self.mode == "compiled" else network

    def precision(self):
        """Forward passes happen within it, backward passes outside of it."""
        return torch.autocast("cpu", torch.bfloat16) if self.dtype == "bfloat16" else contextlib.nullcontext()
