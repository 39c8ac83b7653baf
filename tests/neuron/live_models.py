"""NEURON models as users build them, for from_neuron(): sections, membrane, synapses, connections, electrodes."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "src/mechanism/catalogue"
FIVE = [CATALOGUE / f"{name}.mod" for name in ("CaDynamics_E2", "Ca_HVA", "SK_E2", "Ih", "SKv3_1")]  # NEURON has to have loaded them


class BallAndStick:
    """A class, as users write cells; the stick hangs by its far end."""

    def __init__(self, h):
        self.soma, self.dend = h.Section(name="soma", cell=self), h.Section(name="dend", cell=self)
        self.dend.connect(self.soma(0), 1)
        self.soma.L = self.soma.diam = 20
        self.dend.L, self.dend.diam, self.dend.nseg = 300, 2, 12
        for segment in self.dend:
            segment.diam = 1 + 2 * segment.x
        for section in (self.soma, self.dend):
            section.Ra, section.cm = 120, 1
        self.soma.insert("hh")
        self.dend.insert("pas")
        for segment in self.dend:
            segment.pas.g, segment.pas.e = 1e-4 * (1 + segment.x), -65
        self.clamp = h.IClamp(self.soma(0.5))
        self.clamp.delay, self.clamp.dur, self.clamp.amp = 300, 200, 0.2
        self.synapse = h.ExpSyn(self.dend(0.1))
        self.source = h.NetStim()
        self.connection = h.NetCon(self.source, self.synapse, 0, 1.5, 0.02)
        h.v_init, h.celsius = -65, 6.3


def write_swc(path):
    """A soma and two stems that fork twice, tapering, with bends. um."""
    rows = [(1, 0, 0, 0, 8, -1)]

    def grow(kind, start, parent, dx, dy, radius, points):
        x, y = start
        for k in range(points):
            x, y = x + dx, y + dy + (-1) ** k * 3
            rows.append((kind, x, y, 0.5 * k, radius * 0.9 ** k, parent))
            parent = len(rows)
        return (x, y), parent

    for kind, up in ((3, -1), (4, 1)):
        at, stem = grow(kind, (0, 8 * up), 1, 4, 22 * up, 1.5, 4)
        for side in (-1, 1):
            tip, fork = grow(kind, at, stem, 20 * side, 12 * up, 0.9, 4)
            for again in (-1, 1):
                grow(kind, tip, fork, 10 * side * again, 20 * up, 0.5, 3 + (again > 0))
    path.write_text("".join(f"{i} {kind} {x} {y} {z} {r:.4f} {p}\n" for i, (kind, x, y, z, r, p) in enumerate(rows, 1)))


def allen_fit(kind):
    """Parameters in the form of the Allen Cell Types Database, of no cell of theirs."""
    gene = lambda section, mechanism, name, value: {"section": section, "mechanism": mechanism, "name": name, "value": str(value)}  # noqa: E731
    regions = ("soma", "axon", "dend", "apic")
    genome = [gene(r, "", "g_pas", g) for r, g in zip(regions, (1e-4, 3e-3, 2e-5, 4e-5))]
    genome += [gene("soma", "Ih", "gbar_Ih", 4e-4), gene("soma", "SKv3_1", "gbar_SKv3_1", 0.01)]
    passive = {"ra": 137.0}
    if kind == "perisomatic":
        passive.update(e_pas=-83.0, cm=[{"section": r, "cm": cm} for r, cm in zip(regions, (1.0, 1.0, 2.1, 2.1))])
    else:
        genome += [gene(r, "", "e_pas", -81.5) for r in regions] + [gene(r, "", "cm", cm) for r, cm in zip(regions, (1.0, 1.2, 2.0, 1.9))]
        genome += [gene("dend", "Ih", "gbar_Ih", 1e-5), gene("apic", "Ca_HVA", "gbar_Ca_HVA", 1e-5), gene("apic", "CaDynamics_E2", "gamma_CaDynamics_E2", 1e-3)]
    erev = [{"section": r, "ena": 53.0, "ek": -107.0} for r in (("soma",) if kind == "perisomatic" else regions)]
    return {"passive": [passive], "genome": genome, "conditions": [{"celsius": 34.0, "v_init": -75.0, "erev": erev}]}


class Allen:
    """The same in NEURON, by the rules of the Allen Institute's software: axon of two cylinders, 40 um a segment."""

    def __init__(self, h, swc, fit):
        h.load_file("stdlib.hoc")
        h.load_file("import3d.hoc")
        reader = h.Import3d_SWC_read()
        reader.quiet = 1
        reader.input(str(swc))
        h.Import3d_GUI(reader, 0).instantiate(self)
        passive, conditions = fit["passive"][0], fit["conditions"][0]
        stub = h.Section(name="axon[0]", cell=self), h.Section(name="axon[1]", cell=self)
        self.axon = list(stub)
        for section in self.axon:
            section.L, section.diam = 30, 1
        self.axon[0].connect(self.soma[0](0.5))
        self.axon[1].connect(self.axon[0](1))
        arrays = {"soma": self.soma, "dend": self.dend, "apic": self.apic, "axon": self.axon}
        for name, sections in arrays.items():
            for section in sections:
                section.nseg = 1 + 2 * int(section.L / 40)
                section.insert("pas")
                section.Ra = passive["ra"]
                if "e_pas" in passive:
                    section.e_pas = passive["e_pas"]
                    section.cm = next(c["cm"] for c in passive["cm"] if c["section"] == name)
                for gene in fit["genome"]:
                    if gene["section"] == name:
                        if gene["mechanism"]:
                            section.insert(gene["mechanism"])
                        setattr(section, gene["name"], float(gene["value"]))
                for erev in conditions["erev"]:
                    if erev["section"] == name and h.ismembrane("k_ion", sec=section):
                        section.ek = erev["ek"]
                    if erev["section"] == name and h.ismembrane("na_ion", sec=section):
                        section.ena = erev["ena"]
        h.v_init, h.celsius = conditions["v_init"], conditions["celsius"]


class Branched:
    """A reconstruction with five mechanisms beside hh and pas, other values in each segment, 100 Exp2Syn, 20 of them inhibitory."""

    def __init__(self, h, folder):
        h.load_file("stdlib.hoc")
        h.load_file("import3d.hoc")
        reader = h.Import3d_SWC_read()
        reader.quiet = 1
        write_swc(pathlib.Path(folder) / "tree.swc")
        reader.input(str(pathlib.Path(folder) / "tree.swc"))
        h.Import3d_GUI(reader, 0).instantiate(self)
        for i, section in enumerate(self.all):
            section.nseg = 1 + 2 * int(section.L / 40) + i % 2
            section.Ra, section.cm = 110 + i, 1
            section.insert("pas")
            section.insert("Ih")
            for segment in section:
                segment.pas.g, segment.pas.e = 5e-5, -75 + 3 * segment.x
                segment.Ih.gbar = 2e-4 * (1 + h.distance(self.soma[0](0.5), segment) / 100)
        for name in ("hh", "SKv3_1", "Ca_HVA", "CaDynamics_E2", "SK_E2"):
            self.soma[0].insert(name)
        soma = self.soma[0]
        soma.gnabar_hh, soma.gkbar_hh, soma.gl_hh = 0.2, 0.03, 1e-4
        soma.gbar_SKv3_1, soma.gbar_Ca_HVA, soma.gbar_SK_E2 = 0.02, 3e-4, 1e-3
        soma.gamma_CaDynamics_E2, soma.decay_CaDynamics_E2 = 1e-3, 80
        soma.ena, soma.ek = 55, -88
        places = [segment for section in self.all for segment in section if section not in self.soma]
        self.synapses, self.connections, self.sources = [], [], []
        for i in range(100):
            synapse = h.Exp2Syn(places[i * len(places) // 100])
            synapse.tau1, synapse.tau2, synapse.e = 0.3 + 0.01 * i, 3 + 0.1 * i, -80 if i % 5 == 4 else 0
            source = h.NetStim()
            self.synapses.append(synapse)
            self.sources.append(source)
            self.connections.append(h.NetCon(source, synapse, 0, 0.1 * i, 0.003))
        h.v_init, h.celsius = -75, 20
