"""Neurons whose synapses have groups: from the description to a twin and what it says of them."""
import json
import unittest

import h5py
import numpy as np
from support import ROOT, PROGRAM, InTemporaryFolder, command, metrics, run

EXPERIMENT = ROOT / "experiments/three-groups.toml"
CELL = ROOT / "cells/three-groups.toml"
# Ten seconds of the neuron, a small twin.
TINY = {"data.trial_ms": 500, "data.train_trials": 16, "data.valid_trials": 4, "data.test_trials": 6, "data.trials_per_shard": 8,
        "simulation.dt_ms": 0.1, "train.window_ms": 200, "train.epochs": 1, "train.steps_per_epoch": 20, "train.warm_up_steps": 1, "train.schedule": "[{ from_epoch = 0, learning_rate = 1e-3, soma_weight = 0.02 }]",
        "twin.taps": "[20]", "twin.width": "[4]", "twin.temporal_shapes": 0, "twin.kind": "convolutional", "interpret.added_spikes": 12, "evaluate.baselines": "false", "evaluate.interventions.trials": 2,
        "data.targets": '["dendrite.v", "soma.hh.n"]', "data.target_fit_trials": 4,
        "stimulus.calibrate": '{ rate_hz = 6, groups = ["ampa_nmda"], trials = 8, tolerance = 0.5 }'}


def inputs_of(groups):
    """A replay file's content: of each group (synapses, times)."""
    def write(path):
        with h5py.File(path, "w") as file:
            for name, (synapse, time_ms) in groups.items():
                file[f"input/{name}/synapse"] = np.array(synapse)
                file[f"input/{name}/time_ms"] = np.array(time_ms, dtype=float)
    return write


class Groups(InTemporaryFolder):
    def test_are_blocks_of_the_data_set_the_twin_and_what_is_said_of_it(self):
        out = self.folder / "out"
        self.succeed(command(out=out, experiment=EXPERIMENT, settings=TINY))
        with h5py.File(out / "dataset/train-0000.h5") as train:
            self.assertEqual([name.decode() for name in train["cell/groups/name"]], ["ampa_nmda", "gaba_a", "gaba_b"])
            counts = train["cell/groups/synapses"][:].tolist()
            self.assertEqual(counts[0], train.attrs["excitatory_synapses"])
            self.assertEqual(sum(counts[1:]), train.attrs["inhibitory_synapses"])
            self.assertEqual(train["cell/excitatory_weight"].shape, (60,))
            self.assertGreater(np.std(train["cell/excitatory_weight"]), 0.2)
            self.assertTrue((train["cell/inhibitory_delay_ms"][counts[1]:] == 2).all())
            self.assertEqual(train["output/targets"].shape, (8, 500, 2))
            self.assertLess(abs(np.mean(train["output/targets"])), 1)
        found = metrics(out)
        self.assertEqual(len(found["targets.variance_explained_of_each"]), 2)
        self.assertAlmostEqual(found["calibration.output_hz"], 6, delta=3)
        interpretation = json.loads((out / "interpretation.json").read_text())
        self.assertEqual(list(interpretation["units"][0]["groups"]), ["ampa_nmda", "gaba_a", "gaba_b"])
        self.assertEqual({s["group"] for s in interpretation["response"]["sets"]}, {"ampa_nmda", "gaba_a", "gaba_b"})
        said = run([PROGRAM, "inspect", out / "twin.safetensors"]).stdout
        self.assertIn("gaba_b", said)
        said = run([PROGRAM, "inspect", out / "dataset/test-0000.h5"]).stdout
        self.assertIn("input spikes by group", said)

        # The twin knows its groups: addressed by them it says the same as by the kinds.
        by_group, by_kind = self.folder / "group.h5", self.folder / "kind.h5"
        inputs_of({"ampa_nmda": ([3, 5], [10.5, 20]), "gaba_b": ([1], [15])})(by_group)
        inputs_of({"exc": ([3, 5], [10.5, 20]), "inh": ([counts[1] + 1], [15])})(by_kind)
        answers = []
        for file in (by_group, by_kind):
            self.succeed([PROGRAM, "predict", out / "twin.safetensors", "--input", file, "--out", self.folder / "p.h5"])
            with h5py.File(self.folder / "p.h5") as predicted:
                answers.append(predicted["soma_mV"][:])
        np.testing.assert_array_equal(*answers)

        # Simulated again, nothing is made anew, and the factor is the same.
        again = run(command("simulate", out, EXPERIMENT, TINY))
        self.assertIn("done before", again.stdout + again.stderr)

    def test_are_addressed_by_name_in_replay_files_with_weights_of_their_own(self):
        def soma(groups, weight=None):
            file = self.folder / "input.h5"
            inputs_of(groups)(file)
            if weight is not None:
                with h5py.File(file, "a") as opened:
                    opened["input/ampa_nmda/weight"] = np.array(weight)
            self.succeed([PROGRAM, "simulate", CELL, "--replay", file, "--out", self.folder / "o.h5", "--ms", 100])
            with h5py.File(self.folder / "o.h5") as out:
                return out["soma_mV"][:]
        alone = soma({"ampa_nmda": ([0], [10.25])})
        np.testing.assert_array_equal(alone, soma({"exc": ([0], [10.25]), "inh": ([], [])}))
        self.assertGreater(np.max(alone), np.max(soma({"ampa_nmda": ([0], [10.25])}, [0.1])))
        self.assertFalse(np.array_equal(alone, soma({"ampa_nmda": ([0], [10.25]), "gaba_a": ([0], [12.125])})))

    def test_that_are_not_there_are_refused_by_name(self):
        for groups, words in (({"ampa": ([0], [1])}, "/input/ampa"), ({"gaba_a": ([0], [1]), "exc": ([0], [1])}, "/input/gaba_a"),
                              ({"gaba_a": ([4000], [1])}, "in this group")):
            file = self.folder / "input.h5"
            inputs_of(groups)(file)
            refused = run([PROGRAM, "simulate", CELL, "--replay", file, "--out", self.folder / "o.h5"])
            self.assertEqual(refused.returncode, 2)
            self.assertIn(words, refused.stderr)


if __name__ == "__main__":
    unittest.main()
