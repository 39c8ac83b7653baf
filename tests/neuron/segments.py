"""Writes a cell folder (docs/files.md) from a live NEURON model, and runs the model: for tests of what this project makes of such folders.

A small writer for models of NEURON's own mechanisms, which the tests make here; what it does not know it does not look for.
"""
import pathlib
import shutil

import h5py
import numpy as np

DENSITY = {"hh": ["gnabar", "gkbar", "gl", "el"], "pas": ["g", "e"], "CaDynamics_E2": ["gamma", "decay", "depth", "cai_rest"], "Ca_HVA": ["gbar"], "SK_E2": ["gbar"]}
POINTS = {"IClamp": ["delay", "dur", "amp"], "SEClamp": ["dur1", "amp1", "dur2", "amp2", "dur3", "amp3", "rs"],
          "ExpSyn": ["tau", "e"], "Exp2Syn": ["tau1", "tau2", "e"]}
OURS = {"delay": "del"}  # a word of Python
UNITS = {"length_um": "um", "diameter_um": "um", "area_um2": "um2", "Ra_ohm_cm": "ohm cm", "ri_Mohm": "Mohm", "end_ri_Mohm": "Mohm",
         "cm_uF_cm2": "uF/cm2", "reversal_mV": "mV", "inside_mM": "mM", "outside_mM": "mM", "delay_ms": "ms", "x_um": "um", "y_um": "um", "z_um": "um"}


class Model:
    """Sections (parents first), point processes, and for each kind of synapse [[(point process, weight, delay_ms)] of each synapse]."""

    def __init__(self, h, sections, points=(), excitatory=(), inhibitory=(), celsius=6.3, initial_mV=-65, mods=()):
        """mods: .mod files of density mechanisms that NEURON has not by itself."""
        self.h, self.sections, self.points = h, list(sections), list(points)
        self.synapses = {"exc": list(excitatory), "inh": list(inhibitory)}
        self.celsius, self.initial_mV, self.mods = celsius, initial_mV, list(mods)

    def segments(self):
        return [segment for section in self.sections for segment in section]

    def remove(self):
        self.points, self.synapses = [], {}
        for section in list(self.h.allsec()):
            self.h.delete_section(sec=section)


def put(group, name, values, dtype=float):
    data = group.create_dataset(name, data=np.asarray(values, dtype=dtype))
    if name in UNITS:
        data.attrs["units"] = np.bytes_(UNITS[name])


def write_sections(file, model):
    sections, group = model.sections, file.create_group("sections")
    number = {section.name(): i for i, section in enumerate(sections)}
    on = [section.parentseg() for section in sections]
    group["name"] = np.array([section.name() for section in sections], dtype="S")
    put(group, "parent", [-1 if p is None else number[p.sec.name()] for p in on], np.int32)
    put(group, "parent_x", [0 if p is None else p.x for p in on])
    put(group, "nseg", [section.nseg for section in sections], np.int32)
    put(group, "length_um", [section.L for section in sections])
    put(group, "Ra_ohm_cm", [section.Ra for section in sections])
    put(group, "end_ri_Mohm", [section(1).ri() for section in sections])


def write_segments(file, model):
    segments, group = model.segments(), file.create_group("segments")
    put(group, "diameter_um", [segment.diam for segment in segments])
    put(group, "area_um2", [segment.area() for segment in segments])
    put(group, "ri_Mohm", [segment.ri() for segment in segments])
    put(group, "cm_uF_cm2", [segment.cm for segment in segments])


def write_mechanisms(file, model):
    segments = model.segments()
    for name, parameters in DENSITY.items():
        there = [i for i, segment in enumerate(segments) if hasattr(segment, name)]
        if not there:
            continue
        group = file.create_group(f"mechanisms/{name}")
        put(group, "segment", there, np.int32)
        for parameter in parameters:
            if hasattr(getattr(segments[there[0]], name), parameter):
                put(group, parameter, [getattr(getattr(segments[i], name), parameter) for i in there])
            else:
                put(group, parameter, [getattr(model.h, f"{parameter}_{name}")])  # a GLOBAL


def segment_of(model, point):
    segments = [(segment.sec.name(), segment.x) for segment in model.segments()]
    segment = point.get_segment()
    return segments.index((segment.sec.name(), segment.x))


def write_points(file, model):
    """Returns {point process: (mechanism, its number there)}."""
    place = {}
    for name, parameters in POINTS.items():
        mine = sorted((p for p in model.points if p.hname().split("[")[0] == name), key=lambda p: segment_of(model, p))
        if not mine:
            continue
        group = file.create_group(f"point_processes/{name}")
        put(group, "segment", [segment_of(model, p) for p in mine], np.int32)
        for parameter in parameters:
            put(group, OURS.get(parameter, parameter), [getattr(p, parameter) for p in mine])
        place.update({p.hname(): (name, i) for i, p in enumerate(mine)})
    return place


def write_synapses(file, model, place):
    for kind, synapses in model.synapses.items():
        rows = [(number, *place[point.hname()], weight, delay_ms)
                for number, targets in enumerate(synapses) for point, weight, delay_ms in targets]
        if not rows:
            continue
        group = file.create_group(f"synapses/{kind}")
        put(group, "synapse", [row[0] for row in rows], np.int32)
        group["mechanism"] = np.array([row[1] for row in rows], dtype="S")
        put(group, "instance", [row[2] for row in rows], np.int32)
        put(group, "weight", [row[3] for row in rows])
        put(group, "delay_ms", [row[4] for row in rows])


def write_ions(file, model):
    segments = model.segments()
    for ion in ("na", "k", "ca"):
        there = [i for i, segment in enumerate(segments) if model.h.ismembrane(f"{ion}_ion", sec=segment.sec)]
        if not there:
            continue
        group = file.create_group(f"ions/{ion}")
        put(group, "segment", there, np.int32)
        put(group, "reversal_mV", [getattr(segments[i], f"e{ion}") for i in there])
        style = [int(model.h.ion_style(f"{ion}_ion", sec=segments[i].sec)) for i in there]
        put(group, "style", style, np.int32)
        if ion == "ca":
            from_start = {"i": model.h.cai0_ca_ion, "o": model.h.cao0_ca_ion}  # of segments with cinit
            for side, name in (("i", "inside_mM"), ("o", "outside_mM")):
                put(group, name, [from_start[side] if s & 4 else getattr(segments[i], f"ca{side}") for i, s in zip(there, style)])


def write(folder, model):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cell.toml").write_text(
        f'kind = "segments"\nsegments = "segments.h5"\ninitial_mV = {model.initial_mV:.17g}\ncelsius = {model.celsius:.17g}\ntables = "as NEURON"\n'
        + "mechanisms = { %s }\n" % ", ".join(f'{mod.stem} = "{mod.name}"' for mod in model.mods))
    for mod in model.mods:
        shutil.copy(mod, folder)
    with h5py.File(folder / "segments.h5", "w") as file:
        file.attrs["format"] = np.bytes_("neurontwin segments 1")
        write_sections(file, model)
        write_segments(file, model)
        write_mechanisms(file, model)
        place = write_points(file, model)
        write_synapses(file, model, place)
        write_ions(file, model)


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
