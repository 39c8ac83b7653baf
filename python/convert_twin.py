#!/usr/bin/env python3
"""Twins of neurontwin in PyTorch, which is all that this file needs (1.13 or later).

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
import hashlib
import json
import math
import os
import pathlib
import struct
import sys
import tomllib
from typing import Dict, List

import torch

FORMAT, FORMER_FORMAT = "neurontwin twin 2", "neurontwin twin 1"
NORM_EPSILON = 1e-3
WRITE_SPEED, WRITE_RANGE, WRITE_SLOPE = 5.0, 1.7159, 2.0 / 3.0  # of a recurrent twin's memory
NO_DIGEST = "0" * 64


class WrongFile(Exception):
    pass


# Files


def digest_of(file_bytes, header_bytes):
    """(digest that the file holds, digest that it should hold): SHA-256 of the file with zeros in its digest's place."""
    mark = b'"sha256":"'
    if file_bytes.count(mark, 8, 8 + header_bytes) != 1:
        raise WrongFile("has no digest; it is not a twin of neurontwin")
    place = file_bytes.index(mark) + len(mark)
    zeroed = file_bytes[:place] + NO_DIGEST.encode() + file_bytes[place + 64:]
    return file_bytes[place:place + 64].decode("ascii", "replace"), hashlib.sha256(zeroed).hexdigest()


def read_safetensors(file):
    """({name: tensor}, {name: text}) of a file of neurontwin, whose digest is checked."""
    content = pathlib.Path(file).read_bytes()
    header_bytes = struct.unpack("<Q", content[:8])[0] if len(content) >= 8 else 0
    if not 2 <= header_bytes <= len(content) - 8:
        raise WrongFile("is not a safetensors file, or was cut short")
    stored, expected = digest_of(content, header_bytes)
    if stored != expected:
        raise WrongFile("is damaged: it has changed since it was written")
    header = json.loads(content[8:8 + header_bytes])
    texts = header.pop("__metadata__")
    arrays = {}
    for name, array in header.items():
        begin, end = (8 + header_bytes + place for place in array["data_offsets"])
        assert array["dtype"] == "F32", name
        arrays[name] = torch.frombuffer(bytearray(content[begin:end] or b"\0\0\0\0"), dtype=torch.float32)
        arrays[name] = arrays[name][:math.prod(array["shape"])].reshape(array["shape"])
    return arrays, texts


def safetensors_bytes(arrays, texts):
    header, data = {"__metadata__": {**texts, "sha256": NO_DIGEST}}, b""
    for name, array in arrays.items():
        values = array.detach().to(torch.float32).contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    content = struct.pack("<Q", len(text)) + text + data
    return content.replace(b'"sha256":"' + NO_DIGEST.encode(), b'"sha256":"' + digest_of(content, len(text))[1].encode(), 1)


def write_whole(file, content):
    beside = pathlib.Path(f"{file}.half-written")
    beside.write_bytes(content)
    os.replace(beside, file)


# The network


def temporal_basis(taps, shapes):
    """Orthonormal functions of the lag, [shape][tap], spanned by exponentials from 1 ms to half of the taps (Gram and Schmidt)."""
    longest_ms = max(1.0, taps / 2)
    functions = []
    for r in range(shapes):
        decay = math.exp(-1 / longest_ms ** (r / (shapes - 1) if shapes > 1 else 1))
        f = decay ** torch.arange(taps, dtype=torch.float64)
        for _ in range(2):
            for other in functions:
                f = f - (f @ other) * other
        functions.append(f / f.norm())
    return torch.stack(functions)


class Layer(torch.nn.Module):
    """A causal convolution, an activation, and where the twin has them normalisation and the layer's own input."""

    def __init__(self, weight, bias, dilation: int, relu: bool, norm, adds_input: bool):
        super().__init__()
        self.register_buffer("weight", weight.contiguous())  # [unit][input][tap], the last tap being the present
        self.register_buffer("bias", bias)
        scale, shift, mean, variance = norm or (torch.ones_like(bias), torch.zeros_like(bias), torch.zeros_like(bias), None)
        factor = scale if variance is None else scale * torch.rsqrt(variance + NORM_EPSILON)
        self.register_buffer("factor", factor[:, None])
        self.register_buffer("offset", (shift - mean * factor)[:, None])
        self.dilation = dilation
        self.relu = relu
        self.adds_input = adds_input

    def forward(self, x):
        y = torch.conv1d(x, self.weight, self.bias, dilation=[self.dilation])
        if self.relu:
            y = torch.relu(y)
        y = y * self.factor + self.offset
        if self.adds_input:
            y = y + x[:, :, x.size(2) - y.size(2):]
        return y


class Convolutions(torch.nn.Module):
    """[batch, synapse, ms] -> [batch, unit, ms]. Input before the first ms is silence."""

    def __init__(self, specification, arrays):
        super().__init__()
        self.history_ms: int = specification["window_ms"] - 1
        layers: List[torch.nn.Module] = []
        inputs = 0
        for number, layer in enumerate(specification["layers"], 1):
            weight = arrays[f"layer{number}_weight"]
            if number > 1:
                weight = weight.permute(2, 1, 0)  # from [tap][input][unit]
            else:  # from [synapse][tap or shape][unit], tap k acting k ms after the spike
                if specification["temporal_shapes"] > 0:
                    functions = temporal_basis(layer["taps"], specification["temporal_shapes"]).to(weight.dtype)
                    weight = torch.einsum("crf,rk->ckf", weight, functions)
                weight = weight.permute(2, 0, 1).flip(2)
            norm = None
            if specification["batch_norm"]:
                norm = [arrays[f"layer{number}_norm_{what}"] for what in ("scale", "shift", "mean", "variance")]
            adds_input = specification["residual"] and number > 1 and layer["features"] == inputs
            layers.append(Layer(weight, arrays[f"layer{number}_bias"], layer["dilation"], specification["activation"] == "relu",
                                norm, adds_input))
            inputs = layer["features"]
        self.layers = torch.nn.ModuleList(layers)

    def forward(self, spikes):
        x = torch.nn.functional.pad(spikes, [self.history_ms, 0])
        for layer in self.layers:
            x = layer(x)
        return x


class Memory(torch.nn.Module):
    """[batch, synapse, ms] -> [batch, memory unit, ms]. Input before the first ms is silence."""

    def __init__(self, specification, wiring, arrays):
        super().__init__()
        synapses = len(wiring["first"]) - 1
        counts = [wiring["first"][s + 1] - wiring["first"][s] for s in range(synapses)]
        table = torch.zeros(synapses, wiring["branches"])
        synapse = torch.repeat_interleave(torch.arange(synapses), torch.tensor(counts))
        branch = torch.tensor(wiring["branch"], dtype=torch.int64)
        table.index_put_((synapse, branch), arrays["recurrent.synapse_weight"], accumulate=True)
        self.register_buffer("synapse_weight", table)
        for name in ("branch_weight", "hidden_bias", "memory_weight", "delta_weight", "delta_bias"):
            self.register_buffer(name, arrays[f"recurrent.{name}"])
        rate = torch.exp(-arrays["recurrent.log_time_constant"])  # per ms
        self.register_buffer("keep", torch.exp(-rate))
        self.register_buffer("gate", 1 - torch.exp(-WRITE_SPEED * rate))
        # Files of versions before 0.2 have one time constant for all branches.
        tau_ms = torch.tensor(wiring.get("tau_ms", [specification.get("synapse_tau_ms")] * wiring["branches"]))
        self.register_buffer("keep_of_branch", torch.exp(-1 / tau_ms))
        self.history_ms: int = specification["history_ms"]
        self.relu = specification["memory_activation"] == "relu"
        self.write_range = WRITE_RANGE
        self.write_slope = WRITE_SLOPE

    def forward(self, spikes):
        x = torch.nn.functional.pad(spikes, [self.history_ms, 0])
        arriving = torch.matmul(x.transpose(1, 2), self.synapse_weight)
        branch = torch.zeros_like(arriving[:, 0])
        memory = torch.zeros([x.size(0), self.keep.size(0)], dtype=x.dtype, device=x.device)
        result: List[torch.Tensor] = []
        for t in range(x.size(2)):
            branch = self.keep_of_branch * branch + arriving[:, t]
            decayed = self.keep * memory
            hidden = torch.matmul(branch, self.branch_weight) + self.hidden_bias + torch.matmul(decayed, self.memory_weight)
            hidden = torch.relu(hidden) if self.relu else torch.nn.functional.silu(hidden)
            write = torch.matmul(hidden, self.delta_weight) + self.delta_bias
            memory = decayed + self.gate * self.write_range * torch.tanh(self.write_slope * write)
            if t >= self.history_ms:
                result.append(memory)
        return torch.stack(result, 2)


def heads_of(specification):
    """Name, outputs and offset of each. Files of format 1 name those that there may be."""
    if "heads" in specification:
        return specification["heads"]
    further = {"dendrites": specification["dendritic_components"], "near_spike": specification["near_spike"], "count": specification["count"]}
    return [{"name": "spike", "outputs": 1, "offset": 0}, {"name": "soma", "outputs": 1, "offset": specification["soma_offset_mV"]},
            *({"name": name, "outputs": int(outputs), "offset": 0} for name, outputs in further.items() if outputs)]


class NeuronTwin(torch.nn.Module):
    """forward(spikes [batch, synapse, ms]) -> (spike probability [batch, ms], somatic voltage in mV [batch, ms])."""

    heads: List[str]  # the further ones
    all_heads: List[str]
    outputs: List[int]  # of each of all

    def __init__(self, texts, arrays):
        super().__init__()
        described = {name: json.loads(text) for name, text in texts.items() if name not in ("format", "sha256")}
        specification = described["specification"]
        if specification["kind"] == "recurrent":
            self.features = Memory(specification, described["wiring"], arrays)
        elif specification["kind"] != "convolutional":
            raise WrongFile(f"is a twin of the kind '{specification['kind']}', which this script does not read; "
                            "`neurontwin export --format onnx` writes it for other programs")
        else:
            self.features = Convolutions(specification, arrays)
        self.description: str = json.dumps(described)
        heads = heads_of(specification)
        self.all_heads = [h["name"] for h in heads]
        self.heads = [name for name in self.all_heads if name not in ("spike", "soma")]
        self.outputs = [h["outputs"] for h in heads]
        self.register_buffer("weight", torch.cat([arrays[f"{h['name']}_weight"].reshape(-1, h["outputs"]) for h in heads], 1))  # [unit][answer]
        self.register_buffer("bias", torch.cat([arrays[f"{h['name']}_bias"].reshape(-1) + h["offset"] for h in heads]))

    @torch.jit.export
    def answers(self, spikes) -> Dict[str, torch.Tensor]:
        """Every head's, by name: probabilities, mV, dendritic components and targets [batch, ms, output], expected numbers of spikes."""
        y = torch.matmul(self.features(spikes).transpose(1, 2), self.weight) + self.bias
        result: Dict[str, torch.Tensor] = {}
        first = 0
        for head, outputs in zip(self.all_heads, self.outputs):
            answer = y[:, :, first:first + outputs]
            first += outputs
            if head == "spike" or head == "near_spike":
                answer = torch.sigmoid(answer)
            elif head == "count":
                answer = torch.exp(answer)
            if outputs == 1 and head not in ("dendrites", "targets"):
                answer = answer[:, :, 0]
            result["soma_mV" if head == "soma" else head] = answer
        return result

    def forward(self, spikes):
        answers = self.answers(spikes)
        return answers["spike"], answers["soma_mV"]


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
