#!/usr/bin/env python3
"""Neuron-ms for each second of a core of a recurrent twin that answers ms by ms: ours (predict_speed) and the same network in PyTorch,
eager, scripted and compiled, one thread, in turn. Needs torch 2 for this script alone.

  bench/peers/predict_pytorch.py build/release/predict_speed --units 20 --streams 1 16 128

Both take random spikes in 1 % of the bins of 1278 synapses and random weights. Accuracy is that of the voltage's output in float
against the same PyTorch network in double, in units of its standard deviation.
"""
import argparse
import copy
import re
import subprocess
import time

import torch

from train_pytorch import BRANCHES, SYNAPSES, Memory


class Stream(torch.nn.Module):
    """One piece of input of all streams, spikes [stream][ms][synapse], from a state and to the next one."""

    def __init__(self, memory: Memory):
        super().__init__()
        self.m = memory

    def forward(self, spikes: torch.Tensor, branch: torch.Tensor, memory: torch.Tensor):
        m = self.m
        arriving = spikes @ m.synapse_weight
        sums = []
        for t in range(arriving.size(1)):
            branch = 0.8187 * branch + arriving[:, t]
            sums.append(branch)
        drive = torch.stack(sums, 1) @ m.branch_weight + m.hidden_bias
        out = []
        for t in range(drive.size(1)):
            decayed = m.keep * memory
            hidden = torch.nn.functional.silu(drive[:, t] + decayed @ m.memory_weight)
            memory = decayed + m.gate * 1.7159 * torch.tanh(0.6667 * (hidden @ m.delta_weight + m.delta_bias))
            out.append(memory)
        return m.heads(torch.stack(out, 1)), branch, memory


def our_speed(program, units, streams, piece_ms):
    """Neuron-ms for each second of a core, by our predict_speed."""
    words = subprocess.run([program, "--kind", "recurrent", "--units", str(units), "--streams", str(streams), "--pieces-ms", str(piece_ms),
                            "--repeats", "3"], check=True, capture_output=True, text=True).stdout
    return float(re.findall(rf"^\s*{streams}\s+{piece_ms}\s+(\d+)", words, re.M)[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="our predict_speed")
    parser.add_argument("--units", type=int, default=20)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 16, 128])
    parser.add_argument("--piece-ms", type=int, default=100)
    parser.add_argument("--ways", nargs="+", default=["eager", "scripted", "compiled"], choices=["eager", "scripted", "compiled"])
    parser.add_argument("--repeats", type=int, default=5)
    o = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    network = Memory(o.units).eval()
    with torch.no_grad():
        network.synapse_weight *= network.feeds
    exact = Stream(copy.deepcopy(network).double())
    print(f"torch {torch.__version__}, {o.units} units, pieces of {o.piece_ms} ms")
    print("| streams | PyTorch | neuron-ms per core-second | its largest error, SD | ours | ours / PyTorch |\n|---|---|---|---|---|---|")
    for streams in o.streams:
        spikes = (torch.rand(streams, o.piece_ms, SYNAPSES) < 0.01).float()
        start = torch.zeros(streams, BRANCHES), torch.zeros(streams, o.units)
        with torch.inference_mode():
            truth = exact(spikes.double(), *(s.double() for s in start))[0][..., 1]
        for way in o.ways:
            forward = {"eager": lambda m: m, "scripted": torch.jit.script, "compiled": torch.compile}[way](Stream(network))
            seconds = []
            with torch.inference_mode():
                for _ in range(o.repeats + 3):  # the first ones compile
                    begin = time.process_time()
                    answer, *_ = forward(spikes, *start)
                    seconds.append(time.process_time() - begin)
            error = float((answer[..., 1].double() - truth).abs().max() / truth.std())
            theirs = streams * o.piece_ms / min(seconds[3:])
            ours = our_speed(o.program, o.units, streams, o.piece_ms)
            print(f"| {streams} | {way} | {theirs:.0f} | {error:.1e} | {ours:.0f} | {ours / theirs:.0f} |", flush=True)


if __name__ == "__main__":
    main()
