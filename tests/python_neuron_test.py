"""Live NEURON models: what becomes of them here does what they do, and what cannot come along is said."""
import json
import pathlib
import sys
import tempfile
import unittest
import warnings

from types import SimpleNamespace

import numpy as np
from python_package_test import ROOT, nt

sys.path.insert(0, str(ROOT / "tests/neuron"))
import live_models  # noqa: E402
import mechanisms  # noqa: E402

try:
    import h5py
    from neuron import h
except ImportError as error:
    raise unittest.SkipTest(f"NEURON or h5py is not installed: {error}")

from neurontwin._neuron_mods import ModFile  # noqa: E402
from neurontwin._neuron_model import read_tables  # noqa: E402

VOLTAGE_MV = 1e-3  # up to the first spike: NEURON's conductances are differences over 0.001 mV, ours derivatives
SPIKES_MS = 0.025


class ModFiles(unittest.TestCase):
    """What needs no live model of the kind."""

    def test_assigned_variables_that_get_their_values_from_outside_become_parameters_of_the_copy(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            for parameters in ("PARAMETER {\n    g = 0 (S/cm2)\n}\n", ""):
                file = folder / "exported.mod"
                file.write_text("NEURON { SUFFIX exported\n RANGE e, g }\n" + parameters + "ASSIGNED {\n    v (mV)\n    e (mV)   : of the density\n    eca (mV)\n}\n")
                mod = ModFile(file)
                self.assertFalse(mod.promote("nothing"))
                self.assertTrue(mod.promote("e"))
                (folder / "copy").mkdir(exist_ok=True)
                mod.copy(folder / "copy")
                copy = ModFile(folder / "copy/exported.mod")
                self.assertEqual(copy.parameters()["e"], 0)
                self.assertEqual(copy.block("ASSIGNED").split(), ["v", "(mV)", "eca", "(mV)"])
                self.assertIn("(mV)", copy.block("PARAMETER"))

    def test_tables_are_those_of_the_running_neuron(self):
        mods = {"own": SimpleNamespace(text="TABLE a FROM 0 TO 1 WITH 10"), "plain": SimpleNamespace(text="")}
        self.assertEqual(read_tables(SimpleNamespace(usetable_hh=1), mods, ["hh", "plain", "pas"]), "as NEURON")
        self.assertEqual(read_tables(SimpleNamespace(), mods, ["hh", "plain"]), "exact")  # as PyPI's NEURON 8.2.2 has hh
        self.assertEqual(read_tables(SimpleNamespace(usetable_own=0), mods, ["own"]), "exact")
        self.assertEqual(read_tables(SimpleNamespace(), mods, ["plain", "pas"]), "as NEURON")
        with self.assertRaisesRegex(nt.InputError, "own interpolate in tables and hh do not.*h.usetable_own = 0"):
            read_tables(SimpleNamespace(usetable_own=1), mods, ["hh", "own"])


class FromNeuron(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="neurontwin-test-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name)
        h.load_file("stdrun.hoc")
        if not hasattr(h, "SK_E2"):  # once in a process
            h.nrn_load_dll(str(mechanisms.build_library(live_models.FIVE, cls.folder / "library")[0]))

    def setUp(self):
        self.cell = None

    def tearDown(self):
        self.cell = self.model = None
        for section in list(h.allsec()):
            h.delete_section(sec=section)

    def read(self, name="cell", **options):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            self.cell = nt.from_neuron(self.folder / name, mechanisms=live_models.CATALOGUE, **options)
        self.assertEqual([str(w.message) for w in said if w.category is nt.LeftOut], self.cell.left_out)
        return self.cell

    def assert_alike(self, inputs, ms, spikes):
        compared = nt.check_against_neuron(self.cell, inputs, ms=ms, progress=False)
        self.assertLess(compared.largest_mV, VOLTAGE_MV, compared)
        self.assertLess(compared.largest_anywhere_mV, VOLTAGE_MV, compared)
        self.assertLessEqual(compared.largest_ms, SPIKES_MS, compared)
        self.assertGreaterEqual(len(compared.our_spikes_ms), spikes, compared)
        self.assertGreater(np.ptp(compared.ours_mV), 50)
        return compared

    def test_a_ball_and_a_stick_that_hangs_by_its_far_end(self):
        self.model = live_models.BallAndStick(h)
        cell = self.read()
        self.assertEqual((cell.excitatory_synapses, cell.inhibitory_synapses), (1, 0))
        self.assertEqual(cell.compartments["section"][:2], ["soma", "dend"])
        self.assertTrue(any("NetStim[" in words for words in cell.left_out))
        input_ms = np.arange(20.0, 2000, 37)
        compared = self.assert_alike([(input_ms, np.zeros(len(input_ms), int))], 2000, 10)
        self.assertIn("spikes in both", str(compared))

    def test_a_tree_with_seven_mechanisms_and_a_hundred_synapses(self):
        self.model = live_models.Branched(h, self.folder)
        cell = self.read("tree")
        self.assertEqual((cell.excitatory_synapses, cell.inhibitory_synapses), (80, 20))
        random = np.random.default_rng(1)
        inputs = [(random.uniform(0, 2000, 1500), random.integers(0, 100, 1500))]
        self.assert_alike(inputs, 2000, 5)
        with h5py.File(self.folder / "tree/segments.h5") as file:
            self.assertEqual(file["mechanisms/CaDynamics_E2/gamma"][0], 1e-3)
            self.assertGreater(len(file["points/x_um"]), 40)
        # weights for each event, as the live model's would be
        weighted = [(inputs[0][0], inputs[0][1], random.uniform(0, 0.002, 1500))]
        self.assert_alike(weighted, 500, 1)

    def test_synapses_have_the_groups_that_a_function_names(self):
        self.model = live_models.Branched(h, self.folder)
        cell = self.read("grouped", group=lambda point: "inhibition" if point.e < -50 else "quick" if point.tau1 < 0.8 else "late")
        self.assertEqual({name: len(numbers) for name, numbers in cell.groups.items()}, {"quick": 40, "late": 40, "inhibition": 20})
        random = np.random.default_rng(1)
        self.assert_alike({"quick": (random.uniform(0, 500, 300), random.integers(0, 40, 300)), "late": ([30.0], [3]),
                           "inhibition": (random.uniform(0, 500, 30), random.integers(0, 20, 30))}, 500, 1)
        with self.assertRaisesRegex(nt.InputError, "'all' to excitatory and to inhibitory synapses"):
            self.read("wrong", group=lambda point: "all")
        with self.assertRaisesRegex(nt.InputError, "expected a name of letters, digits"):
            self.read("wrong", group=lambda point: "a b" if point.e == 0 else "c")

    def test_models_of_the_allen_institute_need_no_neuron(self):
        live_models.write_swc(self.folder / "reconstruction.swc")
        for kind in ("perisomatic", "all-active"):
            with self.subTest(kind):
                fit = live_models.allen_fit(kind)
                (self.folder / "fit.json").write_text(json.dumps(fit))
                ours = nt.from_allen(self.folder / kind, self.folder / "fit.json", self.folder / "reconstruction.swc",
                                     mechanisms=live_models.CATALOGUE, axon="allen")
                self.model = live_models.Allen(h, self.folder / "reconstruction.swc", fit)
                self.read(kind + "-live", root=self.model.soma[0])
                theirs = self.cell.simulate([([], [])], ms=100, scheme="euler", compartments=True)[0]
                direct = ours.simulate([([], [])], ms=100, scheme="euler", compartments=True)[0]
                np.testing.assert_allclose(sorted(direct.compartments_mV[:, -1]), sorted(theirs.compartments_mV[:, -1]), atol=1e-4)
                np.testing.assert_allclose(direct.soma_fine_mV, theirs.soma_fine_mV, atol=1e-4)
                self.assertGreater(np.ptp(direct.soma_fine_mV), 0.5)
                self.model = None
                self.tearDown()
        (self.folder / "fit.json").write_text("{}")
        with self.assertRaisesRegex(nt.InputError, "'passive' is missing"):
            nt.from_allen(self.folder / "wrong", self.folder / "fit.json", self.folder / "reconstruction.swc")

    def test_random_input_is_drawn_where_none_is_given(self):
        self.model = live_models.BallAndStick(h)
        self.read()
        self.assertGreater(len(nt.check_against_neuron(self.cell, ms=500, progress=False).ours_mV), 3000)

    def test_a_live_model_is_left_as_it_was(self):
        self.model = live_models.BallAndStick(h)
        self.read()
        h.dt, h.secondorder = 0.1, 2
        nt.check_against_neuron(self.cell, ms=50, progress=False)
        self.assertEqual((h.dt, h.secondorder, self.model.connection.active()), (0.1, 2, True))
        h.secondorder = 0

    def test_a_live_model_goes_on_from_rest_after_a_comparison(self):
        self.model = live_models.BallAndStick(h)
        h.finitialize(-65)
        h.continuerun(5)
        self.read()
        nt.check_against_neuron(self.cell, ([3.0], [0]), ms=20, progress=False)
        self.assertEqual(h.t, 0)
        h.continuerun(5)  # with nothing left in the queue of what the comparison had
        self.assertGreaterEqual(h.t, 5)

    def test_comparisons_name_a_wrong_argument(self):
        self.model = live_models.BallAndStick(h)
        self.read()
        for change, words in (({"dt_ms": 0}, "a part of 0.125 ms"), ({"dt_ms": "x"}, "dt_ms is 'x'"), ({"ms": 0}, "at least 1"),
                              ({"soma": "nowhere(0.5)"}, "expected a segment of the cell")):
            with self.subTest(words), self.assertRaisesRegex(nt.InputError, words):
                nt.check_against_neuron(self.cell, ([3.0], [0]), progress=False, **{"ms": 20, **change})

    def test_synapses_without_connections(self):
        self.model = live_models.BallAndStick(h)
        self.model.connection = None
        self.assertIn("ExpSyn[", " ".join(self.read().left_out))
        self.assertEqual(self.cell.synapses, 0)
        self.assertEqual(self.read(weight=0.01).synapses, 1)
        self.assertEqual(self.read(weight=0.01, inhibitory=lambda point: True).inhibitory_synapses, 1)

    def test_a_point_process_at_the_beginning_of_a_section_that_hangs_inside_another(self):
        """NEURON has it where the section hangs: in the segment that holds this place, whose centre may be elsewhere."""
        self.model = live_models.BallAndStick(h)
        self.model.dend.nseg = 4
        child = h.Section(name="child")
        child.connect(self.model.dend(0.3))
        clamp = h.IClamp(child(0))
        clamp.delay, clamp.dur, clamp.amp = 5, 20, 0.1
        self.read()
        difference = nt.check_against_neuron(self.cell, ([3.0], [0]), ms=40, progress=False)
        self.assertLess(difference.largest_mV, 0.001)

    def test_what_cannot_come_along_is_refused_by_name(self):
        self.model = live_models.BallAndStick(h)
        soma, dend = self.model.soma, self.model.dend

        def refused(words, **options):
            with self.assertRaisesRegex(nt.InputError, words):
                self.read("refused", **options)
        dend.insert("Ih")
        with self.assertRaisesRegex(nt.InputError, r"no \.mod file of Ih in .*mechanisms=FOLDER"):
            nt.from_neuron(self.folder / "refused", mechanisms=self.folder)
        dend.uninsert("Ih")
        other = h.Section(name="other")
        refused("NEURON has 2 trees .*root=SECTION")
        self.assertEqual(self.read("one", root=dend).compartments["section"][0], "soma")
        other = None
        end = h.ExpSyn(dend(0))  # which is free: it hangs by 1
        refused(r"is at .*dend\(0\), the end of a section.*move_ends=True")
        self.read("moved", move_ends=True)
        self.assertTrue(any("in the place of" in words for words in self.cell.left_out))
        self.cell = end = None
        end = h.AlphaSynapse(soma(0.5))
        refused("NEURON's own AlphaSynapse is not simulated here; put an Exp2Syn")  # though there is a file of that name
        end = None
        own = h.NetCon(soma(0.5)._ref_v, self.model.synapse, sec=soma)
        self.assertTrue(any("the cell's own spikes" in words for words in self.read("itself").left_out))
        soma.insert("extracellular")
        self.assertTrue(any("extracellular" in words for words in self.read("outside").left_out))
        soma(0.5).xg[0] = 1
        refused("potential outside of the membrane")
        del own

    def test_folders_with_other_things_are_not_touched(self):
        self.model = live_models.BallAndStick(h)
        (self.folder / "mine").mkdir()
        (self.folder / "mine/thesis.txt").write_text("")
        with self.assertRaisesRegex(nt.InputError, "is no cell folder"):
            nt.from_neuron(self.folder / "mine")
        cell = self.read("again")
        self.read("again")
        with self.assertRaisesRegex(nt.InputError, "no live model"):
            nt.check_against_neuron(nt.Cell(cell.path))


if __name__ == "__main__":
    unittest.main()
