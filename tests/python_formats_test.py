"""Data of others: the published pickles, SONATA, NWB, npz and HDF5, in and out."""
import pathlib
import pickle
import tempfile
import unittest

import h5py
import numpy as np
from python_package_test import leaky_trials, nt


def published_arrays(file):
    """X [simulation, input, ms], spikes and voltage [simulation, ms], by the rules of the published loaders."""
    with open(file, "rb") as f:
        content = pickle.load(f, encoding="latin1")
    simulations, segments = content["Results"]["listOfSingleSimulationDicts"], len(content["Params"]["allSegmentsType"])
    ms = content["Params"]["totalSimDurationInSec"] * 1000
    x, y, v = np.zeros((len(simulations), 2 * segments, ms), bool), np.zeros((len(simulations), ms), bool), np.zeros((len(simulations), ms))
    for i, s in enumerate(simulations):
        for first, kind in ((0, "exInputSpikeTimes"), (segments, "inhInputSpikeTimes")):
            for segment, times in s[kind].items():
                x[i, first + segment, times] = True
        y[i, (s["outputSpikeTimes"].astype(float) - 0.5).astype(int)] = True
        v[i] = s["somaVoltageLowRes"]
        other = [min(ms - 1, max(0, int(t) - 1)) for t in s["outputSpikeTimes"]]  # the other rule in use
        np.testing.assert_array_equal(np.nonzero(y[i])[0], sorted(set(other)))
    return x, y, v


class Formats(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="neurontwin-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)


class NeuronIO(Formats):
    def as_published(self, trials=6):
        """A file as theirs are: 16-bit floats, times with fractions, segments without spikes left out."""
        inputs, spikes, soma_mV = leaky_trials(trials, 1000)
        simulations = []
        for x, y, v in zip(inputs, spikes, soma_mV):
            simulations.append({"exInputSpikeTimes": {i: np.nonzero(x[i])[0].tolist() for i in range(5) if x[i].any()},
                                "inhInputSpikeTimes": {i: np.nonzero(x[5 + i])[0].tolist() for i in range(5)},
                                "outputSpikeTimes": (np.nonzero(y)[0] + 1.0).astype(np.float16), "somaVoltageLowRes": v.astype(np.float16)})
        file = self.folder / "theirs.p"
        with open(file, "wb") as out:
            pickle.dump({"Params": {"allSegmentsType": ["basal"] * 5, "totalSimDurationInSec": 1}, "Results": {"listOfSingleSimulationDicts": simulations}},
                        out, protocol=2)
        return file

    def arrays_of(self, data, split, count):
        x, y, v = np.zeros((count, data.excitatory_synapses * 2, data.duration_ms), bool), np.zeros((count, data.duration_ms), bool), []
        for i in range(count):
            (time_ms, synapse), output_ms, soma_mV = data.trial(split, i)
            x[i, synapse.astype(int), time_ms.astype(int)] = True
            y[i, output_ms.astype(int)] = True
            v.append(soma_mV)
        return x, y, np.array(v)

    def test_published_files_are_read_to_the_arrays_of_their_loaders_and_written_back(self):
        theirs = self.as_published()
        data = nt.Dataset.from_neuronio([theirs], test_files=[theirs])
        expected = published_arrays(theirs)
        self.assertGreater(expected[1].sum(), 20)
        for ours, other in zip(self.arrays_of(data, "test", 6), expected):
            np.testing.assert_array_equal(ours, other)
        data.write_neuronio(self.folder / "ours.p", dendrites=True)
        for ours, other in zip(published_arrays(self.folder / "ours.p"), expected):
            np.testing.assert_array_equal(ours, other)

    def test_data_with_fewer_inhibitory_inputs_are_written_with_silent_ones(self):
        inputs, spikes, soma_mV = leaky_trials(3, 1000)
        data = nt.Dataset.from_arrays(inputs, spikes, soma_mV, excitatory_synapses=8)
        data.write_neuronio(self.folder / "ours.p")
        x, y, v = published_arrays(self.folder / "ours.p")
        np.testing.assert_array_equal(x[0, :8], inputs[2, :8])
        np.testing.assert_array_equal(x[0, 8:10], inputs[2, 8:])
        self.assertEqual(x[0, 10:].sum(), 0)

    def test_a_pickle_that_would_run_something_is_not_loaded(self):
        class Evil:
            def __reduce__(self):
                return pathlib.Path.touch, (pathlib.Path("touched"),)
        (self.folder / "evil.p").write_bytes(pickle.dumps(Evil()))
        (self.folder / "cut.p").write_bytes(self.as_published().read_bytes()[:1000])
        (self.folder / "other.p").write_bytes(pickle.dumps({"Results": []}))
        for file, words in (("evil.p", "it is not loaded"), ("cut.p", "is no pickle of NeuronIO"), ("other.p", "is no pickle of NeuronIO")):
            with self.assertRaisesRegex(nt.InputError, f"{file}.*{words}"):
                nt.Dataset.from_neuronio(self.folder / file)
        with self.assertRaisesRegex(nt.InputError, "no files"):
            nt.Dataset.from_neuronio([])


class Spikes(Formats):
    def test_of_sonata_are_input(self):
        file = self.folder / "spikes.h5"
        with h5py.File(file, "w") as f:
            group = f.create_group("spikes/thalamus")
            group["timestamps"], group["node_ids"] = [5.0, 1.5, 30.0], np.array([7, 3, 7])
            group["timestamps"].attrs["units"] = "milliseconds"
        time_ms, synapse = nt.read_spikes(file)
        np.testing.assert_array_equal(time_ms, [1.5, 5, 30])
        np.testing.assert_array_equal(synapse, [0, 1, 1])
        time_ms, synapse = nt.read_spikes(file, synapse_of={7: 12}, start_ms=5, ms=20)
        self.assertEqual((time_ms.tolist(), synapse.tolist()), ([0.0], [12]))
        with h5py.File(file, "a") as f:
            f.create_group("spikes/cortex")
            f["spikes/thalamus/timestamps"].attrs["units"] = "fortnights"
        with self.assertRaisesRegex(nt.InputError, "say which: population=NAME"):
            nt.read_spikes(file)
        with self.assertRaisesRegex(nt.InputError, "fortnights"):
            nt.read_spikes(file, population="thalamus")

    def test_of_nwb_are_input_in_seconds(self):
        file = self.folder / "session.nwb"
        with h5py.File(file, "w") as f:
            f["units/spike_times"], f["units/spike_times_index"], f["units/id"] = [0.1, 0.25, 0.002], np.array([2, 2, 3]), np.array([10, 11, 12])
        time_ms, synapse = nt.read_spikes(file, synapse_of={10: 0, 11: 1, 12: 2})
        np.testing.assert_allclose(time_ms, [2, 100, 250])
        np.testing.assert_array_equal(synapse, [2, 0, 0])
        with h5py.File(file, "w") as f:
            f["something"] = 1
        with self.assertRaisesRegex(nt.InputError, "neither /spikes, as SONATA, nor"):
            nt.read_spikes(file)


class Traces(Formats):
    def test_of_any_file_are_data_with_a_report_of_what_is_not_known(self):
        inputs, spikes, soma_mV = leaky_trials(10, 300)
        np.savez(self.folder / "traces.npz", inputs=inputs, spikes=spikes, soma_mV=soma_mV)
        with h5py.File(self.folder / "traces.h5", "w") as f:
            f["x"], f["y"], f["v"] = inputs, spikes, soma_mV
        for data in (nt.Dataset.from_file(self.folder / "traces.npz", excitatory_synapses=8),
                     nt.Dataset.from_file(self.folder / "traces.h5", inputs="x", spikes="y", soma_mV="v", excitatory_synapses=8)):
            np.testing.assert_array_equal(data.trial("train", 2)[2], soma_mV[2])
            self.assertIn("not known: where the synapses sit", data.report())
        with self.assertRaisesRegex(nt.InputError, "there is no array 'voltage'; it has inputs, soma_mV, spikes"):
            nt.Dataset.from_file(self.folder / "traces.npz", soma_mV="voltage")
        with self.assertRaisesRegex(nt.InputError, "there is no such file"):
            nt.Dataset.from_file(self.folder / "none.npz")


if __name__ == "__main__":
    unittest.main()
