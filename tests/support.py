"""Runs the program as a user would."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("NEURONTWIN", str(ROOT / "build/release/neurontwin"))
EXPERIMENT = ROOT / "experiments/if.toml"
SLOW = os.environ.get("NEURONTWIN_SLOW") == "1"
sys.path.insert(0, str(ROOT / "python"))  # for convert_twin

# The integrate-and-fire experiment in two seconds.
SMALL = {
    "data.trial_ms": 2000, "data.train_trials": 60, "data.valid_trials": 20, "data.test_trials": 30,
    "data.trials_per_shard": 16, "train.epochs": 3, "train.steps_per_epoch": 60, "train.window_ms": 300,
    "evaluate.bootstrap_resamples": 100, "evaluate.generalisation.trials": 4,
    "train.schedule": "[{ from_epoch = 0, learning_rate = 1e-2, soma_weight = 0.003 }]",
}


def command(stage="run", out=None, experiment=EXPERIMENT, settings=None, options=()):
    words = [PROGRAM, stage, str(experiment)]
    for key, value in {**SMALL, **(settings or {})}.items():
        words += ["--set", f"{key}={value}"]
    if out is not None:
        words += ["--out", str(out)]
    return words + [str(o) for o in options]


def run(words, cwd=None, timeout_s=600):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=timeout_s, cwd=cwd)


def wait_until(happened, process=None, timeout_s=120):
    """Looks again until `happened()` is true; fails after a time, or when the process that it depends on has ended."""
    end = time.monotonic() + timeout_s
    while not happened():
        if process is not None and process.poll() is not None and not happened():
            raise AssertionError(f"the program ended with {process.returncode} before what was waited for")
        if time.monotonic() > end:
            raise AssertionError(f"{timeout_s} s passed without what was waited for")
        time.sleep(0.01)


def end(process, timeout_s=30):
    """Kills a program and waits for its end."""
    process.kill()
    process.wait(timeout=timeout_s)


def write_excitation(path, times_ms):
    """Replay input: spikes of excitatory synapse 0 at these times. Returns the file."""
    import h5py
    import numpy as np
    with h5py.File(path, "w") as file:
        for kind, times in (("exc", times_ms), ("inh", ())):
            file[f"input/{kind}/time_ms"] = np.array(times, dtype=float)
            file[f"input/{kind}/synapse"] = np.zeros(len(times), dtype=np.uint32)
    return path


def metrics(folder):
    """Everything but the times, which no seed can repeat."""
    numbers = json.loads((pathlib.Path(folder) / "metrics.json").read_text())
    return {key: value for key, value in numbers.items() if not key.startswith("timing.")}


class InTemporaryFolder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="neurontwin-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def succeed(self, words, timeout_s=600):
        done = run(words, timeout_s=timeout_s)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done


class OfAFinishedRun(InTemporaryFolder):
    """`whole`: the folder of a run with `settings`, made once for all tests of the class; `out`: a copy, which a test may damage."""
    settings = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.whole = pathlib.Path(tempfile.mkdtemp(prefix="neurontwin-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.whole)
        done = run(command(out=cls.whole, settings=cls.settings))
        assert done.returncode == 0, done.stderr

    def setUp(self):
        super().setUp()
        self.out = self.folder / "run"
        shutil.copytree(self.whole, self.out)
