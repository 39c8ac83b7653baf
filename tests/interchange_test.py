"""Others can read our files, and find in them what we say."""
import json
import unittest

import h5py
import numpy as np
import torch
from support import ROOT, InTemporaryFolder, command


def trials_of(file, group, name):
    offset = file[group]["offset"][:]
    values = file[group][name][:]
    return [values[offset[i]:offset[i + 1]] for i in range(len(offset) - 1)]


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
        twin = torch.jit.load(str(self.out / "twin.pt"))
        parts = []
        for shard in self.test_shards:
            with h5py.File(shard) as file:
                soma = file["output/soma_mV"][:]
                dense = np.zeros((len(soma), 100, 2000), dtype=np.float32)
                for group, first in (("input/exc", 0), ("input/inh", 80)):
                    for i, (time, synapse) in enumerate(zip(trials_of(file, group, "time_ms"), trials_of(file, group, "synapse"))):
                        dense[i, first + synapse.astype(int), time] = 1
                label = np.zeros_like(soma, dtype=bool)
                for i, spikes in enumerate(trials_of(file, "output/spikes", "time_ms")):
                    label[i, spikes.astype(int)] = True
            with torch.no_grad():
                probability, predicted = twin(torch.from_numpy(dense))
            parts.append((label, probability.numpy(), soma, predicted.numpy()))
        return parts

    def test_give_python_the_same_predictions(self):
        description = json.loads(torch.jit.load(str(self.out / "twin.pt")).description)
        self.assertEqual((description["excitatory_synapses"], description["window_ms"]), (80, 80))
        for number, (_, probability, _, soma) in enumerate(self.predictions()):
            ours = self.folder / f"{number}.h5"
            self.succeed([command()[0], "predict", self.out / "twin.pt", "--input", self.test_shards[number], "--out", ours])
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

    def test_export_the_same_weights(self):
        exported = self.folder / "weights.h5"
        self.succeed([command()[0], "export", self.out / "twin.pt", "--format", "hdf5", "--out", exported])
        twin = dict(torch.jit.load(str(self.out / "twin.pt")).named_buffers())
        with h5py.File(exported) as file:
            self.assertEqual(set(file), set(twin))
            for name, weight in twin.items():
                np.testing.assert_array_equal(file[name][:], weight.numpy())

    def test_make_a_report_without_network(self):
        page = (self.out / "report.html").read_text()
        self.assertTrue(page.endswith("</html>\n"))
        for request in ('src="http', "src='http", 'href="http', "@import", "sourceMappingURL"):
            self.assertNotIn(request, page)

    def test_can_be_inspected(self):
        for file, words in ((self.out / "twin.pt", "layer1_weight"), (self.out / "dataset/test-0000.h5", "input spikes per ms"),
                            (self.out / "experiment.toml", "[train]"), (ROOT / "cells/if.toml", "threshold_mV = -55")):
            self.assertIn(words, self.succeed([command()[0], "inspect", file]).stdout)


if __name__ == "__main__":
    unittest.main()
