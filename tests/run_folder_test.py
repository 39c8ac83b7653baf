"""An experiment is small unless asked otherwise, and a run folder remembers its experiment."""
import json
import unittest

from support import EXPERIMENT, PROGRAM, SMALL, InTemporaryFolder, metrics, run

WRONG_INPUT = 2
FEW = {**SMALL, "data.train_trials": 24, "data.valid_trials": 8, "data.test_trials": 8, "data.trials_per_shard": 8,
       "train.epochs": 1, "train.steps_per_epoch": 20, "evaluate.baselines": "false",
       "evaluate.generalisation.sets": "[]"}
SETTINGS = [word for key, value in FEW.items() for word in ("--set", f"{key}={value}")]


class RunFolder(InTemporaryFolder):
    def made(self):
        out = self.folder / "made"
        self.succeed([PROGRAM, "run", EXPERIMENT, *SETTINGS, "--seed", "3", "--out", out])
        return out

    def test_quick_is_the_profile_where_none_is_named(self):
        with_name = run([PROGRAM, "inspect", EXPERIMENT, "--profile", "quick"]).stdout
        out = self.made()
        self.assertEqual(json.loads((out / "stages.json").read_text())["words"]["profile"], "quick")
        quick = [line for line in with_name.splitlines() if line.startswith("batch_windows")]
        self.assertIn(quick[0], (out / "experiment.toml").read_text())

    def test_a_folder_is_enough_for_each_of_its_stages(self):
        out = self.made()
        before = metrics(out), (out / "experiment.toml").read_bytes(), (out / "stages.json").read_bytes()
        for stage in ("simulate", "train", "evaluate", "interpret", "report", "run"):
            self.assertIn("done before", self.succeed([PROGRAM, stage, out]).stderr)
        self.assertEqual((metrics(out), (out / "experiment.toml").read_bytes(), (out / "stages.json").read_bytes()), before)
        (out / "report.html").unlink()
        self.succeed([PROGRAM, "report", out])
        self.assertIn("--seed 3", (out / "report.html").read_text())  # the command that made the run

    def test_a_folder_starts_another_run_with_a_change(self):
        out, other = self.made(), self.folder / "other"
        self.succeed([PROGRAM, "run", out, "--set", "twin.width=[2]", "--out", other])
        self.assertNotEqual(metrics(other)["twin.parameters"], metrics(out)["twin.parameters"])
        self.assertEqual((out / "dataset/test-0000.h5").read_bytes(), (other / "dataset/test-0000.h5").read_bytes())

    def test_what_is_no_run_folder_is_refused_and_a_profile_beside_one(self):
        for words, expected in [([self.folder], "without experiment.toml"),
                                ([self.made(), "--profile", "day"], "leave it out")]:
            done = run([PROGRAM, "train", *words])
            self.assertEqual((done.returncode, expected in done.stderr), (WRONG_INPUT, True), done.stderr)


if __name__ == "__main__":
    unittest.main()
