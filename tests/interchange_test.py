"""Others can read our files, and find in them what we say."""
import json
import sys
import unittest

import h5py
import numpy as np
import torch
from support import PROGRAM, ROOT, InTemporaryFolder, command, run
from convert_twin import load_twin, read_safetensors

CONVERTER = [sys.executable, ROOT / "python/convert_twin.py"]


def trials_of(file, group, name):
    offset = file[group]["offset"][:]
    values = file[group][name][:]
    return [values[offset[i]:offset[i + 1]] for i in range(len(offset) - 1)]


def dense_input(file, synapses):
    """[trial, synapse, ms] of a shard, 0 or 1; `synapses` = (excitatory, inhibitory)."""
    dense = np.zeros((file.attrs["trials"], sum(synapses), file.attrs["duration_ms"]), dtype=np.float32)
    for group, first in (("input/exc", 0), ("input/inh", synapses[0])):
        for i, (time, synapse) in enumerate(zip(trials_of(file, group, "time_ms"), trials_of(file, group, "synapse"))):
            dense[i, first + synapse.astype(int), time] = 1
    return torch.from_numpy(dense)


def integrate_and_fire(excitatory_ms, inhibitory_ms, duration_ms):
    """The neuron of Beniaguev et al. 2021, Fig. 1, from its definition."""
    kernel = np.exp(-np.arange(141) / 20.0)
    count = np.bincount(excitatory_ms, minlength=duration_ms) - 1.0 * np.bincount(inhibitory_ms, minlength=duration_ms)
    v = -75 + 2 * np.convolve(count, kernel)[:duration_ms]
    spikes = []
    for t in range(duration_ms - 1):
        if v[t] > -55:
            spikes.append(t)
            end = min(t + 1 + 141, duration_ms)
            v[t + 1:end] -= (v[t + 1] + 75) * kernel[:end - t - 1]
    return np.where(v > -55, -54.9, v), spikes


class OurFiles(InTemporaryFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shared = InTemporaryFolder()
        cls.shared.setUp()
        cls.out = cls.shared.folder / "out"
        cls.shared.succeed(command(out=cls.out))
        cls.test_shards = sorted((cls.out / "dataset").glob("test-*.h5"))

    @classmethod
    def tearDownClass(cls):
        cls.shared.doCleanups()

    def test_are_a_data_set_to_h5py(self):
        with h5py.File(self.out / "dataset/train-0000.h5") as file:
            self.assertEqual(file.attrs["seed"], 1)
            self.assertEqual(file.attrs["trials"], 16)
            self.assertIn(b"membrane_time_constant_ms = 20.0", file.attrs["configuration"])
            types = {"input/exc/offset": "u8", "input/exc/synapse": "u2", "input/exc/time_ms": "u4", "input/inh/offset": "u8",
                     "input/inh/synapse": "u2", "input/inh/time_ms": "u4", "output/spikes/offset": "u8",
                     "output/spikes/time_ms": "f4", "output/soma_mV": "f4"}
            for name, kind in types.items():
                self.assertEqual(file[name].dtype, np.dtype(kind), name)
                self.assertIn("units", file[name].attrs)
            self.assertEqual(file["output/soma_mV"].attrs["units"], b"mV")
            for group, synapses in (("input/exc", 80), ("input/inh", 20)):
                for time, synapse in zip(trials_of(file, group, "time_ms"), trials_of(file, group, "synapse")):
                    self.assertTrue(np.all(np.diff(time.astype(np.int64) * 65536 + synapse) > 0))
                    self.assertLess(synapse.max(), synapses)

    def test_hold_the_neuron_they_say(self):
        with h5py.File(self.out / "dataset/train-0001.h5") as file:
            trials = zip(trials_of(file, "input/exc", "time_ms"), trials_of(file, "input/inh", "time_ms"),
                         trials_of(file, "output/spikes", "time_ms"), file["output/soma_mV"][:])
            spikes_in_all = 0
            for excitatory, inhibitory, spikes, soma in trials:
                v, expected = integrate_and_fire(excitatory, inhibitory, 2000)
                np.testing.assert_array_equal(spikes, expected)
                np.testing.assert_allclose(soma, v, atol=1e-4)
                spikes_in_all += len(expected)
            self.assertGreater(spikes_in_all, 5)

    def predictions(self):
        """Of torch in Python, for all test trials: labels, probabilities, voltages, predicted voltages."""
        twin = load_twin(self.out / "twin.safetensors")
        parts = []
        for shard in self.test_shards:
            with h5py.File(shard) as file:
                soma = file["output/soma_mV"][:]
                label = np.zeros_like(soma, dtype=bool)
                for i, spikes in enumerate(trials_of(file, "output/spikes", "time_ms")):
                    label[i, spikes.astype(int)] = True
                with torch.no_grad():
                    probability, predicted = twin(dense_input(file, (80, 20)))
            parts.append((label, probability.numpy(), soma, predicted.numpy()))
        return parts

    def test_give_python_the_same_predictions(self):
        for number, (_, probability, _, soma) in enumerate(self.predictions()):
            ours = self.folder / f"{number}.h5"
            self.succeed([command()[0], "predict", self.out / "twin.safetensors", "--input", self.test_shards[number], "--out", ours])
            with h5py.File(ours) as file:
                np.testing.assert_allclose(file["spike_probability"][:], probability, atol=1e-5)
                np.testing.assert_allclose(file["soma_mV"][:], soma, rtol=1e-5)

    def test_hold_the_metrics_that_numpy_finds(self):
        label, probability, soma, predicted = (np.concatenate(p).ravel().astype(np.float64) for p in zip(*self.predictions()))
        metrics = json.loads((self.out / "metrics.json").read_text())
        order = np.argsort(probability, kind="stable")
        rank = np.empty(len(order))
        rank[order] = np.arange(1, len(order) + 1)
        positives = label.sum()
        auc = (rank[label > 0].sum() - positives * (positives + 1) / 2) / (positives * (len(label) - positives))
        # float32 probabilities tie where log-odds do not: 1e-5.
        self.assertAlmostEqual(metrics["spike.auc"], auc, delta=1e-5)
        falling = label[order[::-1]]
        precision = np.cumsum(falling) / np.arange(1, len(falling) + 1)
        self.assertAlmostEqual(metrics["spike.average_precision"], (precision * falling).sum() / positives, delta=1e-4)
        self.assertAlmostEqual(metrics["spike.base_rate_hz"], 1000 * label.mean(), places=9)
        log_loss = -np.where(label > 0, np.log(probability), np.log1p(-probability)).sum()
        rate = metrics["data.train_rate_hz"] / 1000
        of_rate = -(positives * np.log(rate) + (len(label) - positives) * np.log1p(-rate))
        self.assertAlmostEqual(metrics["spike.bits_per_spike"], (of_rate - log_loss) / positives / np.log(2), delta=1e-3)
        error = predicted - soma
        scaled = (predicted - predicted.mean()) / predicted.std() * soma.std() + soma.mean()
        expected = {"soma.rmse_mV": np.sqrt((error ** 2).mean()), "soma.mae_mV": np.abs(error).mean(),
                    "soma.variance_explained": 1 - (error ** 2).mean() / soma.var(),
                    "soma.variance_explained_rescaled": 1 - ((scaled - soma) ** 2).mean() / soma.var()}
        for key, value in expected.items():
            self.assertAlmostEqual(metrics[key], value, delta=1e-4 * abs(value) + 1e-5, msg=key)

    def test_hold_every_number_scripts_rely_on(self):
        metrics = json.loads((self.out / "metrics.json").read_text())
        for key in ("spike.auc spike.tpr_at_fpr_0.0025 spike.tpr_at_fpr_0.01 spike.base_rate_hz soma.rmse_mV soma.mae_mV "
                    "soma.variance_explained soma.variance_explained_rescaled data.train_s data.test_s twin.parameters "
                    "twin.depth twin.width twin.window_ms timing.simulate_s timing.train_s timing.evaluate_s").split():
            self.assertIsInstance(metrics[key], (int, float), key)
        low, high = metrics["spike.auc_ci95"]
        self.assertTrue(low < metrics["spike.auc"] < high)

    def test_a_twin_says_what_it_is_what_it_was_trained_on_and_how_good_it_is(self):
        texts = {name: json.loads(text) for name, text in read_safetensors(self.out / "twin.safetensors")[1].items()
                 if name not in ("format", "sha256")}
        self.assertEqual({key: texts["specification"][key] for key in ("kind", "excitatory_synapses", "window_ms")},
                         {"kind": "convolutional", "excitatory_synapses": 80, "window_ms": 80})
        self.assertEqual(texts["synapses"]["compartments"]["section"], ["soma"])
        self.assertEqual(texts["synapses"]["inhibitory_compartment"], [0] * 20)
        metrics = json.loads((self.out / "metrics.json").read_text())
        self.assertEqual(texts["scores"]["spike.auc"], metrics["spike.auc"])
        self.assertEqual(texts["scores"]["soma.rmse_mV"], metrics["soma.rmse_mV"])
        self.assertEqual(texts["thresholds"]["spike.threshold_at_fpr_0.0025"], metrics["spike.threshold_at_fpr_0.0025"])
        self.assertIn("epochs = 3", texts["provenance"]["experiment"])

    def test_export_the_same_weights(self):
        exported = self.folder / "weights.h5"
        self.succeed([PROGRAM, "export", self.out / "twin.safetensors", "--format", "hdf5", "--out", exported])
        arrays, texts = read_safetensors(self.out / "twin.safetensors")
        with h5py.File(exported) as file:
            self.assertEqual(set(file), {*arrays, "description"})
            for name, weight in arrays.items():
                np.testing.assert_array_equal(file[name][...].reshape(weight.shape), weight.numpy())
            self.assertEqual(json.loads(file["description/specification"][0]), json.loads(texts["specification"]))

    def test_make_a_report_without_network(self):
        page = (self.out / "report.html").read_text()
        self.assertTrue(page.endswith("</html>\n"))
        for request in ('src="http', "src='http", 'href="http', "@import", "sourceMappingURL"):
            self.assertNotIn(request, page)

    def test_can_be_inspected(self):
        for file, words in ((self.out / "twin.safetensors", "layer1_weight"), (self.out / "dataset/test-0000.h5", "input spikes per ms"),
                            (self.out / "experiment.toml", "[train]"), (ROOT / "cells/if.toml", "threshold_mV = -55")):
            self.assertIn(words, self.succeed([command()[0], "inspect", file]).stdout)


# Small twins of each kind: convolutional ones with free filters, and with all that there is; recurrent ones.
CONVOLUTIONS = {"twin.taps": "[9, 4, 3]", "twin.width": "[3, 3, 2]", "twin.dilation": "[1, 2, 3]", "twin.residual": "true",
                "twin.batch_norm": "true", "twin.activation": "relu", "twin.temporal_shapes": 3, "train.near_spike_ms": 5,
                "train.rate_sd_ms": 10, "twin.weight_sd": 0.6, "twin.spike_weight_sd": 1.5, "twin.soma_weight_sd": 3}
MEMORY = {"twin.kind": "recurrent", "twin.memory_units": 3, "twin.branches": 4, "twin.history_ms": 40, "twin.soma_weight_sd": 3}
SPIKES = {"cell.threshold_mV": -62}  # in every trial of the short ones below
KINDS = {
    "plain": (ROOT / "experiments/if.toml", SPIKES),
    "everything": (ROOT / "experiments/if.toml", {**SPIKES, **CONVOLUTIONS}),
    "memory": (ROOT / "experiments/if.toml", {**SPIKES, **MEMORY, "twin.learn_time_constants": "true", "twin.memory_activation": "relu"}),
    "dendrites": (ROOT / "experiments/branch-nmda.toml", {
        **MEMORY, "data.dendritic_components": 2, "data.dendritic_fit_trials": 4, "train.skip_ms": 0,
        "train.schedule": "[{ from_epoch = 0, learning_rate = 1e-2, spike_weight = 0.0 }]"}),
}
FEW = {"data.trial_ms": 400, "data.train_trials": 8, "data.valid_trials": 4, "data.test_trials": 2, "train.epochs": 1,
       "train.steps_per_epoch": 20, "train.window_ms": 200}


class ATwinOfAnyKind(InTemporaryFolder):
    def test_answers_in_python_and_in_torchscript_as_in_the_program(self):
        for name, (experiment, settings) in KINDS.items():
            with self.subTest(name):
                out = self.folder / name
                for stage in ("simulate", "train"):
                    self.succeed(command(stage, out, experiment, {**FEW, **settings}))
                file, script, predicted = out / "twin.safetensors", out / "script.pt", out / "predicted.h5"
                self.succeed([PROGRAM, "predict", file, "--input", out / "dataset/test-0000.h5", "--out", predicted])
                self.succeed([*CONVERTER, file, script])
                twin = load_twin(file)
                synapses = [json.loads(twin.description)["specification"][f"{kind}_synapses"] for kind in ("excitatory", "inhibitory")]
                with h5py.File(out / "dataset/test-0000.h5") as shard, h5py.File(predicted) as ours, torch.no_grad():
                    spikes = dense_input(shard, synapses)
                    self.assertGreater(spikes.sum(), 10)
                    for theirs in (twin(spikes), torch.jit.load(str(script))(spikes)):
                        # Sums of hundreds of float terms in another order.
                        np.testing.assert_allclose(ours["spike_probability"][:], theirs[0].numpy(), atol=1e-5)
                        np.testing.assert_allclose(ours["soma_mV"][:], theirs[1].numpy(), rtol=1e-5)
                    self.assertGreater(ours["soma_mV"][:].std(), 0.01, "answers differ from ms to ms")
                    answers, again = twin.answers(spikes), torch.jit.load(str(script))
                    for head in twin.heads:
                        torch.testing.assert_close(getattr(again, head)(spikes), answers[head])
                self.assertEqual(twin.heads, {"everything": ["near_spike", "count"], "dendrites": ["dendrites"]}.get(name, []))


class ATwinOfVersion01(InTemporaryFolder):
    def test_is_converted_where_its_maker_is_trusted_and_answers_as_before(self):
        for kind in ("convolutional", "recurrent"):
            with self.subTest(kind):
                old, new = ROOT / f"tests/twins-0.1/{kind}.pt", self.folder / f"{kind}.safetensors"
                done = run([*CONVERTER, "--trust", old, new])
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(f"running the code in {old}", done.stderr)
                script, twin = torch.jit.load(str(old)), load_twin(new)
                description = json.loads(script.description)
                synapses = description["excitatory_synapses"] + description["inhibitory_synapses"]
                generator = torch.Generator().manual_seed(1)
                spikes = (torch.rand(2, synapses, 300, generator=generator) < 0.05).float()
                with torch.no_grad():
                    answers, expected = twin.answers(spikes), script(spikes)
                    # The voltage's offset was in its bias: single precision at 68 mV.
                    torch.testing.assert_close(answers["spike"], expected[0], atol=1e-6, rtol=1e-5)
                    torch.testing.assert_close(answers["soma_mV"], expected[1], atol=2e-5, rtol=0)
                    self.assertGreater(expected[1].std(), 0.5)
                    for head in twin.heads:
                        torch.testing.assert_close(answers[head], getattr(script, head)(spikes), atol=1e-5, rtol=1e-4)
                self.assertEqual(twin.heads, ["near_spike", "count"] if kind == "convolutional" else ["dendrites"])
                inspected = self.succeed([PROGRAM, "inspect", new]).stdout
                self.assertIn("not known where they sit", inspected)
                self.assertIn(f'"converted_from": "{kind}.pt"', inspected)

    def test_is_not_loaded_by_anyone_who_does_not_say_so(self):
        target = self.folder / "twin.safetensors"
        done = run([*CONVERTER, ROOT / "tests/twins-0.1/recurrent.pt", target])
        self.assertEqual(done.returncode, 2)
        self.assertIn("RUNS THE CODE IN IT", done.stderr)
        self.assertFalse(target.exists())


if __name__ == "__main__":
    unittest.main()
