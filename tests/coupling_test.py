"""The example that couples NEURON with twins through the C header."""
import importlib.util
import pathlib
import unittest

from support import PROGRAM, ROOT, InTemporaryFolder, command, run

LIBRARY = pathlib.Path(PROGRAM).resolve().parent / "libneurontwin_engine.so"


@unittest.skipUnless(importlib.util.find_spec("neuron"), "NEURON is not installed")
class HalfInNeuronHalfTwins(InTemporaryFolder):
    def spikes(self, *options):
        done = self.succeed(["/usr/bin/python3", ROOT / "examples/neuron_and_twins.py", self.folder / "run/twin.safetensors", LIBRARY,
                             "--ms", "400", *options])
        lines = [line.split() for line in done.stdout.splitlines()]
        return {half: [(float(t), int(n)) for t, h, n in lines if h == half] for half in ("neuron", "twin")}

    def test_exchange_spikes_that_arrive_after_their_delay(self):
        learning = {"twin.kind": "recurrent", "twin.memory_units": 8, "twin.spike_bias": -5, "train.epochs": 4, "data.train_trials": 100,
                    "train.steps_per_epoch": 100}
        done = run(command("run", self.folder / "run", settings=learning))
        self.assertEqual(done.returncode, 0, done.stderr)
        coupled, again, apart = self.spikes(), self.spikes(), self.spikes("--uncoupled")
        self.assertEqual(coupled, again)
        for half, other in (("neuron", "twin"), ("twin", "neuron")):
            self.assertGreater(len(coupled[half]), 20)
            self.assertNotEqual(coupled[half], apart[half])
            # Nothing of a half is other than without the other one before the first of that one's spikes can have arrived.
            first = min(t for t, _ in coupled[other])
            until = int(first) + 2
            self.assertEqual([s for s in coupled[half] if s[0] < until], [s for s in apart[half] if s[0] < until])


if __name__ == "__main__":
    unittest.main()
