"""What several processes that mpirun starts say of a twin, find in a search and compute of a network: what one process does."""
import json
import shutil
import sqlite3
import subprocess
import time
import unittest

import h5py

from mpi_test import Ranks, ranks, unlike, with_mpi
from network_test import POPULATIONS
from search_test import answers, finished, search
from support import PROGRAM, ROOT, command, metrics, run, wait_until

COUNTS = (1, 2, 3, 4)
VOLTAGE_ALONE = "[{ from_epoch = 0, learning_rate = 1e-2, spike_weight = 0.0, soma_weight = 1.0 }]"
# A branch whose evaluation and interpretation ask for everything that is dealt out.
BRANCH = {"data.trial_ms": 500, "data.train_trials": 12, "data.valid_trials": 5, "data.test_trials": 7, "data.trials_per_shard": 4,
          "simulation.dt_ms": 0.1, "train.schedule": VOLTAGE_ALONE, "train.window_ms": 200, "train.skip_ms": 0, "train.epochs": 1,
          "train.steps_per_epoch": 20, "evaluate.generalisation.trials": 5, "evaluate.generalisation.clusters_fit_trials": 2,
          "evaluate.sequences.orders": 7, "evaluate.interventions.trials": 5, "evaluate.interventions.stretch_ms": 200,
          "evaluate.interventions.after_ms": 50, "evaluate.glm_trials": 10, "evaluate.glm_passes": 5, "evaluate.bootstrap_resamples": 20,
          "interpret.added_spikes": 12, "interpret.moments": 8, "interpret.attributed_spikes": 0, "interpret.probes.trials_fit": 18,
          "interpret.probes.trials_score": 5, "interpret.probes.skip_ms": 50}


def branch(stage, out):
    return command(stage, out, ROOT / "experiments/branch-nmda.toml", BRANCH)


@unittest.skipUnless(with_mpi(), "mpirun is missing, or the program was built without MPI")
class Describing(Ranks):
    """Evaluation and interpretation of one trained twin."""

    def test_a_twin_comes_to_the_same_numbers_with_any_number_of_ranks(self):
        trained = self.folder / "trained"
        for stage in ("simulate", "train"):
            self.succeed(branch(stage, trained))
        one = self.folder / "one"
        shutil.copytree(trained, one)
        for stage in ("evaluate", "interpret"):
            self.succeed(branch(stage, one))
        for count in COUNTS:
            with self.subTest(ranks=count):
                out = self.folder / f"of-{count}"
                shutil.copytree(trained, out)
                done = self.succeed(ranks(count, branch("evaluate", out)))
                self.assertEqual(done.stderr.count("\nevaluate: "), 1, done.stderr)  # one rank alone tells
                self.succeed(ranks(count, branch("interpret", out)))
                self.assertEqual(metrics(out), metrics(one))
                for name in ("curves.json", "interpretation.json"):
                    self.assertEqual((out / name).read_bytes(), (one / name).read_bytes(), name)
                for file in (one / "dataset").iterdir():
                    self.assertEqual((out / "dataset" / file.name).read_bytes(), file.read_bytes(), file.name)
                self.assertIn("evaluate: done before", self.succeed(ranks(count, branch("evaluate", out))).stderr)

    def test_what_is_not_there_is_said_once(self):
        done = run(ranks(3, branch("evaluate", self.folder / "out")), timeout_s=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stderr.count("the stage 'simulate' has not been finished there"), 1, done.stderr)


@unittest.skipUnless(with_mpi(), "mpirun is missing, or the program was built without MPI")
class Searching(Ranks):
    def assert_no_lock_is_held(self, out):
        base = sqlite3.connect(out / "search.sqlite")
        self.assertEqual(base.execute("SELECT count(*) FROM job LEFT JOIN result USING (trial, rung) WHERE place IS NULL").fetchone(), (0,))
        base.close()

    def test_finds_the_same_networks_with_any_number_of_ranks(self):
        one = self.folder / "one"
        self.succeed(search(one, options=("--threads", 1)))
        for count in COUNTS:
            with self.subTest(ranks=count):
                out = self.folder / f"of-{count}"
                done = self.succeed(ranks(count, search(out)))
                self.assertEqual(finished(out), finished(one))
                self.assertEqual(answers(out), answers(one))
                self.assertEqual(done.stdout.count("search.json"), 1, done.stdout)
                self.assert_no_lock_is_held(out)

    def test_stopped_goes_on_with_another_number_of_ranks(self):
        one, out = self.folder / "one", self.folder / "out"
        self.succeed(search(one, options=("--threads", 1)))
        job = subprocess.Popen(ranks(3, search(out)), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True)
        wait_until(lambda: len(finished(out)) > 2, job)
        self.stop(job)
        before = finished(out)
        self.succeed(ranks(2, search(out)))
        self.assertEqual(answers(out), answers(one))
        self.assertEqual({job: finished(out)[job] for job in before}, before)

    def test_has_no_other_workers_than_the_ranks(self):
        done = run(ranks(2, search(self.folder / "out", options=("--workers", 2))))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("--workers 2: these 2 ranks are the workers; leave it out", done.stderr)


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

    def test_of_other_settings_is_refused(self):
        done = run(unlike(self.words("out"), self.words("out", "--seed", "9")), timeout_s=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stderr.count("has another network than rank 0"), 1, done.stderr)
        self.assertIn("seed = 9 there", done.stderr)
        self.assertFalse((self.folder / "out").exists())

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
