"""The same seed gives the same result."""
import unittest

from support import InTemporaryFolder, command, metrics, run
from convert_twin import read_safetensors


class TheSameSeed(InTemporaryFolder):
    def result(self, name, **arguments):
        self.succeed(command(out=self.folder / name, **arguments))
        return metrics(self.folder / name)

    def test_gives_the_same_metrics_for_one_thread_and_two(self):
        self.assertEqual(self.result("one", options=["--threads", 1]), self.result("two", options=["--threads", 2]))

    def test_gives_the_same_metrics_for_any_shard_size(self):
        expected = self.result("16")
        for size in (7, 1000):
            self.assertEqual(self.result(str(size), settings={"data.trials_per_shard": size}), expected)

    def test_is_what_matters(self):
        self.assertNotEqual(self.result("a")["spike.auc"], self.result("b", options=["--seed", 2])["spike.auc"])

    def test_and_the_resolved_configuration_make_the_same_run_again(self):
        expected = self.result("first")
        again = self.folder / "again"
        self.succeed(command(out=again, experiment=self.folder / "first/experiment.toml", settings={}))
        self.assertEqual(metrics(again), expected)
        self.assertEqual((again / "experiment.toml").read_text(), (self.folder / "first/experiment.toml").read_text())

    def test_stage_by_stage_is_the_same_as_all_at_once(self):
        expected = self.result("whole")
        for stage in ("simulate", "train", "evaluate", "interpret", "report"):
            self.succeed(command(stage, out=self.folder / "stages"))
        self.assertEqual(metrics(self.folder / "stages"), expected)

    def test_simulating_beside_training_is_the_same_as_before_it(self):
        growing = {"train.starts_with_trials": 20, "train.all_trials_from_epoch": 2}
        self.succeed(command("simulate", out=self.folder / "before", settings=growing))
        before = self.result("before", settings=growing)
        for threads in (1, 2):
            self.assertEqual(self.result(f"beside-{threads}", settings=growing, options=["--threads", threads]), before)
        self.assertEqual(self.result("larger", settings={**growing, "data.trials_per_shard": 7}), before)
        self.assertNotEqual(self.result("all-at-once"), before)

    def test_more_epochs_later_are_the_same_as_all_epochs_at_once(self):
        expected = self.result("three")
        self.result("later", settings={"train.epochs": 2})
        self.assertEqual(self.result("later"), expected)

    def test_fewer_epochs_later_are_the_same_as_fewer_epochs_at_once(self):
        expected = self.result("two", settings={"train.epochs": 2})
        self.result("later")
        self.assertEqual(self.result("later", settings={"train.epochs": 2}), expected)
        self.assertTrue((self.folder / "later/checkpoints-before-1/best.safetensors").exists())

    def test_more_trials_later_are_the_same_as_all_trials_at_once(self):
        expected = self.result("all")
        self.result("later", settings={"data.train_trials": 40, "data.test_trials": 17})
        self.assertEqual(self.result("later"), expected)


class ASecondRun(InTemporaryFolder):
    def test_in_the_same_folder_repeats_nothing(self):
        out = self.folder / "out"
        self.succeed(command(out=out))
        files = [f for f in sorted(out.rglob("*")) if f.is_file() and f.name != ".lock"]
        before = {f: f.stat().st_mtime_ns for f in files}
        done = self.succeed(command(out=out))
        self.assertEqual({f: f.stat().st_mtime_ns for f in files}, before)
        for stage in ("simulate", "train", "evaluate", "interpret", "report"):
            self.assertIn(f"{stage}: done before", done.stderr)

    def weights(self, out):
        return {name: values.tolist() for name, values in read_safetensors(out / "twin.safetensors")[0].items()}

    def test_with_another_evaluation_repeats_only_that(self):
        out = self.folder / "out"
        self.succeed(command(out=out))
        weights = self.weights(out)
        done = self.succeed(command(out=out, settings={"evaluate.skip_ms": 500}))
        self.assertIn("train: done before", done.stderr)
        self.assertEqual(self.weights(out), weights)  # its file notes the new scores
        self.assertEqual(metrics(out)["spike.auc"], metrics(out)["published.spike.auc"])


if __name__ == "__main__":
    unittest.main()
