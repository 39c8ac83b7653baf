"""What is wrong with an argument of the Python package is said by an InputError that says what would be right: never by numpy, pybind11 or a crash."""
import pathlib
import tempfile
import unittest

import numpy as np
from python_package_test import BALL, leaky_trials, nt

SHORT = "[train]\nepochs = 1\nsteps_per_epoch = 5\nwindow_ms = 100\n"
ONE = [([1.0], [0])]
NOWHERE = "/nowhere/at-all"


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.x, cls.y, cls.v = leaky_trials(12, 300)
        cls.data = nt.Dataset.from_arrays(cls.x, cls.y, cls.v, excitatory_synapses=8)
        cls.twin = nt.train(cls.data, memory_units=3, branches=2, threads=1, progress=False, settings=SHORT)
        cls.cell = nt.Cell(BALL)

    def refused(self, function, *cases):
        """cases: (arguments, keywords, words of the message)."""
        for arguments, keywords, words in cases:
            with self.subTest(words), self.assertRaises(nt.InputError) as said:
                function(*arguments, **keywords)
            self.assertIn(words, str(said.exception))

    def test_of_cells(self):
        self.refused(nt.Cell, ((5,), {}, "path is 5, expected a path"), ((None,), {}, "path is None"), ((NOWHERE,), {}, NOWHERE), (("a\0b",), {}, "no path has"),
                     ((BALL,), {"set": 5}, "settings are 5, expected {key: value}"), ((BALL,), {"set": {"x": 1}}, "'x'"))
        self.refused(self.cell.draw_inputs, ((-1,), {"ms": 10}, "trials is -1, expected at least 0"), ((1.5,), {"ms": 10}, "trials is 1.5, expected a whole number"),
                     ((1,), {"ms": float("nan")}, "ms is nan"), ((1,), {"ms": "a"}, "ms is 'a'"), ((1,), {"ms": 2**70}, "expected at most"), ((1,), {"ms": 5, "seed": 2**64}, "seed is 18446744073709551616"), ((1,), {"ms": 10, "seed": -1}, "seed is -1"),
                     ((1,), {"ms": 10, "stimulus": 3}, "stimulus is 3, expected TOML text or {key: value}"))

    def test_of_simulations(self):
        synapses = self.cell.synapses
        self.refused(self.cell.simulate, ((ONE,), {"ms": 1.5}, "ms is 1.5, expected a whole number"), ((ONE,), {"ms": "10"}, "ms is '10'"),
                     ((ONE,), {"ms": -1}, "-1"), ((ONE,), {"ms": 10**15}, "1000000000000000"),
                     ((ONE,), {"ms": 10, "dt_ms": "x"}, "dt_ms is 'x', expected a number"), ((ONE,), {"ms": 10, "dt_ms": float("nan")}, "dt_ms is nan"),
                     ((ONE,), {"ms": 10, "dt_ms": 0}, "a time step of 0 ms; expected more than 0"), ((ONE,), {"ms": 10, "scheme": 3}, "scheme is 3, expected text"),
                     ((ONE,), {"ms": 10, "record": "soma.v"}, "record is 'soma.v', expected a list of texts"), ((ONE,), {"ms": 10, "record": [3]}, "record is [3]"),
                     ((ONE,), {"ms": 10, "threads": "x"}, "threads is 'x'"), ((ONE,), {"ms": 10, "progress": 3}, "progress is 3"),
                     ((None,), {"ms": 10}, "inputs"), (("abc",), {"ms": 10}, "inputs"), (((i for i in ONE),), {"ms": 10}, "inputs"),
                     (([([1.0], [10**6])],), {"ms": 10}, "1000000"), (([([-1.0], [0])],), {"ms": 10}, "-1 ms"),
                     (([([np.inf], [0])],), {"ms": 10}, "input 0: time_ms[0] is inf"), (([([1.0], [0], [np.nan])],), {"ms": 10}, "input 0: weight[0] is nan"),
                     (([([1j], [0])],), {"ms": 10}, "type complex"), (([([[1], [1, 2]], [0])],), {"ms": 10}, "input 0: time_ms is no array of numbers"),
                     (([([[1.0]], [[0]])],), {"ms": 10}, "has 2 dimensions"), ((np.full((1, synapses, 5), np.nan),), {}, "other numbers than 0, 1, 2"),
                     ((np.full((1, synapses, 5), "a"),), {}, "inputs is of type"), ((np.ones((1, synapses, 5), complex),), {}, "inputs is of type complex"),
                     ((np.zeros((1, synapses, 0)),), {}, "duration_ms is 0, expected from 1"))
        self.assertEqual(self.cell.simulate(np.zeros((0, synapses, 5))), [])

    def test_of_data(self):
        x, y, v = self.x, self.y, self.v
        self.refused(nt.Dataset.from_arrays, ((x[:0], y[:0], v[:0]), {}, "0 trials, expected at least 3"), ((x, y, "abc"), {}, "soma_mV is of type"),
                     ((x, y, None), {}, "soma_mV is of type"), ((x, y, [[1, 2], [1]]), {}, "soma_mV is no array of numbers"), ((x, y, v * 1j), {}, "complex"),
                     ((x, y, v[0]), {}, "soma_mV has 1 dimensions"), ((x[:, :, :50], y, v), {}, "inputs are of 50 ms but soma_mV of 300"),
                     ((x, np.where(y, np.nan, 0), v), {}, "spikes hold other numbers"), ((x, [["a"]] * 12, v), {}, "spikes of trial 0 is of type"),
                     ((x, [[[1.0]]] * 12, v), {}, "spikes of trial 0 have 2 dimensions"), ((x, [[np.nan]] * 12, v), {}, "nan"), ((x, [[500.0]] * 12, v), {}, "500"),
                     ((x, y, v), {"excitatory_synapses": 2.5}, "excitatory_synapses is 2.5"), ((x, y, v), {"shares": 0.5}, "shares are 0.5"),
                     ((x, y, v), {"shares": (np.nan, 0.1, 0.9)}, "shares are [nan"), ((x, y, v), {"folder": 3}, "folder is 3, expected a path"),
                     ((None, y, v), {}, "inputs"), ((x[:, :0], y, v), {}, "synapse"), ((x[:, :, :0], y[:, :0], v[:, :0]), {}, "0 ms"))
        self.refused(self.data.trial, (("all", 0), {}, "'all'"), (("train", 99), {}, "99"), (("train", -1), {}, "-1"), (("train", "a"), {}, "index is 'a'"))
        self.refused(self.data.write_neuronio, ((NOWHERE, "all"), {}, "split is 'all', expected train, valid or test"))
        for read in (nt.Dataset.open, nt.Dataset.from_neuronio, nt.Dataset.from_file, nt.load, nt.read_metrics, nt.read_spikes):
            with self.subTest(read), self.assertRaisesRegex(nt.InputError, NOWHERE):
                read(NOWHERE)
        self.refused(self.cell.make_dataset, ((None,), {"train_trials": 1}, "folder is None"), ((NOWHERE,), {"train_trials": "3"}, "train_trials is '3'"),
                     ((NOWHERE,), {"train_trials": -1}, "-1"))

    def test_of_twins(self):
        self.refused(self.twin, ((self.x[:, :3],), {}, "inputs are of 3 synapses, expected 10"), ((None,), {}, "inputs"), ((self.x * np.nan,), {}, "other numbers"),
                     ((ONE,), {}, "ms, the duration of the trials, is missing"), ((ONE,), {"ms": -1}, "-1"), (([([1.0], [10])],), {"ms": 5}, "10"),
                     (([([np.nan], [0])],), {"ms": 5}, "time_ms[0] is nan"), ((ONE,), {"ms": 5, "threads": -2}, "-2"))
        self.assertEqual([answer.shape for answer in self.twin(self.x[:0])], [(0, 300), (0, 300)])
        self.refused(nt.train, ((None,), {}, "dataset is a NoneType, expected a Dataset"), ((self.x,), {}, "dataset is a ndarray"), ((self.data,), {"kind": "lstm"}, "lstm"),
                     ((self.data,), {"memory_units": 0}, "memory_units"), ((self.data,), {"memory_units": float("nan")}, "memory_units is nan"),
                     ((self.data,), {"memory_units": None}, "memory_units"), ((self.data,), {"settings": "[train"}, "TOML"), ((self.data,), {"settings": 4}, "settings is 4"),
                     ((self.data,), {"seed": -1}, "seed is -1"))
        self.refused(self.twin.evaluate, ((None,), {}, "dataset is a NoneType"), ((self.data,), {"settings": "x = 1"}, "'x'"))
        self.refused(self.twin.save, ((None,), {}, "file is None"))
        self.refused(self.twin.export, (("x",), {"format": 3}, "format is 3"))
        self.refused(nt.from_torch, ((3,), {}, "module is a int, expected what twin.to_torch() gave"))
        with tempfile.TemporaryDirectory() as folder:
            for write in (self.twin.save, self.twin.card):
                with self.subTest(write), self.assertRaises(nt.RunError):
                    write(pathlib.Path(folder) / "no/such/folder/file")

    def test_of_streams(self):
        stream = self.twin.stream(2)
        self.refused(self.twin.stream, ((0,), {}, "0"), (("a",), {}, "neurons is 'a'"))
        self.refused(stream.advance, (("a",), {}, "ms is 'a'"), ((-1,), {}, "-1"), ((1, [0], [0, 1], [0]), {}, "different lengths"), ((1, [5], [0], [0]), {}, "neuron holds other numbers than 0 to 1"),
                     ((1, [0], [50], [0]), {}, "synapse holds other numbers than 0 to 9"), ((1, [0], [0], [3]), {}, "at_ms holds other numbers than 0 to 0"),
                     ((1, [0.0], [0], [0]), {}, "neuron holds"), ((1, [2**33], [0], [0]), {}, "neuron holds"), ((1, [[0]], [[0]], [[0]]), {}, "neuron has 2 dimensions"))
        self.refused(stream.set_state, (([1.0],), {}, "1"), ((np.full(len(stream.state()), np.nan),), {}, "state is no list of numbers"), (("a",), {}, "state is of type"),
                     ((stream.state(), 7), {}, "7"))
        self.refused(stream.state, ((9,), {}, "9"), ((-1,), {}, "-1"))


if __name__ == "__main__":
    unittest.main()
