"""What several processes that mpirun starts compute of a network is what one computes."""
import json
import shutil
import subprocess
import time
import unittest

import h5py

from mpi_test import Ranks, ranks, with_mpi
from network_test import POPULATIONS
from support import PROGRAM, ROOT, command, wait_until

COUNTS = (1, 2, 3, 4)

# Neurons of every kind: point neurons and cells in blocks, twins one by one, sources.
# Delays are 2 ms or more, so that ranks tell each other of their spikes every second ms.
LARGER = POPULATIONS.replace("neurons = 80", "neurons = 600").replace("ms = 2000", "ms = 300").replace("[1, 4]", "[2, 4]")
SOME_OF_ALL = LARGER.replace("probability = 0.3", "probability = 0.3\ndelay_ms = 2") + f"""
[[populations]]
name = "cells"
kind = "cell"
cell = "{ROOT / "cells/ball-and-stick.toml"}"
neurons = 21
record_soma = 20
[[populations]]
name = "twins"
kind = "twin"
twin = "TWIN"
spikes = "draw"
neurons = 11
record_soma = 11
[[projections]]
from = "e"
to = "cells"
rule = "fixed-indegree"
indegree = 40
synapses = "excitatory"
delay_ms = [3, 7.5]
[[projections]]
from = "cells"
to = "twins"
rule = "all-to-all"
synapses = "excitatory"
delay_ms = 3
[[projections]]
from = "twins"
to = "e"
rule = "fixed-indegree"
indegree = 5
synapses = "excitatory"
delay_ms = 2
[[backgrounds]]
to = "twins"
synapses = "excitatory"
rate_hz = 4
[[backgrounds]]
to = "cells"
synapses = "excitatory"
rate_hz = 3
"""


@unittest.skipUnless(with_mpi(), "mpirun is missing, or the program was built without MPI")
class Networks(Ranks):
    def setUp(self):
        super().setUp()
        self.succeed(command("simulate", self.folder / "run", settings={"data.train_trials": 20}))
        quick = {"data.train_trials": 20, "train.epochs": 1, "train.steps_per_epoch": 10}
        self.succeed(command("train", self.folder / "run", settings=quick))
        self.network = self.folder / "network.toml"
        self.network.write_text(SOME_OF_ALL.replace("TWIN", str(self.folder / "run")))

    def words(self, out, *options):
        return [PROGRAM, "network", str(self.network), "--out", str(self.folder / out), *options]

    def assert_same(self, a, b):
        a, b = self.folder / a, self.folder / b
        for name in ("spikes.h5", "soma.h5", "checkpoint.h5"):
            self.assertEqual((a / name).read_bytes(), (b / name).read_bytes(), name)
        of_a, of_b = (json.loads((folder / "metrics.json").read_text()) for folder in (a, b))
        for key in of_a:
            if not key.startswith("timing.") and key != "contact_bytes":
                self.assertEqual(of_a[key], of_b[key], key)

    def test_spike_the_same_with_any_number_of_ranks(self):
        self.succeed(self.words("one", "--threads", "1"))
        with h5py.File(self.folder / "one/spikes.h5") as file:
            for name in ("e", "noise", "twins"):
                self.assertGreater(len(file["spikes"][name]["timestamps"]), 20, name)
        for count in COUNTS:
            with self.subTest(ranks=count):
                done = self.succeed(ranks(count, self.words(f"of-{count}")))
                self.assertEqual(done.stdout.count("times real time"), 1, done.stdout)
                self.assert_same("one", f"of-{count}")

    def test_go_on_with_another_number_of_ranks(self):
        self.succeed(self.words("one", "--threads", "1"))
        for first, then in ((3, 2), (1, 4), (2, 1)):
            out = f"{first}-{then}"
            self.succeed(ranks(first, self.words(out, "--ms", "131")))
            done = self.succeed(ranks(then, self.words(out)))
            self.assertIn("goes on at 131 ms", done.stderr)
            self.assert_same("one", out)

    def test_stopped_keep_a_checkpoint(self):
        words = self.words("out", "--ms", "1000000")
        job = subprocess.Popen(ranks(2, words), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True)
        wait_until((self.folder / "out").exists, job)
        time.sleep(0.5)
        message = self.stop(job)
        self.assertEqual(message.count("stopped while running the network; run the same command again to go on"), 1, message)
        self.assertTrue((self.folder / "out/checkpoint.h5").exists())


if __name__ == "__main__":
    unittest.main()
