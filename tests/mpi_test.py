"""Several processes that mpirun starts come to what one comes to."""
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

import h5py
from support import PROGRAM, InTemporaryFolder, command, run, wait_until
from convert_twin import read_safetensors

MPIRUN = shutil.which("mpirun")
STOPPED = 130
DATA = {"data.train_trials": 40, "data.valid_trials": 10, "data.test_trials": 10, "data.trials_per_shard": 4,
        "data.trial_ms": 800, "train.epochs": 2, "train.steps_per_epoch": 25, "train.window_ms": 200}
RECURRENT = {"twin.kind": "recurrent", "train.schedule": "[{ from_epoch = 0, learning_rate = 1e-2, soma_weight = 0.003 }]"}


def with_mpi():
    linked = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True).stdout
    return MPIRUN is not None and "libmpi" in linked


def ranks(count, words, *options):
    return [MPIRUN, "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", *options, "-n", str(count),
            *words, "--threads", "1"]


def unlike(first, second):
    """Two ranks that are started with different words."""
    start = [MPIRUN, "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
    return [*start, "-n", "1", *first, "--threads", "1", ":", "-n", "1", *second, "--threads", "1"]


def files_of(out):
    return {file.name: file.read_bytes() for file in (out / "dataset").iterdir()}


def weights(out):
    return {name: array.numpy() for name, array in read_safetensors(out / "twin.safetensors")[0].items()}


@unittest.skipUnless(with_mpi(), "mpirun is missing, or the program was built without MPI")
class Ranks(InTemporaryFolder):
    def stop(self, job):
        """As Slurm does, by a signal to every process of the job. What it says."""
        for rank in subprocess.run(["pgrep", "-P", str(job.pid)], capture_output=True, text=True).stdout.split():
            os.kill(int(rank), signal.SIGTERM)
        _, message = job.communicate(timeout=30)
        self.assertEqual(job.returncode, STOPPED, message)
        self.assert_no_longer_there(job)
        return message

    def assert_no_longer_there(self, job):
        """Every process of a job, which has a session of its own."""
        def gone():
            left = subprocess.run(["pgrep", "-s", str(job.pid), "neurontwin"], capture_output=True, text=True)
            return left.stdout == ""
        wait_until(gone, timeout_s=20)


class Simulating(Ranks):
    def test_makes_the_same_data_set_with_any_number_of_ranks(self):
        one = self.folder / "one"
        self.succeed(command("simulate", one, settings=DATA))
        for count in (1, 2, 3, 4):
            with self.subTest(ranks=count):
                out = self.folder / f"of-{count}"
                done = self.succeed(ranks(count, command("simulate", out, settings=DATA)))
                self.assertEqual(files_of(out), files_of(one))
                self.assertEqual(done.stderr.count("simulate: 60 trials of 800 ms"), 1, done.stderr)
                again = self.succeed(ranks(count, command("simulate", out, settings=DATA)))
                self.assertIn("simulate: done before", again.stderr)

    def test_reads_what_rank_0_fitted(self):
        settings = {**DATA, "stimulus.calibrate": "{ rate_hz = 8.0, trials = 8, tolerance = 0.3 }"}
        self.succeed(command("simulate", self.folder / "one", settings=settings))
        self.succeed(ranks(3, command("simulate", self.folder / "three", settings=settings)))
        self.assertEqual(files_of(self.folder / "three"), files_of(self.folder / "one"))

    def test_that_lost_a_rank_ends_within_seconds_and_goes_on(self):
        settings = {**DATA, "data.train_trials": 4000, "data.trial_ms": 4000}
        out = self.folder / "out"
        words = ranks(3, command("simulate", out, settings=settings))
        job = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True)
        wait_until((out / "dataset/train-0003.h5").exists, job)
        victim = subprocess.run(["pgrep", "-P", str(job.pid)], capture_output=True, text=True).stdout.split()[-1]
        os.kill(int(victim), signal.SIGKILL)
        _, message = job.communicate(timeout=20)
        self.assertNotEqual(job.returncode, 0)
        self.assertIn("exited on signal 9", message)
        self.assert_no_longer_there(job)
        found = {file.name: file.stat().st_mtime_ns for file in (out / "dataset").glob("*.h5")}
        job = subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
        wait_until(lambda: len(list((out / "dataset").glob("*.h5"))) > len(found) + 3, job)
        job.send_signal(signal.SIGTERM)
        job.wait(timeout=20)
        for name, made in found.items():
            self.assertEqual((out / "dataset" / name).stat().st_mtime_ns, made)
        for file in (out / "dataset").glob("*.h5"):
            with h5py.File(file) as shard:
                self.assertEqual(shard.attrs["duration_ms"], 4000)

    def test_of_pieces_by_hand_is_refused(self):
        done = run(ranks(2, command("simulate", self.folder / "out", settings=DATA, options=("--shards", "0:2"))))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("these 2 ranks share the data set already", done.stderr)

    def test_says_once_what_is_wrong_with_the_input(self):
        done = run(ranks(3, command("simulate", self.folder / "out", settings={**DATA, "data.trial_ms": -4})))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stderr.count("expected from 2 to 10000000"), 1, done.stderr)

    def test_in_a_folder_in_use_ends_with_the_reason(self):
        out = self.folder / "out"
        first = subprocess.Popen(command("simulate", out, settings={**DATA, "data.train_trials": 100000}), stderr=subprocess.DEVNULL)
        try:
            wait_until((out / "dataset").exists, first)
            second = run(ranks(2, command("simulate", out, settings=DATA)), timeout_s=30)
            self.assertNotEqual(second.returncode, 0)
            self.assertIn("another neurontwin is working in this directory", second.stderr)
        finally:
            first.kill()
            first.wait()


class Disagreeing(Ranks):
    """Ranks that would wait for each other for ever, or write into each other's results: hosts with another file, another program
    or a folder of their own."""

    def assert_refused(self, first, second, *words):
        done = run(unlike(first, second), timeout_s=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stderr.count("neurontwin: "), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_with_other_settings_are_refused(self):
        out = self.folder / "out"
        self.assert_refused(command("simulate", out, settings=DATA), command("simulate", out, settings={**DATA, "seed": 7}),
                            "neurontwin: rank 1 on ", "has another experiment than rank 0", "(seed = 7 there, seed = 1 here)")
        self.assertFalse(out.exists())

    def test_with_other_commands_are_refused(self):
        out = self.folder / "out"
        self.assert_refused(command("simulate", out, settings=DATA), command("train", out, settings=DATA),
                            "has another command than rank 0", "(train there, simulate here)")

    def test_that_do_not_share_the_run_folder_are_refused(self):
        mine, other = self.folder / "mine", self.folder / "other"
        other.mkdir()
        self.assert_refused(command("simulate", mine, settings=DATA), command("simulate", other, settings=DATA),
                            "rank 1 on ", "does not see what rank 0 on ", "a file system that all hosts share")
        self.assertEqual([file.name for file in mine.iterdir()], [".lock"])
        self.assertEqual(list(other.iterdir()), [])


class Training(Ranks):
    def setUp(self):
        super().setUp()
        self.data = self.folder / "data"
        self.succeed(command("simulate", self.data, settings=DATA))

    def trained(self, name, count, settings=None):
        out = self.folder / name
        if not out.exists():
            shutil.copytree(self.data, out)
        words = command("train", out, settings={**DATA, **(settings or {})})
        self.succeed(ranks(count, words) if count > 0 else words)
        return out

    def assert_near(self, a, b):
        """50 steps of NAdam at 1e-2 of sums in float that are added up in another order: they differ by rounding, about 1e-7 of
        their size at each step, and steps amplify that; those on other windows differ by 1e-2."""
        self.assertEqual(set(a), set(b))
        for name in a:
            difference = abs(a[name] - b[name]).max()
            self.assertLess(difference, 2e-4, name)

    def assert_like_one_rank(self, settings):
        one = weights(self.trained("one", 0, settings))
        self.assertEqual({n: a.tobytes() for n, a in weights(self.trained("by-mpi", 1, settings)).items()},
                         {n: a.tobytes() for n, a in one.items()})
        for count in (2, 3, 4):
            with self.subTest(ranks=count):
                first, second = (weights(self.trained(f"{count}-{again}", count, settings)) for again in range(2))
                self.assert_near(first, one)
                self.assertEqual({n: a.tobytes() for n, a in first.items()}, {n: a.tobytes() for n, a in second.items()})

    def test_a_recurrent_twin_comes_to_the_weights_of_one_rank(self):
        self.assert_like_one_rank(RECURRENT)

    def test_a_convolutional_twin_does_too(self):
        self.assert_like_one_rank({})

    def test_batch_normalisation_is_over_the_windows_of_all_ranks(self):
        """With rectifiers: without, normalisation takes away what biases add, so that their gradients are rounding alone, which
        NAdam makes into whole steps."""
        self.assert_like_one_rank({"twin.taps": [20, 5], "twin.width": [8, 4], "twin.batch_norm": "true", "twin.activation": "relu"})

    def test_batch_normalisation_on_devices_is_refused(self):
        out = self.folder / "out"
        shutil.copytree(self.data, out)
        settings = {**DATA, "twin.batch_norm": "true"}
        words = command("train", out, settings=settings, options=("--device", "emulate"))
        done = run(ranks(2, words))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stderr.count("of which the device of each of 2 ranks sees only some"), 1, done.stderr)
        self.succeed(ranks(1, words))

    def test_learns_what_one_rank_learns(self):
        losses = [json.loads((self.trained(f"of-{count}", count) / "learning.json").read_text())["epochs"] for count in (1, 4)]
        for one, four in zip(*losses):
            for key in ("train_loss", "valid_loss", "valid_auc"):
                self.assertAlmostEqual(one[key], four[key], delta=1e-4 * (1 + abs(one[key])), msg=key)

    def test_goes_on_with_another_number_of_ranks(self):
        out = self.folder / "out"
        shutil.copytree(self.data, out)
        settings = {**DATA, "train.epochs": 2, "train.steps_per_epoch": 3000}
        words = command("train", out, settings=settings)
        job = subprocess.Popen(ranks(3, words), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True)
        wait_until((out / "checkpoints").exists, job)
        wait_until(lambda: self.after_a_second(job), job)
        message = self.stop(job)
        self.assertEqual(message.count("stopped while training; run the same command again to go on"), 1, message)
        self.assertTrue((out / "checkpoints/last.safetensors").exists())
        done = self.succeed(ranks(2, words))
        self.assertIn("2 epochs", done.stderr)

    def test_stops_where_one_rank_alone_is_asked_to(self):
        out = self.folder / "out"
        shutil.copytree(self.data, out)
        words = ranks(2, command("train", out, settings={**DATA, "train.steps_per_epoch": 100000}))
        job = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True)
        wait_until((out / "checkpoints").exists, job)
        wait_until(lambda: self.after_a_second(job), job)
        asked = subprocess.run(["pgrep", "-P", str(job.pid)], capture_output=True, text=True).stdout.split()[0]
        os.kill(int(asked), signal.SIGTERM)
        _, message = job.communicate(timeout=30)
        self.assertEqual(job.returncode, STOPPED, message)
        self.assertEqual(message.count("neurontwin: "), 1, message)
        self.assertTrue((out / "checkpoints/last.safetensors").exists())

    _since = None

    def after_a_second(self, _):
        self._since = self._since or time.monotonic()
        return time.monotonic() > self._since + 1

    def test_by_more_ranks_than_windows_leaves_some_idle(self):
        out = self.folder / "out"
        shutil.copytree(self.data, out)
        done = self.succeed(ranks(4, command("train", out, settings={**DATA, "train.batch_windows": 3})))
        self.assertIn("train: 3 of 4 ranks, one for each window of a batch (train.batch_windows)", done.stderr)


class AWholeRun(Ranks):
    def test_by_ranks_has_all_results(self):
        out = self.folder / "out"
        done = self.succeed(ranks(3, command("run", out, settings=DATA)))
        for name in ("twin.safetensors", "metrics.json", "report.html"):
            self.assertTrue((out / name).exists(), name)
        self.assertEqual(done.stdout.count("report.html"), 1, done.stdout)

    def test_other_commands_work_in_one_process(self):
        done = self.succeed([MPIRUN, "--allow-run-as-root", "--oversubscribe", "-n", "2", PROGRAM, "list", str(self.folder)])
        self.assertIn("'list' works in one process; the other 1 wait for it", done.stderr)


if __name__ == "__main__":
    unittest.main()
