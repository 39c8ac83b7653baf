"""Networks of neurons, of their twins, or of both (docs/networks.md)."""
from os import fspath
from pathlib import Path

from . import _arguments as given
from . import _core
from ._inputs import as_settings
from ._progress import shown


class Network:
    """A network as a TOML file says it, ms by ms. `all_as`: "cells" or "twins" for all neurons as these. `device`: where twins
    are computed, "cpu" or "cuda" (a GPU: docs/gpu.md).

        network = nt.Network("network.toml").run(1000)
        time_ms, neuron = network.spikes("excitatory")
    """

    def __init__(self, file, *, set=(), seed=None, all_as="", threads=0, device="cpu"):
        self._network = _core.Network(Path(file), as_settings(set), given.seed_or_none(seed), all_as, threads,
                                      given.text("device", device))

    @property
    def populations(self):
        """How many neurons each has, by name."""
        return {name: self._network.neurons(name) for name in self._network.populations()}

    @property
    def contacts(self):
        """The synapses that its projections reach."""
        return self._network.contacts()

    @property
    def now_ms(self):
        return self._network.now_ms()

    def run(self, ms):
        """The next `ms`."""
        self._network.advance(given.whole("ms", ms, 1))
        return self

    def spikes(self, population):
        """(time_ms, neuron) of all spikes so far, in the order of time."""
        return self._network.spikes(population)

    def soma_mV(self, population):
        """[ms, neuron] of the population's first `record_soma` neurons."""
        return self._network.soma_mV(population)

    def activity(self):
        """Rates, CVs of intervals, correlations and the spectrum so far, of each population by name."""
        return {activity["name"]: activity for activity in self._network.activity()}

    def state(self):
        """All that it remembers, as bytes: another one of the same file goes on from there to the last bit."""
        return self._network.state()

    def set_state(self, state):
        self._network.set_state(state)


def run_network(file, *, out="", ms=0, set=(), seed=None, all_as="", threads=0, device="cpu", progress=True):
    """Runs a network to its end in a folder, as `neurontwin network` does: spikes.h5 and soma.h5 (SONATA), metrics.json.
    `device`: as of Network."""
    return _core.run_network(Path(file), as_settings(set), given.seed_or_none(seed), ms, all_as, fspath(out), threads,
                             given.text("device", device), shown(progress))


def compare_network(file, *, out="", ms=0, set=(), seed=None, perturbation_mV=0.1, threads=0, device="cpu", progress=True):
    """A network through its neurons, through these from a perturbed state, and through their twins: a list of the three courses.
    `device`: as of Network."""
    return _core.compare_network(Path(file), as_settings(set), given.seed_or_none(seed), ms, perturbation_mV, fspath(out), threads,
                                 given.text("device", device), shown(progress))
