"""The published data of Beniaguev, Segev and London 2021 (Neuron 109:2727), as "NeuronIO" on Kaggle: pickles of 128 simulations of 6 s.

A file is a pickled dictionary with "Params" and "Results". Results["listOfSingleSimulationDicts"] has, for each simulation,
"exInputSpikeTimes" and "inhInputSpikeTimes" (by number of the segment, the ms of its spikes), "outputSpikeTimes" (ms),
"somaVoltageLowRes" and "nexusVoltageLowRes" (mV, each ms), "recordingTimeLowRes"; Params has "allSegmentsType", "numSimulations" and
"totalSimDurationInSec". Their loaders number the inputs as excitatory segments first, then inhibitory ones.
"""
import gzip
import io
import pickle
from pathlib import Path

import numpy as np

from . import _arguments as given
from ._core import InputError

ALLOWED = {("numpy.core.multiarray", "_reconstruct"), ("numpy.core.multiarray", "scalar"), ("numpy", "ndarray"), ("numpy", "dtype"),
           ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"), ("builtins", "set"), ("builtins", "frozenset"),
           ("_codecs", "encode"), ("__builtin__", "set"), ("copy_reg", "_reconstructor"), ("collections", "OrderedDict")}


class NumbersOnly(pickle.Unpickler):
    """A pickle is a program: this one lets it make numbers, texts, lists, dictionaries and numpy arrays, and nothing else."""

    def find_class(self, module, name):
        if (module, name) not in ALLOWED:
            raise InputError(f"the pickle asks for {module}.{name}, which data have no need of; it is not loaded")
        return super().find_class(module, name)


def read_pickle(file):
    try:
        content = Path(given.file("file", file)).read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    try:
        return NumbersOnly(io.BytesIO(content), encoding="latin1").load()  # of Python 2, too
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    except Exception as error:
        raise InputError(f"{file}: is no pickle of NeuronIO, or was cut short ({error})") from None


def spikes_of(by_segment, first, file, number):
    """(time_ms, synapse) of {segment: [ms]}."""
    synapse, time_ms = [], []
    for segment, times in by_segment.items():
        synapse += [first + int(segment)] * len(times)
        time_ms += list(times)
    time_ms = np.asarray(time_ms, dtype=np.float64)
    if time_ms.size and (time_ms.min() < 0 or not np.isfinite(time_ms).all()):
        raise InputError(f"{file}: simulation {number} has input spikes at {time_ms.min()} ms")
    return time_ms, np.asarray(synapse, dtype=np.int64)


def segments_of(params, simulations):
    """How many segments the inputs are numbered by."""
    if "allSegmentsType" in params:
        return len(params["allSegmentsType"])
    return 1 + max(max(map(int, s[kind]), default=0) for s in simulations for kind in ("exInputSpikeTimes", "inhInputSpikeTimes"))


def read_neuronio(file):
    """(segments, [((time_ms, synapse), output spike times in ms, soma_mV [ms])] of each simulation) of one file."""
    content = read_pickle(file)
    try:
        simulations = content["Results"]["listOfSingleSimulationDicts"]
        segments = segments_of(content.get("Params", {}), simulations)
        trials = []
        for number, s in enumerate(simulations):
            time_ms, synapse = spikes_of(s["exInputSpikeTimes"], 0, file, number)
            more_ms, more = spikes_of(s["inhInputSpikeTimes"], segments, file, number)
            time_ms, synapse = np.concatenate([time_ms, more_ms]), np.concatenate([synapse, more])
            time_ms, synapse = np.unique(np.array([time_ms, synapse]), axis=1)  # in order, each ms once, as their arrays are
            # as their loaders find the ms
            output_ms = np.floor(np.maximum(np.asarray(s["outputSpikeTimes"], dtype=np.float32) - np.float32(0.5), 0))
            trials.append(((time_ms, synapse.astype(np.int64)), output_ms, np.asarray(s["somaVoltageLowRes"], dtype=np.float32)))
        return segments, trials
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{file}: is no pickle of NeuronIO ({error!r})") from None


def by_segment(spikes, first, segments):
    time_ms, synapse = spikes[0], spikes[1].astype(np.int64)
    return {segment: np.sort(time_ms[synapse == first + segment]).astype(np.int64).tolist() for segment in range(segments)}


def simulation_of(trial, excitatory, inhibitory, dendrites):
    """One entry of listOfSingleSimulationDicts."""
    spikes, output_ms, soma_mV = trial
    ms, segments = len(soma_mV), max(excitatory, inhibitory)
    s = {"recordingTimeLowRes": np.arange(ms, dtype=np.float32), "somaVoltageLowRes": soma_mV,
         "exInputSpikeTimes": by_segment(spikes, 0, excitatory), "inhInputSpikeTimes": by_segment(spikes, excitatory, inhibitory),
         # int(t - 0.5) and int(t) - 1, which their loaders do, both give the ms that it lies in.
         "outputSpikeTimes": np.floor(output_ms) + np.float32(1)}
    for kind in ("exInputSpikeTimes", "inhInputSpikeTimes"):
        s[kind].update({segment: [] for segment in range(len(s[kind]), segments)})
    if dendrites:
        s["dendriticVoltagesLowRes"] = np.full((segments, ms), np.nan, dtype=np.float16)
    return s


def write_neuronio(file, trials, excitatory, inhibitory, dendrites=False):
    """Writes trials ((time_ms, synapse), output spike times, soma_mV) as one file. Numbers are float32, where the published files have
    float16. Their format has as many excitatory as inhibitory inputs; missing ones never fire. dendrites: also
    "dendriticVoltagesLowRes", of which nothing is known here: nan, for loaders that ask for it."""
    if not trials:
        raise InputError("there are no trials to write")
    segments, ms = max(excitatory, inhibitory), len(trials[0][2])
    params = {"allSegmentsType": ["unknown"] * segments, "allSegments_DistFromSoma": [float("nan")] * segments,
              "numSimulations": len(trials), "collectAndSaveDVTs": dendrites, "totalSimDurationInSec": ms // 1000 if ms % 1000 == 0 else ms / 1000}
    simulations = [simulation_of(trial, excitatory, inhibitory, dendrites) for trial in trials]
    with open(file, "wb") as out:
        pickle.dump({"Params": params, "Results": {"listOfSingleSimulationDicts": simulations}}, out, protocol=2)
