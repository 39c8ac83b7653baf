"""Spikes and traces from files of others: SONATA, NWB, npz, any HDF5."""
from pathlib import Path

import numpy as np

from . import _arguments as given
from ._core import InputError


def open_hdf5(file):
    import h5py
    try:
        return h5py.File(file, "r")
    except OSError as error:
        raise InputError(f"{file}: is no HDF5 file, or is not there ({error})") from None


def read_arrays(file, names):
    """Arrays of an .npz or HDF5 file, by their names."""
    if not Path(given.file("file", file)).exists():
        raise InputError(f"{file}: there is no such file")
    if Path(file).suffix == ".npz":
        with np.load(file, allow_pickle=False) as content:
            return [content[name] if name in content else missing(file, name, content.files) for name in names]
    with open_hdf5(file) as content:
        return [content[name][()] if name in content else missing(file, name, content) for name in names]


def missing(file, name, there):
    raise InputError(f"{file}: there is no array '{name}'; it has {', '.join(sorted(there))}")


def of_sonata(content, file, population):
    """(time_ms, id) of a spike file of SONATA."""
    group = content["spikes"]
    populations = [name for name in group if hasattr(group[name], "keys")]
    if not populations:  # files before SONATA 0.1
        return group["timestamps"][()], group["gids" if "gids" in group else "node_ids"][()]
    if population is None and len(populations) > 1:
        raise InputError(f"{file}: has the populations {', '.join(populations)}; say which: population=NAME")
    group = group[population or populations[0]] if population in (None, *populations) else missing(file, population, populations)
    unit = group["timestamps"].attrs.get("units", "milliseconds")
    unit = unit.decode() if isinstance(unit, bytes) else unit
    factors = {"milliseconds": 1.0, "millisecond": 1.0, "ms": 1.0, "seconds": 1e3, "second": 1e3, "s": 1e3}
    if unit not in factors:
        raise InputError(f"{file}: timestamps are in '{unit}', expected milliseconds or seconds")
    return group["timestamps"][()] * factors[unit], group["node_ids"][()]


def of_nwb(content):
    """(time_ms, id) of the units of an NWB 2 file, whose times are in seconds."""
    units = content["units"]
    times, ends = units["spike_times"][()], units["spike_times_index"][()]
    ids = units["id"][()] if "id" in units else np.arange(len(ends))
    return times * 1e3, np.repeat(ids, np.diff(np.concatenate([[0], ends])))


def read_spikes(file, *, population=None, synapse_of=None, start_ms=0.0, ms=None):
    """(time_ms, synapse) of a spike file of SONATA (/spikes/POPULATION/timestamps, node_ids) or NWB 2 (/units), as input of one trial.

    synapse_of: {id: synapse}, and what it does not name is left out; unless said the ids in ascending order are the synapses 0, 1, ..
    start_ms, ms: the stretch that is taken, whose start becomes 0."""
    with open_hdf5(file) as content:
        if "spikes" in content:
            time_ms, identity = of_sonata(content, file, population)
        elif "units" in content and "spike_times" in content["units"]:
            time_ms, identity = of_nwb(content)
        else:
            raise InputError(f"{file}: has neither /spikes, as SONATA, nor /units/spike_times, as NWB")
    time_ms = np.asarray(time_ms, dtype=np.float64) - start_ms
    if synapse_of is None:
        synapse_of = {int(i): n for n, i in enumerate(np.unique(identity))}
    inside = np.isin(identity, list(synapse_of)) & (time_ms >= 0) & (time_ms < (np.inf if ms is None else ms))
    time_ms, identity = time_ms[inside], identity[inside]
    synapse = np.array([synapse_of[int(i)] for i in identity], dtype=np.int64)
    order = np.lexsort((synapse, time_ms))
    return time_ms[order], synapse[order]
