"""NEURON models of which the tests write cell folders, and what they are driven with: {name: (model, ms, events)}."""
import math
import pathlib

from segments import Model

CATALOGUE = pathlib.Path(__file__).resolve().parent.parent.parent / "src/mechanism/catalogue"
CALCIUM_MODS = [CATALOGUE / f"{name}.mod" for name in ("CaDynamics_E2", "Ca_HVA", "SK_E2")]  # NEURON has to have loaded them


def ball_and_stick(h):
    soma, dend = h.Section(name="soma"), h.Section(name="dend")
    dend.connect(soma(1))
    soma.L = soma.diam = 20
    dend.L, dend.diam, dend.nseg = 300, 2, 11
    for section in (soma, dend):
        section.Ra, section.cm = 120, 1
    soma.insert("hh")
    dend.insert("pas")
    dend.g_pas, dend.e_pas = 1e-4, -65
    fast, slow = h.Exp2Syn(dend(0.8)), h.Exp2Syn(dend(0.3))
    fast.tau1, fast.tau2, fast.e = 0.2, 2, 0
    slow.tau1, slow.tau2, slow.e = 1, 8, -80
    clamp = h.IClamp(soma(0.5))
    clamp.delay, clamp.dur, clamp.amp = 30, 15, 0.25
    events = [("exc", 0, 5.0), ("exc", 0, 5.4), ("inh", 0, 33.3)]
    return Model(h, [soma, dend], [fast, slow, clamp], [[(fast, 0.01, 0)]], [[(slow, 0.005, 1.3)]]), 60, events


def branched_tree(h):
    """Joints at 0, 0.5 and 1 and in between, tapering traced sections, even numbers of segments, another membrane in each."""
    names = ["soma", "trunk", "left", "right", "side", "back", "tip"]
    soma, trunk, left, right, side, back, tip = sections = [h.Section(name=name) for name in names]
    trunk.connect(soma(1))
    left.connect(trunk(1))
    right.connect(trunk(1))
    side.connect(trunk(0.3))
    back.connect(soma(0))
    tip.connect(side(0.5))
    soma.L, soma.diam = 18, 15
    for section, length, thick, thin in ((trunk, 200, 4, 2), (left, 90, 1.5, 0.6), (right, 120, 1.2, 0.8), (side, 80, 1, 0.5), (back, 70, 2, 1), (tip, 40, 0.6, 0.4)):
        h.pt3dadd(0, 0, 0, thick, sec=section)
        h.pt3dadd(length / 3, 2, 0, (2 * thick + thin) / 3, sec=section)
        h.pt3dadd(length, 0, 0, thin, sec=section)
    for i, section in enumerate(sections):
        section.nseg = [1, 6, 4, 5, 2, 3, 1][i]
        section.Ra = 80 + 15 * i
        for k, segment in enumerate(section):
            segment.cm = 1 + 0.1 * i + 0.05 * k
        section.insert("pas")
        for segment in section:
            distance = h.distance(soma(0.5), segment)
            segment.pas.g = 5e-5 * (1 + distance / 200)
            segment.pas.e = -68 - distance / 100
    for section in (soma, trunk, back):
        section.insert("hh")
        for segment in section:
            segment.hh.gnabar = 0.3 * math.exp(-h.distance(soma(0.5), segment) / 150)
            segment.hh.gkbar = 0.04
            segment.ena, segment.ek = 52 - segment.x, -78 - 2 * segment.x
    quick, late = h.ExpSyn(left(0.9)), h.Exp2Syn(left(0.9))
    quick.tau, quick.e = 2, 0
    late.tau1, late.tau2, late.e = 3, 30, 0
    others = [h.ExpSyn(place) for place in (tip(0.5), right(0.1), back(0.9))]
    for synapse in others:
        synapse.tau = 1.5
    clamp = h.SEClamp(soma(0.5))
    clamp.rs, clamp.dur1, clamp.amp1 = 200, 4, -60
    excitatory = [[(quick, 0.02, 0.5), (late, 0.004, 0.8)]] + [[(synapse, 0.02, 0.1 * i)] for i, synapse in enumerate(others)]
    events = [("exc", k % 4, 6 + 1.7 * k) for k in range(12)]
    return Model(h, sections, [quick, late, clamp, *others], excitatory, [], celsius=10, initial_mV=-70), 50, events


def calcium(h):
    """A concentration that changes in the soma, stands still in the dendrite, and is not looked at in the tip."""
    soma, dend, tip = sections = [h.Section(name=name) for name in ("soma", "dend", "tip")]
    dend.connect(soma(1))
    tip.connect(dend(1))
    for section, length, diameter, nseg in zip(sections, (20, 150, 80), (20, 2, 1), (1, 5, 3)):
        section.L, section.diam, section.nseg = length, diameter, nseg
        section.insert("pas")
        section.g_pas, section.e_pas = 1e-4, -68
        section.insert("Ca_HVA")
        section.gbar_Ca_HVA = 3e-4
    soma.insert("hh")
    soma.insert("CaDynamics_E2")
    soma.gamma_CaDynamics_E2, soma.decay_CaDynamics_E2 = 0.002, 60
    for section in (soma, dend):
        section.insert("SK_E2")
        section.gbar_SK_E2 = 2e-3
    for segment in dend:
        segment.cai, segment.cao = 1e-4 * (1 + segment.x), 1.8
    for segment in tip:
        segment.eca = 120 + 10 * segment.x
    clamp = h.IClamp(soma(0.5))
    clamp.delay, clamp.dur, clamp.amp = 5, 40, 0.35
    return Model(h, sections, [clamp], celsius=20, initial_mV=-68, mods=CALCIUM_MODS), 60, []


def calcium_at_a_fixed_potential(h):
    """As some published cells have it: calcium opens SK channels, but its own reversal potential stays."""
    model, ms, events = calcium(h)
    for section in model.sections[:2]:
        h.ion_style("ca_ion", 0, 1, 0, 0, 0, sec=section)
        section.eca = 90
    return model, ms, events
