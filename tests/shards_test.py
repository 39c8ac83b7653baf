"""A data set made piece by piece, as the jobs of an array make it, is the one that a single program makes."""
import subprocess
import unittest

from support import InTemporaryFolder, command, run

SETTINGS = {"data.train_trials": 40, "data.valid_trials": 10, "data.test_trials": 10, "data.trials_per_shard": 8,
            "data.trial_ms": 500, "train.epochs": 1, "train.steps_per_epoch": 5}  # 2 + 5 + 2 shards


def simulate(out, *options, settings=None):
    return command("simulate", out, settings={**SETTINGS, **(settings or {})}, options=options)


def files_of(out):
    return {file.name: file.read_bytes() for file in (out / "dataset").iterdir()}


class SomeShards(InTemporaryFolder):
    def setUp(self):
        super().setUp()
        self.whole = self.folder / "whole"
        self.succeed(simulate(self.whole))
        self.out = self.folder / "pieces"

    def test_of_ranges_make_the_same_data_set_byte_for_byte(self):
        for shards in ("7:", "0:3", "3:7"):
            self.succeed(simulate(self.out, "--shards", shards))
        self.assertEqual(files_of(self.out), files_of(self.whole))

    def test_are_those_of_the_range_and_no_others(self):
        self.succeed(simulate(self.out, "--shards", "1:4"))
        self.assertEqual(set(files_of(self.out)), {"valid-0001.h5", "train-0000.h5", "train-0001.h5"})

    def test_of_parts_made_side_by_side_too(self):
        jobs = [subprocess.Popen(simulate(self.out, "--shards", f"{part}/4", "--threads", 1), stderr=subprocess.PIPE, text=True)
                for part in range(4)]
        for job in jobs:
            _, words = job.communicate(timeout=120)
            self.assertEqual(job.returncode, 0, words)
        self.assertEqual(files_of(self.out), files_of(self.whole))

    def test_of_more_parts_than_shards_leave_some_without_work(self):
        for part in range(12):
            self.succeed(simulate(self.out, "--shards", f"{part}/12"))
        self.assertEqual(files_of(self.out), files_of(self.whole))

    def test_that_are_there_are_not_made_again(self):
        self.succeed(simulate(self.out, "--shards", "0:9"))
        before = {file: file.stat().st_mtime_ns for file in (self.out / "dataset").iterdir()}
        again = self.succeed(simulate(self.out, "--shards", "2:5"))
        self.assertIn("shards 2:5: 0 trials", again.stderr)
        stage = self.succeed(simulate(self.out))
        self.assertIn("simulate: 0 trials of 500 ms", stage.stderr)
        self.assertIn("simulate: done before", self.succeed(simulate(self.out)).stderr)
        self.assertEqual({file: file.stat().st_mtime_ns for file in before}, before)

    def test_are_completed_by_a_plain_simulate(self):
        self.succeed(simulate(self.out, "--shards", "4:6"))
        self.succeed(simulate(self.out))
        self.assertEqual(files_of(self.out), files_of(self.whole))

    def test_are_enough_to_train_on_by_the_folder_alone(self):
        self.succeed(simulate(self.out, "--shards", "0:"))
        self.succeed(command("train", self.out, settings=SETTINGS))
        self.assertTrue((self.out / "twin.safetensors").exists())

    def test_with_fitted_signals_are_the_same(self):
        asked = {"stimulus.calibrate": "{ rate_hz = 8.0, trials = 8, tolerance = 0.3 }"}
        one, pieces = self.folder / "one", self.folder / "calibrated"
        self.succeed(simulate(one, settings=asked))
        for part in range(2):
            self.succeed(simulate(pieces, "--shards", f"{part}/2", settings=asked))
        self.assertEqual(files_of(one), files_of(pieces))


class WrongShards(InTemporaryFolder):
    def refused(self, words, *said):
        done = run(words)
        self.assertEqual(done.returncode, 2, done.stderr)
        for text in said:
            self.assertIn(text, done.stderr)

    def test_are_refused_with_what_would_be_right(self):
        out = self.folder / "out"
        for shards, why in {"3": "is no range", "5:3": "FROM is not less than TO", "2:2": "FROM is not less than TO",
                            "0:10": "TO is more than 9", "9:": "FROM is not less than TO", "-1:3": "'-1' is no whole number",
                            "a:3": "'a' is no whole number", "1:2:3": "'2:3' is no whole number", "4/4": "the last part is 3",
                            "0/0": "no such number of parts", ":3": "'' is no whole number", "1/": "'' is no whole number",
                            "99999999999999999999:": "is no whole number"}.items():
            with self.subTest(shards=shards):
                self.refused(simulate(out, f"--shards={shards}"), why, "has 9 shards, expected FROM:TO")
        self.assertFalse(out.exists())

    def test_of_another_experiment_than_that_of_the_folder_are_refused(self):
        out = self.folder / "out"
        self.succeed(simulate(out, "--shards", "0:2"))
        before = files_of(out)
        self.refused(simulate(out, "--shards", "2:4", settings={"data.trial_ms": 600}), "trial_ms: 500 there, 600 here")
        self.assertEqual(files_of(out), before)

    def test_of_a_cell_s_one_trial_mean_nothing(self):
        self.refused(command("simulate", self.folder / "one.h5", settings=SETTINGS, options=("--shards", "0:1")),
                     "--shards has no effect on one trial of a cell")

    def test_are_counted_by_a_dry_run(self):
        done = self.succeed(simulate(self.folder / "out", "--shards", "0:1", "--dry-run"))
        self.assertEqual(done.stdout, "9 shards, 0:9\n")
        self.assertFalse((self.folder / "out").exists())


if __name__ == "__main__":
    unittest.main()
