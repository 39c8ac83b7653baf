"""The Python package, as ./test builds it: build/.../python/neurontwin."""
import ast
import inspect
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = pathlib.Path(os.environ.get("NEURONTWIN", ROOT / "build/release/neurontwin")).resolve()
PACKAGE = PROGRAM.parent / "python"
sys.path.insert(0, str(PACKAGE))
try:
    import neurontwin as nt
except ImportError as error:
    raise unittest.SkipTest(f"the package is not built: {error}")

BALL = ROOT / "cells/ball-and-stick.toml"


def leaky_trials(trials=40, ms=800, seed=1):
    """Input [trial, synapse, ms], spikes and voltage of a leaky neuron of ten synapses, the last two inhibitory."""
    random = np.random.default_rng(seed)
    inputs = random.random((trials, 10, ms)) < 0.03
    soma_mV, spikes = np.zeros((trials, ms), np.float32), np.zeros((trials, ms), bool)
    weight = np.array([5.0] * 8 + [-5.0] * 2)
    for trial in range(trials):
        v = 0.0
        for t in range(ms):
            v = v * np.exp(-1 / 15) + weight @ inputs[trial, :, t]
            if v > 15:
                spikes[trial, t], v = True, 0.0
            soma_mV[trial, t] = v - 70
    return inputs, spikes, soma_mV


class Cells(unittest.TestCase):
    def setUp(self):
        self.cell = nt.Cell(BALL)

    def test_say_what_they_are(self):
        self.assertIn("detailed neuron of", self.cell.words)
        self.assertEqual(len(self.cell.synapse_compartment), self.cell.synapses)
        self.assertEqual(self.cell.compartments["parent"][0], -1)
        self.assertIn("celsius = 20", nt.Cell(BALL, set={"celsius": 20}).settings)

    def test_are_simulated_as_the_program_does(self):
        import h5py
        inputs = self.cell.draw_inputs(1, ms=200, seed=3)
        trial = self.cell.simulate(inputs, ms=200)[0]
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            time_ms, synapse = inputs[0]
            excitatory = synapse < self.cell.excitatory_synapses
            with h5py.File(folder / "in.h5", "w") as file:
                for kind, which, first in (("exc", excitatory, 0), ("inh", ~excitatory, self.cell.excitatory_synapses)):
                    file[f"/input/{kind}/time_ms"] = time_ms[which]
                    file[f"/input/{kind}/synapse"] = synapse[which] - first
            subprocess.run([PROGRAM, "simulate", BALL, "--replay", folder / "in.h5", "--ms", "200", "--out",
                            folder / "out.h5"], check=True, capture_output=True)
            with h5py.File(folder / "out.h5") as file:
                np.testing.assert_array_equal(file["soma_mV"][()], trial.soma_fine_mV)

    def test_are_simulated_by_a_device(self):
        inputs = self.cell.draw_inputs(2, ms=150, seed=3)
        ours, right = (self.cell.simulate(inputs, ms=150, precision="float", device=device) for device in ("emulate", "cpu"))
        for a, b in zip(ours, right):
            np.testing.assert_array_equal(a.spike_times_ms, b.spike_times_ms)
            np.testing.assert_allclose(a.soma_mV, b.soma_mV, atol=0.05)
        with self.assertRaisesRegex(nt.InputError, "single precision"):
            self.cell.simulate(inputs, ms=150, device="emulate")
        with tempfile.TemporaryDirectory() as folder:
            data = self.cell.make_dataset(folder, train_trials=2, valid_trials=1, test_trials=1, trial_ms=100, device="emulate", progress=False)
            self.assertEqual(data.train_trials, 2)

    def test_give_each_input_the_same_answer_alone_and_among_others(self):
        inputs = self.cell.draw_inputs(20, ms=100)
        together = self.cell.simulate(inputs, ms=100)
        alone = self.cell.simulate(inputs[7], ms=100)[0]
        np.testing.assert_array_equal(together[7].soma_mV, alone.soma_mV)

    def test_take_arrays_of_spikes(self):
        dense = np.zeros((2, self.cell.synapses, 50), bool)
        dense[1, 0, 10] = True
        silent, once = self.cell.simulate(dense, compartments=True, record=["soma.v"])
        self.assertLess(silent.soma_mV.max(), once.soma_mV.max())
        self.assertEqual(once.compartments_mV.shape, (len(self.cell.compartments["section"]), 50))
        np.testing.assert_allclose(once.recorded["soma.v"], once.soma_mV, atol=1e-3)

    def test_take_input_by_the_names_of_groups(self):
        groups, first = self.cell.groups, self.cell.excitatory_synapses
        self.assertEqual(groups, {"excitatory": range(0, first), "inhibitory": range(first, self.cell.synapses)})
        by_number = self.cell.simulate([([3.0, 5.0, 9.0], [2, first + 1, 4])], ms=30)[0]
        by_name = {"inhibitory": ([5.0], [1]), "excitatory": ([3.0, 9.0], [2, 4])}
        dense = np.zeros((len(groups["excitatory"]), 30), bool)
        dense[2, 3] = dense[4, 9] = True
        other = np.zeros((1, len(groups["inhibitory"]), 30), bool)
        other[0, 1, 5] = True
        for inputs in (by_name, [by_name], {"excitatory": dense, "inhibitory": other}):
            np.testing.assert_array_equal(self.cell.simulate(inputs, ms=30)[0].soma_fine_mV, by_number.soma_fine_mV)
        np.testing.assert_array_equal(self.cell.simulate({"excitatory": dense})[0].soma_mV, self.cell.simulate([([3, 9], [2, 4])], ms=30)[0].soma_mV)
        for wrong, words in (({"ampa": ([1.0], [0])}, "no group 'ampa'; there are excitatory, inhibitory"),
                             ({"inhibitory": ([1.0], [first])}, "group 'inhibitory' has the synapses 0 to"),
                             ({"excitatory": dense[:2]}, "the group 'excitatory' are of 2 synapses, expected"),
                             ({"excitatory": dense, "inhibitory": other[:, :, :9]}, "expected the same for all groups"),
                             ([{"excitatory": ([1.0], [0], [2.0]), "inhibitory": ([1.0], [0])}], "some groups have weights")):
            with self.subTest(words), self.assertRaisesRegex(nt.InputError, words):
                self.cell.simulate(wrong, ms=30)

    def test_refuse_what_does_not_suit_them_and_say_what_would(self):
        spikes = ([1.0], [0])
        for inputs, words in ((np.zeros((1, 3, 10)), "inputs are of 3 synapses, expected"),
                              (np.full((1, self.cell.synapses, 5), 0.5), "other numbers than 0, 1, 2"),
                              ([([1.0, np.nan], [0, 0])], r"input 0: time_ms\[1\] is nan"),
                              ([([1.0], [-1])], "synapse holds other numbers than 0, 1, 2"),
                              ([([1.0], [0.5])], "synapse holds other numbers than 0, 1, 2"),
                              ([([1.0, 2.0], [0])], "has 2 times but 1 synapses"),
                              ([([1.0],)], "is no (time_ms, synapse)"),
                              ([(["a"], [0])], "is of type"),
                              (np.zeros(4), "have 1 dimensions")):
            with self.subTest(words), self.assertRaisesRegex(nt.InputError, words.replace("(", r"\(").replace(")", r"\)")):
                self.cell.simulate(inputs, ms=10)
        with self.assertRaisesRegex(nt.InputError, "duration of the trials, is missing"):
            self.cell.simulate([spikes])
        with self.assertRaisesRegex(nt.InputError, "scheme 'rk4'"):
            self.cell.simulate([spikes], ms=10, scheme="rk4")
        with self.assertRaisesRegex(nt.InputError, "nowhere.toml"):
            nt.Cell("nowhere.toml")
        self.assertEqual(self.cell.simulate([], ms=10), [])


class Twins(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.inputs, cls.spikes, cls.soma_mV = leaky_trials()
        cls.data = nt.Dataset.from_arrays(cls.inputs, cls.spikes, cls.soma_mV, excitatory_synapses=8)
        cls.twin = nt.train(cls.data, memory_units=6, branches=2, threads=1, progress=False,
                            settings="[train]\nepochs = 4\nsteps_per_epoch = 300\nwindow_ms = 200\n")

    def test_data_come_back_as_they_were_given(self):
        (time_ms, synapse), spike_times_ms, soma_mV = self.data.trial("train", 3)
        np.testing.assert_array_equal(soma_mV, self.soma_mV[3])
        np.testing.assert_array_equal(spike_times_ms, np.nonzero(self.spikes[3])[0])
        dense = np.zeros_like(self.inputs[3])
        dense[synapse, time_ms.astype(int)] = True
        np.testing.assert_array_equal(dense, self.inputs[3])

    def test_learn_from_arrays(self):
        scores = self.twin.evaluate(self.data, settings="bootstrap_resamples = 20", threads=1)
        self.assertGreater(scores["spike.auc"], 0.85)  # chance is 0.5
        low, high = scores.interval("spike.auc")
        self.assertLessEqual(low, scores["spike.auc"])
        self.assertLessEqual(scores["spike.auc"], high)
        self.assertLess(self.twin.epochs[-1][2], self.twin.epochs[0][2])

    def test_answer_in_arrays_and_as_streams(self):
        probability, soma_mV = self.twin(self.inputs[:3])
        self.assertEqual(probability.shape, (3, 800))
        self.assertTrue(((probability >= 0) & (probability <= 1)).all())
        stream = self.twin.stream(neurons=2)
        synapse, at_ms = np.nonzero(self.inputs[1][:, :400])
        _, first = stream.advance(400, np.zeros(len(synapse), int), synapse, at_ms)
        np.testing.assert_allclose(first[0], soma_mV[1, :400], atol=1e-3)
        state = stream.state(0)
        stream.set_state(state, neuron=1)
        _, after = stream.advance(50)
        np.testing.assert_array_equal(after[0], after[1])

    def test_are_trained_and_asked_by_a_device(self):
        """Emulated, as device code is tested without a GPU (docs/gpu.md)."""
        learned = nt.train(self.data, memory_units=6, branches=2, progress=False, device="emulate",
                           settings={"train": {"epochs": 1, "steps_per_epoch": 4, "window_ms": 100}})
        self.assertEqual(len(learned.epochs), 1)
        inputs = leaky_trials(3, 200, seed=5)[0]
        for ours, right in zip(self.twin(inputs, device="emulate"), self.twin(inputs)):
            np.testing.assert_allclose(ours, right, atol=1e-4)
        ours, right = (self.twin.stream(2, device=device) for device in ("emulate", "cpu"))
        for stream in (ours, right):
            stream.advance(30, [0, 1], [2, 9], [3, 20])
        ours.set_state(ours.state(0), 1)
        right.set_state(right.state(0), 1)
        for a, b in zip(ours.advance(20, [1], [4], [0]), right.advance(20, [1], [4], [0])):
            np.testing.assert_allclose(a, b, atol=1e-4)
        scores, expected = self.twin.evaluate(self.data, device="emulate"), self.twin.evaluate(self.data)
        self.assertEqual(list(scores), list(expected))
        self.assertAlmostEqual(scores["soma.variance_explained"], expected["soma.variance_explained"], places=4)
        with self.assertRaisesRegex(nt.InputError, "there is no device 'gpu'"):
            self.twin(inputs, device="gpu")

    def test_are_computed_by_a_device_in_networks(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            self.twin.save(folder / "twin.safetensors")
            (folder / "network.toml").write_text(
                'seed = 1\nms = 60\n[[populations]]\nname = "a"\nkind = "twin"\ntwin = "twin.safetensors"\nneurons = 40\n'
                'spikes = "draw"\n[[backgrounds]]\nto = "a"\nsynapses = "excitatory"\nrate_hz = 30\n')
            ours, right = (nt.Network(folder / "network.toml", device=device).run(60).spikes("a") for device in ("emulate", "cpu"))
            self.assertGreater(len(right[0]), 5)
            for a, b in zip(ours, right):
                np.testing.assert_array_equal(a, b)
            done = nt.run_network(folder / "network.toml", out=folder / "out", device="emulate", progress=False)
            self.assertEqual(done["populations"][0]["spikes"], len(right[0]))

    def test_are_saved_and_loaded_and_exported(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "twin.safetensors"
            self.twin.save(file)
            loaded = nt.load(file)
            np.testing.assert_array_equal(loaded(self.inputs[:2])[1], self.twin(self.inputs[:2])[1])
            self.assertEqual(loaded.spike_threshold, self.twin.spike_threshold)
            self.twin.export(pathlib.Path(folder) / "twin.onnx", format="onnx")
            with self.assertRaisesRegex(nt.InputError, "expected onnx or hdf5"):
                self.twin.export(pathlib.Path(folder) / "twin.x", format="keras")

    def test_have_model_cards(self):
        scores = self.twin.evaluate(self.data, settings="bootstrap_resamples = 20", threads=1)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "README.md"
            text = self.twin.card(file, scores=scores, title="A leaky neuron", license="cc0-1.0")
            self.assertEqual(file.read_text(), text)
        _, front, body = text.split("---\n", 2)
        self.assertIn('license: "cc0-1.0"', front)
        self.assertIn(f"value: {scores['spike.auc']:.6g}", front)
        for words in ("# A leaky neuron", "8 excitatory and 2 inhibitory", "Where its synapses sit is not known", "## Limits", "memory_units = 6"):
            self.assertIn(words, body)
        self.assertIn("has not been evaluated", self.twin.card())

    def test_two_spikes_of_a_synapse_in_one_ms_count_as_two_however_they_are_given(self):
        def soma_mV(spikes):
            return self.twin([(spikes, [0] * len(spikes))], ms=30)[1][0]

        twice = np.zeros((10, 30), int)
        twice[0, 5] = 2
        stream = self.twin.stream().advance(30, [0, 0], [0, 0], [5, 5])[1][0]
        self.assertGreater(abs(soma_mV([5, 5]) - soma_mV([5])).max(), 1e-3)  # mV, of about 0.01
        np.testing.assert_array_equal(self.twin(twice)[1][0], soma_mV([5, 5]))
        np.testing.assert_allclose(stream, soma_mV([5.2, 5.7]), atol=1e-4)
        data = nt.Dataset.from_arrays([([1.0, 1.5, 2.0], [0, 0, 1])] * 3, [[]] * 3, np.full((3, 9), -70.0))
        (time_ms, synapse), _, _ = data.trial("train", 0)
        np.testing.assert_array_equal(time_ms, [1, 1, 2])
        np.testing.assert_array_equal(synapse, [0, 0, 1])

    def test_lists_of_spikes_may_have_silent_synapses_of_both_kinds(self):
        data = nt.Dataset.from_arrays([([1.0], [3])] * 3, [[]] * 3, np.full((3, 9), -70.0), excitatory_synapses=4, inhibitory_synapses=2)
        self.assertEqual((data.excitatory_synapses, data.inhibitory_synapses), (4, 2))
        with self.assertRaisesRegex(nt.InputError, "excitatory_synapses is not"):
            nt.Dataset.from_arrays([([1.0], [3])] * 3, [[]] * 3, np.full((3, 9), -70.0), inhibitory_synapses=2)

    def test_every_kind_learns_with_its_usual_settings_or_says_what_it_lacks(self):
        short = {"train": {"epochs": 1, "steps_per_epoch": 2, "window_ms": 100}}
        for kind, further in (("convolutional", {}), ("tree", {}), ("recurrent", {"memory_units": 2})):
            with self.subTest(kind):
                twin = nt.train(self.data, kind=kind, settings=short, threads=1, progress=False, **further)
                self.assertEqual(twin.describe()["kind"], kind)
        twin = nt.train(self.data, memory_units=2, threads=1, progress=False,
                        settings="[twin]  # further keys\nbranches = 2\n[train]\nepochs = 1\nsteps_per_epoch = 2\nwindow_ms = 100\n")
        self.assertIn("2 branches", twin.describe()["words"])

    def test_are_pickled_and_a_data_set_in_a_folder_too(self):
        again = pickle.loads(pickle.dumps(self.twin))
        np.testing.assert_array_equal(again(self.inputs[:1])[1], self.twin(self.inputs[:1])[1])
        self.assertEqual(again.epochs, self.twin.epochs)
        with self.assertRaisesRegex(TypeError, "temporary folder"):
            pickle.dumps(self.data)
        with tempfile.TemporaryDirectory() as folder:
            kept = nt.Dataset.from_arrays(self.inputs, self.spikes, self.soma_mV, folder=pathlib.Path(folder) / "data")
            self.assertEqual(pickle.loads(pickle.dumps(kept)).train_trials, kept.train_trials)

    def test_a_data_set_stays_where_it_is_whatever_a_child_or_a_change_of_folder_does(self):
        child = os.fork()
        if child == 0:
            self.data._kept._finalizer()  # as at the child's exit
            os._exit(0)
        os.waitpid(child, 0)
        self.data.trial("test", 0)
        before = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            try:
                os.chdir(folder)
                data = nt.Dataset.from_arrays(self.inputs, self.spikes, self.soma_mV, folder="data")
            finally:
                os.chdir(before)
            data.trial("test", 0)
        with self.assertRaises(AttributeError):
            data.train_trials = 5

    def test_wrong_data_are_refused(self):
        for change, words in (({"spikes": self.spikes[:, :10]}, r"expected \[trial, ms\] as soma_mV"),
                              ({"soma_mV": np.where(self.soma_mV > -60, np.nan, self.soma_mV)}, "is nan, expected a number"),
                              ({"inputs": self.inputs[:5]}, "5 inputs but soma_mV of 40 trials"),
                              ({"shares": (1, 0, 0)}, "three positive numbers"),
                              ({"excitatory_synapses": 11}, "the inputs are of 10 synapses"),
                              ({"soma_mV": self.soma_mV / 1000}, "are these volts"),
                              ({"soma_mV": self.soma_mV * 1000}, "expected from -500 to 500 mV")):
            given = {"inputs": self.inputs, "spikes": self.spikes, "soma_mV": self.soma_mV, **change}
            with self.subTest(words), self.assertRaisesRegex(nt.InputError, words):
                nt.Dataset.from_arrays(**given)
        with self.assertRaisesRegex(nt.InputError, "unknown key 'twin.units'"):
            nt.train(self.data, units=3, progress=False)


class Runs(unittest.TestCase):
    def test_are_planned_listed_and_drawn_and_begin_with_a_morphology(self):
        with tempfile.TemporaryDirectory() as folder:
            made = nt.new_experiment(pathlib.Path(folder) / "mine", ROOT / "cells/ball-and-stick.swc", title="Mine")
            self.assertEqual(made.name, "mine.toml")
            plan = nt.plan(made, out=f"{folder}/run")
            self.assertEqual([s["stage"] for s in plan["stages"] if s["to_do"]], ["simulate", "train", "evaluate", "interpret", "report"])
            self.assertGreater(plan["seconds"], 0)
            self.assertIn("simulate", plan["words"])
            self.assertEqual(nt.list_runs(folder), [])
            self.assertIn("roc", nt.figures())
            with self.assertRaisesRegex(nt.InputError, "there is no such file"):
                nt.plot(folder, "roc", f"{folder}/roc.svg")


class Types(unittest.TestCase):
    """The stubs that editors and type checkers read say what the code does."""

    def parameters(self, function):
        return [a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
                + tuple(x for x in (function.args.vararg, function.args.kwarg) if x)]

    def test_are_those_of_the_code(self):
        stubs = {node.name: node for node in ast.parse((ROOT / "python/neurontwin/__init__.pyi").read_text()).body
                 if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
        self.assertEqual(sorted(stubs), sorted(nt.__all__))
        self.assertTrue((PACKAGE / "neurontwin/py.typed").exists())
        for name, stub in stubs.items():
            here = getattr(nt, name)
            if isinstance(stub, ast.FunctionDef):
                self.assertEqual(self.parameters(stub), list(inspect.signature(here).parameters), name)
                self.assertTrue(here.__doc__, name)
                continue
            methods = {m.name: m for m in stub.body if isinstance(m, ast.FunctionDef)}
            own = {n for n, value in vars(here).items() if not n.startswith("_") and callable(getattr(value, "__func__", value))
                   or isinstance(value, property)}
            self.assertEqual({n for n in methods if not n.startswith("_")}, own, name)
            for method, node in methods.items():
                if not isinstance(vars(here).get(method), property):
                    said = [p for p in self.parameters(node) if p not in ("self", "cls")]
                    self.assertEqual(said, [p for p in inspect.signature(getattr(here, method)).parameters if p not in ("self", "cls")], f"{name}.{method}")


class TheInterpreter(unittest.TestCase):
    def test_imports_within_a_third_of_a_second(self):
        said = subprocess.run([sys.executable, "-c", "import time, numpy; t = time.time(); import neurontwin; print(time.time() - t)"],
                              env={**os.environ, "PYTHONPATH": str(PACKAGE)}, check=True, capture_output=True, text=True)
        self.assertLess(float(said.stdout), 2)  # 0.03 s on an idle machine; this one may be busy

    def test_loads_no_openmp_whose_threads_would_wait_at_full_speed(self):
        code = "import neurontwin; print('libgomp' in open('/proc/self/maps').read())"
        said = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(PACKAGE)}, check=True, capture_output=True, text=True)
        self.assertEqual(said.stdout, "False\n")

    def test_takes_ctrl_c_while_a_neuron_is_simulated(self):
        code = ("import neurontwin as nt\n"
                f"cell = nt.Cell({str(BALL)!r})\n"
                "inputs = cell.draw_inputs(64, ms=1000)\n"
                "print('begun', flush=True)\n"
                "cell.simulate(inputs * 200, ms=100000)\n")
        process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(PACKAGE)},
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "begun\n")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertIn("KeyboardInterrupt", errors)


if __name__ == "__main__":
    unittest.main()
