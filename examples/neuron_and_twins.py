"""Half of a network in NEURON, half of it twins, wired both ways: they exchange their spikes every ms.

    python3 examples/neuron_and_twins.py twin.safetensors build/release/libneurontwin_engine.so [--ms 1000]

NEURON advances 1 ms, the twins advance 1 ms, then each gets the other's spikes of that ms, to be delivered after a delay of 1 ms or
more: nothing that happens within a ms can reach anybody in the same one. Prints every spike: `ms population neuron`.
"""
import argparse
import ctypes

import numpy as np
from neuron import h

NEURONS, TWINS = 10, 10     # of each half
SOURCES, CONTACTS = 4, 3    # each has so many sources in either half, with so many contacts
DELAY_MS = 2                # whole ms, at least 1
WEIGHT_US = 0.002           # of a spike in NEURON


class Spike(ctypes.Structure):
    """nt_spike of neurontwin/engine.h."""
    _fields_ = [("neuron", ctypes.c_int32), ("synapse", ctypes.c_int32), ("ms", ctypes.c_int32)]


class Twins:
    """Twins through the C header: streams side by side, ms by ms."""

    def __init__(self, library, file, neurons):
        self.c = ctypes.CDLL(library)
        self.c.nt_synapses.restype = self.c.nt_excitatory_synapses.restype = ctypes.c_int64
        self.c.nt_synapses.argtypes = self.c.nt_excitatory_synapses.argtypes = self.c.nt_close.argtypes = [ctypes.c_void_p]
        self.c.nt_end.argtypes = [ctypes.c_void_p]
        self.c.nt_fired.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_double]
        self.message = ctypes.create_string_buffer(500)
        self.neurons, self.twin, self.stream = neurons, ctypes.c_void_p(), ctypes.c_void_p()
        self.above = [False] * neurons
        self.do(self.c.nt_open(file.encode(), 1, ctypes.byref(self.twin), self.message, ctypes.c_size_t(500)))
        self.do(self.c.nt_start(self.twin, ctypes.c_int64(neurons), ctypes.byref(self.stream), self.message, ctypes.c_size_t(500)))
        self.synapses, self.excitatory = self.c.nt_synapses(self.twin), self.c.nt_excitatory_synapses(self.twin)

    def do(self, code):
        if code != 0:
            raise SystemExit(self.message.value.decode())

    def advance(self, spikes):
        """The next ms, with spikes (neuron, synapse) in it; returns who fires: a probability that rises above the threshold."""
        array = (Spike * len(spikes))(*[(neuron, synapse, 0) for neuron, synapse in spikes])
        self.do(self.c.nt_advance(self.stream, array, ctypes.c_size_t(len(spikes)), ctypes.c_int64(1), self.message, ctypes.c_size_t(500)))
        now = [self.c.nt_fired(self.stream, n, 0, -1.0) == 1 for n in range(self.neurons)]
        fired = [n for n in range(self.neurons) if now[n] and not self.above[n]]
        self.above = now
        return fired

    def close(self):
        self.c.nt_end(self.stream)
        self.c.nt_close(self.twin)


class NeuronHalf:
    """Hodgkin-Huxley neurons in NEURON, each with a synapse for the twins' and its own half's spikes and one for noise."""

    def __init__(self, neurons, seed):
        h.load_file("stdrun.hoc")
        self.somas, self.synapses, self.noise, self.keep = [], [], [], []
        self.times, self.ids = h.Vector(), h.Vector()
        for n in range(neurons):
            soma = h.Section(name=f"soma{n}")
            soma.L = soma.diam = 20
            soma.insert("hh")
            synapse = h.ExpSyn(soma(0.5))
            synapse.tau = 2
            source = h.NetStim()
            source.interval, source.number, source.start, source.noise = 12, 1e9, 0, 1
            source.noiseFromRandom123(n, seed, 0)
            noise = h.NetCon(source, synapse)
            noise.weight[0], noise.delay = WEIGHT_US, 1
            detector = h.NetCon(soma(0.5)._ref_v, None, sec=soma)
            detector.threshold = 0
            detector.record(self.times, self.ids, n)
            door = h.NetCon(None, synapse)  # spikes from outside NEURON come in here
            door.weight[0] = WEIGHT_US
            self.somas.append(soma)
            self.synapses.append(door)
            self.keep += [synapse, source, noise, detector]
        self.seen = 0
        h.finitialize(-65)

    def wire(self, pairs):
        """NetCons among themselves: (source, target)."""
        for source, target in pairs:
            connection = h.NetCon(self.somas[source](0.5)._ref_v, self.synapses[target].syn(), sec=self.somas[source])
            connection.threshold, connection.delay, connection.weight[0] = 0, DELAY_MS, WEIGHT_US
            self.keep.append(connection)
        h.finitialize(-65)

    def deliver(self, neuron, time_ms):
        self.synapses[neuron].event(time_ms)

    def advance_to(self, ms):
        """Returns (time, neuron) of the spikes since the last call."""
        while h.t < ms - h.dt / 2:
            h.fadvance()
        new = [(self.times[k], int(self.ids[k])) for k in range(self.seen, len(self.times))]
        self.seen = len(self.times)
        return new


def drawn(random, sources, targets):
    """SOURCES of them for each target: (source, target)."""
    return [(int(s), t) for t in range(targets) for s in random.choice(sources, SOURCES, replace=False)]


def run(file, library, ms, seed=1, coupled=True):
    random = np.random.default_rng(seed)
    twins, neurons = Twins(library, file, TWINS), NeuronHalf(NEURONS, seed)
    neurons.wire((s, t) for s, t in drawn(random, NEURONS, NEURONS) if s != t)
    # A connection to a twin is contacts on synapses of its own.
    to_twins, to_neurons = {}, {}
    for from_half in ("neurons", "twins"):
        for s, t in drawn(random, NEURONS, TWINS):
            contacts = random.choice(twins.excitatory, CONTACTS, replace=False)
            to_twins.setdefault((from_half, s), []).extend((t, int(c)) for c in contacts)
    for s, t in drawn(random, TWINS, NEURONS):
        to_neurons.setdefault(s, []).append(t)

    pending, spikes = {}, []

    def send(half, source, ms_of_spike):
        if half == "twins" or coupled:
            pending.setdefault(ms_of_spike + DELAY_MS, []).extend(to_twins.get((half, source), []))

    for now in range(ms):
        # Both halves take the ms from `now` to `now` + 1.
        background = [(n, int(s)) for n in range(TWINS) for s in np.flatnonzero(random.random(twins.synapses) < 0.004)]
        of_neurons = neurons.advance_to(now + 1)
        of_twins = twins.advance(pending.pop(now, []) + background)
        # Then each learns of the other's spikes.
        for time_ms, n in of_neurons:
            spikes.append((time_ms, "neuron", n))
            send("neurons", n, int(time_ms))
        for n in of_twins:
            spikes.append((float(now), "twin", n))
            send("twins", n, now)
            for target in to_neurons.get(n, []) if coupled else []:
                neurons.deliver(target, now + DELAY_MS)
    twins.close()
    return spikes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("twin")
    parser.add_argument("library", help="libneurontwin_engine.so")
    parser.add_argument("--ms", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--uncoupled", action="store_true", help="without the connections between the halves")
    asked = parser.parse_args()
    for time_ms, half, n in run(asked.twin, asked.library, asked.ms, asked.seed, not asked.uncoupled):
        print(f"{time_ms:.3f} {half} {n}")
