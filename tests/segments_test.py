"""Cell folders: what NEURON has in memory, written as files, does here what it does there; and what is wrong with a folder is said by name."""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

import h5py
import numpy as np

from support import PROGRAM, ROOT, InTemporaryFolder, run

sys.path.insert(0, str(ROOT / "tests/neuron"))
import mechanisms  # noqa: E402

PACKAGE = pathlib.Path(PROGRAM).parent / "python"
FOLDER = ROOT / "tests/neuron/segments"  # made by neuron/make_segments.py
TOLERANCE_MV = 1e-3  # up to the first output spike: NEURON's conductances are differences over 0.001 mV, ours derivatives
TOLERANCE_MS = 0.025
SPIKE_MV = -25


def spikes(mV):
    """Local maxima above -25 mV of a trace at 1/8 ms."""
    inner = np.arange(1, len(mV) - 1)
    return inner[(mV[1:-1] > SPIKE_MV) & (mV[1:-1] >= mV[:-2]) & (mV[1:-1] > mV[2:])] / 8


class Folders(InTemporaryFolder):
    def simulate(self, folder, ms, *options):
        out = self.folder / "out.h5"
        self.succeed([PROGRAM, "simulate", folder, "--replay", folder / "input.h5", "--out", out, "--ms", ms, "--dt", 0.025, "--scheme", "euler",
                      "--precision", "double", *options])
        with h5py.File(out) as file:
            return {name: file[name][()] for name in ("soma_mV", "dendrites_mV", "spike_times_ms")}

    def assert_neurons(self, folder, soma=0):
        neuron = np.loadtxt(folder / "neuron_mV.txt")  # [1/8 ms, segment]
        mine = self.simulate(folder, len(neuron) // 8)
        expected = spikes(neuron[:, soma])
        first = len(neuron) if len(expected) == 0 else int(8 * (expected[0] - 2))  # before it rises
        self.assertLess(np.abs(mine["soma_mV"][:first] - neuron[:first, soma]).max(), TOLERANCE_MV)
        self.assertLess(np.abs(mine["dendrites_mV"][:, :first // 8] - neuron[:first // 8 * 8:8].T).max(), TOLERANCE_MV)
        self.assertEqual(len(mine["spike_times_ms"]), len(expected))
        if len(expected):
            self.assertLessEqual(np.abs(mine["spike_times_ms"] - expected).max(), TOLERANCE_MS)
        return expected, neuron

    def test_that_ship_do_what_neuron_did(self):
        expected, neuron = self.assert_neurons(FOLDER)
        self.assertGreaterEqual(len(expected), 1)
        self.assertGreater(neuron[:80, -1].max(), neuron[0, -1] + 1)  # the synapse is felt

    @unittest.skipUnless(mechanisms.available() and list((PACKAGE / "neurontwin").glob("_core*")), "NEURON or the Python package is not there")
    def test_of_a_live_model_do_what_it_does(self):
        for name in ("ball_and_stick", "branched_tree", "calcium", "calcium_at_a_fixed_potential"):
            with self.subTest(name):
                folder = self.folder / name
                self.make(name, folder)
                expected, neuron = self.assert_neurons(folder)
                self.assertGreaterEqual(len(expected), 1)

    def make(self, name, folder):
        subprocess.run([sys.executable, ROOT / "tests/neuron/make_segments.py", "--model", name, "--out", folder], check=True, capture_output=True,
                       env={**os.environ, "PYTHONPATH": str(PACKAGE)})

    def test_are_inspected_and_drawn_and_take_settings(self):
        svg = self.folder / "tree.svg"
        said = self.succeed([PROGRAM, "inspect", FOLDER, "--svg", svg, "--set", "celsius=20"]).stdout
        self.assertIn("synapses   excitatory 1 (Exp2Syn), inhibitory 1 (Exp2Syn)", said)
        self.assertIn("celsius = 20", said)
        self.assertIn("dend", svg.read_text())

    def test_are_cells_of_experiments_and_known_by_content(self):
        folder = self.folder / "neuron"
        shutil.copytree(FOLDER, folder)
        experiment = self.folder / "e.toml"
        experiment.write_text((ROOT / "experiments/ball-and-stick.toml").read_text().replace('"../cells/ball-and-stick.toml"', '"neuron"'))
        self.assertIn("kind = 'segments'", self.succeed([PROGRAM, "inspect", experiment]).stdout)
        small = {"data.trial_ms": 400, "data.train_trials": 2, "data.valid_trials": 2, "data.test_trials": 2, "data.trials_per_shard": 2,
                 "train.window_ms": 200, "train.skip_ms": 0, "evaluate.skip_ms": 0}
        out = self.folder / "out"
        words = [PROGRAM, "simulate", experiment, "--out", out, *(word for key, value in small.items() for word in ("--set", f"{key}={value}"))]
        self.succeed(words)
        with h5py.File(out / "dataset/train-0000.h5") as file:
            self.assertEqual(file["output/soma_mV"].shape, (2, 400))
            self.assertEqual(list(file["cell/section"][()][:2]), [b"soma", b"dend"])
        with h5py.File(folder / "segments.h5", "r+") as file:
            file["mechanisms/pas/g"][0] *= 2
        self.assertIn("segments", self.succeed(words).stderr + self.succeed(words).stdout)

    def broken(self, change):
        folder = self.folder / "broken"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(FOLDER, folder)
        with h5py.File(folder / "segments.h5", "r+") as file:
            change(file)
        done = run([PROGRAM, "inspect", folder])
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertIn("segments.h5", done.stderr)
        return done.stderr

    def replaced(self, path, values):
        def change(file):
            del file[path]
            file[path] = values
        return self.broken(change)

    def test_that_are_wrong_are_refused_by_file_data_set_and_index(self):
        with h5py.File(FOLDER / "segments.h5") as file:
            areas, hh = file["segments/area_um2"][()], file["mechanisms/hh/gnabar"][()]
        for path, values, message in [
                ("segments/area_um2", areas[1:], "/segments/area_um2 has 11 numbers, expected 12"),
                ("segments/area_um2", areas.reshape(2, 6), "/segments/area_um2 has 2 dimensions"),
                ("segments/area_um2", np.where(np.arange(12) == 7, np.nan, areas), "/segments/area_um2[7] is nan"),
                ("segments/area_um2", np.where(np.arange(12) == 7, 0, areas), "/segments/area_um2[7] is 0, expected from"),
                ("segments/ri_Mohm", np.full(12, -1.0), "/segments/ri_Mohm[0] is -1"),
                ("sections/parent", np.array([-1, 1]), "/sections/parent[1] is 1: section dend comes before its parent"),
                ("sections/parent", np.array([-1, -1]), "/sections/parent[1] is -1: section dend is a root, and so is soma"),
                ("sections/parent", np.array([1, 0]), "/sections/parent[0] is 1: section soma comes before its parent"),
                ("sections/parent", np.array([-1, 0.5]), "/sections/parent[1] is 0.5, expected a whole number"),
                ("sections/parent_x", np.array([0, 1.5]), "/sections/parent_x[1] is 1.5"),
                ("sections/nseg", np.array([1, 2_000_000_000]), "/sections/nseg[1] is 2000000000"),
                ("sections/nseg", np.array([1, 12]), "has 12 numbers, expected 13"),
                ("sections/name", np.array(["soma", "soma"], dtype="S"), 'has two sections "soma"'),
                ("mechanisms/hh/segment", np.array([12]), "/mechanisms/hh/segment[0] is 12"),
                ("mechanisms/hh/gnabar", np.array([-1.0]), "gnabar[0]: density of 'hh' in region 'soma' is negative"),
                ("mechanisms/hh/gnabar", np.append(hh, hh), "/mechanisms/hh/gnabar has 2 numbers, expected 1"),
                ("mechanisms/pas/segment", np.array([1] * 11), "/mechanisms/pas/segment[1] is 1 after 1"),
                ("synapses/exc/instance", np.array([5]), "/synapses/exc/instance[0] is 5, but there are 2 of Exp2Syn"),
                ("synapses/exc/mechanism", np.array(["AMPA"], dtype="S"), '/synapses/exc/mechanism[0] is "AMPA", which is missing'),
                ("synapses/inh/mechanism", np.array(["IClamp"], dtype="S"), "is IClamp, which is not a synapse"),
                ("synapses/exc/synapse", np.array([3]), "/synapses/exc/synapse[0] is 3, expected 0"),
                ("synapses/exc/delay_ms", np.array([-1.0]), "/synapses/exc/delay_ms[0] is -1"),
                ("synapses/exc/weight", np.array([np.inf]), "/synapses/exc/weight[0] is inf"),
                ("ions/na/reversal_mV", np.array([5000.0]), "/ions/na/reversal_mV[0] is 5000"),
                ("ions/na/style", np.array([16 + 32]), "/ions/na/style[0] is 48"),
        ]:
            with self.subTest(message):
                self.assertIn(message, self.replaced(path, values))

    def test_with_what_nobody_reads_or_lacks_are_refused(self):
        def add(path):
            return lambda file: file.create_dataset(path, data=np.zeros(1))
        self.assertIn("/mechanisms/hh/gcabar is not a parameter of hh; it has gnabar", self.broken(add("mechanisms/hh/gcabar")))
        self.assertIn("/segments/colour is unknown", self.broken(add("segments/colour")))
        self.assertIn("there is no mechanism 'Kv7'", self.broken(add("mechanisms/Kv7/segment")))
        self.assertIn("/sections/Ra_ohm_cm is not there", self.broken(lambda file: file.__delitem__("sections/Ra_ohm_cm")))
        self.assertIn("has no attribute 'format'", self.broken(lambda file: file.attrs.__delitem__("format")))
        self.assertIn("a symbolic link", self.broken(lambda file: file.__setitem__("mechanisms/pas2", h5py.SoftLink("/mechanisms/pas"))))


if __name__ == "__main__":
    unittest.main()
