"""Data sets made by device code, emulated, are the CPU's; and what a device cannot do is refused."""
import unittest

import h5py
import numpy as np

from support import ROOT, InTemporaryFolder, command, run

SETTINGS = {"data.train_trials": 8, "data.valid_trials": 4, "data.test_trials": 4, "data.trial_ms": 400}
DETAILED = ROOT / "experiments/ball-and-stick.toml"


def simulate(out, *options, settings=None, experiment=DETAILED):
    return command("simulate", out, settings={**SETTINGS, **(settings or {})}, options=options, experiment=experiment)


class ADevice(InTemporaryFolder):
    def assert_refused(self, words, *said):
        done = run(words)
        self.assertEqual(done.returncode, 2, done.stderr)
        for word in said:
            self.assertIn(word, done.stderr)

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


if __name__ == "__main__":
    unittest.main()
