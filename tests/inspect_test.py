"""inspect says what a file holds, whatever kind of file it is."""
import unittest

from support import PROGRAM, ROOT, InTemporaryFolder, run


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
        self.assertIn("expected .toml (experiment or cell), .swc or .asc (morphology), .mod (mechanism)", done.stderr)


if __name__ == "__main__":
    unittest.main()
