#!/usr/bin/env python3
"""The training steps that device_speed timed, in PyTorch on the same device, eager and scripted, with everything in float32: adds
"torch" to the steps in its JSON file after each, and says what did not go well. Without PyTorch 2 it says so and changes nothing.

  bench/gpu/race_pytorch.py build/gpu/gpu.json --device cuda
"""
import argparse
import json
import pathlib
import sys

try:
    import torch
except Exception as error:
    print(f"race_pytorch: no PyTorch here ({error}); install torch 2 to race it", file=sys.stderr)
    sys.exit()

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "peers"))
from train_pytorch import SYNAPSES, Convolutional, Memory, seconds_of_steps  # noqa: E402


def model_of(training):
    torch.manual_seed(1)
    return Memory(training["units"], training["history_ms"]) if "units" in training else Convolutional(training["features"])


def seconds_in(way, training, windows, o):
    model = model_of(training).to(o.device)
    forward = model if way == "eager" else torch.jit.script(model)
    return seconds_of_steps(forward, model, windows, training["window_ms"], o.repeats, history_ms=training["history_ms"],
                            device=o.device)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path, help="gpu.json")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--most-gb", type=float, default=20, help="of dense input; larger batches are left out")
    o = parser.parse_args()
    if not o.results.exists():
        sys.exit(f"race_pytorch: {o.results} is not there: no training steps to race")
    results = json.loads(o.results.read_text())
    # As PyTorch does it unless it is asked for less.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    results["torch"] = torch.__version__
    for training in results.get("training") or []:
        for rate in training.get("rates", []):
            duration = training["history_ms"] + training["window_ms"]
            if 4e-9 * rate["windows"] * duration * SYNAPSES > o.most_gb:
                continue
            for way in ("eager", "scripted"):
                try:
                    seconds = seconds_in(way, training, rate["windows"], o)
                except Exception as error:
                    print(f"race_pytorch: {training['twin']}, {rate['windows']} windows, {way}: {error}", file=sys.stderr, flush=True)
                    continue
                rate.setdefault("torch", {})[way] = seconds
                print(f"{training['twin']}, {rate['windows']} windows: torch {way} {seconds:.4f} s, ours {rate['seconds']:.4f} s",
                      file=sys.stderr, flush=True)
                written = o.results.with_suffix(".new")
                written.write_text(json.dumps(results, indent=1) + "\n")
                written.replace(o.results)


if __name__ == "__main__":
    main()
