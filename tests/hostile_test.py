"""Files of other people, full disks, limits and signals: the program ends soon, with one message and the right exit code."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import h5py
import numpy as np
from support import EXPERIMENT, PROGRAM, ROOT, InTemporaryFolder, OfAFinishedRun, command, end, metrics, run, wait_until

FAILED, WRONG_INPUT, STOPPED = 1, 2, 130
TINY = {"data.train_trials": 24, "data.valid_trials": 8, "data.test_trials": 8, "data.trial_ms": 1000, "data.trials_per_shard": 8, "train.epochs": 2,
        "train.steps_per_epoch": 10, "train.window_ms": 200, "evaluate.generalisation.sets": "[]", "evaluate.baselines": "false"}
# Words of libraries, which say nothing to a user.
LIBRARY_WORDS = ["map::at", "bad_alloc", "_M_", "vector::", "json.exception", "[json", "H5", "SQLITE", "terminate called", "c10", "libtorch", "basic_string"]


class Hostile(InTemporaryFolder):
    def assert_refused(self, words, *parts, code=WRONG_INPUT, timeout_s=60):
        done = run(words, timeout_s=timeout_s)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stderr}\n{done.stdout}")
        for part in parts:
            self.assertIn(str(part), done.stderr)
        for word in LIBRARY_WORDS:
            self.assertNotIn(word, done.stderr)
        return done.stderr


class AFileOfAnother(Hostile, OfAFinishedRun):
    settings = TINY

    def stage(self, stage):
        return command(stage, self.out, settings=TINY)

    def test_nested_without_end_is_refused(self):
        toml = self.folder / "deep.toml"
        for text in ["[" + ".".join("a" * 100000) + "]", ".".join("a" * 100000) + " = 1", "x = " + "[" * 100000, "x = " + "{a=" * 100000]:
            toml.write_text(text)
            self.assert_refused([PROGRAM, "inspect", toml], f"{toml}:1:")
        self.assert_refused([PROGRAM, "run", toml], f"{toml}:1:")
        self.assert_refused([PROGRAM, "inspect", EXPERIMENT, "--set", ".".join("a" * 30000) + "=1"], "a key has more than")
        for text in ["[" * 1000000 + "]" * 1000000, '{"a":' * 400000]:
            (self.out / "search.json").write_text(text)
            done = run(self.stage("report"))  # no search of this program wrote it
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"leaves out {self.out / 'search.json'}", done.stderr)
        (self.out / "search.json").unlink()
        for name in ["metrics.json", "curves.json", "interpretation.json", "stages.json"]:
            whole = (self.out / name).read_text()
            (self.out / name).write_text("[" * 1000000)
            self.assert_refused(self.stage("report"), name)
            (self.out / name).write_text(whole)

    def test_of_other_types_than_expected_is_refused_or_read(self):
        for name in ["metrics.json", "curves.json", "learning.json", "interpretation.json", "search.json", "stages.json"]:
            file = self.out / name
            whole = file.read_text() if file.exists() else None
            for text in ["3", "[1]", "{}", '{"units": [3], "train": 3, "spike.auc": []}', '{"units": [{"filters": [[[1], 2]]}], "train": {"inputs": 3}}']:
                file.write_text(text)
                done = run(self.stage("report"))
                self.assertIn(done.returncode, (0, WRONG_INPUT), f"{name} {text}\n{done.stderr}")
                if done.returncode == WRONG_INPUT:
                    self.assertIn("an older neurontwin" if "an older neurontwin" in done.stderr else name, done.stderr)
                for word in LIBRARY_WORDS:
                    self.assertNotIn(word, done.stderr)
            if whole is None:
                file.unlink()
            else:
                file.write_text(whole)

    def test_with_intervals_that_are_none_is_no_crash(self):
        for interval in ["[]", "[1]", "[1, 2, 3]", "3", "{}", '["a", "b"]', "[null, 1]"]:
            (self.out / "metrics.json").write_text('{"spike.auc": 1, "spike.auc_ci95": %s}' % interval)
            done = run(self.stage("run"))
            self.assertIn(done.returncode, (0, WRONG_INPUT), done.stderr)

    def test_that_is_no_ordinary_file_is_refused_at_once(self):
        def fifo(file):
            os.mkfifo(file)

        def zero(file):
            file.symlink_to("/dev/zero")

        shard = self.out / "dataset/test-0000.h5"
        cell = ROOT / "cells/l5pc.toml"
        for make, kind in [(fifo, "is a pipe"), (zero, "is a device"), (pathlib.Path.mkdir, "is a directory")]:
            place = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
            for name in ["a.toml", "a.swc", "a.asc", "a.mod", "a.h5", "a.safetensors"]:
                make(place / name)
                self.assert_refused([PROGRAM, "inspect", place / name], place / name,
                                    kind if name != "a.safetensors" else "is not an ordinary file")
            if make is not fifo:  # which waits for ever where the others would be read without end, or refused
                continue
            for words in [["run", place / "a.toml"], ["simulate", place / "a.toml", "--ms", 9, "--out", self.folder / "o.h5"],
                          ["simulate", cell, "--ms", 9, "--morphology", place / "a.swc", "--out", self.folder / "o.h5"],
                          ["simulate", cell, "--replay", place / "a.h5", "--out", self.folder / "o.h5"],
                          ["predict", place / "a.safetensors", "--input", shard, "--out", self.folder / "p.h5"],
                          ["export", place / "a.safetensors", "--format", "hdf5", "--out", self.folder / "p.h5"]]:
                self.assert_refused([PROGRAM, *words], place, "is not an ordinary file" if "safetensors" in str(words[1]) else kind)
            for name in ["dataset/train-0000.h5", "stages.json", "interpretation.json"]:
                (self.out / name).rename(self.folder / "kept")
                make(self.out / name)
                self.assert_refused(self.stage("report") if name != "dataset/train-0000.h5" else self.stage("train"), name.split("/")[-1])
                (self.out / name).rmdir() if (self.out / name).is_dir() else (self.out / name).unlink()
                (self.folder / "kept").rename(self.out / name)

    def test_in_hdf5_that_leads_elsewhere_is_refused(self):
        shard, other = self.out / "dataset/test-0000.h5", self.folder / "other.h5"
        shutil.copy(shard, other)
        soma = h5py.File(other)["output/soma_mV"][:]
        raw = self.folder / "raw"
        raw.write_bytes(soma.tobytes())

        def external_link(file):
            file["output/soma_mV"] = h5py.ExternalLink(str(other), "/output/soma_mV")

        def soft_link(file):
            file["kept"] = soma
            file["output/soma_mV"] = h5py.SoftLink("/kept")

        def external_storage(file):
            file.create_dataset("output/soma_mV", shape=soma.shape, dtype="f4", external=[(str(raw), 0, soma.nbytes)])

        def virtual(file):
            layout = h5py.VirtualLayout(shape=soma.shape, dtype="f4")
            layout[:] = h5py.VirtualSource(str(other), "output/soma_mV", shape=soma.shape)
            file.create_virtual_dataset("output/soma_mV", layout)

        def chunked(file):
            file.create_dataset("output/soma_mV", data=soma, chunks=True, compression="gzip")

        def compact(file):
            properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            properties.set_layout(h5py.h5d.COMPACT)
            space = h5py.h5s.create_simple((4,))
            h5py.h5d.create(file["output"].id, b"soma_mV", h5py.h5t.NATIVE_FLOAT, space, properties)

        def empty(file):
            file["output/soma_mV"] = h5py.Empty("f4")

        def linked_group(file):
            del file["output"]
            file["output"] = h5py.ExternalLink(str(other), "/output")

        for change, words in [(external_link, "/output/soma_mV is an external link"), (soft_link, "/output/soma_mV is a symbolic link"),
                              (external_storage, "has its values in other files"), (virtual, "has its values in other files"),
                              (chunked, "stored in chunks or compressed"), (compact, "stored in chunks or compressed"),
                              (empty, "/output/soma_mV holds no values"), (linked_group, "/output is an external link")]:
            with self.subTest(change=change.__name__):
                shutil.copy(other, shard)
                with h5py.File(shard, "r+") as file:
                    del file["output/soma_mV"]
                    change(file)
                self.assert_refused([PROGRAM, "inspect", shard], shard, words)
        self.assert_refused(self.stage("evaluate"), shard, words)
        self.assert_refused([PROGRAM, "predict", *(self.out.glob("twin.*")), "--input", shard, "--out", self.folder / "p.h5"], shard, words)

    def test_in_hdf5_with_numbers_that_cannot_be_is_refused(self):
        shard, whole = self.out / "dataset/test-0000.h5", self.folder / "whole.h5"
        shutil.copy(shard, whole)
        for name, value in [("trials", -1), ("trials", 2**61), ("duration_ms", 2**62), ("duration_ms", 0), ("duration_ms", -5), ("first_trial", -1),
                            ("excitatory_synapses", -1), ("excitatory_synapses", 2**40), ("inhibitory_synapses", 2**40), ("trials", 1.5), ("trials", "many"),
                            ("trials", np.arange(3)), ("split", np.array([b"a" * 50] * 50)), ("configuration", 3)]:
            with self.subTest(name=name, value=str(value)[:20]):
                shutil.copy(whole, shard)
                with h5py.File(shard, "r+") as file:
                    file.attrs[name] = value
                self.assert_refused([PROGRAM, "inspect", shard], shard, name)
        for path, value in [("output/soma_mV", np.nan), ("output/soma_mV", np.inf)]:
            shutil.copy(whole, shard)
            with h5py.File(shard, "r+") as file:
                file[path][0, 3] = value
            self.assert_refused([PROGRAM, "inspect", shard], shard, "expected a finite number")

    def test_in_hdf5_that_claims_more_than_memory_holds_is_refused(self):
        file = self.folder / "bomb.h5"
        for shape in [(2**40,), (2**32, 2**32), (2**32, 2**31, 2)]:
            with h5py.File(file, "w") as h5:
                for kind in ["exc", "inh"]:
                    for name in ["compartment", "time_ms"]:
                        h5.create_dataset(f"input/{kind}/{name}", shape=shape, dtype="u4", chunks=tuple(2**10 if n > 2**10 else n for n in shape))
            self.assert_refused([PROGRAM, "simulate", ROOT / "cells/l5pc.toml", "--replay", file, "--out", self.folder / "o.h5"], file, "/input/exc/compartment")


class AFullDisk(Hostile):
    def test_under_stdout_or_stderr_is_a_failure_that_says_so(self):
        tree = ROOT / "tests/fuzz/corpus/swc/one_point.swc"
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "inspect", tree], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(done.returncode, FAILED)
            self.assertIn("the output cannot be written: No space left on device", done.stderr)
            done = subprocess.run([PROGRAM, "inspect", "nothing.swc"], stdout=subprocess.PIPE, stderr=full, timeout=60)
            self.assertEqual(done.returncode, WRONG_INPUT)
            out = self.folder / "run"
            done = subprocess.run([str(w) for w in command(out=out, settings=TINY)], stdout=subprocess.DEVNULL, stderr=full, timeout=300)
            self.assertEqual(done.returncode, FAILED)
            done = subprocess.run([str(w) for w in command(out=self.folder / "other", settings=TINY)], stdout=full, stderr=subprocess.DEVNULL, timeout=300)
            self.assertEqual(done.returncode, FAILED)
        # All the same the work was done.
        self.succeed(command(out=self.folder / "undisturbed", settings=TINY))
        for folder in [out, self.folder / "other"]:
            self.assertEqual(metrics(folder), metrics(self.folder / "undisturbed"))

    def test_does_not_write_over_what_is_no_file(self):
        pipe = self.folder / "pipe.h5"
        os.mkfifo(pipe)
        self.assert_refused([PROGRAM, "simulate", ROOT / "cells/l5pc.toml", "--ms", 1, "--out", pipe], pipe, "is no ordinary file")


class AnImpossibleWish(Hostile):
    def test_for_more_data_than_fits_is_refused_before_anything_is_made(self):
        out = self.folder / "run"
        for stage in ["run", "simulate", "train", "evaluate", "report"]:
            message = self.assert_refused(command(stage, out, settings={**TINY, "data.train_trials": 1000000000, "data.trial_ms": 1000000}),
                                          "data.train_trials is too large", "1000000016 trials of 1000000 ms", str(out))
            self.assertRegex(message, r"take about [\d.]+ PB on the disk, but [\d.]+ [MGT]B are free")
            self.assertFalse(out.exists())
        self.assert_refused(command(out=out, settings={**TINY, "data.test_trials": 1000000000, "data.trial_ms": 1000000}), "data.test_trials is too large")

    def test_for_more_memory_than_there_is_is_refused_by_the_name_of_the_setting(self):
        out = self.folder / "run"
        for settings, words in [({"train.batch_windows": 1000000, "twin.width": "[10000]"}, "train.batch_windows"), ({"twin.width": "[100000]", "twin.taps": "[5000]"}, "twin.width")]:
            self.assert_refused(command(out=out, settings={**TINY, **settings}), words, "of memory, but")
            self.assertFalse(out.exists())

    def test_under_a_limit_of_memory_ends_soon_and_says_so(self):
        for megabytes in [30, 60, 120, 200]:
            start = time.monotonic()
            words = command(out=self.folder / "run", settings=TINY, options=["--threads", "1"])
            done = subprocess.run(["bash", "-c", f"ulimit -v {megabytes * 1000}; exec \"$@\"", "-", *map(str, words)],
                                  capture_output=True, text=True, timeout=60)
            self.assertNotIn(done.returncode, (0, -signal.SIGABRT, -signal.SIGSEGV), megabytes)
            if megabytes >= 120:  # below, the system cannot even map the program's libraries, and says that itself
                self.assertEqual(done.returncode, FAILED, done.stderr)
                self.assertIn("(ulimit -v)", done.stderr)
            self.assertLess(time.monotonic() - start, 20)


def processor_s(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def handles_signals(process):
    """Whether the program has come so far as to handle SIGINT; before, the system ends it."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
    return caught >> (signal.SIGINT - 1) & 1


class CtrlC(Hostile):
    """Ends every stage within two seconds, with exit code 130."""

    def assert_stops(self, words, started=None, signals=(signal.SIGINT,)):
        process = subprocess.Popen([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            wait_until(lambda: handles_signals(process) and (started or (lambda: processor_s(process) > 1))(), process)
            start = time.monotonic()
            for each in signals:
                process.send_signal(each)
            _, message = process.communicate(timeout=30)
            self.assertEqual(process.returncode, STOPPED, message)
            self.assertIn("stopped", message if len(signals) == 1 else "stopped")
            self.assertLess(time.monotonic() - start, 3)  # 1.5 s of patience, and what a busy machine takes to notice
        finally:
            end(process)

    def test_while_simulating(self):
        out = self.folder / "run"
        many = {**TINY, "data.train_trials": 200000}
        for number in [signal.SIGINT, signal.SIGTERM]:
            self.assert_stops(command(out=out, settings=many), (out / "dataset/train-0001.h5").exists, signals=(number,))
        self.assertEqual(list(out.rglob("*.half-written")), [])
        self.assert_stops(command(out=out, settings=many), signals=(signal.SIGINT, signal.SIGINT))

    def test_while_training(self):
        out = self.folder / "run"
        self.assert_stops(command(out=out, settings={**TINY, "train.steps_per_epoch": 1000000}), (out / "checkpoints").exists)

    def test_while_evaluating_interpreting_and_predicting(self):
        out = self.folder / "run"
        many = {**TINY, "data.test_trials": 300, "data.trials_per_shard": 300, "data.trial_ms": 6000}
        for stage in ["simulate", "train"]:
            self.succeed(command(stage, out, settings=many))
        self.assert_stops(command("evaluate", out, settings={**many, "evaluate.bootstrap_resamples": 1000000}))
        self.assert_stops(command("interpret", out, settings={**many, "interpret.moments": 10000000}))
        twin = next(out.glob("twin.*"))
        self.assert_stops([PROGRAM, "predict", twin, "--input", out / "dataset/test-0000.h5", "--out", self.folder / "p.h5"], lambda: True)
        self.assertFalse((self.folder / "p.h5").exists())

    def test_while_searching(self):
        out = self.folder / "run"
        settings = {**TINY, "search.depth": "[1, 2]", "search.trials": 1000, "search.budget_samples_h": 0, "search.budget_minutes": 0}
        self.assert_stops(command("search", out, settings=settings, options=["--workers", 2]), (out / "search.sqlite").exists)

    def test_while_one_trial_is_simulated(self):
        self.assert_stops([PROGRAM, "simulate", ROOT / "cells/l5pc.toml", "--ms", 100000, "--out", self.folder / "o.h5"])
        self.assertFalse((self.folder / "o.h5").exists())

    def test_while_a_large_file_is_inspected(self):
        tree = self.folder / "large.swc"
        with open(tree, "w") as file:
            file.write("1 1 0 0 0 7 -1\n")
            for i in range(2, 1500000):
                file.write(f"{i} {3 + i % 2} 0 {i % 100} {i % 7} 0.5 {i - 1}\n")
        self.assert_stops([PROGRAM, "inspect", tree])


if __name__ == "__main__":
    unittest.main()
