"""What may stand for the input spikes of some trials, and for settings."""
import json
from os import PathLike, fspath

import numpy as np

from ._arguments import array as _array
from ._arguments import whole
from ._core import InputError

MOST_SPIKES_PER_MS = 1000

def as_spikes(inputs, synapses=None, groups=None):
    """The trials of `inputs` as a list of tuples (time_ms, synapse), each an array with a number for each spike, or
    (time_ms, synapse, weight).

    `inputs` is such a list, one such tuple, or an array [trial, synapse, ms] (or [synapse, ms], one trial) of how many
    spikes come to a synapse in a ms: 0, 1, 2 and so on, or False and True. Synapses are numbered from 0, the excitatory ones first. In the place of
    a tuple or of the array there may be a dict of them, by the names of `groups` ({name: range of its synapses}), in
    which synapses are numbered from 0 within their group and a group that is not named is silent. InputError says what
    is wrong.
    """
    if isinstance(inputs, (tuple, dict)) and not _is_of_arrays(inputs):
        inputs = [inputs]
    if isinstance(inputs, list):
        return [_of_trial(spikes, trial, groups) for trial, spikes in enumerate(inputs)]
    array = _joined(inputs, groups) if isinstance(inputs, dict) else _array("inputs", inputs)
    if array.ndim == 2:
        array = array[np.newaxis]
    if array.ndim != 3 or array.dtype == object:
        raise InputError(f"inputs have {array.ndim} dimensions, expected an array [trial, synapse, ms] or a list of "
                         "(time_ms, synapse)")
    if synapses is not None and array.shape[1] != synapses:
        raise InputError(f"inputs are of {array.shape[1]} synapses, expected {synapses}: [trial, synapse, ms]")
    if not ((array >= 0) & (array <= MOST_SPIKES_PER_MS) & (array == np.floor(array))).all():
        raise InputError(f"inputs hold other numbers than 0, 1, 2 and so on, expected how many spikes come to a synapse in a ms, at most {MOST_SPIKES_PER_MS}; "
                         "give (time_ms, synapse, weight) for weights")
    spikes = []
    for trial in array:
        synapse, ms = np.nonzero(trial)
        count = trial[synapse, ms].astype(np.int64)
        order = np.argsort(ms, kind="stable")
        order = np.repeat(order, count[order])
        spikes.append((ms[order].astype(np.float64), synapse[order].astype(np.uint32)))
    return spikes


def _is_of_arrays(inputs):
    return isinstance(inputs, dict) and len(inputs) > 0 and all(isinstance(values, np.ndarray) and values.ndim in (2, 3)
                                                                for values in inputs.values())


def _checked(names, groups):
    for name in names:
        if name not in (groups or {}):
            raise InputError(f"inputs: there is no group {name!r}; there are {', '.join(groups or ['none'])}")


def _joined(inputs, groups):
    """One array [trial, synapse, ms] of the arrays of some groups."""
    _checked(inputs, groups)
    arrays = {name: array if array.ndim == 3 else array[np.newaxis] for name, array in inputs.items()}
    shapes = {(array.shape[0], array.shape[2]) for array in arrays.values()}
    if len(shapes) > 1:
        raise InputError(f"inputs of groups are of {sorted(shapes)} (trials, ms), expected the same for all groups")
    trials, ms = shapes.pop()
    whole = np.zeros((trials, max((numbers.stop for numbers in groups.values()), default=0), ms),
                     np.result_type(*arrays.values()))
    for name, array in arrays.items():
        if array.shape[1] != len(groups[name]):
            raise InputError(f"inputs of the group {name!r} are of {array.shape[1]} synapses, expected {len(groups[name])}")
        whole[:, groups[name].start:groups[name].stop] = array
    return whole


def _of_trial(spikes, trial, groups):
    if not isinstance(spikes, dict):
        return _of_arrays(spikes, trial)
    _checked(spikes, groups)
    parts = []
    for name, one in spikes.items():
        time_ms, synapse, *weight = _of_arrays(one, trial, f"group {name!r}, ")
        if (synapse >= len(groups[name])).any():
            raise InputError(f"input {trial}: group {name!r} has the synapses 0 to {len(groups[name]) - 1}, not {synapse.max()}")
        parts.append((time_ms, synapse + np.uint32(groups[name].start), *weight))
    if len({len(part) for part in parts}) > 1:
        raise InputError(f"input {trial}: some groups have weights and others none, expected them for all or for none")
    if not parts:
        return np.zeros(0), np.zeros(0, np.uint32)
    columns = [np.concatenate(column) for column in zip(*parts)]
    order = np.argsort(columns[0], kind="stable")
    return tuple(column[order] for column in columns)


def _of_arrays(spikes, trial, place=""):
    if not isinstance(spikes, (tuple, list)) or len(spikes) not in (2, 3):
        raise InputError(f"input {trial} is no (time_ms, synapse) and no (time_ms, synapse, weight)")
    names = ("time_ms", "synapse", "weight")
    arrays = []
    for name, values in zip(names, spikes):
        array = _array(f"input {trial}: {place}{name}", values)
        if array.ndim != 1:
            raise InputError(f"input {trial}: {place}{name} has {array.ndim} dimensions, expected one number for each spike")
        if np.ma.is_masked(values):
            raise InputError(f"input {trial}: {place}{name} is masked, expected the spikes alone: give values.compressed()")
        if name == "synapse" and array.dtype == bool:
            raise InputError(f"input {trial}: {place}synapse is of type bool, expected numbers of synapses")
        if name == "synapse":
            whole = array.astype(np.float64)
            if array.size and not (np.isfinite(whole).all() and (whole == np.floor(whole)).all() and (whole >= 0).all()
                                   and (whole < 2**32).all()):
                raise InputError(f"input {trial}: {place}synapse holds other numbers than 0, 1, 2 ...")
            array = array.astype(np.uint32)
        else:
            array = array.astype(np.float64)
            if not np.isfinite(array).all():
                where = int(np.argmin(np.isfinite(array)))
                raise InputError(f"input {trial}: {place}{name}[{where}] is {array[where]}, expected a number")
        arrays.append(array)
    return tuple(arrays)


def as_settings(settings):
    """{"celsius": 20} or ["celsius=20"] as words "key=value"."""
    if isinstance(settings, dict):
        return [f"{key}={value if isinstance(value, str) else toml_value(key, value)}" for key, value in settings.items()]
    if not isinstance(settings, (list, tuple)) or not all(isinstance(word, str) for word in settings):
        raise InputError(f"settings are {settings!r}, expected {{key: value}} or [\"key=value\"]")
    return list(settings)


def as_toml(name, settings):
    """TOML text, or {"table": {"key": value}} as such."""
    if isinstance(settings, str):
        return settings
    if not isinstance(settings, dict):
        raise InputError(f"{name} is {settings!r}, expected TOML text or {{key: value}}")
    return "".join(_lines(settings, name, ""))


def _lines(settings, name, before):
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _lines(value, name, f"{before}{json.dumps(str(key))}.")
        else:
            yield f"{before}{json.dumps(str(key))} = {toml_value(f'{name}: {before}{key}', value)}\n"


def toml_value(name, value):
    """A value as TOML writes it: number, text, true, false, lists and tables of these."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(name, one) for one in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(str(key))} = {toml_value(name, one)}" for key, one in value.items()) + " }"
    if isinstance(value, PathLike):
        value = fspath(value)
    try:
        if value is None:
            raise TypeError
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise InputError(f"{name} is {value!r}, expected a number, text, true or false, or a list of these") from None


def duration_of(inputs, ms):
    """`ms`, or what an array [.., ms] says."""
    if ms is not None:
        return whole("ms", ms)
    if _is_of_arrays(inputs):
        return int(next(iter(inputs.values())).shape[-1])
    if not isinstance(inputs, (list, tuple, dict)):
        return int(np.asarray(inputs).shape[-1])
    raise InputError("ms, the duration of the trials, is missing: lists of spikes do not say it")
