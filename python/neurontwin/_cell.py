"""Neurons: described in files, simulated, made into data sets."""
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from . import _arguments as given
from . import _core
from ._dataset import Dataset
from ._inputs import as_settings, as_spikes, as_toml, duration_of
from ._progress import shown


@dataclass(eq=False)  # arrays are compared one by one, not as a whole
class Trial:
    """What one trial leaves. `soma_mV` has a sample each ms from 0, `soma_fine_mV` (of detailed cells) eight.
    `compartments_mV` is [compartment, ms] where it was asked for; `recorded` has what else was, by name."""
    spike_times_ms: np.ndarray
    soma_mV: np.ndarray
    soma_fine_mV: np.ndarray
    compartments_mV: np.ndarray = None
    recorded: dict = field(default_factory=dict)


class Cell:
    """A neuron of any kind, read from a description (a TOML file, or a cell folder).

    `set`: settings over the file, as {"celsius": 20} or ["celsius=20"]. `morphology`, `receptors`: in the place of the
    file's own."""

    def __init__(self, path, *, set=(), morphology="", receptors=""):
        self._neuron = _core.read_neuron(given.file("path", path), as_settings(set), given.file("morphology", morphology),
                                         given.text("receptors", receptors))
        self.path = Path(path)
        (self.words, self.settings, self.notes, self.compartments,
         self.synapse_compartment, groups) = _core.describe_neuron(self._neuron)
        # Of each group of synapses its numbers; without groups of its own a neuron has "excitatory" and "inhibitory".
        self.groups = {name: range(first, first + synapses) for name, _, first, synapses in groups}

    @property
    def synapses(self):
        return self._neuron.synapses

    @property
    def excitatory_synapses(self):
        return self._neuron.excitatory_synapses

    @property
    def inhibitory_synapses(self):
        return self._neuron.inhibitory_synapses

    @property
    def soma_compartment(self):
        """The number of the compartment whose voltage is soma_mV."""
        section, region = self.compartments["section"], self.compartments["region"]
        name = next((s for s, r in zip(section, region) if r == "soma"), section[0])
        return section.index(name) + section.count(name) // 2

    def __repr__(self):
        return f"<Cell: {self.words}>"

    def draw_inputs(self, trials, *, ms, seed=1, first=0, stimulus=""):
        """Random input for so many trials, as a list of (time_ms, synapse). `stimulus`: TOML text or a dict, the keys of an
        experiment's table [stimulus]; without any the published input."""
        model = _core.random_rates(self._neuron, as_toml("stimulus", stimulus))
        return _core.draw_inputs(model, given.seed(seed), given.whole("first", first, 0), given.whole("trials", trials, 0),
                                 given.whole("ms", ms))

    def simulate(self, inputs, *, ms=None, dt_ms=0.025, scheme="crank-nicolson", precision="double",
                 compartments=False, record=(), seed=1, threads=0, device="cpu", progress=False):
        """One Trial for each of `inputs` (see as_spikes()), side by side on all lanes and threads. `record`: further
        quantities, as "soma.cai" or "apic[3](0.5).v". `seed`: of the random numbers that mechanisms draw; the n-th
        input always meets the same ones. `device`: "cpu" or "cuda" (a GPU: docs/gpu.md), which simulates detailed neurons
        with precision="float" and records voltages."""
        trials = _core.simulate(self._neuron, as_spikes(inputs, self.synapses, self.groups), duration_of(inputs, ms),
                                given.number("dt_ms", dt_ms), given.text("scheme", scheme), given.text("precision", precision),
                                bool(compartments), given.texts("record", record), given.seed(seed),
                                given.whole("threads", threads), given.text("device", device), shown(progress))
        return [Trial(**trial) for trial in trials]

    def make_dataset(self, folder, *, train_trials, valid_trials=16, test_trials=32, trial_ms=6000, seed=1, dt_ms=0.05,
                     stimulus="", threads=0, device="cpu", progress=True):
        """Simulates what is missing of a data set in `folder`; what is there already stays. `device`: that simulates, "cpu" or
        "cuda" (a GPU: docs/gpu.md)."""
        model = _core.random_rates(self._neuron, as_toml("stimulus", stimulus))
        trials = [given.whole(name, count) for name, count in
                  (("train_trials", train_trials), ("valid_trials", valid_trials), ("test_trials", test_trials))]
        return Dataset(_core.make_dataset(self._neuron, model, Path(given.file("folder", folder)).absolute(), given.whole("trial_ms", trial_ms),
                                          trials, given.seed(seed), given.number("dt_ms", dt_ms),
                                          given.whole("threads", threads), given.text("device", device), shown(progress)),
                       places=True)
