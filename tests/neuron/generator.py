"""Random small mechanisms and cells, as people write them: what a differential test against NEURON runs.

A case is one cell with one to three mechanisms of its own. Everything follows from its number and the seed. Mechanisms are kept within what
NEURON defines: no value is read before it is set, no FUNCTION ends without a result. Conductances are small enough that a cell stays quiet or
spikes a few times: rounding has no time to grow.
"""
import random
from dataclasses import dataclass

from random_calcium import calcium_channel, pool
from random_channels import channel, instantaneous, kinetic
from random_points import electrode, synapse


@dataclass
class Case:
    name: str
    mechanisms: list
    toml: str
    swc: str
    ms: int
    events: list            # [kind, synapse, time_ms, weight]
    own_weights: bool = False  # whether each event says its weight, or the cell does

    @property
    def traits(self):
        return sorted({trait for mechanism in self.mechanisms for trait in mechanism.traits})


def tree(r):
    """SWC of a soma with up to three dendrites, and the regions it has."""
    radius = r.uniform(5, 12)
    lines = [f"1 1 0 0 0 {radius:.4g} -1"]
    regions = ["soma"]
    number = 1
    for _ in range(r.choice([0, 0, 1, 1, 2, 3])):
        kind = r.choice([3, 3, 4])
        direction = r.uniform(-1, 1), r.uniform(-1, 1), r.uniform(-1, 1)
        norm = sum(x*x for x in direction)**0.5 or 1
        length, d = r.uniform(40, 160), r.uniform(0.5, 1.5)
        at = [radius*x/norm for x in direction]
        number += 1
        lines.append(f"{number} {kind} {at[0]:.5g} {at[1]:.5g} {at[2]:.5g} {d:.3g} 1")
        for k in range(r.choice([1, 2])):
            at = [a + length*x/norm + r.uniform(-5, 5) for a, x in zip(at, direction)]
            number += 1
            d *= r.uniform(0.5, 1)
            lines.append(f"{number} {kind} {at[0]:.5g} {at[1]:.5g} {at[2]:.5g} {d:.3g} {number - 1}")
        regions.append("basal" if kind == 3 else "apical")
    return "\n".join(lines) + "\n", sorted(set(regions))


def regions_text(regions):
    return "[" + ", ".join(f'"{x}"' for x in regions) + "]"


def settings(r, mechanism, formulas=True):
    parts = []
    for name, (low, high) in mechanism.parameters.items():
        if r.random() < 0.6:
            value = f"{r.uniform(low, high):.4g}"
            if formulas and name == "gbar" and r.random() < 0.4:
                parts.append(f'{name} = "{value}*exp(-distance/100)"')
            else:
                parts.append(f"{name} = {value}")
    return "".join(f", {part}" for part in parts)


def generate(seed, number):
    """The case of a number: a Case."""
    r = random.Random(f"{seed} {number}")
    name = f"c{number:05d}"
    kind = r.choice(["channel"] * 7 + ["kinetic"] * 3 + ["pool"] * 5 + ["synapse"] * 4 + ["instantaneous", "electrode", "two channels", "two channels"])
    mechanisms = []
    letter = iter("abcdef")

    def suffix():
        return f"{r.choice(['q', 'z', 'K', 'na'])}{next(letter)}{number:05d}"

    if kind == "channel":
        mechanisms = [channel(r, suffix())]
    elif kind == "two channels":
        mechanisms = [channel(r, suffix()), r.choice([channel, kinetic, instantaneous])(r, suffix())]
    elif kind == "kinetic":
        mechanisms = [kinetic(r, suffix())]
    elif kind == "instantaneous":
        mechanisms = [instantaneous(r, suffix())]
    elif kind == "pool":
        mechanisms = [calcium_channel(r, suffix()), pool(r, suffix())]
        if r.random() < 0.7:
            mechanisms.append(channel(r, suffix(), reads_calcium=True))
    elif kind == "synapse":
        mechanisms = [synapse(r, suffix())]
    else:
        mechanisms = [electrode(r, suffix())]
    swc, regions = tree(r)
    spacing = r.uniform(15, 60)
    lines = ['kind = "detailed"', f'morphology = "{name}.swc"', f"compartment_spacing_um = {spacing:.4g}",
             f"axial_resistivity_ohm_cm = {r.uniform(80, 200):.4g}", f"initial_mV = {r.uniform(-75, -55):.4g}", f"celsius = {r.choice([6.3, 22, 25.5, 34, 37])}",
             f"reversal_mV = {{ na = {r.uniform(45, 60):.4g}, k = {r.uniform(-95, -75):.4g} }}"]
    if any(m.has_table for m in mechanisms):
        as_neuron = r.random() < 0.5
        lines.append('tables = "as NEURON"' if as_neuron else 'tables = "exact"')
        if as_neuron:
            mechanisms[0].traits.append("tables as NEURON")
    if kind == "pool" or r.random() < 0.2:
        lines.append(f"calcium = {{ inside_mM = {r.choice(['5e-5', '1e-4', '2.4e-4'])}, outside_mM = {r.choice(['2', '1.2'])} }}")
    lines.append("capacitance = [ " + ", ".join(f'{{ regions = ["{x}"], uF_cm2 = {r.choice([1, 1, 0.9, 2])} }}' for x in regions) + " ]")
    inserts = [f'  {{ mechanism = "leak", regions = {regions_text(regions)}, g = {r.uniform(5e-5, 3e-4):.4g}, e = {r.uniform(-75, -60):.4g} }},']
    points, synapses, events, own_weights = [], [], [], False
    ms = r.choice([30, 40, 60])
    for mechanism in mechanisms:
        where = regions if kind == "pool" or r.random() < 0.6 else sorted(r.sample(regions, r.randint(1, len(regions))))
        if mechanism.receives:
            weight, own_weights = float(f"{r.uniform(0.3, 2):.3g}"), r.random() < 0.3
            synapses.append(f'excitatory = {{ mechanism = "{mechanism.suffix}.mod", regions = {regions_text(regions)}, weight = {weight}{settings(r, mechanism)} }}')
            for _ in range(r.randint(2, 7)):
                t = float(r.randrange(1, ms - 5)) if r.random() < 0.5 else round(r.uniform(0.1, ms - 5), 2)
                events.append(["excitatory", r.randrange(len(regions)), t, float(f"{r.uniform(0.2, 2):.3g}") if own_weights else weight])
            events.sort(key=lambda event: event[2])
        elif mechanism.point:
            points.append(f'  {{ mechanism = "{mechanism.suffix}.mod", section = "soma[0]", x = 0.5{settings(r, mechanism, False)} }},')
        else:
            inserts.append(f'  {{ mechanism = "{mechanism.suffix}.mod", regions = {regions_text(where)}{settings(r, mechanism)} }},')
    r.shuffle(inserts)
    for _ in range(r.choice([1, 1, 2])):
        points.append(f'  {{ mechanism = "IClamp", section = "soma[0]", x = 0.5, del = {r.uniform(2, 15):.3g}, dur = {r.uniform(5, 25):.3g}, amp = {r.uniform(-0.03, 0.12):.3g} }},')
    toml = "\n".join([*lines, *synapses, "insert = [", *inserts, "]", "point = [", *points, "]", ""])
    return Case(name, mechanisms, toml, swc, ms, events, own_weights)
