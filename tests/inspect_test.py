"""inspect says what a file holds, whatever kind of file it is."""
import unittest

from support import PROGRAM, ROOT, InTemporaryFolder, command, run


class Inspect(InTemporaryFolder):
    def lines(self, file):
        return self.succeed([PROGRAM, "inspect", file]).stdout.splitlines()

    def row(self, lines, first):
        return next(line.split() for line in lines if line.split()[:1] == [first])

    def test_of_a_morphology_tells_its_regions(self):
        lines = self.lines(ROOT / "tests/fuzz/corpus/swc/one_point.swc")
        # As NEURON has them: 4 basal sections, 206 um long in all, with 861 um2 of membrane.
        self.assertEqual(self.row(lines, "basal"), ["basal", "4", "10", "206.0", "861.3", "0.64", "to", "1.93", "139.8"])
        self.assertEqual(self.row(lines, "soma")[:5], ["soma", "1", "1", "12.0", "452.4"])
        self.assertEqual(self.row(self.lines(ROOT / "tests/fuzz/corpus/asc/small.asc"), "basal")[1], "3")

    def test_of_a_mechanism_tells_parameters_states_currents_and_ions(self):
        lines = self.lines(ROOT / "src/mechanism/catalogue/SK_E2.mod")
        self.assertEqual(lines[0], "# a density mechanism, SK_E2")
        self.assertIn("parameter  gbar             1e-06 S/cm2", lines)
        self.assertIn("state      z", lines)
        self.assertIn("current    of k, a straight line of v", lines)
        self.assertIn("ion        cai              concentration inside, read", lines)
        lines = self.lines(ROOT / "src/mechanism/catalogue/AMPANMDA.mod")
        self.assertEqual(lines[0], "# a point process, AMPANMDA")
        self.assertIn("current    of no ion", lines)
        self.assertIn("receives   events with 1 number", lines)

    def test_of_a_detailed_cell_tells_its_tree_its_channels_and_its_input(self):
        lines = self.lines(ROOT / "cells/l5pc.toml")
        self.assertEqual(lines[0], "# a detailed cell")
        self.assertEqual(self.row(lines, "axon")[:5], ["axon", "2", "2", "60.0", "188.5"])
        self.assertIn("gbar 5e-05 to", next(line for line in lines if line.startswith("Ih ")))
        self.assertIn("synapses   excitatory 633 (AMPANMDA), inhibitory 633 (DoubleExp)", lines)  # as many as dendritic compartments
        self.assertIn("celsius = 6.3", lines)

    def test_shows_cells_and_experiments_with_what_set_and_profile_change(self):
        changed = self.succeed([PROGRAM, "inspect", ROOT / "cells/l5pc.toml", "--set", "celsius=30", "--set", "receptors=ampa"]).stdout
        self.assertIn("celsius = 30.0", changed)
        self.assertIn("receptors = 'ampa'", changed)
        experiment = ROOT / "experiments/if.toml"
        changed = self.succeed([PROGRAM, "inspect", experiment, "--set", "cell.threshold_mV=-50", "--profile", "quick"]).stdout
        self.assertIn("threshold_mV = -50.0", changed)
        self.assertNotEqual(changed, self.succeed([PROGRAM, "inspect", experiment, "--set", "cell.threshold_mV=-50"]).stdout)

    def test_refuses_set_and_profile_where_they_mean_nothing(self):
        tree = ROOT / "tests/fuzz/corpus/swc/one_point.swc"
        for words, message in [((tree, "--set", "x=1"), "--set has no effect without an experiment or a cell"),
                               ((tree, "--profile", "quick"), "--profile has no effect without an experiment or a cell"),
                               ((ROOT / "cells/l5pc.toml", "--profile", "quick"), "is a cell, which has no profiles"),
                               ((ROOT / "cells/l5pc.toml", "--set", "nonsense=3"), "unknown key 'nonsense'")]:
            done = run([PROGRAM, "inspect", *words])
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(message, done.stderr)

    def test_of_a_morphology_is_the_same_whatever_ends_its_lines(self):
        text = (ROOT / "tests/fuzz/corpus/swc/one_point.swc").read_text()
        contour = (ROOT / "tests/fuzz/corpus/asc/small.asc").read_text()
        cell = "kind = 'integrate-and-fire' # a comment\nthreshold_mV = -50\n"
        mechanism = (ROOT / "src/mechanism/catalogue/SK_E2.mod").read_text()
        for name, text in [("a.swc", text), ("a.asc", contour), ("a.toml", cell), ("a.mod", mechanism)]:
            file = self.folder / name
            seen = set()
            for end in ["\n", "\r\n", "\r"]:
                file.write_bytes(text.replace("\n", end).encode())
                seen.add(self.succeed([PROGRAM, "inspect", file]).stdout)
            self.assertEqual(len(seen), 1, name)

    def test_of_a_data_set_tells_input_against_expectation_and_output(self):
        out = self.folder / "out"
        # Long trials of one tree and of two: some 10 000 input spikes of each kind.
        self.succeed(command("simulate", out, settings={"data.trial_ms": 6000, "data.trials_per_shard": 16}))
        files = sorted((out / "dataset").glob("*.h5"))
        lines = self.succeed([PROGRAM, "inspect", *files]).stdout.splitlines()
        self.assertIn("test: 30 trials of 6000 ms (180 s) from trial 0 on, seed 1", lines)
        self.assertIn("train: 60 trials of 6000 ms (360 s) from trial 0 on, seed 1", lines)  # its four shards together
        for kind, synapses in [("excitatory", "80"), ("inhibitory", "20")]:
            rows = [line.split() for line in lines if line.split()[:2] == ["soma", kind]]
            self.assertEqual(len(rows), 3)
            for row in rows:
                self.assertEqual(row[2], synapses)
                counted, expected = float(row[3]), float(row[4])
                self.assertAlmostEqual(counted / expected, 1, delta=0.2)  # of a few minutes: 20 s in the shortest split
                self.assertAlmostEqual(float(row[5].strip("(")), 100 * (counted / expected - 1), delta=1)
        start = lines.index("intervals between output spikes of a trial")
        bars = [line for line in lines[start + 1:lines.index("", start)]]
        self.assertTrue(all(" ms " in line for line in bars))
        self.assertGreater(sum(int(line.split(" ms")[1].replace("and more", "").split()[0]) for line in bars), 50)

    def test_of_a_dendritic_basis_tells_the_variance_that_its_components_take(self):
        out = self.folder / "out"
        self.succeed(command("simulate", out, ROOT / "experiments/branch-nmda.toml",
                             {"data.trial_ms": 500, "train.window_ms": 100, "train.skip_ms": 0,
                              "data.dendritic_components": 3, "data.dendritic_fit_trials": 4,
                              "train.schedule": "[{ from_epoch = 0, learning_rate = 1e-2, spike_weight = 0.0 }]"}))
        lines = self.lines(out / "dataset/dendritic_basis.h5")
        self.assertIn("3 components of the voltages of 23 compartments, fitted on 2000 samples; share of their variance:", lines)
        shares = [float(line.split()[1]) for line in lines[2:5]]
        self.assertEqual(shares, sorted(shares, reverse=True))
        self.assertGreater(sum(shares), 90)
        self.assertLessEqual(sum(shares), 100.01)

    def test_of_a_wrong_file_says_where(self):
        wrong = self.folder / "wrong.mod"
        wrong.write_text("NEURON { SUFFIX x }\nBREAKPOINT { i = }\n")
        done = run([PROGRAM, "inspect", wrong])
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn(f"{wrong}:2: expected a value", done.stderr)
        unknown = self.folder / "cell.hoc"
        unknown.write_text("create soma")
        done = run([PROGRAM, "inspect", unknown])
        self.assertEqual(done.returncode, 2)
        self.assertIn("expected .toml (experiment, cell or network), .swc or .asc (morphology), .mod (mechanism)", done.stderr)


if __name__ == "__main__":
    unittest.main()
