"""Regions by name, section, type, branch order and distance; resistivities, capacitances, spines, reversal potentials, rules and stubs: against NEURON."""
import subprocess
import sys
import unittest

import h5py
import numpy as np

from support import PROGRAM, ROOT, InTemporaryFolder, run

sys.path.insert(0, str(ROOT / "tests/neuron"))
import mechanisms  # noqa: E402
import regions  # noqa: E402
import segments  # noqa: E402


class Regions(InTemporaryFolder):
    def simulate(self, description, ms, events=()):
        cell = self.folder / "cell.toml"
        cell.write_text(description)
        (self.folder / "tree.swc").write_text(regions.tree())
        segments.write_input(self.folder / "input.h5", events)
        out = self.folder / "out.h5"
        self.succeed([PROGRAM, "simulate", cell, "--replay", self.folder / "input.h5", "--out", out, "--ms", ms, "--scheme", "euler"])
        with h5py.File(out) as file:
            return {name: file[name][()] for name in ("dendrites_mV", "compartments/section", "compartments/x", "compartments/area_um2",
                                                      "compartments/cm_uF_cm2", "compartments/Ra_ohm_cm")}

    @unittest.skipUnless(mechanisms.available(), "NEURON is not installed")
    def test_that_are_all_unlike_do_what_they_do_in_neuron(self):
        mine = self.simulate(regions.DESCRIPTION, regions.MS, regions.EVENTS)
        subprocess.run([sys.executable, ROOT / "tests/neuron/regions.py", self.folder], check=True, capture_output=True)
        theirs = np.load(self.folder / "neuron.npz")
        place = {(name.decode(), round(x, 9)): i for i, (name, x) in enumerate(zip(mine["compartments/section"], mine["compartments/x"]))}
        order = [place[name, round(x, 9)] for name, x in zip(theirs["names"], theirs["x"])]
        self.assertEqual(len(order), len(place))
        for name in ("area_um2", "cm_uF_cm2", "Ra_ohm_cm"):
            np.testing.assert_allclose(mine[f"compartments/{name}"][order], theirs[name], rtol=1e-9, err_msg=name)
        self.assertGreater(theirs["mV"].max(), -25)  # it fires
        self.assertLess(np.abs(mine["dendrites_mV"][order] - theirs["mV"]).max(), 1e-3)

    def test_balanced_to_a_potential_rest_there(self):
        mine = self.simulate("""kind = "detailed"
morphology = "tree.swc"
axon = "allen"
initial_mV = -68
balance = { mechanism = "pas", parameter = "e", mV = -68 }
insert = [
  { mechanism = "pas", regions = ["all"], g = "1e-4*(1 + distance/100)" },
  { mechanism = "hh", regions = ["soma", "axon"] },
  { mechanism = "Ih", regions = ["apic"], gbar = "1e-4*(1 + distance/100)" },
  { mechanism = "Ca_HVA", regions = ["soma"], gbar = 1e-4 },
  { mechanism = "CaDynamics_E2", regions = ["soma"] },
]
""", 100)
        # hh at rest is stable; calcium that comes in changes its own reversal potential by little.
        self.assertLess(np.abs(mine["dendrites_mV"] + 68).max(), 0.05)
        without = self.simulate("""kind = "detailed"
morphology = "tree.swc"
axon = "allen"
initial_mV = -68
insert = [ { mechanism = "pas", regions = ["all"], g = 1e-4 }, { mechanism = "hh", regions = ["soma", "axon"] } ]
""", 100)
        self.assertGreater(np.abs(without["dendrites_mV"] + 68).max(), 1)

    def test_with_a_netstim_do_what_they_do_with_its_spikes_replayed(self):
        description = regions.DESCRIPTION + "%s"
        stim = 'netstim = [ { kind = "excitatory", synapse = 1, start = 3.5, interval = 7.3, number = 4 }, { kind = "excitatory", start = 20, number = 1 } ]\n'
        synapses = 5  # one on each compartment of dend_7[0]
        events = [("exc", 1, 3.5 + 7.3 * k) for k in range(4)] + [("exc", synapse, 20) for synapse in range(synapses)]
        with_stim = self.simulate(description % stim, 30)["dendrites_mV"]
        self.assertEqual(self.succeed([PROGRAM, "inspect", self.folder / "cell.toml"]).stdout.count(f"excitatory {synapses} (Exp2Syn)"), 1)
        np.testing.assert_allclose(with_stim, self.simulate(description % "", 30, events)["dendrites_mV"], atol=1e-5)
        self.assertGreater(np.abs(with_stim - self.simulate(description % "", 30)["dendrites_mV"]).max(), 0.1)

    def test_that_are_wrong_are_refused_by_key(self):
        base = 'kind = "detailed"\nmorphology = "tree.swc"\ninsert = [ { mechanism = "pas", regions = ["all"] } ]\n'
        (self.folder / "tree.swc").write_text(regions.tree())
        cell = self.folder / "cell.toml"
        for more, message in [
                ('axon = "bluepyopt"\naxon_stub = { sections = 2 }', "'axon' and axon_stub both replace the axon"),
                ('axon = "hay"', "'axon' is \"hay\", expected one of: reconstructed, none, bluepyopt, bluepyopt-hoc, allen"),
                ('axon_stub = { diameters_um = [1, 2], sections = 3 }', "'axon_stub.diameters_um' has 2 diameters, expected one for each of the 3 sections"),
                ('axon_stub = { sections = 1, on = "axon[0]" }', "which is part of the axon that is removed"),
                ('axon_stub = { sections = 1, on = "soma[9]" }', "the neuron has no such section"),
                ('compartments = "3"', "'compartments' needs compartment_rule = \"formula\""),
                ('compartment_rule = "formula"', "'compartments' needs compartment_rule = \"formula\""),
                ('compartment_rule = "formula"\ncompartments = "0.5"', "the rule makes 0.5 compartments of soma[0]"),
                ('compartment_rule = "formula"\ncompartments = "distance"', "it may hold length, diameter, lambda"),
                ('axial_resistivity_ohm_cm = [ { regions = ["all"], ohm_cm = -1 } ]', "'axial_resistivity_ohm_cm[0].ohm_cm' is -1 in soma[0]"),
                ('capacitance = [ { sections = ["dend[77]"], uF_cm2 = 1 } ]', "names the section \"dend[77]\""),
                ('reversal = [ { regions = ["all"], na = 5000 } ]', "'reversal[0].na' is 5000 in soma[0]"),
                ('reversal = [ { regions = ["all"], mg = 5 } ]', "unknown key 'reversal[0].mg'"),
                ('spines = [ { regions = ["dend"], factor = 0 } ]', "'spines[0].factor' is 0"),
                ('netstim = [ { kind = "excitatory" } ]', "the neuron has no such synapses"),
                ('point = [ { mechanism = "IClamp", section = "soma[0]", x = 1 } ]', "'point[0].x' is 1, the end of soma[0]"),
                ('point = [ { mechanism = "IClamp", section = "soma[0]", x = 0 } ]', "'point[0].x' is 0, the end of soma[0]"),
                ('balance = { mechanism = "hh", mV = -70 }', "the mechanism hh is not inserted anywhere"),
                ('balance = { mechanism = "pas", parameter = "E", mV = -70 }', "pas has no parameter 'E'"),
                ('insert = [ { mechanism = "pas", regions = ["all"], g = 0 } ]\nbalance = { mechanism = "pas", parameter = "e", mV = -70 }',
                 "pas conducts nothing in soma[0](0.5), so no reversal potential of it brings the rest to -70 mV"),
        ]:
            with self.subTest(message):
                cell.write_text((base[:base.index("insert")] if "insert" in more else base) + more + "\n")
                done = run([PROGRAM, "inspect", cell])
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                self.assertIn("cell.toml:", done.stderr)
                self.assertIn(message, done.stderr)


if __name__ == "__main__":
    unittest.main()
