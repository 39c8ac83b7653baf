"""The same input to a cell folder and to the live NEURON model that it was read from."""
from dataclasses import dataclass

import numpy as np

from . import _arguments as given
from ._core import InputError
from ._inputs import as_spikes

SPIKE_MV = -25.0
FINE_PER_MS = 8


@dataclass
class Comparison:
    """How far both programs part. Times in ms, voltages in mV; traces [sample], 8 in each ms."""
    ms: float
    neuron_mV: np.ndarray
    ours_mV: np.ndarray
    neuron_spikes_ms: np.ndarray
    our_spikes_ms: np.ndarray
    largest_mV: float            # at the soma, up to 2 ms before the first spike; nan if that is at the start
    largest_anywhere_mV: float   # the same in any segment, where these are compared each ms
    largest_ms: float            # between spikes of the same number; nan if there are not equally many

    def __str__(self):
        spikes = (f"{len(self.our_spikes_ms)} spikes in both, at most {self.largest_ms:.4g} ms apart"
                  if len(self.our_spikes_ms) == len(self.neuron_spikes_ms)
                  else f"{len(self.neuron_spikes_ms)} spikes in NEURON, {len(self.our_spikes_ms)} here")
        return (f"{self.ms:g} ms: largest difference of voltage up to the first spike {self.largest_mV:.3g} mV at the soma, "
                f"{self.largest_anywhere_mV:.3g} mV anywhere; {spikes}")


def spike_times(mV):
    """Local maxima above -25 mV, in ms, of a trace with 8 samples each ms; between samples by the parabola through three of them."""
    i = np.arange(1, len(mV) - 1)
    i = i[(mV[1:-1] > SPIKE_MV) & (mV[1:-1] >= mV[:-2]) & (mV[1:-1] > mV[2:])]
    curvature = mV[i - 1] - 2 * mV[i] + mV[i + 1]
    return (i + 0.5 * (mV[i - 1] - mV[i + 1]) / curvature) / FINE_PER_MS


class Muted:
    """NEURON with its own inputs silent and its settings kept, for the time of a run; then at rest, at 0 ms."""

    def __init__(self, h, celsius, v_init):
        self.h, self.celsius, self.v_init = h, celsius, v_init

    def __enter__(self):
        h = self.h
        self.settings = h.dt, h.secondorder, h.celsius, h.cvode.active() if hasattr(h, "cvode") else 0
        netcons = h.List("NetCon")
        self.silenced = [netcons.o(i) for i in range(int(netcons.count())) if netcons.o(i).active()]
        for netcon in self.silenced:
            netcon.active(False)
        if self.settings[3]:
            h.cvode.active(0)
        h.celsius = self.celsius
        return self

    def __exit__(self, *_):
        h = self.h
        h.dt, h.secondorder, h.celsius = self.settings[:3]
        if self.settings[3]:
            h.cvode.active(1)
        for netcon in self.silenced:
            netcon.active(True)
        # What waits in NEURON's queue is of connections that go now.
        h.finitialize(self.v_init)


def run_neuron(model, spikes, ms, dt_ms):
    """Voltages of all segments, [segment, 1/8 ms], in backward Euler. spikes: (time_ms, synapse) or (time_ms, synapse, weight)."""
    with Muted(model.h, model.celsius, model.v_init):
        return _voltages(model, spikes, ms, dt_ms)


def _voltages(model, spikes, ms, dt_ms):
    """Its connections and vectors are gone when it returns, before NEURON is put to rest: at rest it would wait for them."""
    h = model.h
    of_synapse = {}
    excitatory = 1 + max((c.synapse for c in model.synapses["exc"]), default=-1)
    for first, kind in ((0, "exc"), (excitatory, "inh")):
        for c in model.synapses[kind]:
            of_synapse.setdefault(first + c.synapse, []).append(c)
    h.secondorder, h.dt = 0, dt_ms
    traces = [h.Vector().record(segment._ref_v, 1 / FINE_PER_MS) for segment in model.segments]
    netcons, events = {}, []
    for time_ms, synapse, *weight in zip(*spikes):
        for c in of_synapse[int(synapse)]:
            used = float(weight[0]) if weight else c.weight
            key = (id(c), used)
            if key not in netcons:
                netcons[key] = h.NetCon(None, c.point, 0, 0, used)
                netcons[key].weight[0] = used
            events.append((netcons[key], float(time_ms) + c.delay_ms))
    h.finitialize(model.v_init)
    for netcon, at_ms in events:
        netcon.event(at_ms)  # which takes no delay of its own
    for _ in range(round(ms / dt_ms)):
        h.fadvance()
    return np.array([trace.as_numpy()[:int(ms * FINE_PER_MS)] for trace in traces])


def check_against_neuron(cell, inputs=None, *, ms=2000, dt_ms=0.025, soma=None, progress=True):
    """Runs a cell that from_neuron() gave and the live model side by side, prints how far they part, and returns a Comparison.

    inputs: one trial, as of Cell.simulate(); random input with seed 1 unless said. soma: the segment of NEURON that is compared as the
    soma; the first of the root unless said. Both use backward Euler steps of dt_ms. Afterwards the live model is at rest, at 0 ms."""
    model = getattr(cell, "_neuron_model", None)
    if model is None:
        raise InputError("this cell does not come from from_neuron() in this process: there is no live model to compare with")
    ms, dt_ms = given.number("ms", ms), given.number("dt_ms", dt_ms)
    if ms < 1:
        raise InputError(f"ms is {ms}, expected at least 1")
    if soma is not None and str(soma) not in model.number_of:
        raise InputError(f"soma is {soma!r}, expected a segment of the cell, as {next(iter(model.number_of))}")
    if dt_ms <= 0 or abs(round(0.125 / dt_ms) * dt_ms - 0.125) > 1e-9:
        raise InputError(f"dt_ms is {dt_ms}, expected a part of 0.125 ms, as 0.025")
    if inputs is None:
        inputs = cell.draw_inputs(1, ms=int(ms)) if cell.synapses else [([], [])]
    spikes = as_spikes(inputs, cell.synapses, cell.groups)
    if len(spikes) != 1:
        raise InputError(f"inputs are {len(spikes)} trials, expected one")
    neuron = run_neuron(model, spikes[0], ms, dt_ms)
    trial = cell.simulate(spikes, ms=int(ms), dt_ms=dt_ms, scheme="euler", compartments=True)[0]
    at = model.number_of[str(soma)] if soma is not None else cell.soma_compartment
    ours, theirs = trial.soma_fine_mV, neuron[at]
    n = min(len(ours), len(theirs))
    our_spikes, their_spikes = spike_times(ours[:n].astype(float)), spike_times(theirs[:n])
    first = max(0, int(FINE_PER_MS * (their_spikes[0] - 2))) if len(their_spikes) else n
    whole = first // FINE_PER_MS
    at_soma = np.abs(ours[:first] - theirs[:first]).max() if first > 0 else np.nan  # it spikes at once
    anywhere = np.abs(trial.compartments_mV[:, :whole] - neuron[:, :whole * FINE_PER_MS:FINE_PER_MS]).max(initial=0)
    apart = np.abs(our_spikes - their_spikes).max(initial=0) if len(our_spikes) == len(their_spikes) else np.nan
    result = Comparison(ms, theirs[:n], ours[:n], their_spikes, our_spikes, float(at_soma),
                        float(np.maximum(at_soma, anywhere)), float(apart))
    if progress:
        print(result)
    return result
