"""What may stand for the input spikes of some trials."""
import numpy as np

from ._core import InputError


def as_spikes(inputs, synapses=None):
    """The trials of `inputs` as a list of tuples (time_ms, synapse), each an array with a number for each spike, or
    (time_ms, synapse, weight).

    `inputs` is such a list, one such tuple, or an array [trial, synapse, ms] (or [synapse, ms], one trial) of 0 and 1
    or False and True: where a synapse fires. Synapses are numbered from 0, the excitatory ones first. InputError says
    what is wrong.
    """
    if isinstance(inputs, tuple):
        inputs = [inputs]
    if isinstance(inputs, list):
        return [_of_arrays(spikes, trial) for trial, spikes in enumerate(inputs)]
    array = np.asarray(inputs)
    if array.ndim == 2:
        array = array[np.newaxis]
    if array.ndim != 3 or array.dtype == object:
        raise InputError(f"inputs have {array.ndim} dimensions, expected an array [trial, synapse, ms] or a list of "
                         "(time_ms, synapse)")
    if synapses is not None and array.shape[1] != synapses:
        raise InputError(f"inputs are of {array.shape[1]} synapses, expected {synapses}: [trial, synapse, ms]")
    if not np.isin(array, (0, 1)).all():
        raise InputError("inputs hold other numbers than 0 and 1, expected whether a synapse fires in a ms; give "
                         "(time_ms, synapse, weight) for weights")
    spikes = []
    for trial in array:
        synapse, ms = np.nonzero(trial)
        order = np.argsort(ms, kind="stable")
        spikes.append((ms[order].astype(np.float64), synapse[order].astype(np.uint32)))
    return spikes


def _of_arrays(spikes, trial):
    if not isinstance(spikes, (tuple, list)) or len(spikes) not in (2, 3):
        raise InputError(f"input {trial} is no (time_ms, synapse) and no (time_ms, synapse, weight)")
    names = ("time_ms", "synapse", "weight")
    arrays = []
    for name, values in zip(names, spikes):
        array = np.asarray(values)
        if array.ndim != 1:
            raise InputError(f"input {trial}: {name} has {array.ndim} dimensions, expected one number for each spike")
        if array.size and not np.issubdtype(array.dtype, np.number):
            raise InputError(f"input {trial}: {name} is of type {array.dtype}, expected numbers")
        if name == "synapse":
            whole = array.astype(np.float64)
            if array.size and not (np.isfinite(whole).all() and (whole == np.floor(whole)).all() and (whole >= 0).all()
                                   and (whole < 2**32).all()):
                raise InputError(f"input {trial}: synapse holds other numbers than 0, 1, 2 ...")
            array = array.astype(np.uint32)
        else:
            array = array.astype(np.float64)
        arrays.append(array)
    return tuple(arrays)


def as_settings(settings):
    """{"celsius": 20} or ["celsius=20"] as words "key=value"."""
    return [f"{key}={value}" for key, value in settings.items()] if isinstance(settings, dict) else list(settings)


def duration_of(inputs, ms):
    """`ms`, or what an array [.., ms] says."""
    if ms is not None:
        return int(ms)
    if not isinstance(inputs, (list, tuple)):
        return int(np.asarray(inputs).shape[-1])
    raise InputError("ms, the duration of the trials, is missing: lists of spikes do not say it")
