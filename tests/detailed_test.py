"""Experiments on detailed neurons, from simulation to report."""
import hashlib
import random
import subprocess
import unittest

import h5py
import numpy as np
from support import PROGRAM, ROOT, InTemporaryFolder, command, end, metrics, run

BRANCH = ROOT / "experiments/branch-nmda.toml"
L5PC = ROOT / "experiments/l5pc-nmda.toml"
VOLTAGE_ALONE = {"train.schedule": "[{ from_epoch = 0, learning_rate = 1e-2, spike_weight = 0.0, soma_weight = 1.0 }]"}
# Two seconds of the layer-5 cell in coarse steps.
SHORT = {"data.trial_ms": 250, "data.train_trials": 5, "data.valid_trials": 2, "data.test_trials": 1, "data.trials_per_shard": 3,
         "simulation.dt_ms": 0.1, "train.window_ms": 100, "train.skip_ms": 100, "twin.taps": "[10]", "twin.width": "[4]", "twin.temporal_shapes": 0}


def files_of(folder):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (folder / "dataset").glob("*.h5")}


class ABranch(InTemporaryFolder):
    def result(self, name, settings=None, **arguments):
        self.succeed(command(out=self.folder / name, experiment=BRANCH, settings={**VOLTAGE_ALONE, **(settings or {})}, **arguments))
        return metrics(self.folder / name)

    def test_without_spikes_is_learned_by_its_voltage(self):
        found = self.result("out", {"data.train_trials": 200, "train.steps_per_epoch": 300})
        self.assertGreater(found["soma.variance_explained"], 0.8)
        self.assertEqual(found["spike.base_rate_hz"], 0)
        self.assertTrue((self.folder / "out/report.html").read_text().endswith("</html>\n"))

    def test_is_the_same_for_any_number_of_threads_any_shard_size_and_from_its_resolved_configuration(self):
        expected = self.result("one", options=["--threads", 1])
        self.assertEqual(self.result("two", options=["--threads", 2]), expected)
        self.assertEqual(files_of(self.folder / "one"), files_of(self.folder / "two"))
        self.assertEqual(self.result("seven", {"data.trials_per_shard": 7}), expected)
        words = [PROGRAM, "run", self.folder / "one/experiment.toml", "--out", self.folder / "again"]
        self.succeed(words)
        self.assertEqual(metrics(self.folder / "again"), expected)
        self.assertEqual(files_of(self.folder / "again"), files_of(self.folder / "one"))


class TheLayerFiveCell(InTemporaryFolder):
    def simulate(self, name, settings=None):
        done = run(command("simulate", self.folder / name, L5PC, {**SHORT, **(settings or {})}))
        return done, self.folder / name / "dataset"

    def test_leaves_its_compartments_its_nexus_and_its_dendrites_in_the_data_set(self):
        done, dataset = self.simulate("out", {"data.dendritic_components": 6, "data.dendritic_fit_trials": 5})
        self.assertEqual(done.returncode, 0, done.stderr)
        trains = [h5py.File(dataset / f"train-000{i}.h5") for i in range(2)]
        train = trains[0]
        self.assertEqual([f.attrs["trials"] for f in trains], [3, 2])
        self.assertEqual(train["output/nexus_mV"].shape, (3, 250))
        self.assertEqual(train["output/soma_mV"][:, 0].tolist(), [-76] * 3)
        components = np.concatenate([f["output/dendrites_pc"][:] for f in trains])
        self.assertEqual(components.shape, (5, 250, 6))
        # Fitted on these very trials: white, but for what the clip at three standard deviations takes.
        self.assertLessEqual(np.abs(components).max(), 3)
        flat = components.reshape(-1, 6)
        self.assertTrue(np.all(np.abs(flat.mean(0)) < 0.2), flat.mean(0))
        self.assertTrue(np.all((0.7 < flat.std(0)) & (flat.std(0) < 1.01)), flat.std(0))
        with h5py.File(dataset / "dendritic_basis.h5") as basis:
            direction = basis["direction"][:]
            np.testing.assert_allclose(direction @ direction.T, np.eye(6), atol=1e-12)
            self.assertEqual(basis.attrs["fit_samples"], 5 * 250)
        region, on = train["cell/region"][:], train["cell/excitatory_compartment"][:]
        self.assertEqual(set(region[on]), {b"basal", b"apical"})
        for kind in ("exc", "inh"):
            self.assertLess(train[f"input/{kind}/synapse"][:].max(), len(on))
            self.assertTrue(np.all(train[f"input/{kind}/time_ms"][:] < 250))

    def test_killed_again_and_again_ends_with_the_same_data(self):
        settings = {"data.train_trials": 20, "data.dendritic_components": 4, "data.dendritic_fit_trials": 6}
        done, dataset = self.simulate("undisturbed", settings)
        self.assertEqual(done.returncode, 0, done.stderr)
        words = [str(w) for w in command("simulate", self.folder / "killed", L5PC, {**SHORT, **settings})]
        moments, kills = random.Random(1), 0
        for _ in range(12):
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(timeout=moments.uniform(0.05, 1.5))
            except subprocess.TimeoutExpired:
                end(process)
                kills += 1
        self.assertGreater(kills, 0)
        self.succeed(words)
        self.assertEqual(files_of(self.folder / "killed"), files_of(self.folder / "undisturbed"))

    def test_may_be_varied_key_by_key(self):
        for setting, value in [("cell.receptors", "ampa"), ("cell.density_factors.SK_E2", 0.1)]:
            done, dataset = self.simulate(setting, {setting: value})
            self.assertEqual(done.returncode, 0, done.stderr)
            with h5py.File(dataset / "test-0000.h5") as test:
                configuration = bytes(test.attrs["configuration"]).decode()
            self.assertIn("receptors = 'ampa'" if setting == "cell.receptors" else "SK_E2 = 0.1", configuration)
        done, _ = self.simulate("cell.receptors", {"cell.receptors": "nmda"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("cell.receptors: 'ampa' there, 'nmda' here", done.stderr)

    def test_is_refused_where_the_experiment_is_wrong(self):
        for setting, value, words in [("cell.receptors", "gaba", "expected one of: nmda, ampa"),
                                      ("simulation.dt_ms", 0.5, "'simulation.dt_ms' is 0.5"),
                                      ("simulation.steps", 3, "unknown key 'simulation.steps'"),
                                      ("data.labels", "rough", "expected one of: exact, published"),
                                      ("data.dendritic_components", -1, "'data.dendritic_components' is -1")]:
            done, _ = self.simulate("wrong", {setting: value})
            self.assertEqual(done.returncode, 2, setting)
            self.assertIn(words, done.stderr)


class PublishedLabels(InTemporaryFolder):
    def test_ask_for_other_training_on_the_same_data(self):
        out = self.folder / "out"
        settings = {"data.trial_ms": 3000}
        self.succeed(command(out=out, settings=settings))
        before = files_of(out)
        exact = metrics(out)
        done = self.succeed(command(out=out, settings={**settings, "data.labels": "published"}))
        self.assertIn("simulate: done before", done.stderr)
        self.assertNotIn("train: done before", done.stderr)
        self.assertEqual(files_of(out), before)
        # Half the spikes after 2048 ms count a millisecond earlier or later.
        self.assertNotEqual(metrics(out)["spike.auc"], exact["spike.auc"])
        self.assertEqual(metrics(out)["data.test_spikes"], exact["data.test_spikes"])


class TheExperimentsThatShip(InTemporaryFolder):
    def test_are_read_in_every_profile(self):
        for file in sorted((ROOT / "experiments").glob("*.toml")):
            for profile in ("quick", "day", "paper"):
                with self.subTest(file=file.name, profile=profile):
                    # Refused for its folder, after all else was read and found right.
                    done = run([PROGRAM, "simulate", file, "--profile", profile, "--out", "/dev/null/out"])
                    self.assertEqual(done.returncode, 2)
                    self.assertIn("/dev/null", done.stderr)


if __name__ == "__main__":
    unittest.main()
