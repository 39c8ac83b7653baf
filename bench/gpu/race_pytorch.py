#!/usr/bin/env python3
"""The training steps that device_speed timed, in PyTorch on the same device, eager and scripted, with everything in float32: adds
"torch" to the steps in gpu.json. Without PyTorch 2 it says so and changes nothing.

  bench/gpu/race_pytorch.py build/gpu/gpu.json --device cuda
"""
import argparse
import json
import pathlib
import sys

try:
    import torch
except ImportError:
    print("race_pytorch: no PyTorch here; install torch 2 to race it", file=sys.stderr)
    sys.exit()

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from train_pytorch import SYNAPSES, Convolutional, Memory, seconds_of_steps  # noqa: E402


def model_of(training):
    torch.manual_seed(1)
    return Memory(training["units"], training["history_ms"]) if "units" in training else Convolutional(training["features"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path, help="gpu.json")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--most-gb", type=float, default=20, help="of dense input; larger batches are left out")
    o = parser.parse_args()
    results = json.loads(o.results.read_text())
    # As PyTorch does it unless it is asked for less.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    results["torch"] = torch.__version__
    for training in results["training"]:
        for rate in training["rates"]:
            duration = training["history_ms"] + training["window_ms"]
            if 4e-9 * rate["windows"] * duration * SYNAPSES > o.most_gb:
                continue
            rate["torch"] = {}
            for way in ("eager", "scripted"):
                model = model_of(training).to(o.device)
                forward = model if way == "eager" else torch.jit.script(model)
                seconds, _ = seconds_of_steps(forward, model, rate["windows"], training["window_ms"], o.repeats,
                                              history_ms=training["history_ms"], device=o.device)
                rate["torch"][way] = seconds
                print(f"{training['twin']}, {rate['windows']} windows: torch {way} {seconds:.4f} s, ours {rate['seconds']:.4f} s",
                      file=sys.stderr, flush=True)
                o.results.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
