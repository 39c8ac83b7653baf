"""A network's output as other programs have it: the structure that the SONATA specification asks for, and what its readers make of it.

libsonata and bmtk come from PyPI: ./test --slow installs them in build/sonata, and runs this module there."""
import importlib.util
import pathlib
import shutil
import tempfile
import unittest

import h5py
import numpy as np

from support import PROGRAM, ROOT, run

MS, NEURONS, RECORDED = 1500, 40, 4
NETWORK = f"""
seed = 3
ms = {MS}
[[populations]]
name = "e"
kind = "cell"
cell = "{ROOT / 'cells/if.toml'}"
neurons = {NEURONS}
record_soma = {RECORDED}
[[populations]]
name = "noise"
kind = "poisson"
rate_hz = 15
neurons = 50
[[projections]]
from = "noise"
to = "e"
rule = "fixed-probability"
probability = 0.5
synapses = "excitatory"
[[backgrounds]]
to = "e"
synapses = "excitatory"
rate_hz = 3
"""


class OutputOfANetwork(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="neurontwin-test-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        (folder / "network.toml").write_text(NETWORK)
        done = run([PROGRAM, "network", folder / "network.toml", "--out", folder / "out"])
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.spikes, cls.soma = folder / "out/spikes.h5", folder / "out/soma.h5"


class Specification(OutputOfANetwork):
    """The format as Dai et al. 2020 (PLoS Comput Biol 16:e1007696) and its developer guide have it, for spikes and for reports of elements."""

    def assert_header(self, file):
        self.assertEqual(file.attrs["magic"], 0x0A7A)
        self.assertEqual(file.attrs["magic"].dtype, np.uint32)
        version = file.attrs["version"]
        self.assertEqual((version.shape, version.dtype), ((2,), np.uint32))

    def assert_set(self, of, name, dtype, shape, units=None):
        self.assertIsInstance(of[name], h5py.Dataset)
        self.assertEqual((of[name].dtype, of[name].shape), (np.dtype(dtype), shape), name)
        if units:
            found = of[name].attrs["units"]
            self.assertEqual(found.decode() if isinstance(found, bytes) else found, units)

    def test_of_spikes(self):
        with h5py.File(self.spikes) as file:
            self.assert_header(file)
            self.assertEqual(list(file), ["spikes"])
            self.assertEqual(set(file["spikes"]), {"e", "noise"})
            for name, neurons in (("e", NEURONS), ("noise", 50)):
                group = file["spikes"][name]
                sorting = group.attrs.get_id("sorting")
                self.assertEqual(h5py.check_enum_dtype(sorting.dtype), {"none": 0, "by_id": 1, "by_time": 2})
                self.assertEqual(group.attrs["sorting"], 2)
                spikes = group["timestamps"].shape
                self.assert_set(group, "timestamps", np.float64, spikes, "ms")
                self.assert_set(group, "node_ids", np.uint64, spikes)
                times, nodes = group["timestamps"][:], group["node_ids"][:]
                self.assertGreater(len(times), 20)
                self.assertTrue((np.diff(times) >= 0).all())
                self.assertTrue((times >= 0).all() and (times < MS).all())
                self.assertLess(nodes.max(), neurons)

    def test_of_a_report(self):
        with h5py.File(self.soma) as file:
            self.assert_header(file)
            self.assertEqual(list(file), ["report"])
            self.assertEqual(list(file["report"]), ["e"])
            report = file["report/e"]
            self.assertEqual(set(report), {"data", "mapping"})
            self.assert_set(report, "data", np.float32, (MS, RECORDED), "mV")
            mapping = report["mapping"]
            self.assert_set(mapping, "node_ids", np.uint64, (RECORDED,))
            self.assertEqual(mapping["node_ids"].attrs["sorted"], 1)
            self.assert_set(mapping, "index_pointers", np.uint64, (RECORDED + 1,))
            self.assert_set(mapping, "element_ids", np.uint32, (RECORDED,))
            self.assert_set(mapping, "element_pos", np.float32, (RECORDED,))
            self.assert_set(mapping, "time", np.float64, (3,), "ms")
            pointers = mapping["index_pointers"][:]
            self.assertEqual((pointers[0], pointers[-1]), (0, report["data"].shape[1]))
            self.assertTrue((np.diff(pointers.astype(int)) > 0).all())
            start, stop, step = mapping["time"]
            self.assertEqual((stop - start) / step, report["data"].shape[0])


@unittest.skipUnless(importlib.util.find_spec("libsonata") and importlib.util.find_spec("bmtk"), "libsonata and bmtk are not there")
class Readers(OutputOfANetwork):
    def setUp(self):
        with h5py.File(self.spikes) as file:
            self.times, self.nodes = file["spikes/e/timestamps"][:], file["spikes/e/node_ids"][:]
        with h5py.File(self.soma) as file:
            self.mV = file["report/e/data"][:]

    def test_libsonata_reads_the_spikes(self):
        import libsonata
        reader = libsonata.SpikeReader(str(self.spikes))
        self.assertEqual(reader.get_population_names(), ["e", "noise"])
        population = reader["e"]
        self.assertEqual(population.sorting, "by_time")
        self.assertEqual(population.get(), list(zip(self.nodes, self.times)))
        self.assertEqual(population.get(node_ids=[3]), [(3, t) for t in self.times[self.nodes == 3]])

    def test_libsonata_reads_the_report(self):
        import libsonata
        population = libsonata.SomaReportReader(str(self.soma))["e"]
        self.assertEqual((population.time_units, population.data_units), ("ms", "mV"))
        self.assertEqual(population.times, (0, MS, 1))
        self.assertEqual(population.get_node_ids(), list(range(RECORDED)))
        some = population.get(node_ids=[0, 2], tstart=10, tstop=20)
        np.testing.assert_array_equal(some.ids, [0, 2])
        np.testing.assert_array_equal(some.data, self.mV[10:21, [0, 2]])  # both ends are in

    def test_bmtk_reads_the_spikes(self):
        from bmtk.utils.reports.spike_trains import SpikeTrains
        trains = SpikeTrains.load(str(self.spikes))
        self.assertEqual(sorted(trains.populations), ["e", "noise"])
        table = trains.to_dataframe()
        table = table[table["population"] == "e"]
        np.testing.assert_array_equal(table["timestamps"], self.times)
        np.testing.assert_array_equal(table["node_ids"], self.nodes)
        np.testing.assert_array_equal(trains.get_times(0, population="e"), self.times[self.nodes == 0])

    def test_bmtk_reads_the_report(self):
        from bmtk.utils.reports.compartment import CompartmentReport
        population = CompartmentReport.load(str(self.soma))["e"]
        np.testing.assert_array_equal(population.node_ids(), range(RECORDED))
        self.assertEqual((population.tstart(), population.tstop(), population.dt(), population.units()), (0, MS, 1, "mV"))
        for node in range(RECORDED):
            np.testing.assert_array_equal(np.squeeze(population.data(node_id=node)), self.mV[:, node])


if __name__ == "__main__":
    unittest.main()
