"""Trials on disk."""
import tempfile
from pathlib import Path

import numpy as np

from . import _core
from ._core import InputError
from ._inputs import as_spikes


class Dataset:
    """A folder with training, validation and test trials."""

    def __init__(self, dataset, kept=None):
        self._dataset = dataset
        self._kept = kept  # a temporary folder that goes with this object

    @classmethod
    def open(cls, folder):
        """A data set that is there, whoever made it."""
        return cls(_core.open_dataset(Path(folder)))

    @classmethod
    def from_arrays(cls, inputs, spikes, soma_mV, *, excitatory_synapses=None, folder=None, shares=(0.8, 0.1, 0.1),
                    source="arrays"):
        """Trials from anywhere: recordings, another simulator.

        inputs: see as_spikes(). spikes: [trial, ms] of 0 and 1, or a list with the output spike times (ms) of each
        trial. soma_mV: [trial, ms]. excitatory_synapses: how many of the synapses, the first ones; all, unless said.
        folder: where the files go; a temporary folder unless said. shares: of the trials to train, validate and test
        with, in order."""
        soma_mV = np.asarray(soma_mV, dtype=np.float32)
        if soma_mV.ndim != 2:
            raise InputError(f"soma_mV has {soma_mV.ndim} dimensions, expected [trial, ms]")
        trials, ms = soma_mV.shape
        dense = not isinstance(inputs, (list, tuple))
        given = as_spikes(inputs)
        if len(given) != trials:
            raise InputError(f"{len(given)} inputs but soma_mV of {trials} trials")
        times = _spike_times(spikes, trials, ms)
        synapses = np.asarray(inputs).shape[-2] if dense else 1 + max(
            (int(one[1].max()) for one in given if one[1].size), default=0)
        excitatory = synapses if excitatory_synapses is None else int(excitatory_synapses)
        if not 0 <= excitatory <= synapses:
            if dense or excitatory < 0:
                raise InputError(f"excitatory_synapses is {excitatory}, expected 0 to {synapses}")
            synapses = excitatory  # ones that never fire
        every = [(given[i], times[i], soma_mV[i]) for i in range(trials)]
        first, second = _cuts(trials, shares)
        kept = tempfile.TemporaryDirectory(prefix="neurontwin-") if folder is None else None
        dataset = _core.write_dataset(excitatory, synapses - excitatory, ms, every[:first], every[first:second],
                                      every[second:], source, Path(kept.name if kept else folder))
        return cls(dataset, kept)

    def __getattr__(self, name):
        return getattr(self._dataset, name)

    def trial(self, split, index):
        """((time_ms, synapse), spike_times_ms, soma_mV) of one trial of "train", "valid" or "test"."""
        return _core.read_trial(self._dataset, split, index)

    def __repr__(self):
        d = self._dataset
        return (f"<Dataset: {d.train_trials} + {d.valid_trials} + {d.test_trials} trials of {d.duration_ms} ms in "
                f"{d.folder}>")


def _spike_times(spikes, trials, ms):
    if isinstance(spikes, (list, tuple)):
        times = [np.asarray(one, dtype=np.float32) for one in spikes]
    else:
        array = np.asarray(spikes)
        if array.shape != (trials, ms):
            raise InputError(f"spikes are {list(array.shape)}, expected [trial, ms] as soma_mV, {[trials, ms]}, or a "
                             "list of spike times")
        if not np.isin(array, (0, 1)).all():
            raise InputError("spikes hold other numbers than 0 and 1")
        times = [np.nonzero(one)[0].astype(np.float32) for one in array]
    if len(times) != trials:
        raise InputError(f"spikes of {len(times)} trials but soma_mV of {trials}")
    return times


def _cuts(trials, shares):
    if trials < 3:
        raise InputError(f"{trials} trials, expected at least 3: one to train, one to validate, one to test")
    if len(shares) != 3 or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise InputError(f"shares are {tuple(shares)}, expected three positive numbers whose sum is 1")
    test = max(1, round(trials * shares[2]))
    valid = max(1, round(trials * shares[1]))
    return trials - valid - test, trials - test
