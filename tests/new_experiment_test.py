"""From a morphology and two .mod files to a neuron that fires and an experiment that runs."""
import json
import os
import unittest

from support import PROGRAM, ROOT, InTemporaryFolder, metrics, run

WRONG_INPUT = 2
SWC = """1 1 0 0 0 8 -1
2 1 0 8 0 8 1
3 3 0 9 0 1.5 2
4 3 0 200 0 1 3
5 3 40 300 0 0.7 4
6 3 -40 300 0 0.7 4
"""
SYNAPSE = """NEURON {
  POINT_PROCESS Kick
  NONSPECIFIC_CURRENT i
  RANGE tau, e, i
}
PARAMETER {
  tau = 2 (ms)
  e = 0 (mV)
}
ASSIGNED {
  v (mV)
  i (nA)
}
STATE { g (uS) }
INITIAL { g = 0 }
BREAKPOINT {
  SOLVE state METHOD cnexp
  i = g*(v - e)
}
DERIVATIVE state { g' = -g/tau }
NET_RECEIVE(weight (uS)) { g = g + weight }
"""
ELECTRODE = """NEURON {
  POINT_PROCESS Electrode
  ELECTRODE_CURRENT i
  RANGE i
}
ASSIGNED { i (nA) }
BREAKPOINT { i = 0.1 }
"""
FEW = {"data.train_trials": 16, "data.valid_trials": 8, "data.test_trials": 8, "data.trials_per_shard": 8, "data.trial_ms": 1000,
       "stimulus.calibrate.rate_hz": 4, "stimulus.calibrate.trials": 8, "train.epochs": 1, "train.steps_per_epoch": 10,
       "interpret.added_spikes": 4, "evaluate.baselines": "false", "evaluate.bootstrap_resamples": 20}


class ANewExperiment(InTemporaryFolder):
    def setUp(self):
        super().setUp()
        self.tree = self.folder / "tree.swc"
        self.tree.write_text(SWC)

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def test_of_a_tree_and_two_mechanisms_runs_to_its_report(self):
        files = [self.file("kick.mod", SYNAPSE), ROOT / "cells/slow-inhibition.mod"]
        made = self.folder / "mine"
        self.succeed([PROGRAM, "new", made, "--morphology", self.tree, "--mechanisms", *files])
        cell = (made / "cell.toml").read_text()
        self.assertIn('kind = "excitatory", mechanism = "kick.mod"', cell)
        self.assertIn('kind = "inhibitory", mechanism = "slow-inhibition.mod"', cell)
        self.assertIn('mechanism = "hh"', cell)  # neither file spikes
        out = self.folder / "run"
        settings = [word for key, value in FEW.items() for word in ("--set", f"{key}={value}")]
        self.succeed([PROGRAM, "run", made / "mine.toml", *settings, "--out", out])
        self.assertGreater(metrics(out)["data.train_spikes"], 0)
        self.assertTrue((out / "report.html").exists())

    def test_of_a_tree_alone_has_the_mechanisms_of_the_catalogue(self):
        self.succeed([PROGRAM, "new", self.folder / "mine", "--morphology", self.tree])
        shown = self.succeed([PROGRAM, "inspect", self.folder / "mine/cell.toml"]).stdout
        for part in ("hh", "pas", "ampa_nmda", "gaba_a"):
            self.assertIn(part, shown)
        self.succeed([PROGRAM, "run", self.folder / "mine/mine.toml", "--dry-run"])

    def test_overwrites_nothing(self):
        self.file("note.txt", "mine")
        done = run([PROGRAM, "new", self.folder, "--morphology", self.tree])
        self.assertEqual((done.returncode, "holds files already" in done.stderr), (WRONG_INPUT, True), done.stderr)

    def test_asks_nobody_who_is_not_there(self):
        done = run([PROGRAM, "new", self.folder / "mine"])
        self.assertEqual((done.returncode, "--morphology is missing" in done.stderr), (WRONG_INPUT, True), done.stderr)

    def test_refuses_what_is_neither_channel_nor_synapse_and_makes_nothing(self):
        made = self.folder / "mine"
        done = run([PROGRAM, "new", made, "--morphology", self.tree, "--mechanisms", self.file("electrode.mod", ELECTRODE)])
        self.assertEqual((done.returncode, "expected a channel" in done.stderr, made.exists()), (WRONG_INPUT, True, False), done.stderr)


    def test_refuses_names_that_break_the_description_or_each_other_and_makes_nothing(self):
        made = self.folder / "mine"
        (self.folder / "other").mkdir()
        quoted, one, two = self.file('x", e = 5, foo = ".mod', SYNAPSE), self.file("kick.mod", SYNAPSE), self.file("other/kick.mod", SYNAPSE)
        for files, words in (([quoted], "holds a quote"), ([one, two], "two files are called kick.mod")):
            done = run([PROGRAM, "new", made, "--morphology", self.tree, "--mechanisms", *files])
            self.assertEqual((done.returncode, words in done.stderr, made.exists()), (WRONG_INPUT, True, False), done.stderr)
        self.assertEqual(run([PROGRAM, "new", made, "--morphology", self.tree, "--rate", "nan"]).returncode, WRONG_INPUT)
        self.assertFalse(made.exists())


class AListOfRuns(InTemporaryFolder):
    def test_says_how_far_each_is(self):
        self.succeed([PROGRAM, "simulate", ROOT / "experiments/if.toml", "--set", "data.train_trials=4", "--set", "data.valid_trials=4",
                      "--set", "data.test_trials=4", "--set", "data.trial_ms=1000", "--out", self.folder / "first"])
        self.assertRegex(self.succeed([PROGRAM, "list", self.folder]).stdout, r"first +quick +up to simulate")
        listed = json.loads(self.succeed([PROGRAM, "list", self.folder, "--json"]).stdout)
        self.assertEqual([(one["finished"], one["spike_auc"]) for one in listed], [(["simulate"], None)])

    def test_names_a_damaged_run_beside_the_others(self):
        for name, log in (("good", '{"format": 2, "words": {}, "stages": {}}'), ("torn", "{")):
            (self.folder / name).mkdir()
            (self.folder / name / "experiment.toml").write_text("")
            (self.folder / name / "stages.json").write_text(log)
        os.symlink("loop", self.folder / "loop")
        listed = self.succeed([PROGRAM, "list", self.folder]).stdout
        self.assertRegex(listed, r"good +begun")
        self.assertRegex(listed, r"torn +damaged")

    def test_of_a_folder_without_any_says_how_to_make_one(self):
        self.assertIn("neurontwin run", self.succeed([PROGRAM, "list", self.folder]).stdout)
        self.assertEqual(run([PROGRAM, "list", self.folder / "nothing"]).returncode, WRONG_INPUT)


if __name__ == "__main__":
    unittest.main()
