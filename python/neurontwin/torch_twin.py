"""Twins of neurontwin in PyTorch, which is all that this file needs (1.13 or later): the format of a twin's file, as networks.

    module = twin.to_torch()                               # of the package neurontwin; or load_twin() of convert_twin.py
    probability, soma_mV = module(spikes)                  # spikes: [batch, synapse, ms], excitatory synapses first
    state = module.silence(batch)                          # ms by ms:
    probability, soma_mV, state = module.advance(spikes, state)

Each array of the file is a Parameter: a twin can be trained further, as any module. Means and variances of batch normalisation are buffers
and stay as they are, in train() as in eval().
"""
import json
from typing import Dict, List

import torch

try:
    from .torch_layers import Memory, features_of
except ImportError:  # beside it, without the package
    from torch_layers import Memory, features_of


def heads_of(specification):
    """Name, outputs and offset of each. Files of format 1 name those that there may be."""
    if "heads" in specification:
        return specification["heads"]
    further = {"dendrites": specification["dendritic_components"], "near_spike": specification["near_spike"], "count": specification["count"]}
    return [{"name": "spike", "outputs": 1, "offset": 0}, {"name": "soma", "outputs": 1, "offset": specification["soma_offset_mV"]},
            *({"name": name, "outputs": int(outputs), "offset": 0} for name, outputs in further.items() if outputs)]


def check_numbers(spikes):
    """TypeError or ValueError: they are no tensor of numbers. What a graph is made of cannot be looked at."""
    if not isinstance(spikes, torch.Tensor):
        raise TypeError(f"spikes are of type {type(spikes).__name__}, expected a torch.Tensor [batch, synapse, ms]")
    if spikes.is_complex():
        raise TypeError("spikes are complex numbers, expected how many spikes each synapse gets in each ms")
    compiling = hasattr(torch, "compiler") and torch.compiler.is_compiling()
    if spikes.is_floating_point() and not (compiling or torch.jit.is_tracing()) and not torch.isfinite(spikes).all():
        raise ValueError("spikes hold nan or inf, expected how many spikes each synapse gets in each ms")


class NeuronTwin(torch.nn.Module):
    """forward(spikes [batch, synapse, ms]) -> (spike probability [batch, ms], somatic voltage in mV [batch, ms]), after a long silence.

    spikes: numbers or bool, how many spikes each synapse gets in each ms, excitatory synapses first."""

    heads: List[str]  # the further ones
    all_heads: List[str]
    outputs: List[int]  # of each of all
    shapes_in_file: Dict[str, List[int]]

    def __init__(self, texts, arrays):
        """The texts and arrays of a twin's file, by name. ValueError: it is of a kind that this file does not know."""
        super().__init__()
        described = {name: json.loads(text) for name, text in texts.items() if name not in ("format", "sha256")}
        specification = described["specification"]
        arrays = {name: array.detach().clone() for name, array in arrays.items()}
        self.shapes_in_file = {name: list(array.shape) for name, array in arrays.items()}
        self.features = features_of(described, arrays)
        self.synapses: int = self.features.synapses
        self.description: str = json.dumps(described)
        heads = heads_of(specification)
        self.all_heads = [h["name"] for h in heads]
        self.heads = [name for name in self.all_heads if name not in ("spike", "soma")]
        self.outputs = [h["outputs"] for h in heads]
        # [unit][answer] and [answer]
        self.weight = torch.nn.Parameter(torch.cat([arrays[f"{h['name']}_weight"].reshape(-1, h["outputs"]) for h in heads], 1))
        self.bias = torch.nn.Parameter(torch.cat([arrays[f"{h['name']}_bias"].reshape(-1) for h in heads]))
        self.register_buffer("offset", torch.tensor([float(h["offset"]) for h in heads for _ in range(h["outputs"])]))

    def checked(self, spikes):
        """The spikes as numbers of the twin's type. ValueError or TypeError says what would be right."""
        if not torch.jit.is_scripting():
            check_numbers(spikes)
        if spikes.dim() != 3 or spikes.size(1) != self.synapses or spikes.size(2) == 0:
            raise ValueError(f"spikes are {list(spikes.size())}, expected [batch, {self.synapses} synapses, at least 1 ms]")
        return spikes.to(self.weight.dtype)

    @torch.jit.export
    def silence(self, batch: int = 1) -> List[torch.Tensor]:
        """The state after a long silence, each array [batch, ...]: what advance() goes on from."""
        return self.features.silence(batch)

    def split(self, y) -> Dict[str, torch.Tensor]:
        result: Dict[str, torch.Tensor] = {}
        first = 0
        for head, outputs in zip(self.all_heads, self.outputs):
            answer = y[:, :, first:first + outputs]
            first += outputs
            if outputs == 1 and head not in ("dendrites", "targets"):
                answer = answer[:, :, 0]
            result["soma_mV" if head == "soma" else head] = answer
        return result

    def heads_say(self, features):
        return torch.matmul(features.transpose(1, 2), self.weight) + (self.bias + self.offset)

    @torch.jit.export
    def before_link(self, spikes) -> Dict[str, torch.Tensor]:
        """As answers(), but log-odds in the place of probabilities and logarithms in the place of expected numbers: what losses want
        (torch.nn.functional.binary_cross_entropy_with_logits)."""
        spikes = self.checked(spikes)
        return self.split(self.heads_say(self.features.advance(spikes, self.features.silence(spikes.size(0)))[0]))

    def link(self, answers: Dict[str, torch.Tensor]) -> Dict[str, torch.Tensor]:
        for head in self.all_heads:
            if head == "spike" or head == "near_spike":
                answers[head] = torch.sigmoid(answers[head])
            elif head == "count":
                answers[head] = torch.exp(answers[head])
        return answers

    @torch.jit.export
    def answers(self, spikes) -> Dict[str, torch.Tensor]:
        """Every head's, by name: probabilities, mV, dendritic components and targets [batch, ms, output], expected numbers of
        spikes."""
        return self.link(self.before_link(spikes))

    @torch.jit.export
    def advance(self, spikes, state: List[torch.Tensor]):
        """The next ms of a stream: (spike probability, somatic voltage, state), from spikes [batch, synapse, ms] and silence() or
        the state of the ms before. In pieces of any length it says what forward() says of the whole."""
        features, after = self.features.advance(self.checked(spikes), state)
        answers = self.link(self.split(self.heads_say(features)))
        return answers["spike"], answers["soma_mV"], after

    def forward(self, spikes):
        answers = self.answers(spikes)
        return answers["spike"], answers["soma_mV"]

    def arrays(self):
        """The arrays of a twin's file, by name, as they are now: float32, in the memory of the processor."""
        features, arrays = self.features, {}
        if isinstance(features, Memory):
            for name in ("synapse_weight", "branch_weight", "memory_weight", "hidden_bias", "delta_weight", "delta_bias", "log_time_constant"):
                arrays[f"recurrent.{name}"] = getattr(features, name)
        else:
            for number, layer in enumerate(features.layers, 1):
                name = f"tree.layer{number}" if layer.scattered else f"layer{number}"
                weight = layer.weight
                if not layer.scattered and number > 1:
                    weight = weight.permute(2, 1, 0)
                elif not layer.scattered:
                    weight = (weight if layer.shapes > 0 else weight.flip(2)).permute(1, 2, 0)
                arrays.update({f"{name}_weight": weight, f"{name}_bias": layer.bias})
                if layer.normalises:
                    arrays.update({f"{name}_norm_{what}": getattr(layer, f"norm_{what}") for what in ("scale", "shift", "mean", "variance")})
        first = 0
        for head, outputs in zip(self.all_heads, self.outputs):
            arrays[f"{head}_weight"] = self.weight[:, first:first + outputs]
            arrays[f"{head}_bias"] = self.bias[first:first + outputs]
            first += outputs
        return {name: array.detach().to(torch.float32).cpu().reshape(self.shapes_in_file[name]) for name, array in arrays.items()}


class Stepwise(torch.nn.Module):
    """advance() of a twin as a module's forward(spikes, state): for torch.export and compilers."""

    def __init__(self, twin):
        super().__init__()
        self.twin = twin

    def forward(self, spikes, state: List[torch.Tensor]):
        return self.twin.advance(spikes, state)
