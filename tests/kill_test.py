"""A run that is killed and started again ends as one that was not."""
import json
import random
import shutil
import signal
import subprocess
import time
import unittest

import h5py
from support import SLOW, InTemporaryFolder, command, end, metrics, run, wait_until
from convert_twin import read_safetensors

STOPPED = 130


class AKilledRun(InTemporaryFolder):
    def assert_every_file_is_whole(self, out):
        for file in out.rglob("*"):
            if not file.is_file() or file.name.endswith(".half-written") or file.name == ".lock":
                continue
            if file.suffix == ".h5":
                with h5py.File(file) as h5:
                    trials = h5.attrs["trials"]
                    for group in ("input/exc", "input/inh", "output/spikes"):
                        offset = h5[group]["offset"][:]
                        self.assertEqual(len(offset), trials + 1)
                        for name in h5[group]:
                            if name != "offset":
                                self.assertEqual(len(h5[group][name][:]), offset[-1], file)
                    self.assertEqual(h5["output/soma_mV"][:].shape, (trials, h5.attrs["duration_ms"]))
            elif file.suffix == ".json":
                json.loads(file.read_text())
            elif file.suffix == ".safetensors":
                read_safetensors(file)  # compares the digest
            elif file.suffix == ".html":
                self.assertTrue(file.read_text().endswith("</html>\n"), file)

    def kill_until_done(self, out, settings, kills, seed):
        """Kills at random moments of a run's length, then lets it finish. Returns the stages found interrupted."""
        moments = random.Random(seed)
        reference = self.folder / "undisturbed"
        words = command(out=reference, settings=settings)
        start = time.monotonic()
        self.succeed(words)
        length = time.monotonic() - start
        words = command(out=out, settings=settings)
        interrupted = 0
        for _ in range(kills):
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                # Short lives mostly, so that progress is made in many small pieces and all stages are hit.
                process.wait(timeout=moments.uniform(0.02, 0.6 * length))
            except subprocess.TimeoutExpired:
                end(process)
                interrupted += 1
            if out.exists():
                self.assert_every_file_is_whole(out)
            if (out / "report.html").exists():  # it finished before it was killed: the next starts anew
                self.assertEqual(metrics(out), metrics(reference))
                shutil.rmtree(out)
        self.succeed(words)
        self.assert_every_file_is_whole(out)
        self.assertEqual(list(out.rglob("*.half-written")), [])
        self.assertEqual(metrics(out), metrics(reference))
        return interrupted

    def test_ends_with_the_metrics_of_an_undisturbed_one(self):
        settings = {"data.train_trials": 600, "train.epochs": 4, "train.steps_per_epoch": 150,
                    "evaluate.bootstrap_resamples": 300}
        for seed in range(4 if SLOW else 2):
            with self.subTest(seed=seed):
                interrupted = self.kill_until_done(self.folder / f"killed-{seed}", settings, 20, seed)
                self.assertGreater(interrupted, 3)

    def test_that_was_writing_checkpoints_all_the_time_too(self):
        settings = {"train.checkpoint_every_s": 0, "train.steps_per_epoch": 40}
        for seed in range(4 if SLOW else 2):
            with self.subTest(seed=seed):
                interrupted = self.kill_until_done(self.folder / f"killed-{seed}", settings, 20, 100 + seed)
                self.assertGreater(interrupted, 3)

    def test_that_simulated_beside_training_too(self):
        settings = {"data.train_trials": 600, "train.epochs": 4, "train.steps_per_epoch": 150, "train.checkpoint_every_s": 0.1,
                    "train.starts_with_trials": 30, "train.all_trials_from_epoch": 3}
        interrupted = self.kill_until_done(self.folder / "killed", settings, 20, 7)
        self.assertGreater(interrupted, 3)


class AnInterruptedRun(InTemporaryFolder):
    def test_stops_cleanly_and_goes_on(self):
        reference, out = self.folder / "undisturbed", self.folder / "interrupted"
        settings = {"train.steps_per_epoch": 2000}
        self.succeed(command(out=reference, settings=settings))
        process = subprocess.Popen(command(out=out, settings=settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until((out / "checkpoints").exists, process)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=10)
        self.assertEqual(process.returncode, STOPPED, message)
        self.assertIn("stopped while training; run the same command again to go on", message)
        self.assertTrue((out / "checkpoints/last.safetensors").exists())
        self.succeed(command(out=out, settings=settings))
        self.assertEqual(metrics(out), metrics(reference))

    def start_simulating_beside_training(self, out):
        """A run of which the first checkpoint is there, and most of the data is not."""
        settings = {"data.train_trials": 6000, "train.epochs": 40, "train.steps_per_epoch": 2000, "train.checkpoint_every_s": 0.1,
                    "train.starts_with_trials": 30, "train.all_trials_from_epoch": 20}
        process = subprocess.Popen(command(out=out, settings=settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until((out / "checkpoints/last.safetensors").exists, process)
        return process

    def test_stops_both_simulation_and_training(self):
        out = self.folder / "interrupted"
        process = self.start_simulating_beside_training(out)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=10)
        self.assertEqual(process.returncode, STOPPED, message)
        self.assertRegex(message, "stopped while (training|simulating); run the same command again to go on")
        self.assertFalse((out / "dataset/test-0000.h5").exists())
        self.assertEqual(list(out.rglob("*.half-written")), [])

    def test_says_what_stopped_the_simulation_beside_training(self):
        out = self.folder / "out"
        process = self.start_simulating_beside_training(out)
        (out / "dataset").rename(out / "gone")
        _, message = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1, message)
        self.assertRegex(message, r"train-\d+\.h5: cannot be written: No such file or directory")
        (out / "gone").rename(out / "dataset")
        self.assertTrue((out / "checkpoints/last.safetensors").exists())


class TwoPrograms(InTemporaryFolder):
    def test_do_not_work_in_one_folder(self):
        out = self.folder / "out"
        first = subprocess.Popen(command(out=out, settings={"train.epochs": 1000}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until((out / "checkpoints").exists, first)
            second = run(command(out=out, settings={"train.epochs": 1000}))
            self.assertEqual(second.returncode, 2)
            self.assertIn("another neurontwin is working in this directory", second.stderr)
        finally:
            end(first)


if __name__ == "__main__":
    unittest.main()
