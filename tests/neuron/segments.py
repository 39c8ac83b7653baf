"""Models made in NEURON for the tests of cell folders: what they are made of, how they are run, and what their input is as a file."""
import h5py
import numpy as np


class Model:
    """Sections (parents first), point processes, and for each kind of synapse [[(point process, weight, delay_ms)] of each synapse]."""

    def __init__(self, h, sections, points=(), excitatory=(), inhibitory=(), celsius=6.3, initial_mV=-65, mods=()):
        """mods: .mod files of density mechanisms that NEURON has not by itself."""
        self.h, self.sections, self.points = h, list(sections), list(points)
        self.synapses = {"exc": list(excitatory), "inh": list(inhibitory)}
        self.celsius, self.initial_mV, self.mods = celsius, initial_mV, list(mods)
        # As users connect them: a NetStim for each synapse, a NetCon for each point process that it reaches.
        self.sources = [(h.NetStim(), targets) for targets in (*excitatory, *inhibitory)]
        self.connections = [h.NetCon(source, point, 0, delay_ms, weight) for source, targets in self.sources for point, weight, delay_ms in targets]

    def segments(self):
        return [segment for section in self.sections for segment in section]


def write_input(path, events):
    """events: (kind, synapse, time_ms)."""
    with h5py.File(path, "w") as file:
        for kind in ("exc", "inh"):
            mine = [event for event in events if event[0] == kind]
            file[f"input/{kind}/synapse"] = np.array([event[1] for event in mine], dtype=np.uint32)
            file[f"input/{kind}/time_ms"] = np.array([event[2] for event in mine], dtype=float)


def run(model, ms, events, dt_ms=0.025):
    """Voltages of every segment at every step, from 0 to ms: [segment, step]. events: (kind, synapse, time_ms), spikes before their delays."""
    h = model.h
    h.secondorder, h.dt, h.celsius = 0, dt_ms, model.celsius
    for connection in model.connections:
        connection.active(False)  # the events come below
    traces = [h.Vector().record(segment._ref_v) for segment in model.segments()]
    connections = []
    for kind, synapse, time_ms in events:
        for point, weight, delay_ms in model.synapses[kind][synapse]:
            connection = h.NetCon(None, point, 0, 0, weight)
            connection.weight[0] = weight
            connections.append((connection, time_ms + delay_ms))
    h.finitialize(model.initial_mV)
    for connection, time_ms in connections:
        connection.event(time_ms)  # which takes no delay of its own
    for _ in range(round(ms / dt_ms)):
        h.fadvance()
    return np.array([trace.as_numpy() for trace in traces])
