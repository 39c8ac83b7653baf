"""Builds and runs a cell description of ours in NEURON: the same TOML file, the same .mod files.

Formulas of a description are evaluated by Python: for cells of this project only.
"""
import math
import pathlib
import re
import tomllib

from mechanisms import name_in_neuron

REGIONS = {"soma": "soma", "axon": "axon", "dend": "basal", "apic": "apical"}
CATALOGUE = pathlib.Path(__file__).resolve().parent.parent.parent / "src/mechanism/catalogue"


def mod_file(mechanism, folder):
    """The .mod file behind a description's `mechanism`."""
    return folder / mechanism if mechanism.endswith(".mod") else CATALOGUE / f"{mechanism}.mod"


def mod_files(description, folder):
    """The .mod files that NEURON has to know; for IClamp its own is the judge."""
    uses = [*description.get("insert", []), *description.get("point", [])]
    uses += [description[kind] for kind in ("excitatory", "inhibitory") if kind in description]
    return {mod_file(use["mechanism"], folder) for use in uses if use["mechanism"] != "IClamp"}


def formula(text, **values):
    text = str(text).replace("&&", " and ").replace("||", " or ").replace("^", "**")
    return float(eval(text, {"exp": math.exp, "fmin": min, "fmax": max, **values}))


def region(section):
    return REGIONS.get(section.name().split("[")[0], "other")


def draw(h, morphology, drawn_tree):
    """Sections of a reconstruction, by NEURON's own Import3d; of the built-in tree, from its table of points."""
    if morphology == "layer-5-tree":
        return draw_table(h, drawn_tree)
    reader = h.Import3d_SWC_read() if morphology.suffix == ".swc" else h.Import3d_Neurolucida3()
    reader.quiet = 1
    reader.input(str(morphology))
    h.Import3d_GUI(reader, False).instantiate(None)
    return list(h.allsec())


def draw_table(h, lines):
    """Lines "section NAME PARENT X", each with lines "x y z diameter" of its points below; "-" has no parent."""
    sections = {}
    for line in lines:
        words = line.split()
        if words[0] == "section":
            name, parent, x = words[1:]
            section = sections[name] = h.Section(name=name)
            if parent != "-":
                section.connect(sections[parent](float(x)), 0)
        else:
            h.pt3dadd(*map(float, words), sec=section)
    return list(sections.values())


class Cell:
    """A description in NEURON. Keep it: sections live as long as somebody holds them."""

    def __init__(self, h, description, folder, drawn_tree=None):
        self.h, self.description, self.folder = h, description, pathlib.Path(folder)
        morphology = description["morphology"]
        self.sections = draw(h, morphology if morphology == "layer-5-tree" else self.folder / morphology, drawn_tree)
        self.soma = next(s for s in self.sections if region(s) == "soma")
        if "axon_stub" in description:
            self.replace_axon(description["axon_stub"])
        order = ["soma", "axon", "basal", "apical", "other"]
        self.sections.sort(key=lambda s: order.index(region(s)))
        self.cut()
        h.distance(0, self.soma(0.5))
        for insert in description.get("insert", []):
            self.insert(insert)
        self.synapses = {kind: self.place_synapses(description[kind]) for kind in ("excitatory", "inhibitory") if kind in description}
        self.points = [self.place_point(point) for point in description.get("point", [])]
        self.set_ions()
        self.set_tables()
        self.set_function_tables()

    def replace_axon(self, stub):
        for section in [s for s in self.sections if region(s) == "axon"]:
            self.sections.remove(section)
            self.h.delete_section(sec=section)
        before = self.soma(0.5)
        for i in range(stub["sections"]):
            section = self.h.Section(name=f"axon[{i}]")
            section.L, section.diam = stub["length_um"], stub["diameter_um"]
            section.connect(before, 0)
            before = section(1)
            self.sections.append(section)

    def cut(self):
        d = self.description
        for section in self.sections:
            section.Ra = d.get("axial_resistivity_ohm_cm", 100)
            section.cm = 1
            for membrane in d.get("capacitance", []):
                if region(section) in membrane["regions"]:
                    section.cm = membrane["uF_cm2"]
            if d.get("compartment_rule", "spacing") == "spacing":
                section.nseg = 1 + 2 * int(section.L / d.get("compartment_spacing_um", 40))
            else:
                longest_um = d.get("d_lambda", 0.1) * self.h.lambda_f(100, sec=section)
                section.nseg = 1 + 2 * int((section.L / longest_um + 0.999) / 2)

    def within(self, regions):
        return [s for s in self.sections if region(s) in regions]

    def segments(self, regions):
        return [segment for section in self.within(regions) for segment in section]

    def values(self, use, regions):
        """(segment, {parameter: value}) of each compartment of the regions."""
        sections = self.within(regions)
        longest = max(self.h.distance(s(1)) for s in sections)
        for segment in self.segments(regions):
            section = segment.sec
            last = use.get("last_at_end") and segment.x > 1 - 1 / section.nseg
            distance = self.h.distance(section(1)) if last else self.h.distance(segment)
            numbers = {key: formula(value, distance=distance, longest=longest, diameter=segment.diam)
                       for key, value in use.items() if key not in ("mechanism", "regions", "last_at_end", "weight")}
            yield segment, numbers

    def insert(self, use):
        name = name_in_neuron(mod_file(use["mechanism"], self.folder))
        for section in self.within(use["regions"]):
            section.insert(name)
        for segment, numbers in self.values(use, use["regions"]):
            for key, value in numbers.items():
                if hasattr(getattr(segment, name), key):
                    setattr(segment, f"{key}_{name}", value)
                else:
                    setattr(self.h, f"{key}_{name}", value)  # a GLOBAL

    def place(self, name, segment, numbers):
        process = getattr(self.h, name)(segment)
        for key, value in numbers.items():
            if name == "IClamp" and key == "del":
                process.delay = value  # a word of Python
            elif hasattr(process, key):
                setattr(process, key, value)
            else:
                setattr(self.h, f"{key}_{name}", value)
        return process

    def place_synapses(self, use):
        name = name_in_neuron(mod_file(use["mechanism"], self.folder))
        return [self.place(name, segment, numbers) for segment, numbers in self.values(use, use["regions"])]

    def segment_at(self, place):
        if "section" in place:
            return next(s for s in self.sections if s.name() == place["section"])(place.get("x", 0.5))
        near = [s for s in self.segments([place["region"]])
                if abs(self.h.distance(s) - place["distance_um"]) <= s.sec.L / s.sec.nseg / 2]
        return max(near, key=lambda s: s.diam)

    def place_point(self, point):
        numbers = {key: float(value) for key, value in point.items() if key not in ("mechanism", "section", "x", "region", "distance_um")}
        name = "IClamp" if point["mechanism"] == "IClamp" else name_in_neuron(mod_file(point["mechanism"], self.folder))
        return self.place(name, self.segment_at(point), numbers)

    def set_ions(self):
        h, d = self.h, self.description
        h.celsius = d.get("celsius", 6.3)
        calcium = {"inside_mM": 5e-5, "outside_mM": 2, **d.get("calcium", {})}
        reversal = {"na": 50, "k": -77, **d.get("reversal_mV", {})}
        for section in self.sections:
            for ion, mV in reversal.items():
                if h.ismembrane(f"{ion}_ion", sec=section):
                    setattr(section, f"e{ion}", mV)
        if hasattr(h, "cai0_ca_ion"):
            h.cai0_ca_ion, h.cao0_ca_ion = calcium["inside_mM"], calcium["outside_mM"]

    def set_tables(self):
        """Values of formulas, or of the tables of TABLE statements."""
        for file in mod_files(self.description, self.folder):
            switch = f"usetable_{name_in_neuron(file)}"
            if re.search(r"^\s*TABLE\b", file.read_text(), re.M):
                setattr(self.h, switch, int(self.description.get("tables", "as NEURON") == "as NEURON"))

    def set_function_tables(self):
        """The numbers of FUNCTION_TABLEs, which NEURON points to: kept as long as the cell."""
        self.function_tables = []
        for mechanism, functions in self.description.get("function_tables", {}).items():
            for name, numbers in functions.items():
                give = getattr(self.h, f"table_{name}_{mechanism}")
                if not isinstance(numbers, dict):
                    give(numbers)
                    continue
                values = self.h.Vector(numbers["values"])
                self.function_tables.append(values)
                if "x" in numbers:
                    places = self.h.Vector(numbers["x"])
                    self.function_tables.append(places)
                    give(values, places)
                else:
                    give(values._ref_x[0], len(values), numbers["from"], numbers["to"])

    def run(self, ms, dt_ms=0.025, events=(), second_order=0):
        """events: (kind, synapse, time_ms, weight). Voltages of every compartment at every step: {(section, x): numbers}, from 0 to ms."""
        h = self.h
        h.secondorder, h.dt = second_order, dt_ms
        connections = {}
        for kind, synapse, _, weight in events:
            if (kind, synapse, weight) not in connections:
                connection = connections[kind, synapse, weight] = h.NetCon(None, self.synapses[kind][synapse], 0, 0, weight)
                connection.weight[0] = weight
        traces = {(section.name(), segment.x): h.Vector().record(segment._ref_v) for section in self.sections for segment in section}
        h.finitialize(self.description.get("initial_mV", -65))
        for kind, synapse, time_ms, weight in events:
            connections[kind, synapse, weight].event(time_ms)
        for _ in range(round(ms / dt_ms)):
            h.fadvance()
        return {place: vector.as_numpy().copy() for place, vector in traces.items()}

    def remove(self):
        """Takes the cell away, so that the next one is alone."""
        self.synapses, self.points = {}, []
        for section in list(self.h.allsec()):
            self.h.delete_section(sec=section)
        self.sections = []


def load(h, library):
    """stdlib, Import3d and a library of mechanisms; once in a process."""
    h.load_file("stdlib.hoc")
    h.load_file("import3d.hoc")
    if library is not None:
        h.nrn_load_dll(str(library))


def parse(text):
    return tomllib.loads(text)
