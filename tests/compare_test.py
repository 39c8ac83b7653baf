"""compare says how much better one run's twin is than another's, on the same test trials and on no others."""
import json
import pathlib
import shutil
import tempfile
import unittest

from support import EXPERIMENT, PROGRAM, command, metrics, run

WRONG_INPUT = 2
FEW = {"data.trial_ms": 1000, "data.train_trials": 32, "data.valid_trials": 16, "data.test_trials": 24, "data.trials_per_shard": 8,
       "train.window_ms": 200, "evaluate.bootstrap_resamples": 60, "evaluate.generalisation.sets": "[]",
       "evaluate.baselines": "false"}


class Compare(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="neurontwin-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.evaluated("a")
        cls.evaluated("b", {"train.schedule": "[{ from_epoch = 0, learning_rate = 1e-7, soma_weight = 0.003 }]"})  # learns nothing

    @classmethod
    def evaluated(cls, name, settings=None, options=()):
        for stage in ("simulate", "train", "evaluate"):
            done = run(command(stage, cls.folder / name, EXPERIMENT, {**FEW, **(settings or {})}, options))
            if done.returncode != 0:
                raise AssertionError(done.stderr)
        return cls.folder / name

    def compare(self, *words):
        return run([PROGRAM, "compare", *words])

    def assert_refused(self, words, *messages):
        done = self.compare(*words)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (WRONG_INPUT, 1), done.stderr)
        for message in messages:
            self.assertIn(message, done.stderr)

    def test_differences_are_those_of_the_metrics_and_have_intervals(self):
        out = self.folder / "compare.json"
        done = self.compare(self.folder / "a", self.folder / "b", self.folder / "a", "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(out.read_text())
        self.assertEqual((told["test_trials"], told["resamples"]), (24, 60))
        a, b = metrics(self.folder / "a"), metrics(self.folder / "b")
        worse, same = (comparison["scores"] for comparison in told["comparisons"])
        for key in ("spike.auc", "spike.bits_per_spike", "spike.f1_2ms", "spike.calibration_error", "soma.rmse_mV",
                    "soma.rmse_away_from_spikes_mV", "soma.power_explained_4_to_13_hz", "by_rate.0_hz.soma.rmse_away_from_spikes_mV"):
            # The twins answer again, to the last bit what they did in the evaluation.
            self.assertEqual((worse[key]["a"], worse[key]["b"]), (a[key], b[key]), key)
            self.assertEqual(worse[key]["difference"], b[key] - a[key])
            low, high = worse[key]["difference_ci95"]
            self.assertLessEqual(low, high)
            self.assertEqual((same[key]["difference"], same[key]["difference_ci95"]), (0, [0, 0]))
        # What a short training teaches is the voltage.
        self.assertGreater(worse["soma.rmse_mV"]["difference_ci95"][0], 0)
        self.assertLess(worse["soma.rmse_mV"]["other_sign_share"], 0.025)
        row = next(line for line in done.stdout.splitlines() if line.startswith("voltage RMSE (mV)"))
        self.assertTrue(row.endswith("worse"), row)

    def test_runs_on_other_test_trials_are_refused(self):
        other = self.evaluated("other-seed", options=("--seed", "2"))
        self.assert_refused([self.folder / "a", other], str(other), "its test trials are not those of", "trial 0 has other input spikes")
        fewer = self.evaluated("fewer", {"data.test_trials": 16})
        self.assert_refused([self.folder / "a", fewer], "24 trials there, 16 here")
        skipping = self.evaluated("skipping", {"evaluate.skip_ms": 100})
        self.assert_refused([self.folder / "a", skipping], "evaluate.skip_ms is 0, but in")

    def test_what_is_no_run_is_refused(self):
        self.assert_refused([self.folder / "a"], "1 run folder, expected two or more")
        self.assert_refused([self.folder / "a", self.folder / "none"], "is not the folder of a run", "experiment.toml is missing")
        damaged = self.folder / "damaged"
        shutil.copytree(self.folder / "a", damaged)
        (damaged / "metrics.json").write_text('{"data.train_spikes": "many"}')
        self.assert_refused([self.folder / "a", damaged], "metrics.json", "is damaged")


if __name__ == "__main__":
    unittest.main()
