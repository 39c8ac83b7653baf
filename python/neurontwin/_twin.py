"""Twins: trained, asked, saved, put to work."""
import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from . import _arguments as given
from . import _core
from ._core import InputError, RunError
from ._inputs import as_spikes, as_toml, duration_of, toml_value
from ._progress import shown


class Scores(dict):
    """Numbers by the names of metrics.json ("spike.auc"); interval("spike.auc") is the 95 % interval of one."""

    def __init__(self, metrics):
        super().__init__((name, value) for name, value, _, _ in metrics)
        self._intervals = {name: (low, high) for name, _, low, high in metrics}

    def interval(self, name):
        return self._intervals[name]


class Twin:
    """A network that does what a neuron does. Called with inputs (see as_spikes()) it says the probability of a spike
    and the somatic voltage in mV, each [trial, ms]."""

    def __init__(self, twin, epochs=(), setbacks=(), seconds=0.0):
        self._twin = twin
        self.epochs = list(epochs)  # (number, training loss, validation loss, seconds so far)
        self.setbacks = list(setbacks)
        self.seconds = seconds

    def __call__(self, inputs, *, ms=None, threads=0, device="cpu"):
        """The probability of a spike and the voltage, each [trial, ms]. `device`: that computes, "cpu" or "cuda" (a GPU:
        docs/gpu.md)."""
        probability, soma_mV, _ = _core.predict(self._twin, as_spikes(inputs, self.synapses, self.groups), duration_of(inputs, ms),
                                                given.whole("threads", threads), given.text("device", device))
        return probability, soma_mV

    @property
    def synapses(self):
        return self._twin.synapses

    @property
    def excitatory_synapses(self):
        return self._twin.excitatory_synapses

    @property
    def inhibitory_synapses(self):
        return self._twin.inhibitory_synapses

    @property
    def groups(self):
        """The numbers of the synapses of each group, by name; "excitatory" and "inhibitory" where the neuron named none."""
        named = json.loads(self.describe()["texts"]["synapses"]).get("groups")
        counts = (zip(named["name"], named["synapses"]) if named else
                  (("excitatory", self.excitatory_synapses), ("inhibitory", self.inhibitory_synapses)))
        groups, first = {}, 0
        for name, count in counts:
            groups[name] = range(first, first + count)
            first += count
        return groups

    @property
    def parameters(self):
        return self._twin.parameters

    def describe(self):
        """kind, words, window_ms, spike_threshold, arrays (by name), and the texts of its file."""
        return _core.describe_twin(self._twin)

    @property
    def spike_threshold(self):
        """The probability from which on a spike is counted."""
        return self.describe()["spike_threshold"]

    def evaluate(self, dataset, *, settings="", seed=1, threads=0, device="cpu", progress=False):
        """Scores on the test trials of a data set. `device`: that asks the twin, "cpu" or "cuda" (a GPU: docs/gpu.md)."""
        return Scores(_core.evaluate(self._twin, _checked(dataset), as_toml("settings", settings), given.seed(seed),
                                     given.whole("threads", threads), given.text("device", device), shown(progress)))

    def save(self, file):
        _core.save_twin(self._twin, Path(given.file("file", file)))

    def export(self, file, *, format):
        """Writes it as "onnx" or "hdf5"."""
        _core.export_twin(self._twin, given.text("format", format), Path(given.file("file", file)))

    def card(self, file=None, *, scores=None, title=None, license=None, cell=None, data=None):
        """The model card, Markdown as model hubs expect, also written to `file`. scores: of evaluate(), or those of its file. title,
        license of the weights, words on the cell and the data: yours."""
        from ._card import model_card
        if not isinstance(scores, (Mapping, type(None))):
            raise InputError(f"scores are {scores!r}, expected what evaluate() gives, or {{name: number}}")
        text = model_card(self, scores=scores, title=title, license=license, cell=cell, data=data)
        if file is not None:
            _written(file, text)
        return text

    def to_torch(self):
        """The same network in your PyTorch (1.13 or later), with parameters, gradients and a streaming state: see
        neurontwin.torch_twin.NeuronTwin. module(spikes [batch, synapse, ms]) -> probability, soma_mV [batch, ms]."""
        import torch

        from .torch_twin import NeuronTwin
        description = self.describe()
        arrays = {name: torch.from_numpy(np.array(array)) for name, array in description["arrays"].items()}
        return NeuronTwin(description["texts"], arrays).eval()

    def __reduce__(self):
        return _of_bytes, (self._bytes(), self.epochs, self.setbacks, self.seconds)

    def _bytes(self):
        with tempfile.TemporaryDirectory(prefix="neurontwin-") as folder:
            self.save(Path(folder) / "twin.safetensors")
            return (Path(folder) / "twin.safetensors").read_bytes()

    def stream(self, neurons=1, *, threads=1, device="cpu"):
        return Stream(self, neurons, threads, device)

    def __repr__(self):
        return f"<Twin: {self.describe()['words']}, {self.parameters} weights>"


class Stream:
    """Twins at work, many side by side, a few ms at a time, after a long silence. `device`: that computes them, "cpu" or "cuda" (a
    GPU, for many: docs/gpu.md)."""

    def __init__(self, twin, neurons=1, threads=1, device="cpu"):
        self.neurons = given.whole("neurons", neurons)
        self._synapses = twin.synapses
        self._stream = _core.Stream(twin._twin, self.neurons, given.whole("threads", threads), given.text("device", device))

    def advance(self, ms, neuron=(), synapse=(), at_ms=()):
        """The next `ms` milliseconds. Spike i comes to `neuron[i]`, on its `synapse[i]`, `at_ms[i]` from now. Returns
        the probability of a spike and the voltage, each [neuron, ms]."""
        ms = given.whole("ms", ms)
        names = ("neuron", "synapse", "at_ms")
        arrays = [given.array(name, values) for name, values in zip(names, (neuron, synapse, at_ms))]
        for name, array, end in zip(names, arrays, (self.neurons, self._synapses, ms)):
            if array.ndim != 1:
                raise InputError(f"{name} has {array.ndim} dimensions, expected a number for each spike")
            if array.size and not (np.issubdtype(array.dtype, np.integer) and (array >= 0).all() and (array < end).all()):
                raise InputError(f"{name} holds other numbers than 0 to {end - 1}")
        return self._stream.advance(*(array.astype(np.uint32) for array in arrays), self.neurons, ms)

    def state(self, neuron=0):
        """All that one of them remembers."""
        return self._stream.state(given.whole("neuron", neuron))

    def set_state(self, state, neuron=0):
        state = given.array("state", state, np.float32)
        if state.ndim != 1 or not np.isfinite(state).all():
            raise InputError("state is no list of numbers, as state() gives it")
        self._stream.set_state(given.whole("neuron", neuron), state)


def load(file):
    """A twin from twin.safetensors. No code in the file is run."""
    return Twin(_core.load_twin(Path(given.file("file", file))))


def _of_bytes(content, epochs=(), setbacks=(), seconds=0.0):
    """A twin from the content of its file."""
    with tempfile.TemporaryDirectory(prefix="neurontwin-") as folder:
        file = Path(folder) / "twin.safetensors"
        file.write_bytes(content)
        return Twin(_core.load_twin(file), epochs, setbacks, seconds)


def from_torch(module):
    """A twin from what to_torch() gave, trained further or not. Scores and thresholds, which are of what it was
    before, are left out."""
    from .twin_file import FORMAT, safetensors_bytes
    if not hasattr(module, "description") or not hasattr(module, "arrays"):
        raise InputError(f"module is a {type(module).__name__}, expected what twin.to_torch() gave")
    texts = json.loads(module.description)
    texts["thresholds"] = texts["scores"] = {}
    texts = {"format": FORMAT, **{name: json.dumps(text) for name, text in texts.items()}}
    return _of_bytes(safetensors_bytes(module.arrays(), texts))


def _checked(dataset):
    found = getattr(dataset, "_dataset", None)
    if not isinstance(found, _core.Dataset):
        raise InputError(f"dataset is a {type(dataset).__name__}, expected a Dataset: Dataset.from_arrays(), Cell.make_dataset() ..")
    return found


def _written(file, text):
    try:
        Path(given.file("file", file)).write_text(text)
    except OSError as error:
        raise RunError(f"{file}: cannot be written ({error.strerror})") from None


def _with_keys(text, twin):
    """TOML text with further keys of its table [twin]."""
    header = re.search(r"^[ \t]*\[twin\][ \t]*(#.*)?$", text, re.MULTILINE)
    keys = [f"{key} = {toml_value(key, value)}\n" for key, value in twin.items()]
    if header is None:
        return "".join(f"twin.{key}" for key in keys) + text
    return text[:header.end()] + "\n" + "".join(keys).rstrip("\n") + text[header.end():]


def train(dataset, *, kind="recurrent", settings="", seed=1, threads=0, folder="", device="cpu", progress=True, **twin):
    """Trains a twin on a data set. Further arguments are keys of [twin]: memory_units=20, branches=45. `settings`: TOML
    text with tables [train], [data] and further keys, or {"train": {"epochs": 4}}; `folder`: of checkpoints, from which a
    stopped training goes on; `device`: that computes, "cpu" or "cuda" (a GPU: docs/gpu.md)."""
    text = _with_keys(as_toml("settings", settings), {"kind": kind, **twin})
    trained, epochs, _, setbacks, seconds = _core.train(_checked(dataset), text,
                                                        given.seed(seed), given.whole("threads", threads), given.text("device", device),
                                                        given.file("folder", folder), shown(progress))
    return Twin(trained, epochs, setbacks, seconds)
