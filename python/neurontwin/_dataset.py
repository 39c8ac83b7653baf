"""Trials on disk."""
import os
import shutil
import tempfile
import weakref
from pathlib import Path

import numpy as np

from . import _arguments as given
from . import _core
from ._core import InputError
from ._inputs import as_spikes
from ._neuronio import read_neuronio, write_neuronio
from ._spike_files import read_arrays


class TemporaryFolder:
    """Goes with this object, in the process that made it: a forked child leaves it alone."""

    def __init__(self):
        self.name = tempfile.mkdtemp(prefix="neurontwin-")
        self._finalizer = weakref.finalize(self, _remove_if_own, self.name, os.getpid())


def _remove_if_own(folder, process):
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


class Dataset:
    """A folder with training, validation and test trials."""

    __slots__ = ("_dataset", "_places", "_kept", "__weakref__")  # so that a misspelt or read-only name is not set in silence

    def __init__(self, dataset, kept=None, places=None):
        self._dataset = dataset
        self._places = places  # whether it is known where the synapses sit
        self._kept = kept  # a temporary folder that goes with this object

    @classmethod
    def open(cls, folder):
        """A data set that is there, whoever made it."""
        return cls(_core.open_dataset(Path(given.file("folder", folder)).absolute()))

    @classmethod
    def from_arrays(cls, inputs, spikes, soma_mV, *, excitatory_synapses=None, inhibitory_synapses=None, folder=None,
                    shares=(0.8, 0.1, 0.1), source="arrays"):
        """Trials from anywhere: recordings, another simulator.

        inputs: see as_spikes(). spikes: [trial, ms] of 0 and 1, or a list with the output spike times (ms) of each
        trial. soma_mV: [trial, ms]. excitatory_synapses: how many of the synapses, the first ones; all, unless said.
        inhibitory_synapses: how many follow. Lists of spikes do not say how many synapses there are: without these numbers
        the last one that fires is taken for the last. folder: where the files go; a temporary folder unless said. shares: of the trials to train, validate and test
        with, in order."""
        soma_mV = given.array("soma_mV", soma_mV, np.float32)
        if soma_mV.ndim != 2:
            raise InputError(f"soma_mV has {soma_mV.ndim} dimensions, expected [trial, ms]")
        trials, ms = soma_mV.shape
        dense = not isinstance(inputs, (list, tuple))
        every_input = as_spikes(inputs)
        if len(every_input) != trials:
            raise InputError(f"{len(every_input)} inputs but soma_mV of {trials} trials")
        if dense and np.asarray(inputs).shape[-1] != ms:
            raise InputError(f"inputs are of {np.asarray(inputs).shape[-1]} ms but soma_mV of {ms}: [trial, synapse, ms]")
        times = _spike_times(spikes, trials, ms)
        synapses = np.asarray(inputs).shape[-2] if dense else 1 + max(
            (int(one[1].max()) for one in every_input if one[1].size), default=0)
        excitatory, synapses = _synapses(synapses, excitatory_synapses, inhibitory_synapses, dense)
        every = [(every_input[i], times[i], soma_mV[i]) for i in range(trials)]
        first, second = _cuts(trials, shares)
        kept = TemporaryFolder() if folder is None else None
        folder = kept.name if kept else given.file("folder", folder)
        dataset = _core.write_dataset(excitatory, synapses - excitatory, ms, every[:first], every[first:second],
                                      every[second:], given.text("source", source), Path(folder).absolute())
        return cls(dataset, kept, places=False)

    @classmethod
    def from_file(cls, file, *, inputs="inputs", spikes="spikes", soma_mV="soma_mV", **options):
        """Traces from an .npz or HDF5 file: the names of its arrays [trial, synapse, ms], [trial, ms], [trial, ms]. options: of
        from_arrays()."""
        arrays = read_arrays(file, (inputs, spikes, soma_mV))
        return cls.from_arrays(*arrays, source=str(file), **options)

    @classmethod
    def from_neuronio(cls, files, *, test_files=None, folder=None, shares=(0.8, 0.1, 0.1)):
        """The published pickles of Beniaguev, Segev and London 2021. test_files: those to test with; then the first two shares,
        scaled up, part the others into training and validation. Evaluate with the published conventions: scores "published.*". A pickle
        that asks for anything but numbers is not loaded."""
        segments, trials = _read_all(files)
        if test_files is None:
            first, second = _cuts(len(trials), shares)
            parts = trials[:first], trials[first:second], trials[second:]
        else:
            segments_of_test, tests = _read_all(test_files)
            if segments_of_test != segments:
                raise InputError(f"test_files are of {segments_of_test} segments, the others of {segments}")
            first = len(trials) - max(1, round(len(trials) * shares[1] / (shares[0] + shares[1])))
            parts = trials[:first], trials[first:], tests
        kept = TemporaryFolder() if folder is None else None
        ms = len(trials[0][2])
        return cls(_core.write_dataset(segments, segments, ms, *parts, "NeuronIO", Path(kept.name if kept else folder).absolute()), kept, places=False)

    def write_neuronio(self, file, split="test", *, dendrites=False):
        """Writes the trials of "train", "valid" or "test" as a pickle of the same format, for loaders of NeuronIO. dendrites: with
        dendritic voltages, which are nan, for loaders that ask for them."""
        if split not in ("train", "valid", "test"):
            raise InputError(f"split is {split!r}, expected train, valid or test")
        count = getattr(self._dataset, f"{split}_trials")
        trials = [self.trial(split, i) for i in range(count)]
        write_neuronio(file, trials, self._dataset.excitatory_synapses, self._dataset.inhibitory_synapses, dendrites)

    def report(self):
        """What is there, and what nobody can know of traces without a cell."""
        d, lines = self._dataset, [repr(self)[1:-1]]
        spikes = [len(self.trial("train", i)[1]) for i in range(d.train_trials)]
        lines.append(f"{sum(spikes)} output spikes to train with, {1000 * sum(spikes) / (d.train_trials * d.duration_ms):.3g} per second")
        lines.append(f"{d.excitatory_synapses} excitatory and {d.inhibitory_synapses} inhibitory synapses")
        if sum(spikes) < 30:
            lines.append("fewer than 30 output spikes: a twin learns the voltage, and hardly when to spike")
        if self._places is False:
            lines.append("not known: where the synapses sit; neighbours by number are taken for neighbours on a branch. No map on the neuron, "
                         "no probes of dendrites, no test by interventions, which would have to simulate it")
        return "\n".join(lines)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._dataset, name)

    def __reduce__(self):
        if self._kept is not None:
            raise TypeError("a data set in a temporary folder cannot be pickled: make it with folder=..")
        return Dataset.open, (str(self._dataset.folder),)

    def trial(self, split, index):
        """((time_ms, synapse), spike_times_ms, soma_mV) of one trial of "train", "valid" or "test"."""
        return _core.read_trial(self._dataset, given.text("split", split), given.whole("index", index))

    def __repr__(self):
        d = self._dataset
        return (f"<Dataset: {d.train_trials} + {d.valid_trials} + {d.test_trials} trials of {d.duration_ms} ms in "
                f"{d.folder}>")


def _synapses(seen, excitatory, inhibitory, dense):
    """How many are excitatory, and all, of inputs that are of `seen` synapses (lists: at least so many)."""
    excitatory, inhibitory = (None if count is None else given.whole(name, count, 0) for name, count in
                              (("excitatory_synapses", excitatory), ("inhibitory_synapses", inhibitory)))
    if excitatory is None:
        if inhibitory and not dense:
            raise InputError("inhibitory_synapses is given but excitatory_synapses is not, and lists of spikes do not say how many there are")
        excitatory = seen - (inhibitory or 0)
    if inhibitory is None:
        inhibitory = seen - excitatory if dense else max(0, seen - excitatory)
    both = excitatory + inhibitory
    if excitatory < 0 or inhibitory < 0 or both < seen or dense and both != seen:
        raise InputError(f"excitatory_synapses is {excitatory} and inhibitory_synapses is {inhibitory}, but the inputs are of "
                         f"{'' if dense else 'at least '}{seen} synapses")
    return excitatory, both


def _read_all(files):
    files = [files] if isinstance(files, (str, Path)) else list(files)
    if not files:
        raise InputError("there are no files of NeuronIO")
    read = [read_neuronio(file) for file in files]
    for file, (segments, trials) in zip(files, read):
        if segments != read[0][0] or {len(t[2]) for t in trials} != {len(read[0][1][0][2])}:
            raise InputError(f"{file}: has other segments or another duration than {files[0]}")
    return read[0][0], [trial for _, trials in read for trial in trials]


def _spike_times(spikes, trials, ms):
    if isinstance(spikes, (list, tuple)):
        times = [given.array(f"spikes of trial {i}", one, np.float32) for i, one in enumerate(spikes)]
        for i, one in enumerate(times):
            if one.ndim != 1:
                raise InputError(f"spikes of trial {i} have {one.ndim} dimensions, expected the times of its spikes")
    else:
        array = given.array("spikes", spikes)
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
    shares = given.array("shares", shares, float)
    if shares.shape != (3,) or not np.isfinite(shares).all() or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise InputError(f"shares are {shares.tolist()}, expected three positive numbers whose sum is 1")
    test = max(1, round(trials * shares[2]))
    valid = max(1, round(trials * shares[1]))
    return trials - valid - test, trials - test
