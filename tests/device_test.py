"""What device code, emulated, makes is the CPU's: data sets, twins, answers, networks. What a device cannot do is refused."""
import json
import shutil
import unittest

import h5py
import numpy as np

from support import PROGRAM, ROOT, InTemporaryFolder, command, run

SETTINGS = {"data.train_trials": 8, "data.valid_trials": 4, "data.test_trials": 4, "data.trial_ms": 400}
DETAILED = ROOT / "experiments/ball-and-stick.toml"


def simulate(out, *options, settings=None, experiment=DETAILED):
    return command("simulate", out, settings={**SETTINGS, **(settings or {})}, options=options, experiment=experiment)

# Leaky memory on the integrate-and-fire neuron, learned in a few seconds.
LEARNING = {"twin.kind": "recurrent", "twin.memory_units": 4, "twin.history_ms": 20, "train.window_ms": 100, "train.epochs": 2,
            "train.steps_per_epoch": 10, "data.train_trials": 20, "data.valid_trials": 6, "data.test_trials": 4}
NETWORK = """
seed = 3
ms = 200
[[populations]]
name = "twins"
kind = "twin"
twin = "{twin}"
neurons = 100
spikes = "draw"
record_soma = 2
[[projections]]
from = "twins"
to = "twins"
rule = "fixed-indegree"
indegree = 3
synapses = "excitatory"
[[backgrounds]]
to = "twins"
synapses = "excitatory"
rate_hz = 5
"""


# All that evaluation and interpretation simulate, and ask the twin.
ASKING = {"twin.taps": "[40]", "train.epochs": 2, "train.steps_per_epoch": 20, "train.window_ms": 100, "train.schedule":
          "[{from_epoch=0,learning_rate=1e-2,spike_weight=0.0,soma_weight=1.0}]", "data.dendritic_components": 2,
          "data.dendritic_fit_trials": 2, "data.train_trials": 12, "data.valid_trials": 6, "data.test_trials": 6, "data.trial_ms": 600,
          "evaluate.one_unit_network": "true", "evaluate.skip_ms": 100, "evaluate.generalisation.sets": '["rates_low"]',
          "evaluate.generalisation.trials": 3, "evaluate.sequences.orders": 4, "evaluate.sequences.synapses": "[0, 9, 18, 27]",
          "evaluate.interventions.trials": 8, "evaluate.interventions.stretch_ms": 200, "evaluate.interventions.after_ms": 40,
          "interpret.added_spikes": 12, "interpret.probes.trials_fit": 2, "interpret.probes.trials_score": 2,
          "interpret.probes.skip_ms": 100, "interpret.dendritic_spikes.trials": 3, "interpret.dendritic_spikes.threshold_mV": -70,
          "interpret.dendritic_spikes.least_ms": 2, "interpret.dendritic_spikes.skip_ms": 100}


def numbers_in(json_file):
    """Of a JSON file, by the path to each."""
    found = {}

    def add(path, value):
        if isinstance(value, dict):
            for key, item in value.items():
                add(f"{path}/{key}", item)
        elif isinstance(value, list):
            for i, item in enumerate(value):
                add(f"{path}/{i}", item)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found[path] = value
    add("", json.loads(json_file.read_text()))
    return found


class ADevice(InTemporaryFolder):
    def assert_refused(self, words, *said):
        done = run(words)
        self.assertEqual(done.returncode, 2, done.stderr)
        for word in said:
            self.assertIn(word, done.stderr)

    def test_that_a_stage_does_not_use_is_said(self):
        for stage in ("report", "search"):
            planned = self.succeed(command(stage, self.folder / "out", settings=LEARNING, options=["--device", "emulate", "--dry-run"]))
            self.assertIn(f"note: {stage} computes on the CPU; --device emulate is for", planned.stderr)

    def test_need_not_be_there_for_a_stage_that_does_not_use_it(self):
        self.succeed(command("report", self.folder / "out", settings=LEARNING, options=["--device", "cuda", "--dry-run"]))

    def test_is_not_asked_for_hours_of_trials_before_what_it_cannot_do(self):
        for settings, said in ({"twin.kind": "tree"}, "tree twins have no code"), ({"simulation.precision": "double"}, "single precision"):
            self.assert_refused(command("run", self.folder / "out", experiment=DETAILED, settings={**SETTINGS, **settings},
                                        options=["--device", "emulate", "--dry-run"]), said, "--device cpu")
        point = ROOT / "experiments/if.toml"
        self.assert_refused(command("run", self.folder / "out", experiment=point, options=["--device", "emulate", "-q"]), "CPU alone")
        self.assertFalse((self.folder / "out").exists())
        self.assert_refused(command("run", self.folder / "out", experiment=point, options=["--device", "emulate", "--dry-run"]), "CPU alone")
        self.succeed(command("train", self.folder / "out", experiment=point, options=["--device", "emulate", "--dry-run"]))

    def test_evaluates_and_interprets_to_the_scores_of_the_cpu(self):
        cpu, emulated = self.folder / "cpu", self.folder / "emulated"

        def do(stage, out, *options):
            return self.succeed(command(stage, out, experiment=DETAILED, settings=ASKING, options=options)).stderr
        for stage in ("simulate", "train"):
            do(stage, cpu)
        shutil.copytree(cpu, emulated)
        for stage in ("evaluate", "interpret"):
            do(stage, cpu)
            self.assertNotIn("on the CPU", do(stage, emulated, "--device", "emulate"))
        self.assertTrue((emulated / "dataset/ood-rates_low-0000.h5").exists())
        for name in ("metrics.json", "interpretation.json"):
            right, ours = numbers_in(cpu / name), numbers_in(emulated / name)
            self.assertEqual(sorted(ours), sorted(right))
            self.assertNotEqual(ours, right, "nothing was rounded in another way: who computed it?")
            for wanted in ("generalisation.rates_low.soma", "sequences.", "response.added", "one_unit") if name[0] == "m" else ():
                self.assertTrue(any(wanted in key for key in right), wanted)
            for key, value in right.items():
                if "/timing." not in key:
                    # Roundings of float in voltages of -70 mV, and what scores make of them.
                    self.assertAlmostEqual(ours[key], value, delta=2e-3 * max(1, abs(value)), msg=f"{name}{key}")

    def test_says_what_the_cpu_simulates_in_its_place(self):
        out = self.folder / "out"
        asked = {**LEARNING, "evaluate.interventions.trials": 2, "evaluate.interventions.stretch_ms": 200}
        for stage in ("simulate", "train"):
            self.succeed(command(stage, out, settings=asked))
        said = self.succeed(command("evaluate", out, settings=asked, options=["--device", "emulate"])).stderr
        self.assertIn("what it simulates is of a neuron without compartments: on the CPU", said)

    def test_simulates_the_spikes_of_the_cpu(self):
        cpu, emulated = self.folder / "cpu", self.folder / "emulated"
        self.succeed(simulate(cpu))
        self.succeed(simulate(emulated, "--device", "emulate"))
        for shard in sorted((cpu / "dataset").glob("*.h5")):
            with h5py.File(shard) as right, h5py.File(emulated / "dataset" / shard.name) as ours:
                names = []
                right.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
                for name in names:
                    if name == "output/soma_mV":
                        # float's roundings; there is hardly a spike, whose slope would make more of them
                        self.assertLess(np.abs(ours[name][()] - right[name][()]).max(), 0.05)
                    else:
                        self.assertTrue(np.array_equal(ours[name][()], right[name][()]), name)

    def test_that_is_not_there_is_refused_before_anything_is_done(self):
        out = self.folder / "out"
        done = run(simulate(out, "--device", "cuda"))
        if done.returncode == 0:
            self.skipTest("this machine has a GPU")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--device cpu", done.stderr)
        self.assertFalse(out.exists())

    def test_does_not_do_what_it_cannot(self):
        self.assert_refused(simulate(self.folder / "a", "--device", "emulate", experiment=ROOT / "experiments/if.toml"),
                            "CPU alone", "--device cpu")
        self.assert_refused(simulate(self.folder / "b", "--device", "emulate", "--shards", "0:1"), "--shards", "--device")
        self.assert_refused(simulate(self.folder / "c", "--device", "emulate", settings={"simulation.precision": "double"}),
                            "single precision")

    def learn(self, stage, out, *options):
        return command(stage, out, settings=LEARNING, options=options)

    def losses(self, out):
        epochs = json.loads((out / "learning.json").read_text())["epochs"]
        return np.array([[epoch["train_loss"], epoch["valid_loss"], epoch["valid_auc"]] for epoch in epochs])

    def test_trains_the_twin_of_the_cpu(self):
        cpu, emulated = self.folder / "cpu", self.folder / "emulated"
        for out in (cpu, emulated):
            self.succeed(self.learn("simulate", out))
        self.succeed(self.learn("train", cpu))
        self.succeed(self.learn("train", emulated, "--device", "emulate"))
        # Roundings of float, carried on by 20 steps.
        np.testing.assert_allclose(self.losses(emulated), self.losses(cpu), rtol=1e-3)
        self.assertIn("done before", self.succeed(self.learn("train", emulated)).stderr)

    def test_answers_as_a_twin_and_as_a_network_of_twins(self):
        out = self.folder / "run"
        self.succeed(self.learn("simulate", out))
        self.succeed(self.learn("train", out))
        predict = [PROGRAM, "predict", out / "twin.safetensors", "--input", out / "dataset/test-0000.h5", "--out"]
        self.succeed([*predict, self.folder / "cpu.h5"])
        self.succeed([*predict, self.folder / "emulated.h5", "--device", "emulate"])
        with h5py.File(self.folder / "cpu.h5") as right, h5py.File(self.folder / "emulated.h5") as ours:
            np.testing.assert_allclose(ours["spike_probability"][()], right["spike_probability"][()], atol=1e-5)
            np.testing.assert_allclose(ours["soma_mV"][()], right["soma_mV"][()], atol=1e-3)
        (self.folder / "network.toml").write_text(NETWORK.format(twin=out))
        network = [PROGRAM, "network", self.folder / "network.toml", "--out"]
        self.succeed([*network, self.folder / "cpu"])
        self.succeed([*network, self.folder / "emulated", "--device", "emulate", "--ms", "120"])
        done = self.succeed([*network, self.folder / "emulated", "--device", "emulate"])  # from a checkpoint
        self.assertIn("goes on at 120 ms", done.stderr)
        self.assertIn("is of another network", run([*network, self.folder / "emulated"]).stderr)  # the CPU's is its own
        with h5py.File(self.folder / "cpu/spikes.h5") as right, h5py.File(self.folder / "emulated/spikes.h5") as ours:
            self.assertGreater(len(right["spikes/twins/timestamps"]), 10)
            for name in ("timestamps", "node_ids"):  # drawn by probabilities that are the same to 1e-7
                np.testing.assert_array_equal(ours["spikes/twins"][name][()], right["spikes/twins"][name][()])

    def test_does_not_compute_detailed_neurons_of_networks(self):
        network = self.folder / "network.toml"
        cell = NETWORK.replace('kind = "twin"', 'kind = "cell"').replace('twin = "{twin}"', f'cell = "{ROOT / "cells/if.toml"}"')
        network.write_text(cell.replace('spikes = "draw"', ""))
        self.assert_refused([PROGRAM, "network", network, "--out", self.folder / "out", "--device", "emulate"], "'twins'", "--as twins")
        self.assertFalse((self.folder / "out").exists())


if __name__ == "__main__":
    unittest.main()
