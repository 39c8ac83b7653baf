"""A neuron of which every region is another, as a description of ours and built in NEURON by hand: for ../regions_test.py.

    regions.py FOLDER    reads FOLDER/tree.swc, writes FOLDER/neuron.npz: voltages of every compartment at whole ms, and its measures
"""
import math
import pathlib
import random
import sys

import numpy as np

MS = 40
EVENTS = [("exc", 0, 4.0), ("exc", 1, 5.5), ("exc", 1, 20.0)]
DESCRIPTION = """kind = "detailed"
morphology = "tree.swc"
axon = "bluepyopt"
tables = "as NEURON"
initial_mV = -66
celsius = 12
compartment_rule = "formula"
compartments = [
  { regions = ["all"], number = "1 + 2*floor((length/(0.1*lambda) + 0.9)/2)" },
  { regions = ["somatic"], number = 1 },
  { sections = ["dend[1]"], number = 4 },
]
axial_resistivity_ohm_cm = [
  { regions = ["all"], ohm_cm = 120 },
  { regions = ["apic"], ohm_cm = "80 + distance/2" },
  { swc_types = [7], ohm_cm = 200 },
]
capacitance = [
  { regions = ["all"], uF_cm2 = 1 },
  { regions = ["dend"], uF_cm2 = "1 + distance/500" },
]
spines = [ { regions = ["dend", "apic"], distance_um = [60, 10000], factor = 1.8 } ]
reversal = [
  { regions = ["axonal"], na = 55, k = -80 },
  { regions = ["apic"], na = "50 - distance/100" },
]
insert = [
  { mechanism = "pas", regions = ["all"], g = 1e-4, e = "-65 - distance/200" },
  { mechanism = "hh", regions = ["somatic", "axonal"] },
  { mechanism = "hh", regions = ["apic"], branch_order = [1, 1], gnabar = "0.05*(1 - 0.3*x)*exp(-distance/100)", gl = 0, last_at_end = true },
]
excitatory = { mechanism = "Exp2Syn", swc_types = [7], tau1 = 0.5, tau2 = 3, weight = 0.004 }
point = [ { mechanism = "IClamp", section = "dend[0]", x = 0, del = 10, dur = 25, amp = 0.6 } ]
"""


def tree(seed=3):
    """A ball with two dendrites that branch (the second of type 7 at its tips), an apical dendrite that branches and an axon."""
    draw = random.Random(seed)
    points = [[1, 1, 0, 0, 0, 7, -1]]

    def branch(kind, parent, at, step, count, radius):
        for k in range(count):
            at = [x + s + draw.uniform(-3, 3) for x, s in zip(at, step)]
            points.append([len(points) + 1, kind, *at, radius * 0.9**k, parent])
            parent = len(points)
        return parent, at

    for kind, step, radius in ((3, (20, 5, 0), 1.2), (3, (-18, 6, 2), 1), (4, (0, 30, 0), 1.6), (2, (0, -15, 0), 0.6)):
        stem, at = branch(kind, 1, [0, 0, 0], step, 5, radius)
        if kind != 2:
            branch(kind, stem, at, (10, 15, 3), 4, radius * 0.6)
            branch(7 if kind == 3 and step[0] < 0 else kind, stem, at, (-12, 14, -3), 5, radius * 0.5)
        else:
            branch(2, stem, at, (4, -20, 0), 3, 0.4)
            branch(2, stem, at, (-9, -18, 0), 3, 0.3)
    return "".join("%d %d %.3f %.3f %.3f %.4f %d\n" % tuple(p) for p in points)


def replace_axon(h, sections):
    """As BluePyOpt's Morphology.replace_axon, after its nseg of 1 + 2 int(L/40)."""
    axon, soma = [s for s in sections if s.name().startswith("axon")], sections[0]
    for section in axon:
        section.nseg = 1 + 2 * int(section.L / 40)
    diameters = [axon[0].diam, axon[0].diam]
    h.distance(0, soma(0.5))
    for section in axon:
        if h.distance(section(0.5)) > 60:
            diameters[1] = section.diam
            break
    for section in axon:
        sections.remove(section)
        h.delete_section(sec=section)
    stub = []
    for k in range(2):
        section = h.Section(name=f"axon[{k}]")
        section.L, section.diam = 30, diameters[k]
        section.connect(soma(1) if k == 0 else stub[0](1))
        stub.append(section)
    return sections + stub


def build(h, file):
    reader = h.Import3d_SWC_read()
    reader.quiet = 1
    reader.input(str(file))
    h.Import3d_GUI(reader, False).instantiate(None)
    sections = replace_axon(h, list(h.allsec()))
    soma, dend = sections[0], [s for s in sections if s.name().startswith("dend[")]
    apic, custom = ([s for s in sections if s.name().startswith(name)] for name in ("apic", "dend_7"))
    axon = [s for s in sections if s.name().startswith("axon")]
    h.distance(0, soma(0.5))
    for section in sections:
        section.nseg, section.Ra, section.cm = 1, 120, 1
    for section in apic:
        section.Ra = 80 + h.distance(section(0.5)) / 2
    for section in custom:
        section.Ra = 200
    for section in dend:
        section.cm = 1 + h.distance(section(0.5)) / 500
    for section in sections:
        section.nseg = 1 + 2 * int((section.L / (0.1 * h.lambda_f(100, sec=section)) + 0.9) / 2)
    soma.nseg = 1
    next(s for s in dend if s.name() == "dend[1]").nseg = 4
    for section in sections:
        section.insert("pas")
        for segment in section:
            distance = h.distance(segment)
            spines = 1.8 if (section in dend or section in apic) and distance >= 60 else 1
            segment.cm = (1 + distance / 500 if section in dend else 1) * spines
            segment.pas.g, segment.pas.e = 1e-4 * spines, -65 - distance / 200
    stem = [s for s in apic if s.parentseg().sec == soma]
    for section in [soma, *axon, *stem]:
        section.insert("hh")
    for section in stem:
        for segment in section:
            place = section(1) if segment.x > 1 - 1 / section.nseg else segment
            segment.hh.gnabar, segment.hh.gl = 0.05 * (1 - 0.3 * place.x) * math.exp(-h.distance(place) / 100), 0
            segment.ena = 50 - h.distance(segment) / 100
    for section in axon:
        section.ena, section.ek = 55, -80
    return soma, sections, custom


def main(folder):
    from neuron import h
    h.load_file("stdlib.hoc")
    h.load_file("stdrun.hoc")
    h.load_file("import3d.hoc")
    soma, sections, custom = build(h, folder / "tree.swc")
    synapses = []
    for section in custom:
        for segment in section:
            synapse = h.Exp2Syn(segment)
            synapse.tau1, synapse.tau2 = 0.5, 3
            synapses.append(synapse)
    clamp = h.IClamp(next(s for s in sections if s.name() == "dend[0]")(0))  # where it hangs on the soma
    clamp.delay, clamp.dur, clamp.amp = 10, 25, 0.6
    traces = {(s.name(), segment.x): h.Vector().record(segment._ref_v) for s in sections for segment in s}
    h.celsius, h.dt, h.secondorder = 12, 0.025, 0
    connections = []
    for _, number, time_ms in EVENTS:
        connections.append(h.NetCon(None, synapses[number], 0, 0, 0.004))
    h.finitialize(-66)
    for connection, (_, _, time_ms) in zip(connections, EVENTS):
        connection.event(time_ms)
    for _ in range(round(MS / 0.025)):
        h.fadvance()
    segments = [segment for s in sections for segment in s]
    np.savez(folder / "neuron.npz", names=[s.name() for s in sections for _ in s], x=[segment.x for segment in segments],
             mV=[traces[s.name(), segment.x].as_numpy()[:-1:40] for s in sections for segment in s],
             area_um2=[segment.area() for segment in segments], cm_uF_cm2=[segment.cm for segment in segments],
             Ra_ohm_cm=[segment.sec.Ra for segment in segments])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
