"""simulate CELL.toml --out OUT.h5: one trial of a detailed cell, driven by electrodes or by recorded input."""
import h5py
import numpy as np
import unittest

from support import PROGRAM, InTemporaryFolder, run

SWC = "1 1 0 -10 0 10 -1\n2 1 0 10 0 10 1\n3 3 0 11 0 1 2\n4 3 0 211 0 1 3\n"
CELL = """kind = "detailed"
morphology = "cell.swc"
initial_mV = -65
insert = [ { mechanism = "leak", regions = ["soma", "basal"], g = 1e-4, e = -65 } ]
point = [ { mechanism = "IClamp", section = "dend[0]", x = 0.5, del = 5, dur = 10, amp = 0.05 } ]
record = [ { name = "tip", region = "basal", distance_um = 205 } ]
"""


SYNAPTIC = CELL.split("point")[0] + """excitatory = { mechanism = "DoubleExp", regions = ["basal"], rise = 0.3, decay = 3, gmax = 0.001, e = 0 }
"""
# NEURON's ExpSyn in our own words: the weight of an event is the conductance it adds, in uS.
EXPSYN = """NEURON { POINT_PROCESS ExpSyn RANGE tau, e NONSPECIFIC_CURRENT i }
PARAMETER { tau = 2 (ms) e = 0 (mV) }
ASSIGNED { v (mV) i (nA) }
STATE { g (uS) }
INITIAL { g = 0 }
BREAKPOINT { SOLVE decay METHOD cnexp
  i = g*(v - e) }
DERIVATIVE decay { g' = -g/tau }
NET_RECEIVE(weight (uS)) { g = g + weight }
"""


class OneTrial(InTemporaryFolder):
    def simulate(self, *options, text=CELL):
        (self.folder / "cell.swc").write_text(SWC)
        cell = self.folder / "cell.toml"
        cell.write_text(text)
        return run([PROGRAM, "simulate", cell, *options])

    def test_needs_no_input_when_an_electrode_drives_the_cell(self):
        out = self.folder / "out.h5"
        done = self.simulate("--ms", 40, "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(out) as file:
            soma, tip, dendrites = file["soma_mV"][()], file["sites/tip"][()], file["dendrites_mV"][()]
        self.assertEqual((soma.shape, tip.shape), ((320,), (320,)))
        self.assertTrue(np.allclose(soma[:40], -65, atol=1e-4))
        self.assertGreater(tip[8 * 14], soma[8 * 14] + 0.5)  # 0.05 nA over the 30 Mohm between them, less what leaks
        self.assertEqual(dendrites.shape[1], 40)
        np.testing.assert_array_equal(tip[::8], dendrites[-1])

    def test_without_input_has_to_be_told_how_long(self):
        done = self.simulate("--out", self.folder / "out.h5")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--ms", done.stderr)

    def test_refuses_a_place_that_is_not_there(self):
        done = self.simulate("--ms", 40, "--out", self.folder / "out.h5", text=CELL.replace("dend[0]", "apic[3]"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("cell.toml:5", done.stderr)
        self.assertIn("it has soma[0], dend[0]", done.stderr)

    def test_may_change_any_key_of_the_cell(self):
        def soma(name, *options):
            out = self.folder / f"{name}.h5"
            done = self.simulate("--ms", 10, "--out", out, *options)
            self.assertEqual(done.returncode, 0, done.stderr)
            with h5py.File(out) as file:
                return file["soma_mV"][()], bytes(file.attrs["cell"]).decode()

        changed, words = soma("changed", "--set", "initial_mV=-80", "--set", "insert=[{mechanism='leak', regions=['soma', 'basal'], g=0, e=0}]",
                              "--set", "point=[]")
        self.assertTrue(np.allclose(changed, -80, atol=1e-6))  # nothing conducts
        self.assertIn("initial_mV = -80.0", words)
        plain, _ = soma("plain")
        self.assertTrue(np.allclose(plain[:40], -65, atol=1e-4))

    def test_refuses_a_key_that_nobody_reads(self):
        for words in [["simulate", "--ms", 10, "--out", self.folder / "out.h5"], ["inspect"]]:
            with self.subTest(words=words):
                self.simulate("--ms", 10, "--out", self.folder / "written.h5")
                done = run([PROGRAM, words[0], self.folder / "cell.toml", *words[1:], "--set", "celcius=30"])
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn("--set celcius=30: unknown key 'celcius'; did you mean 'celsius'?", done.stderr)

    def test_refuses_options_that_mean_nothing_for_it(self):
        for options in [("--profile", "quick"), ("--seed", 3), ("--threads", 1), ("--device", "cpu")]:
            done = self.simulate("--ms", 10, "--out", self.folder / "out.h5", *options)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"{options[0]} has no effect on one trial of a cell", done.stderr)
        self.assertFalse((self.folder / "out.h5").exists())

    def test_of_a_cell_is_told_from_an_experiment(self):
        self.assertIn("cell.toml: is a cell, expected an experiment; one trial of a cell: simulate CELL.toml", self.simulate().stderr)
        for command in ["run", "train", "search"]:
            done = run([PROGRAM, command, self.folder / "cell.toml"])
            self.assertEqual(done.returncode, 2)
            self.assertIn("is a cell, expected an experiment", done.stderr)

    def replay(self, time_ms, synapse=None, weight=None, text=SYNAPTIC, name="synapse"):
        """The somatic voltage under this excitatory input, or what the program says where it refuses it."""
        file, out = self.folder / "input.h5", self.folder / "out.h5"
        with h5py.File(file, "w") as into:
            into["input/exc/time_ms"] = np.array(time_ms, float)
            into[f"input/exc/{name}"] = np.array([0] * len(time_ms) if synapse is None else synapse)
            if weight is not None:
                into["input/exc/weight"] = np.array(weight, float)
            for data_set in ("time_ms", "synapse"):
                into[f"input/inh/{data_set}"] = np.array([], int)
        done = self.simulate("--replay", file, "--ms", 60, "--out", out, text=text)
        if done.returncode:
            self.assertEqual(done.returncode, 2, done.stderr)
            return done.stderr
        with h5py.File(out) as trial:
            return trial["soma_mV"][()]

    def test_a_spike_half_a_millisecond_later_does_the_same_half_a_millisecond_later(self):
        on_time, later = self.replay([10]), self.replay([10.5])
        self.assertGreater(on_time.max(), -64.9)
        self.assertLess(np.abs(later[4:] - on_time[:-4]).max(), 1e-5)  # samples of 1/8 ms, stored as float32

    def test_a_weight_in_the_file_stands_in_the_place_of_the_cells(self):
        heavy = self.replay([10], text=SYNAPTIC.replace("e = 0 }", "e = 0, weight = 2 }"))
        np.testing.assert_array_equal(self.replay([10], weight=[2]), heavy)
        np.testing.assert_array_equal(self.replay([10, 20], weight=[2, 0], text=SYNAPTIC.replace("e = 0 }", "e = 0, weight = 7 }")), heavy)

    def test_a_weight_that_is_no_number_is_that_of_the_cell(self):
        text = SYNAPTIC.replace("e = 0 }", "e = 0, weight = 2 }")
        np.testing.assert_array_equal(self.replay([10, 20], weight=[np.nan, 3], text=text), self.replay([10, 20], weight=[2, 3]))

    def test_input_that_is_none_is_refused_by_name(self):
        for words, said in (
            ({"time_ms": [np.nan]}, "/input/exc event 0 is at nan ms"),
            ({"time_ms": [-1]}, "/input/exc event 0 is at -1 ms"),
            ({"time_ms": [1], "synapse": [50]}, "/input/exc event 0 is of synapse 50; the cell has"),
            ({"time_ms": [1], "synapse": [-1]}, "/input/exc event 0 is of synapse -1; the cell has"),
            ({"time_ms": [1], "weight": [1, 2]}, "/input/exc has 2 weights but 1 times"),
            ({"time_ms": [1], "weight": [-1]}, "/input/exc event 0 has the weight -1"),
        ):
            self.assertIn("input.h5: " + said, str(self.replay(**words)))

    def test_a_synapse_whose_weight_is_a_conductance_needs_one(self):
        (self.folder / "expsyn.mod").write_text(EXPSYN)
        synapse = 'excitatory = { mechanism = "expsyn.mod", regions = ["basal"], tau = 3 }'
        text = SYNAPTIC.split("excitatory")[0] + synapse + "\n"
        said = str(self.replay([10], text=text))
        self.assertIn("cell.toml:5: 'excitatory.weight' is not given, but ExpSyn uses the weight of its events, in uS; expected weight = NUMBER", said)
        self.assertIn("'excitatory.weight' is -0.1, expected from 0 to 1000", str(self.replay([10], text=text.replace("tau = 3", "tau = 3, weight = -0.1"))))
        weak, strong = (self.replay([10], text=text.replace("tau = 3", f"tau = 3, weight = {uS}")) for uS in (1e-5, 2e-5))
        np.testing.assert_allclose(strong + 65, 2 * (weak + 65), atol=5e-3 * (strong.max() + 65))  # so weak that it adds up

    def test_is_told_from_a_data_set_by_its_file(self):
        done = self.simulate("--ms", 40, "--out", self.folder / "run")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--ms is for one trial of a cell", done.stderr)


if __name__ == "__main__":
    unittest.main()
