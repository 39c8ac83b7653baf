"""Twins that Python trained, as ONNX files in onnxruntime: the same answers."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np
from python_package_test import ROOT, leaky_trials, nt

TRIALS = 100
KINDS = {
    "recurrent": {"memory_units": 5, "branches": 3, "history_ms": 60},
    "convolutional": {"kind": "convolutional", "taps": [9, 4, 3], "width": [4, 4, 3], "batch_norm": True, "temporal_shapes": 3},
    "tree": {"kind": "tree", "taps": [8, 3], "node_width": [2, 2], "branches": 3, "batch_norm": True},
}
# onnxruntime is in a Python of its own (build/python), whose numpy need not be ours.
RUN = """
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.log_severity_level, options.intra_op_num_threads = 3, 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
spikes = numpy.load(sys.argv[2]).astype(numpy.float32)
numpy.save(sys.argv[3], numpy.stack(session.run(["spike_probability", "soma_mV"], {"spikes": spikes})))
"""


def python_with_onnxruntime():
    for python in (sys.executable, ROOT / "build/python/bin/python"):
        if pathlib.Path(python).exists() and subprocess.run([python, "-c", "import onnxruntime"], capture_output=True).returncode == 0:
            return python
    raise unittest.SkipTest("onnxruntime is not there: ./test installs it where pip can")


class Onnx(unittest.TestCase):
    def test_answers_as_the_twin_does_on_a_hundred_random_trials(self):
        python = python_with_onnxruntime()
        inputs, spikes, soma_mV = leaky_trials(20, 300)
        data = nt.Dataset.from_arrays(inputs, spikes, soma_mV, excitatory_synapses=8)
        random = np.random.default_rng(5)
        rates = random.uniform(0.005, 0.1, (TRIALS, 1, 1))  # from 5 to 100 Hz
        trials = random.random((TRIALS, 10, 400)) < rates
        with tempfile.TemporaryDirectory(prefix="neurontwin-test-") as folder:
            folder = pathlib.Path(folder)
            np.save(folder / "in.npy", trials)
            for name, options in KINDS.items():
                with self.subTest(name):
                    twin = nt.train(data, threads=1, progress=False, settings="[train]\nepochs = 2\nsteps_per_epoch = 150\nwindow_ms = 150\n", **options)
                    twin.export(folder / "twin.onnx", format="onnx")
                    subprocess.run([python, "-c", RUN, folder / "twin.onnx", folder / "in.npy", folder / "out.npy"], check=True, capture_output=True)
                    probability, mV = np.load(folder / "out.npy")
                    ours, ours_mV = twin(trials)
                    self.assertGreater(ours_mV.std(), 0.05, "the answers differ")
                    np.testing.assert_allclose(probability, ours, atol=1e-5)
                    np.testing.assert_allclose(mV, ours_mV, atol=1e-5 * 70)


if __name__ == "__main__":
    unittest.main()
