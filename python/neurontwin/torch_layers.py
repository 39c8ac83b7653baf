"""The layers of twins in PyTorch, from the arrays of a twin's file: see torch_twin.py."""
import math
from typing import List

import torch

NORM_EPSILON = 1e-3
WRITE_SPEED, WRITE_RANGE, WRITE_SLOPE = 5.0, 1.7159, 2.0 / 3.0  # of a recurrent twin's memory


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
    """A causal convolution, a rectifier, and where the twin has them normalisation and the layer's own input."""

    def __init__(self, weight, bias, *, shape, place=None, shapes=0, taps, dilation=1, leak, norm=None, adds_input=False):
        """weight: [unit][input][tap], the last tap being the present, or [unit][input][shape of the temporal basis]; if `place` is
        given, those numbers of it that are not always 0, `place` being where they belong in an array of this `shape`. leak: what the rectifier
        passes on of what is below zero. norm: scale, shift, mean, variance."""
        super().__init__()
        self.weight = torch.nn.Parameter(weight.contiguous())
        self.bias = torch.nn.Parameter(bias)
        self.shape: List[int] = list(shape)
        self.scattered = place is not None
        self.register_buffer("place", torch.empty(0, dtype=torch.int64) if place is None else place)
        self.shapes = shapes
        self.register_buffer("basis", temporal_basis(taps, shapes).flip(1).to(weight.dtype) if shapes else torch.empty(0))
        self.normalises = norm is not None
        scale, shift, mean, variance = norm or [torch.empty(0)] * 4
        self.norm_scale = torch.nn.Parameter(scale, requires_grad=self.normalises)
        self.norm_shift = torch.nn.Parameter(shift, requires_grad=self.normalises)
        self.register_buffer("norm_mean", mean)
        self.register_buffer("norm_variance", variance)
        self.norm_epsilon = NORM_EPSILON
        self.dilation = dilation
        self.leak = float(leak)
        self.adds_input = adds_input
        self.past_ms = (taps - 1) * dilation

    def kernel(self):
        """[unit][input][tap]."""
        weight = self.weight
        if self.scattered:
            size = 1
            for length in self.shape:
                size *= length
            weight = torch.zeros([size], dtype=weight.dtype, device=weight.device).index_add(0, self.place, weight).view(self.shape)
        return torch.matmul(weight, self.basis) if self.shapes > 0 else weight

    def forward(self, x):
        """[batch, input, past_ms + ms] -> [batch, unit, ms]."""
        y = torch.conv1d(x, self.kernel(), self.bias, dilation=[self.dilation])
        if self.leak == 0:
            y = torch.relu(y)
        elif self.leak < 1:
            y = torch.nn.functional.leaky_relu(y, self.leak)
        if self.normalises:
            factor = self.norm_scale * torch.rsqrt(self.norm_variance + self.norm_epsilon)
            y = y * factor[:, None] + (self.norm_shift - self.norm_mean * factor)[:, None]
        if self.adds_input:
            y = y + x[:, :, x.size(2) - y.size(2):]
        return y


class Convolutions(torch.nn.Module):
    """Layers of causal convolutions: of convolutional twins and of trees. The state is the past of each layer's input."""

    def __init__(self, layers, synapses):
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)
        self.synapses = synapses

    def silence(self, batch: int) -> List[torch.Tensor]:
        state: List[torch.Tensor] = []
        constant = torch.zeros([1, self.synapses, 1])
        for layer in self.layers:
            constant = constant.to(layer.weight)
            state.append(constant.expand(batch, -1, layer.past_ms))
            constant = layer(constant.expand(1, -1, layer.past_ms + 1))
        return state

    def advance(self, spikes, state: List[torch.Tensor]):
        """[batch, synapse, ms] and the state -> [batch, unit, ms] and the state."""
        after: List[torch.Tensor] = []
        x = spikes
        for i, layer in enumerate(self.layers):
            x = torch.cat([state[i], x], 2)
            after.append(x[:, :, x.size(2) - layer.past_ms:])
            x = layer(x)
        return x, after


class Memory(torch.nn.Module):
    """Sums of the synapses on each branch, a hidden layer, and units of leaky memory. The state: [batch, branch], [batch, memory unit]."""

    def __init__(self, specification, wiring, arrays):
        super().__init__()
        first = torch.tensor(wiring["first"])
        self.synapses = len(first) - 1
        self.branches: int = wiring["branches"]
        synapse = torch.repeat_interleave(torch.arange(self.synapses), first[1:] - first[:-1])
        self.register_buffer("place", synapse * self.branches + torch.tensor(wiring["branch"], dtype=torch.int64))
        for name in ("synapse_weight", "branch_weight", "hidden_bias", "memory_weight", "delta_weight", "delta_bias"):
            setattr(self, name, torch.nn.Parameter(arrays[f"recurrent.{name}"]))
        self.log_time_constant = torch.nn.Parameter(arrays["recurrent.log_time_constant"],
                                                    requires_grad=bool(specification.get("learn_time_constants", True)))
        # Files of versions before 0.2 have one time constant for all branches.
        tau_ms = torch.tensor(wiring.get("tau_ms", [specification.get("synapse_tau_ms")] * self.branches))
        self.register_buffer("keep_of_branch", torch.exp(-1 / tau_ms))
        self.history_ms: int = specification["history_ms"]
        self.relu = specification["memory_activation"] == "relu"
        self.write_range = WRITE_RANGE
        self.write_slope = WRITE_SLOPE
        self.write_speed = WRITE_SPEED

    def silence(self, batch: int) -> List[torch.Tensor]:
        weight = self.branch_weight
        state = [torch.zeros([1, self.branches], dtype=weight.dtype, device=weight.device),
                 torch.zeros([1, self.log_time_constant.size(0)], dtype=weight.dtype, device=weight.device)]
        if self.history_ms > 0:
            silent = torch.zeros([1, self.synapses, self.history_ms], dtype=weight.dtype, device=weight.device)
            state = self.advance(silent, state)[1]
        return [state[0].expand(batch, -1), state[1].expand(batch, -1)]

    def advance(self, spikes, state: List[torch.Tensor]):
        """[batch, synapse, ms] and the state -> [batch, memory unit, ms] and the state."""
        table = torch.zeros([self.synapses * self.branches], dtype=spikes.dtype, device=spikes.device)
        table = table.index_add(0, self.place, self.synapse_weight).view(self.synapses, self.branches)
        arriving = torch.matmul(spikes.transpose(1, 2), table)
        branch, memory = state[0], state[1]
        sums: List[torch.Tensor] = []
        for t in range(spikes.size(2)):
            branch = self.keep_of_branch * branch + arriving[:, t]
            sums.append(branch)
        drive = torch.matmul(torch.stack(sums, 1), self.branch_weight) + self.hidden_bias
        rate = torch.exp(-self.log_time_constant)  # per ms
        keep, gate = torch.exp(-rate), self.write_range * (1 - torch.exp(-self.write_speed * rate))
        result: List[torch.Tensor] = []
        for t in range(spikes.size(2)):
            decayed = keep * memory
            hidden = drive[:, t] + torch.matmul(decayed, self.memory_weight)
            hidden = torch.relu(hidden) if self.relu else torch.nn.functional.silu(hidden)
            write = torch.matmul(hidden, self.delta_weight) + self.delta_bias
            memory = decayed + gate * torch.tanh(self.write_slope * write)
            result.append(memory)
        return torch.stack(result, 2), [branch, memory]


def norm_of(arrays, layer):
    """None where the twin does not normalise."""
    names = [f"{layer}_norm_{what}" for what in ("scale", "shift", "mean", "variance")]
    return [arrays[name] for name in names] if names[0] in arrays else None


def convolutional_layers(specification, arrays):
    layers = []
    inputs, shapes = 0, specification["temporal_shapes"]
    for number, layer in enumerate(specification["layers"], 1):
        weight = arrays[f"layer{number}_weight"]
        of_first = number == 1
        if of_first:  # from [synapse][tap or shape][unit], tap k acting k ms after the spike
            weight = weight.permute(2, 0, 1) if shapes else weight.permute(2, 0, 1).flip(2)
        else:  # from [tap][input][unit]
            weight = weight.permute(2, 1, 0)
        layers.append(Layer(weight, arrays[f"layer{number}_bias"], shape=weight.shape, shapes=shapes if of_first else 0, taps=layer["taps"],
                            dilation=layer["dilation"], leak=0 if specification["activation"] == "relu" else 1,
                            norm=norm_of(arrays, f"layer{number}"),
                            adds_input=specification["residual"] and not of_first and layer["features"] == inputs))
        inputs = layer["features"]
    return layers


def places_of_leaves(leaves, synapses, columns, channels, as_taps):
    """Where the numbers of [contact x column][channel] belong in [node x channel][synapse][column]. Columns are taps, the first being the
    present, or shapes."""
    places = []
    for synapse in range(synapses):
        for node in leaves["branch"][leaves["first"][synapse]:leaves["first"][synapse + 1]]:
            for column in range(columns):
                at = columns - 1 - column if as_taps else column
                places += [((node * channels + channel) * synapses + synapse) * columns + at for channel in range(channels)]
    return torch.tensor(places, dtype=torch.int64)


def places_of_nodes(first_child, taps, before, channels):
    """Where the numbers of [row][channel], node by node [tap][channel of its children], belong in [node x channel][channel before][tap]."""
    places, inputs = [], first_child[-1] * before
    for node in range(len(first_child) - 1):
        for tap in range(taps):
            for x in range(first_child[node] * before, first_child[node + 1] * before):
                places += [((node * channels + channel) * inputs + x) * taps + tap for channel in range(channels)]
    return torch.tensor(places, dtype=torch.int64)


def tree_layers(specification, tree, arrays):
    synapses, shapes, layers = len(tree["first"]) - 1, specification["temporal_shapes"], []
    for number, layer in enumerate(specification["layers"], 1):
        weight, taps, channels = arrays[f"tree.layer{number}_weight"].flatten(), layer["taps"], layer["node_width"]
        if number == 1:
            columns = shapes or taps
            place = places_of_leaves(tree, synapses, columns, channels, as_taps=not shapes)
            shape = [tree["branches"] * channels, synapses, columns]
        else:
            first_child, before = tree[f"layer{number}_first_child"], specification["layers"][number - 2]["node_width"]
            place = places_of_nodes(first_child, taps, before, channels)
            shape = [(len(first_child) - 1) * channels, first_child[-1] * before, taps]
        layers.append(Layer(weight, arrays[f"tree.layer{number}_bias"].flatten(), shape=shape, place=place, shapes=shapes if number == 1 else 0,
                            taps=taps, leak=specification["leak"], norm=norm_of(arrays, f"tree.layer{number}")))
    return layers


def features_of(described, arrays):
    specification = described["specification"]
    synapses = specification["excitatory_synapses"] + specification["inhibitory_synapses"]
    kind = specification["kind"]
    if kind == "recurrent":
        return Memory(specification, described["wiring"], arrays)
    if kind == "convolutional":
        return Convolutions(convolutional_layers(specification, arrays), synapses)
    if kind in ("tree", "k-tree"):
        return Convolutions(tree_layers(specification, described["merge_tree"], arrays), synapses)
    raise ValueError(f"is a twin of the kind '{kind}', which PyTorch is not taught here; it is written as ONNX for other programs")
