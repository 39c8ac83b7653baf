#!/usr/bin/env python3
"""Twins of neurontwin in PyTorch, which is all that this file needs (1.13 or later), with three files of neurontwin/ beside it.

    convert_twin.py TWIN.safetensors TWIN.pt           writes a twin as TorchScript
    convert_twin.py --trust TWIN.pt TWIN.safetensors   converts a twin of neurontwin 0.1

WARNING: a TorchScript file is a program. Loading a .pt file RUNS THE CODE IN IT, which can do whatever you can do.
Convert only files whose maker you trust. Loading a .safetensors file runs no code.

In Python:

    from convert_twin import load_twin
    twin = load_twin("twin.safetensors")     # a torch.nn.Module
    probability, soma_mV = twin(spikes)      # spikes: [batch, synapse, ms], 0 or 1, excitatory synapses first
"""
import argparse
import json
import pathlib
import sys
import tomllib

import torch

# Of the package, which need not be built for this.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "neurontwin"))
from torch_twin import NeuronTwin  # noqa: E402
from twin_file import FORMAT, FORMER_FORMAT, WrongFile, read_safetensors, safetensors_bytes, write_whole  # noqa: E402


def load_twin(file):
    """The twin in a file twin.safetensors. Nothing in the file is run."""
    arrays, texts = read_safetensors(file)
    if texts.get("format") not in (FORMAT, FORMER_FORMAT):
        raise WrongFile(f"is '{texts.get('format')}', expected '{FORMAT}'")
    return NeuronTwin(texts, arrays).eval()


# TorchScript


def write_torchscript(source, target):
    script = torch.jit.script(load_twin(source))
    for head in script.heads:  # as methods of their own, as version 0.1 had them
        script.define(f"def {head}(self, spikes):\n    return self.answers(spikes)['{head}']\n")
    write_whole(target, script.save_to_buffer())


def convolutional_parts(settings, weights):
    """Specification and arrays of a convolutional twin of version 0.1."""
    numbers = [n for n in range(1, 1 + len(weights)) if f"layer{n}_weight" in weights]
    dilation = settings.get("dilation", 1)
    layers, arrays = [], {}
    for n in numbers:
        weight = weights[f"layer{n}_weight"]  # [unit][input][tap], the last tap being the present
        apart = dilation[n - 1] if isinstance(dilation, list) else (dilation if n > 1 else 1)
        layers.append({"taps": weight.size(2), "features": weight.size(0), "dilation": apart})
        arrays[f"layer{n}_weight"] = weight.flip(2).permute(1, 2, 0) if n == 1 else weight.permute(2, 1, 0)
        for name in ("bias", "norm_scale", "norm_shift", "norm_mean", "norm_variance"):
            if f"layer{n}_{name}" in weights:
                arrays[f"layer{n}_{name}"] = weights[f"layer{n}_{name}"]
    specification = {"kind": "convolutional", "window_ms": 1 + sum((l["taps"] - 1) * l["dilation"] for l in layers),
                     "layers": layers, "activation": settings.get("activation", "relu"),
                     "batch_norm": "layer1_norm_scale" in weights, "residual": settings.get("residual", False),
                     "temporal_shapes": 0}  # version 0.1 wrote the filters out
    return specification, arrays


def recurrent_parts(settings, weights):
    """Specification, wiring and arrays of a recurrent twin of version 0.1. A weight of exactly 0 is taken for no connection."""
    table = weights["synapse_weight"]  # [synapse][branch]
    connected = table != 0
    first = [0] + torch.cumsum(connected.sum(1), 0).tolist()
    wiring = {"branches": table.size(1), "first": first, "branch": connected.nonzero()[:, 1].tolist()}
    arrays = {"recurrent.synapse_weight": table[connected]}
    for name in ("branch_weight", "memory_weight", "hidden_bias", "delta_weight", "delta_bias", "log_time_constant"):
        arrays[f"recurrent.{name}"] = weights[name]
    specification = {"kind": "recurrent", "window_ms": settings["history_ms"] + 1, "memory_units": weights["memory_weight"].size(0),
                     "memory_activation": settings["memory_activation"]}
    for name in ("learn_time_constants", "synapse_tau_ms", "shortest_memory_ms", "longest_memory_ms", "history_ms"):
        specification[name] = settings[name]
    return specification, wiring, arrays


def convert_old_twin(source, target):
    module = torch.jit.load(str(source), map_location="cpu")  # runs the code in it
    old = json.loads(module.description)
    settings = tomllib.loads(old["experiment"])["twin"]
    weights = {name: value.detach() for name, value in module.named_buffers()}
    texts = {"format": FORMAT}
    if settings.get("kind") == "recurrent":
        specification, wiring, arrays = recurrent_parts(settings, weights)
        texts["wiring"] = json.dumps(wiring)
    else:
        specification, arrays = convolutional_parts(settings, weights)
    if specification["window_ms"] != old["window_ms"]:
        raise WrongFile(f"looks back {old['window_ms']} ms, but its layers make {specification['window_ms']} ms")
    offset_mV = settings["soma_offset_mV"]
    arrays["spike_weight"], arrays["spike_bias"] = weights["spike_weight"].flatten(), weights["spike_bias"].reshape([])
    arrays["soma_weight"], arrays["soma_bias"] = weights["soma_weight"].flatten(), weights["soma_bias"].reshape([]) - offset_mV
    heads = [{"name": "spike", "outputs": 1, "offset": 0.0}, {"name": "soma", "outputs": 1, "offset": offset_mV}]
    for head in ("dendrites", "near_spike", "count"):
        if f"{head}_weight" in weights:
            arrays[f"{head}_weight"], arrays[f"{head}_bias"] = weights[f"{head}_weight"][:, :, 0].t(), weights[f"{head}_bias"]
            heads.append({"name": head, "outputs": weights[f"{head}_bias"].numel(), "offset": 0.0})
    specification.update({name: old[name] for name in ("excitatory_synapses", "inhibitory_synapses")}, heads=heads)
    nobody_knows = {name: [] for name in ("section", "region", "x", "length_um", "diameter_um", "area_um2", "path_um")}
    texts["specification"] = json.dumps(specification)
    texts["synapses"] = json.dumps({"excitatory_compartment": [], "inhibitory_compartment": [], "compartments": nobody_knows})
    texts["thresholds"] = texts["scores"] = "{}"
    texts["provenance"] = json.dumps({**{name: old[name] for name in ("program", "title", "best_epoch", "experiment")},
                                      "converted_from": pathlib.Path(source).name})
    write_whole(target, safetensors_bytes(arrays, texts))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("target", type=pathlib.Path)
    parser.add_argument("--trust", action="store_true", help="run the code in a .pt file: you trust its maker")
    words = parser.parse_args()
    try:
        if words.source.suffix == ".safetensors":
            write_torchscript(words.source, words.target)
        elif not words.trust:
            parser.error(f"{words.source}: loading a TorchScript file RUNS THE CODE IN IT; if you trust its maker, add --trust")
        else:
            print(f"convert_twin.py: running the code in {words.source}, as --trust allows", file=sys.stderr)
            convert_old_twin(words.source, words.target)
    except (WrongFile, OSError) as error:
        print(f"convert_twin.py: {words.source}: {error}", file=sys.stderr)
        return 2
    except (AssertionError, KeyError, RuntimeError, ValueError) as error:
        print(f"convert_twin.py: {words.source}: is not a twin that this script can convert ({error!r})", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
