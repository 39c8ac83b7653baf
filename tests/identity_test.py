"""Results are known by what they were made from: contents, settings and algorithms; nothing else is taken for them, or described as them."""
import ctypes
import json
import os
import pathlib
import re
import shutil
import tempfile
import unittest

import h5py
import numpy
from support import EXPERIMENT, PROGRAM, ROOT, InTemporaryFolder, command, metrics, run

WRONG_INPUT = 2
STAGES = ("simulate", "train", "evaluate", "interpret", "report")
FEW = {"data.train_trials": 24, "data.valid_trials": 8, "data.test_trials": 8, "data.trial_ms": 1000, "data.trials_per_shard": 8,
       "train.epochs": 2, "train.steps_per_epoch": 20, "train.window_ms": 200, "evaluate.bootstrap_resamples": 30,
       "evaluate.generalisation.sets": "[]", "evaluate.baselines": "false"}


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def xxh128(data):
    function = ctypes.CDLL("libxxhash.so.0").XXH3_128bits
    function.restype, function.argtypes = Hash128, (ctypes.c_char_p, ctypes.c_size_t)
    hashed = function(data, len(data))
    return f"{hashed.high:016x}{hashed.low:016x}".encode()


MARK = b"[the digest of this very file  ]"


def digest_in(file):
    with h5py.File(file) as h5:
        return bytes(h5.attrs["digest"])


def seal(file):
    """Gives a changed file the digest of its content, as docs/files.md says it is computed."""
    data = file.read_bytes().replace(digest_in(file), MARK)
    file.write_bytes(data.replace(MARK, xxh128(data)))


def keep_size_and_times(file, change):
    before = file.stat()
    change(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size and file.stat().st_mtime_ns == before.st_mtime_ns


def voltage(file, value, trial=0, ms=0):
    with h5py.File(file, "r+") as h5:
        h5["output/soma_mV"][trial, ms] = value


def flip_a_bit(file, at):
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)


class AFinishedRun(InTemporaryFolder):
    experiment, settings = EXPERIMENT, FEW

    @classmethod
    def setUpClass(cls):
        temporary = pathlib.Path(tempfile.mkdtemp(prefix="neurontwin-test-"))
        cls.addClassCleanup(shutil.rmtree, temporary, ignore_errors=True)
        cls.whole = temporary / "whole"
        done = run(command(out=cls.whole, experiment=cls.experiment, settings=cls.settings, options=["--profile", "quick"]))
        assert done.returncode == 0, done.stderr
        cls.metrics = metrics(cls.whole)

    def setUp(self):
        super().setUp()
        self.out = self.folder / "run"
        shutil.copytree(self.whole, self.out)

    def words(self, stage="run", settings=None, options=("--profile", "quick")):
        return command(stage, out=self.out, experiment=self.experiment, settings={**self.settings, **(settings or {})}, options=options)

    def refused(self, words, *parts):
        done = run(words)
        self.assertEqual(done.returncode, WRONG_INPUT, done.stderr + done.stdout)
        for part in parts:
            self.assertIn(str(part), done.stderr)
        return done.stderr

    def done_again(self, done, *stages):
        for stage in STAGES:
            (self.assertNotIn if stage in stages else self.assertIn)(f"{stage}: done before", done.stderr)


class AShard(AFinishedRun):
    def test_says_the_digest_of_its_bytes(self):
        for file in (self.out / "dataset").glob("*.h5"):
            said = digest_in(file)
            self.assertEqual(said, xxh128(file.read_bytes().replace(said, MARK)), file)

    def test_says_which_neuron_and_recipe_made_it(self):
        def said(folder):
            with h5py.File(folder / "dataset/train-0000.h5") as h5:
                return bytes(h5.attrs["neuron"]), bytes(h5.attrs["recipe"])
        here = said(self.out)
        for key, value, same in [("cell.threshold_mV", -54, (False, True)), ("stimulus.interval_jitter_ms", 7, (True, False)),
                                 ("data.soma_ceiling_mV", -50, (True, True))]:
            other = self.folder / key
            self.succeed(command("simulate", other, settings={**FEW, key: value}))
            self.assertEqual(tuple(a == b for a, b in zip(here, said(other))), same, key)

    def test_with_a_nan_of_the_same_size_and_time_is_named_with_trial_and_quantity(self):
        for name, split in [("train-0001.h5", "train"), ("valid-0000.h5", "valid")]:
            keep_size_and_times(self.out / "dataset" / name, lambda file: voltage(file, numpy.nan, trial=3, ms=17))
            trial = 11 if split == "train" else 3
            for stage in ("run", "train", "evaluate"):
                self.refused(self.words(stage), name, "/output/soma_mV is not a number (NaN)", f"in trial {trial} of {split} at 17 ms")
            shutil.copy(self.whole / "dataset" / name, self.out / "dataset" / name)

    def test_with_one_bit_flipped_anywhere_is_named(self):
        shard = self.out / "dataset/train-0002.h5"
        size = shard.stat().st_size
        for at in [size // 3, size // 2, size - 100]:
            keep_size_and_times(shard, lambda file: flip_a_bit(file, at))
            for stage in ("run", "train"):
                self.refused(self.words(stage), shard)
            shutil.copy(self.whole / "dataset" / shard.name, shard)

    def test_that_is_touched_changes_nothing(self):
        for file in self.out.rglob("*"):
            os.utime(file)
        self.done_again(self.succeed(self.words()))

    def test_with_another_content_is_not_taken_for_what_the_checkpoint_saw(self):
        twin = (self.out / "twin.safetensors").read_bytes()
        for number in range(3):
            shard = self.out / f"dataset/train-000{number}.h5"
            with h5py.File(shard, "r+") as h5:
                h5["output/soma_mV"][...] -= 1
            seal(shard)
        done = self.succeed(self.words())
        self.done_again(done, "simulate", "train", "evaluate", "interpret", "report")
        self.assertTrue((self.out / "checkpoints-before-1/last.safetensors").exists(), "the old ones are put aside")
        self.assertNotEqual((self.out / "twin.safetensors").read_bytes(), twin)
        self.assertNotEqual(metrics(self.out), self.metrics)

    def test_of_another_neuron_is_never_mixed_with_the_others(self):
        for key, value in [("cell.threshold_mV", -54), ("seed", 3)]:
            other = self.folder / key
            self.succeed(command("simulate", other, settings={**FEW, key: value}))
            shutil.copy(other / "dataset/train-0001.h5", self.out / "dataset")
            message = self.refused(self.words(), "not all made from one neuron and recipe", "train-0001.h5", "train-0000.h5", key, value)
            self.assertIn("remove those", message)
            (self.out / "dataset/train-0000.h5").unlink()  # nor made again beside it
            self.refused(self.words(), "not all made from one neuron and recipe", "train-0001.h5")
            self.refused(self.words("train"), "train-0000.h5")
            shutil.rmtree(self.out)
            shutil.copytree(self.whole, self.out)

    def test_that_is_missing_is_not_made_again_for_another_neuron(self):
        (self.out / "dataset/train-0001.h5").unlink()
        self.refused(self.words(settings={"cell.threshold_mV": -54}), "cell.threshold_mV: -55", "-54", "--out")
        self.assertFalse((self.out / "dataset/train-0001.h5").exists())

    def test_without_a_digest_may_come_from_elsewhere_but_does_not_pass_for_ours(self):
        shard = self.out / "dataset/test-0000.h5"
        with h5py.File(shard, "r+") as h5:
            for name in ("digest", "neuron", "recipe"):
                del h5.attrs[name]
        self.succeed([PROGRAM, "inspect", shard])
        self.refused(self.words("evaluate"), shard, "older neurontwin")


class AnotherCommand(AFinishedRun):
    """Results are described in the words of the experiment that made them, or not at all."""

    def test_of_another_experiment_is_told_each_key_that_differs(self):
        before = {file: file.read_bytes() for file in self.out.rglob("*") if file.is_file() and file.name != ".lock"}
        for settings, options, expected in [
            ({}, ["--profile", "quick", "--seed", 9], ["seed: 1 in the folder, 9 in the command"]),
            ({"train.epochs": 5, "twin.taps": "[60]"}, ["--profile", "quick"],
             ["train.epochs: 2 in the folder, 5 in the command", "twin.taps: [80] in the folder, [60] in the command"]),
            ({"cell.threshold_mV": -50}, ["--profile", "quick"], ["cell.threshold_mV: -55.0 in the folder, -50.0 in the command"]),
            ({}, ["--profile", "paper"], ["profile: quick in the folder, paper in the command"]),
            ({"title": '"Another neuron"'}, ["--profile", "quick"], ["title: Integrate-and-fire neuron, one-unit twin in the folder, Another neuron"]),
        ]:
            for stage in ("evaluate", "interpret", "report"):
                with self.subTest(stage=stage, expected=expected):
                    self.refused(self.words(stage, settings, options), self.out, *expected)
        for settings, key in [({"evaluate.skip_ms": 300}, "evaluate.skip_ms: 0 in the folder, 300 in the command")]:
            for stage in ("interpret", "report"):
                self.refused(self.words(stage, settings), key)
        self.refused(self.words("report", {"interpret.templates": 2}), "interpret.templates: 4 in the folder, 2 in the command")
        self.assertEqual({file: file.read_bytes() for file in before}, before, "a refused command changes nothing")

    def test_with_a_whole_other_experiment_file(self):
        message = self.refused(command("report", self.out, ROOT / "experiments/two-layer.toml", settings=FEW), "in the folder")
        self.assertIn("cell.kind", message)

    def test_with_what_changes_nothing_is_answered(self):
        for stage in ("evaluate", "interpret", "report"):
            done = self.succeed(self.words(stage, {"train.checkpoint_every_s": 7}, ["--threads", 1]))
            if stage != "report":  # which shows the experiment as it is said now
                self.assertIn(f"{stage}: done before", done.stderr)
        self.succeed(command("report", self.out, self.out / "experiment.toml", settings=FEW))

    def test_may_ask_for_another_evaluation(self):
        done = self.succeed(self.words("evaluate", {"evaluate.skip_ms": 300}))
        self.assertIn("evaluate: will be done again: evaluate.skip_ms: 0 then, 300 now", done.stderr)
        self.refused(self.words("report"), "evaluate.skip_ms: 300 in the folder, 0 in the command")

    def test_before_the_stages_are_done_is_told_which(self):
        out = self.folder / "new"
        self.succeed(command("simulate", out, settings=FEW))
        for stage in ("evaluate", "interpret"):
            self.refused(command(stage, out, settings=FEW), "the stage 'train' has not been finished there; run 'neurontwin train' first")

    def test_says_its_own_command_in_the_report(self):
        self.succeed(self.words("report", {"train.checkpoint_every_s": 7}))
        self.assertNotIn("checkpoint_every_s", json.loads((self.out / "run.json").read_text())["command"])


class AnEditedResult(AFinishedRun):
    def test_is_made_again_by_run_with_a_word(self):
        for name in ("metrics.json", "curves.json", "learning.json", "interpretation.json", "report.html", "twin.safetensors"):
            file = self.out / name
            whole = file.read_bytes()
            file.write_bytes(whole.replace(b"1", b"7"))
            done = self.succeed(self.words())
            self.assertIn(f"{name} was changed after it was made", done.stderr)
            self.assertEqual(metrics(self.out), self.metrics, name)
            if name in ("twin.safetensors", "interpretation.json"):
                self.assertEqual(file.read_bytes(), whole)

    def test_is_never_printed(self):
        text = (self.out / "metrics.json").read_text()
        (self.out / "metrics.json").write_text(re.sub(r'"spike.auc": [0-9.]*', '"spike.auc": 0.98765432', text))
        done = self.succeed(self.words())
        self.assertIn(f"spike AUC                 {self.metrics['spike.auc']:.5f}", done.stdout)
        self.assertNotIn("0.98765432", (self.out / "report.html").read_text())

    def test_is_refused_by_the_stages_that_only_describe_it(self):
        for name, maker in [("metrics.json", "evaluate"), ("curves.json", "evaluate"), ("learning.json", "train"),
                            ("interpretation.json", "interpret"), ("twin.safetensors", "train")]:
            file = self.out / name
            whole = file.read_bytes()
            file.write_bytes(whole.replace(b"1", b"7"))
            self.refused(self.words("report"), f"{name} was changed after it was made; run 'neurontwin {maker}' again")
            file.write_bytes(whole)
        (self.out / "twin.safetensors").write_bytes(b"twin")
        for stage in ("evaluate", "interpret"):
            self.refused(self.words(stage), "twin.safetensors was changed after it was made; run 'neurontwin train' again")

    def test_of_any_shape_is_no_crash(self):
        for text in ['{"spike.auc": 1, "spike.auc_ci95": []}', "{}", "[]", "null", '{"spike.auc": "high", "spike.auc_ci95": {"0": 1}}',
                     '{"spike.auc_ci95": [1]}', '{"spike.auc": {}}', "[" * 100000 + "]" * 100000, ""]:
            (self.out / "metrics.json").write_text(text)
            self.succeed(self.words())
            self.assertEqual(metrics(self.out), self.metrics, text[:40])

    def test_of_a_search_is_left_out_of_the_report(self):
        self.assertNotIn('"search":{', (self.out / "report.html").read_text())
        (self.out / "search.json").write_text('{"answer": "one unit is enough"}')
        done = self.succeed(self.words("report"))
        self.assertIn("search.json: no search that this neurontwin finished wrote it", done.stderr)
        self.assertNotIn("one unit is enough", (self.out / "report.html").read_text())


class ARunFolderOfAnOlderProgram(AFinishedRun):
    def make_older(self):
        (self.out / "stages.json").write_text('{"simulate": {"inputs": "90ab12cd34ef5678", "seconds": 1.0}}\n')
        for shard in (self.out / "dataset").glob("*.h5"):
            with h5py.File(shard, "r+") as h5:
                for name in ("digest", "neuron", "recipe"):
                    del h5.attrs[name]

    def test_is_not_taken_for_done_and_nothing_in_it_is_lost(self):
        self.make_older()
        shards = {file.name: file.read_bytes() for file in (self.out / "dataset").glob("*.h5")}
        done = self.succeed(self.words())
        self.assertIn("was made by an older neurontwin, which did not record how", done.stderr)
        self.done_again(done, *STAGES)
        self.assertEqual({file.name: file.read_bytes() for file in (self.out / "dataset-before-1").glob("*.h5")}, shards)
        self.assertEqual(metrics(self.out), self.metrics)

    def test_is_not_described(self):
        self.make_older()
        for stage in ("evaluate", "interpret", "report"):
            self.refused(self.words(stage), "has not been finished there, as far as this neurontwin, a newer one, can know")
        self.refused(self.words("train"), "was made by an older neurontwin")


class AFileThatTakesPart(AFinishedRun):
    """The morphology and the mechanism of a detailed cell."""
    settings = {**FEW, "interpret.added_spikes": 4, "evaluate.skip_ms": 0, "simulation.dt_ms": 0.1, "data.train_trials": 16,
                "train.schedule": "[{ from_epoch = 0, learning_rate = 1e-2, spike_weight = 0.0, soma_weight = 1.0 }]"}

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="neurontwin-test-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        for name in ("cells", "experiments"):
            shutil.copytree(ROOT / name, folder / name)
        cls.cells, cls.experiment = folder / "cells", folder / "experiments/ball-and-stick.toml"
        cls.mod, cls.tree = cls.cells / "my.mod", cls.cells / "ball-and-stick.swc"
        cls.mod.write_text("NEURON { SUFFIX pull NONSPECIFIC_CURRENT i RANGE g, e }\nPARAMETER { g = 1e-5 (S/cm2) e = -60 (mV) }\n"
                           "ASSIGNED { v (mV) i (mA/cm2) }\nBREAKPOINT { i = g*(v - e) }\n")
        cell = cls.cells / "ball-and-stick.toml"
        cell.write_text(cell.read_text().replace("insert = [", 'insert = [ { mechanism = "my.mod", regions = ["soma"] },'))
        super().setUpClass()

    def setUp(self):
        super().setUp()
        for file in (self.mod, self.tree):
            text = file.read_bytes()
            self.addCleanup(file.write_bytes, text)

    def assert_remade_as_from_scratch(self, file, key):
        done = self.succeed(self.words())
        self.assertIn(f"{key}: the file that it names has another content now", done.stderr)
        self.assertIn("dataset-before-1", done.stderr)
        self.done_again(done, *STAGES)
        self.assertNotEqual(metrics(self.out), self.metrics)
        fresh = self.folder / "fresh"
        self.succeed(command(out=fresh, experiment=self.experiment, settings=self.settings, options=["--profile", "quick"]))
        self.assertEqual(metrics(self.out), metrics(fresh))
        shards = sorted(f.name for f in (fresh / "dataset").glob("*.h5"))
        (self.out / "dataset/train-0001.h5").unlink()
        self.succeed(self.words("simulate"))
        for name in shards:
            self.assertEqual((self.out / "dataset" / name).read_bytes(), (fresh / "dataset" / name).read_bytes(), name)

    def test_that_is_touched_changes_nothing(self):
        for file in (self.mod, self.tree, self.experiment):
            os.utime(file)
        self.done_again(self.succeed(self.words()))

    def test_edited_mechanism_makes_everything_anew(self):
        self.mod.write_text(self.mod.read_text().replace("-60", "-50"))
        self.assert_remade_as_from_scratch(self.mod, "cell.insert[0].mechanism")

    def test_edited_morphology_makes_everything_anew(self):
        lines = self.tree.read_text().splitlines()
        fields = lines[-1].split()
        fields[5] = str(float(fields[5]) * 1.5)
        self.tree.write_text("\n".join(lines[:-1] + [" ".join(fields)]) + "\n")
        self.assert_remade_as_from_scratch(self.tree, "cell.morphology")

    def test_edited_while_a_shard_is_missing_mixes_nothing(self):
        (self.out / "dataset/train-0001.h5").unlink()
        self.mod.write_text(self.mod.read_text().replace("-60", "-50"))
        self.refused(self.words("train"), self.out / "dataset", "cell.insert[0].mechanism")
        self.refused(self.words("report"), "cell.insert[0].mechanism: the file that it names has another content now")
        self.succeed(self.words("simulate"))
        made_by = set()
        for file in (self.out / "dataset").glob("*.h5"):
            with h5py.File(file) as h5:
                made_by.add(bytes(h5.attrs["neuron"]))
        self.assertEqual(len(made_by), 1)

    def test_of_the_same_content_elsewhere_is_the_same(self):
        moved = self.folder / "moved"
        shutil.copytree(self.cells.parent, moved)
        words = command(out=self.out, experiment=moved / "experiments/ball-and-stick.toml", settings=self.settings, options=["--profile", "quick"])
        done = self.succeed(words)
        self.done_again(done, "report")  # which shows where the files were


if __name__ == "__main__":
    unittest.main()
