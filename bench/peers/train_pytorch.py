#!/usr/bin/env python3
"""Steps a second of training a recurrent twin: ours (train_step, beside the program) and the same network in PyTorch, eager,
scripted and compiled, on the same cores, in turn. Needs torch 2 (from PyPI) for this script alone.

  cmake --preset release -DNEURONTWIN_BENCH=ON && cmake --build --preset release --target train_step
  bench/peers/train_pytorch.py build/release/train_step --units 20 100 --threads 2

The network is the leaky memory of docs/training.md over dense spike bins, with NAdam, as torch's users write it: a product of all
bins with the synapses' weights, then a loop over ms. Ours begins with the spikes' times. Both take batches of the same size with
1 % of the bins holding a spike.
"""
import argparse
import re
import statistics
import subprocess
import time

import torch

SYNAPSES, BRANCHES, HISTORY_MS = 1278, 45, 150
WARM_UP = 3  # steps: the first one compiles, and a script is optimised after its second one


class Memory(torch.nn.Module):
    def __init__(self, units: int, history_ms: int = HISTORY_MS):
        super().__init__()
        self.history_ms = history_ms
        hidden = 2 * units
        half = SYNAPSES // 2
        # A synapse feeds its own branch and the two beside it, each with a weight of its own.
        own = torch.cat([torch.arange(half)] * 2) * BRANCHES // half
        feeds = torch.zeros(SYNAPSES, BRANCHES)
        for step in (-1, 0, 1):
            there = (own + step >= 0) & (own + step < BRANCHES)
            feeds[torch.arange(SYNAPSES)[there], (own + step)[there]] = 1
        self.register_buffer("feeds", feeds)
        self.synapse_weight = torch.nn.Parameter(0.5 * feeds)
        self.branch_weight = torch.nn.Parameter(torch.empty(BRANCHES, hidden).uniform_(-0.1, 0.1))
        self.memory_weight = torch.nn.Parameter(torch.empty(units, hidden).uniform_(-0.1, 0.1))
        self.hidden_bias = torch.nn.Parameter(torch.zeros(hidden))
        self.delta_weight = torch.nn.Parameter(torch.empty(hidden, units).uniform_(-0.1, 0.1))
        self.delta_bias = torch.nn.Parameter(torch.zeros(units))
        self.heads = torch.nn.Linear(units, 2)
        rate = torch.exp(-torch.linspace(0, 5.01, units))
        self.register_buffer("keep", torch.exp(-rate))
        self.register_buffer("gate", 1 - torch.exp(-5 * rate))

    def forward(self, spikes):
        arriving = spikes @ (self.synapse_weight * self.feeds)
        branch = torch.zeros_like(arriving[:, 0])
        sums = []
        for t in range(arriving.size(1)):
            branch = 0.8187 * branch + arriving[:, t]
            sums.append(branch)
        drive = torch.stack(sums, 1) @ self.branch_weight + self.hidden_bias
        memory = torch.zeros(spikes.size(0), self.keep.size(0), device=spikes.device)
        all_memory = []
        for t in range(drive.size(1)):
            decayed = self.keep * memory
            hidden = torch.nn.functional.silu(drive[:, t] + decayed @ self.memory_weight)
            memory = decayed + self.gate * 1.7159 * torch.tanh(0.6667 * (hidden @ self.delta_weight + self.delta_bias))
            all_memory.append(memory)
        return self.heads(torch.stack(all_memory[self.history_ms:], 1))


class Convolutional(torch.nn.Module):
    """Seven causal convolutions with batch normalisation, the published network's where there are 128 features."""

    def __init__(self, features: int, taps=(45, 19, 19, 19, 19, 19, 19)):
        super().__init__()
        layers = []
        for i, width in enumerate(taps):
            layers += [torch.nn.Conv1d(features if i else SYNAPSES, features, width), torch.nn.ReLU(), torch.nn.BatchNorm1d(features)]
        self.layers = torch.nn.Sequential(*layers)
        self.heads = torch.nn.Linear(features, 2)

    def forward(self, spikes):
        return self.heads(self.layers(spikes.transpose(1, 2)).transpose(1, 2))


def seconds_of_steps(forward, model, windows, window_ms, repeats, history_ms=HISTORY_MS, device="cpu"):
    optimiser = torch.optim.NAdam(model.parameters(), lr=1e-4)
    generator = torch.Generator().manual_seed(1)
    spikes = (torch.rand(windows, history_ms + window_ms, SYNAPSES, generator=generator) < 0.01).float().to(device)
    label = (torch.rand(windows, window_ms, generator=generator) < 0.005).float().to(device)
    voltage = torch.randn(windows, window_ms, generator=generator).to(device)
    times = []
    for _ in range(repeats + WARM_UP):
        start = time.perf_counter()
        optimiser.zero_grad()
        out = forward(spikes)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(out[..., 0], label) + 0.02 * ((out[..., 1] - voltage) ** 2).mean()
        loss.backward()
        optimiser.step()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times[WARM_UP:]), times[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="our train_step")
    parser.add_argument("--units", type=int, nargs="+", default=[20])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--window-ms", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--ways", nargs="+", default=["eager", "scripted", "compiled"], choices=["eager", "scripted", "compiled"])
    o = parser.parse_args()
    torch.set_num_threads(o.threads)
    print(f"torch {torch.__version__}, {o.threads} threads, {o.windows} windows of {o.window_ms} ms after {HISTORY_MS} ms of history")
    for units in o.units:
        def ours():
            words = subprocess.run([o.program, "--recurrent", str(units), "--no-dense", "--threads", str(o.threads), "--windows", str(o.windows),
                                    "--window-ms", str(o.window_ms), "--repeats", "40"], check=True, capture_output=True, text=True).stdout
            return float(re.search(r"ours\s+([0-9.]+) ms", words).group(1)) / 1000

        own = [ours()]
        for way in o.ways:
            torch.manual_seed(1)
            model = Memory(units)
            forward = {"eager": lambda m: m, "scripted": torch.jit.script, "compiled": torch.compile}[way](model)
            seconds, first = seconds_of_steps(forward, model, o.windows, o.window_ms, o.repeats)
            own.append(ours())
            print(f"{units:4d} units  {way:9s} {1 / seconds:8.2f} steps/s (first step {first:.1f} s)   ours {1 / own[-1]:8.1f} steps/s   "
                  f"{seconds / statistics.median(own[-2:]):6.1f} times as fast", flush=True)


if __name__ == "__main__":
    main()
