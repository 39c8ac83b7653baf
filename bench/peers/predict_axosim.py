#!/usr/bin/env python3
"""Neuron-ms for each second of a core: a recurrent twin of ours (predict_speed) and AxoSim's surrogates with a GRU, which have the same
1278 synapses and two outputs; one thread, in turn. Needs axosim 0.1.0 for this script alone.

  bench/peers/predict_axosim.py build/release/predict_speed --units 50 --streams 1 16 128

Weights of both are random: this is about speed, and says nothing of how good a surrogate is. AxoSim Small has as many weights as ours
with 50 units. It takes a dense window of input, ours a list of spikes. Accuracy is that of its float against its double, in units of
the standard deviation of its outputs.
"""
import argparse
import copy
import importlib.metadata
import time

import torch
from axosim.model_family import create_axosim_profile

from predict_pytorch import our_speed
from train_pytorch import SYNAPSES

PROFILES = ["axosim-gru-small", "axosim-gru-medium"]


def answers(model, spikes):
    """[stream, ms, output], of the first of the morphologies that the model knows."""
    outputs = model(spikes, morphology_indices=torch.zeros(len(spikes), dtype=torch.long))
    return outputs if torch.is_tensor(outputs) else torch.stack([o.reshape(*spikes.shape[:2]) for o in outputs], -1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="our predict_speed")
    parser.add_argument("--units", type=int, default=50)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 16, 128])
    parser.add_argument("--piece-ms", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    o = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    print(f"axosim {importlib.metadata.version('axosim')}, torch {torch.__version__}, ours with {o.units} units, pieces of {o.piece_ms} ms")
    print("| streams | AxoSim | its weights | neuron-ms per core-second | its largest error, SD | ours | ours / AxoSim |\n|---|---|---|---|---|---|---|")
    for profile in PROFILES:
        model = create_axosim_profile(profile, use_pytorch_fallback=True).eval()
        weights = sum(p.numel() for p in model.parameters())
        for streams in o.streams:
            spikes = (torch.rand(streams, o.piece_ms, SYNAPSES) < 0.01).float()
            seconds = []
            with torch.inference_mode():
                exact = answers(copy.deepcopy(model).double(), spikes.double())
                for _ in range(o.repeats + 1):
                    begin = time.process_time()
                    answer = answers(model, spikes)
                    seconds.append(time.process_time() - begin)
            error = float((answer.double() - exact).abs().max() / exact.std())
            theirs, now = streams * o.piece_ms / min(seconds[1:]), our_speed(o.program, o.units, streams, o.piece_ms)
            print(f"| {streams} | {profile} | {weights} | {theirs:.0f} | {error:.1e} | {now:.0f} | {now / theirs:.0f} |", flush=True)


if __name__ == "__main__":
    main()
