"""Wrong input ends with one message that says what is wrong, where, and what would be right; never with a crash."""
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import h5py
import numpy
from support import EXPERIMENT, PROGRAM, ROOT, InTemporaryFolder, OfAFinishedRun, command, end, metrics, run, wait_until

FAILED, WRONG_INPUT = 1, 2


class WrongInput(InTemporaryFolder):
    def assert_refused(self, words, *parts, code=WRONG_INPUT):
        done = run(words)
        message = done.stderr.strip()
        self.assertEqual(done.returncode, code, f"{words}\n{message}\n{done.stdout}")
        for part in parts:
            self.assertIn(str(part), message)
        return message

    def experiment(self, text):
        file = self.folder / "experiment.toml"
        file.write_text(text)
        return file


class AWrongCommandLine(WrongInput):
    def test_that_names_no_command(self):
        self.assert_refused([PROGRAM], "a command is missing")

    def test_that_names_an_unknown_command_is_told_the_known_ones(self):
        self.assert_refused([PROGRAM, "perhaps", EXPERIMENT], "unknown command 'perhaps'", "run", "simulate", "predict")

    def test_that_forgets_the_experiment(self):
        self.assert_refused([PROGRAM, "run"], "experiment is missing")

    def test_that_forgets_what_a_command_needs_is_told_what_that_is(self):
        self.assert_refused([PROGRAM, "compare"], "runs is missing: run folders", "see 'neurontwin compare --help'")
        self.assert_refused([PROGRAM, "predict", "twin.safetensors", "--out", "p.h5"], "--input is missing: data set or replay file (.h5)")

    def test_with_an_empty_word_is_refused_by_every_command(self):
        self.assert_refused([PROGRAM, "new", "", "--morphology", ROOT / "cells/branch.swc"], "folder is empty; expected a value")
        self.assert_refused([PROGRAM, "run", ""], "experiment is empty; expected a value")
        self.assert_refused([PROGRAM, "predict", "", "--input", "a", "--out", "b.h5"], "twin is empty")
        self.assert_refused(command(options=["--out", ""]), "--out is empty; expected a value, or leave it out")
        self.assert_refused(command(settings={"cell": '""'}), "--set cell=\"\"")

    def test_with_a_name_that_leads_nowhere_is_wrong_input_and_no_failure(self):
        loop, missing = self.folder / "loop.toml", self.folder / "missing"
        loop.symlink_to(loop)
        ring = self.folder / "ring"
        ring.symlink_to(ring)
        for words in (["run", loop], ["run", ring], ["inspect", loop], ["inspect", ring], ["network", loop], ["list", ring],
                      ["plot", ring, "roc", "--svg", self.folder / "a.svg"], ["compare", ring, ring], ["predict", loop, "--input", loop, "--out", self.folder / "p.h5"],
                      ["simulate", loop, "--ms", 10, "--out", self.folder / "t.h5"], ["new", self.folder / "new", "--morphology", loop]):
            self.assert_refused([PROGRAM, *words], words[1] if words[0] != "new" else loop)
        self.assert_refused(command(out=ring), ring)
        for words in (["plot", missing, "roc", "--svg", self.folder / "a.svg"], ["compare", missing, missing], ["list", missing], ["inspect", missing], ["run", missing]):
            self.assert_refused([PROGRAM, *words], missing)
        self.assert_refused([PROGRAM, "plot", EXPERIMENT, "roc", "--svg", self.folder / "a.svg"], EXPERIMENT)  # a file, no folder
        self.assert_refused([PROGRAM, "run", "x" * 5000], "File name too long")

    def test_with_a_number_that_no_computer_holds(self):
        for value in ("1e400", "-1e400", "99999999999999999999"):
            message = self.assert_refused(command(settings={"train.l2": value}), f"--set train.l2={value}")
            self.assertNotIn("text", message)

    def test_with_one_number_where_two_are_meant_is_given_an_example(self):
        self.assert_refused(command(settings={"stimulus.excitatory_per_100ms": 5}), "is [5], expected two numbers, the lower first, for example [0, 50]")
        self.assert_refused(command(settings={"stimulus.synapse_factor": "[2, 1]"}), "is [2, 1], expected two numbers, the lower first, for example [0.5, 1.5]")

    def test_with_an_unknown_option(self):
        self.assert_refused(command(options=["--treads", 2]), "--treads")

    def test_with_no_threads(self):
        self.assert_refused(command(options=["--threads", 0]), "--threads", "1 to 4096")

    def test_with_an_unknown_device(self):
        self.assert_refused(command(options=["--device", "tpu"]), "--device", "expected cpu or cuda")

    def test_with_an_option_that_means_nothing_for_the_experiment(self):
        self.assert_refused(command(options=["--simulation-threads", 1]), "--simulation-threads has no effect without train.starts_with_trials")
        self.assert_refused(command("train", options=["--simulation-threads", 1]), "--simulation-threads")

    def test_with_a_setting_that_sets_nothing(self):
        self.assert_refused(command(options=["--set", "train.epochs"]), "--set train.epochs", "expected key=value")

    def test_with_an_unknown_profile_is_told_the_known_ones(self):
        self.assert_refused(command(options=["--profile", "quik"]), EXPERIMENT, "'quik'", "day, paper, quick")


class AWrongExperiment(WrongInput):
    def test_that_is_not_there(self):
        self.assert_refused(command(experiment="missing.toml"), "missing.toml", "No such file")

    def test_that_is_a_folder(self):
        self.assert_refused(command(experiment=self.folder), self.folder, "is a folder without experiment.toml")

    def test_that_is_not_toml(self):
        self.assert_refused(command(experiment=self.experiment('title = "one"\ncell = "')), "experiment.toml:2", "not valid TOML")

    def test_that_is_not_text(self):
        file = self.folder / "experiment.toml"
        file.write_bytes(bytes(range(256)) * 16)
        self.assert_refused(command(experiment=file), "experiment.toml:1", "not valid TOML")

    def test_that_names_a_missing_cell(self):
        self.assert_refused(command(experiment=self.experiment('title = "one"\ncell = "gone.toml"\n')),
                            "experiment.toml:2", "'cell'", "gone.toml", "does not exist")

    def test_with_a_cell_of_unknown_kind(self):
        (self.folder / "cell.toml").write_text('\nkind = "integrate-and-fly"\n')
        self.assert_refused(command(experiment=self.experiment('cell = "cell.toml"\n')),
                            "cell.toml:2", "integrate-and-fly", "integrate-and-fire")

    def test_with_an_unknown_key_is_told_the_nearest_known_one(self):
        text = EXPERIMENT.read_text().replace("../cells", str(ROOT / "cells")).replace("trial_ms", "trail_ms", 1)
        line = text[:text.index("trail_ms")].count("\n") + 1
        self.assert_refused([PROGRAM, "run", self.experiment(text), "--out", self.folder / "run"],
                            f"experiment.toml:{line}", "unknown key 'data.trail_ms'", "did you mean 'trial_ms'?")
        self.assertFalse((self.folder / "run").exists(), "a refused experiment leaves nothing behind")

    def test_with_an_unknown_key_in_a_profile_that_is_not_used(self):
        text = EXPERIMENT.read_text().replace("../cells", str(ROOT / "cells")) + "epoch = 3\n"
        self.assert_refused([PROGRAM, "run", self.experiment(text), "--profile", "paper", "--out", self.folder / "run"],
                            "experiment.toml", "'epoch'")

    def test_with_an_unknown_key_on_the_command_line(self):
        self.assert_refused(command(settings={"train.epoch": 3}, out=self.folder), "--set train.epoch=3", "did you mean 'epochs'?")

    def test_with_an_unknown_section(self):
        self.assert_refused(command(settings={"dta.trial_ms": 3}, out=self.folder), "--set dta.trial_ms=3", "did you mean 'data'?")

    def test_with_a_value_of_the_wrong_type(self):
        for value, is_a in {'"long"': 'the text "long"', "1.5": "1.5", "true": "true", "[3]": "a list"}.items():
            self.assert_refused(command(settings={"data.trial_ms": value}), f"--set data.trial_ms={value}", f"is {is_a}", "expected a whole number")

    def test_with_a_value_out_of_range(self):
        for key, value, expected in [("data.trial_ms", -1, "from 2 to"), ("train.batch_windows", 0, "from 1 to"),
                                     ("cell.membrane_time_constant_ms", 0, "from 1e-06 to 1000000000"), ("twin.taps", "[0]", "from 1 to"),
                                     ("twin.activation", '"sine"', "one of: relu, linear"),
                                     ("stimulus.excitatory_per_100ms", "[50, 0]", "the lower first"),
                                     ("stimulus.synapse_factor", "[0.5, inf]", "finite")]:
            self.assert_refused(command(settings={key: value}, out=self.folder / "run"), f"'{key}'", expected)

    def test_with_a_window_longer_than_a_trial(self):
        self.assert_refused(command(settings={"train.window_ms": 3000}, out=self.folder / "run"), "train.window_ms", "2000")


class AnOutputDirectory(WrongInput):
    def test_that_is_a_file(self):
        file = self.folder / "file"
        file.write_text("mine")
        self.assert_refused(command(out=file), file, "is a file, expected a directory")
        self.assert_refused(command(out=file / "run"), file, "cannot be made")
        self.assertEqual(file.read_text(), "mine")

    def test_that_another_run_is_using(self):
        out = self.folder / "run"
        first = subprocess.Popen([str(w) for w in command(out=out, settings={"train.epochs": 500})], stderr=subprocess.DEVNULL)
        try:
            wait_until((out / "dataset").exists, first)
            self.assert_refused(command(out=out), out, "another neurontwin is working")
        finally:
            end(first)


class ADamagedFile(WrongInput, OfAFinishedRun):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.metrics = metrics(cls.whole)

    def test_a_truncated_shard_is_named_and_never_read_as_whole(self):
        shard = self.out / "dataset/train-0001.h5"
        size = shard.stat().st_size
        for length in [0, 1, 8, 100, 512, 2048, size // 2, size - 4096, size - 1]:
            os.truncate(shard, length)
            for stage in ["run", "train", "evaluate"]:
                self.assert_refused(command(stage, self.out), shard)
            self.assert_refused([PROGRAM, "inspect", shard], shard)
            shutil.copy(self.whole / "dataset/train-0001.h5", shard)

    def test_a_run_makes_a_missing_shard_again_and_comes_to_the_same_result(self):
        shard = self.out / "dataset/train-0001.h5"
        shard.unlink()
        self.succeed(command(out=self.out))
        self.assertEqual(shard.read_bytes(), (self.whole / "dataset/train-0001.h5").read_bytes())
        self.assertEqual(metrics(self.out), self.metrics)

    def test_a_missing_shard_is_named(self):
        (self.out / "dataset/train-0001.h5").unlink()
        self.assert_refused(command("train", self.out), "train-0001.h5", "simulate")

    def test_a_shard_that_is_not_hdf5(self):
        shard = self.out / "dataset/test-0000.h5"
        shard.write_text("trial,synapse\n1,2\n" * 1000)
        self.assert_refused(command("evaluate", self.out), shard, "not an HDF5 file")

    def test_a_shard_with_numbers_that_cannot_be(self):
        shard = self.out / "dataset/train-0000.h5"
        for path, value, part in [("input/exc/synapse", 60000, "synapse"), ("input/inh/time_ms", 2**31, "/input/inh holds spikes out of order, after the end"),
                                  ("input/exc/offset", 2**60, "offset"), ("output/spikes/offset", 2**60, "offset")]:
            with h5py.File(shard, "r+") as h5:
                h5[path][1] = value
            self.assert_refused(command("train", self.out), shard, part)
            shutil.copy(self.whole / "dataset/train-0000.h5", shard)

    def test_a_shard_without_its_voltage(self):
        shard = self.out / "dataset/train-0000.h5"
        with h5py.File(shard, "r+") as h5:
            del h5["output/soma_mV"]
        self.assert_refused(command("train", self.out), shard, "output/soma_mV")

    def test_a_dataset_of_another_configuration_is_refused_by_name(self):
        for setting, value, was in [("seed", 9, 1), ("cell.threshold_mV", -50, -55), ("stimulus.interval_jitter_ms", 7, 20)]:
            message = self.assert_refused(command("train", self.out, settings={setting: value}), "dataset", setting.split(".")[-1], value, was)
            self.assertIn("--out", message, "it says what would be right")

    def test_a_dataset_of_another_experiment_put_in_the_place_of_a_shard(self):
        other = self.folder / "other"
        self.succeed(command("simulate", other, settings={"seed": 5}))
        shutil.copy(other / "dataset/train-0000.h5", self.out / "dataset/train-0000.h5")
        self.assert_refused(command("train", self.out), "train-0000.h5", "seed")

    def test_a_truncated_twin(self):
        twin = self.out / "twin.safetensors"
        shard = self.out / "dataset/test-0000.h5"
        size = twin.stat().st_size
        for length in [0, 10, size // 2, size - 1]:
            os.truncate(twin, length)
            self.assert_refused([PROGRAM, "predict", twin, "--input", shard, "--out", self.folder / "p.h5"], twin, "cut short")
            self.assert_refused([PROGRAM, "inspect", twin], twin)
            self.assert_refused([PROGRAM, "export", twin, "--format", "hdf5", "--out", self.folder / "t.h5"], twin, "cut short")
            shutil.copy(self.whole / "twin.safetensors", twin)

    def test_a_truncated_checkpoint(self):
        last = self.out / "checkpoints/last.safetensors"
        os.truncate(last, last.stat().st_size // 2)
        (self.out / "stages.json").unlink()
        message = self.assert_refused(command(out=self.out), last)
        self.assertRegex(message, "delete|remove")

    def test_damaged_results_are_made_again(self):
        for name in ["metrics.json", "curves.json", "interpretation.json", "report.html"]:
            file = self.out / name
            whole = file.read_bytes()
            for damage in [b"", whole[:len(whole) // 2], b"[1, 2"]:
                file.write_bytes(damage)
                self.succeed(command(out=self.out))
                self.assertEqual(metrics(self.out), self.metrics, name)
                if name == "report.html":
                    self.assertTrue(file.read_bytes().endswith(b"</html>\n"))

    def test_a_damaged_log_of_stages_is_refused_and_can_be_removed(self):
        (self.out / "stages.json").write_text('{"train": {')
        self.assert_refused(command(out=self.out), "stages.json", "remove it")
        (self.out / "stages.json").unlink()
        self.succeed(command(out=self.out))
        self.assertEqual(metrics(self.out), self.metrics)

    def test_a_twin_of_other_synapses_than_the_data(self):
        other = self.folder / "other"
        self.succeed(command("simulate", other, settings={"cell.excitatory_synapses": 30}))
        self.assert_refused([PROGRAM, "predict", self.out / "twin.safetensors", "--input", other / "dataset/test-0000.h5", "--out", self.folder / "p.h5"],
                            "test-0000.h5", "30 excitatory", "80 and 20")

    def test_tools_name_the_file_that_is_missing_or_of_the_wrong_kind(self):
        twin, shard, gone = self.out / "twin.safetensors", self.out / "dataset/test-0000.h5", self.folder / "gone.h5"
        self.assert_refused([PROGRAM, "inspect", gone], gone, "no such file")
        self.assert_refused([PROGRAM, "inspect", ROOT / "README.md"], "README.md", "expected .toml")
        self.assert_refused([PROGRAM, "predict", gone, "--input", shard, "--out", gone], gone)
        self.assert_refused([PROGRAM, "predict", twin, "--input", twin, "--out", gone], twin, "not an HDF5 file")
        self.assert_refused([PROGRAM, "predict", shard, "--input", shard, "--out", gone], shard, "is not a twin")
        before = twin.read_bytes(), shard.read_bytes()
        for words in [["predict", twin, "--input", shard, "--out", twin], ["predict", twin, "--input", shard, "--out", shard],
                      ["export", twin, "--format", "onnx", "--out", twin]]:
            self.assert_refused([PROGRAM, *words], words[-1], "is a file that the command reads")
        self.assertEqual((twin.read_bytes(), shard.read_bytes()), before)
        self.assert_refused([PROGRAM, "export", twin, "--format", "keras", "--out", gone], "format keras", "expected onnx or hdf5")
        self.assert_refused([PROGRAM, "export", twin, "--format", "hdf5", "--out", gone / "deep/t.h5"], "deep/t.h5", code=FAILED)


@unittest.skipUnless(os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0,
                     "mounting a small file system needs root")
class AFileSystem(WrongInput):
    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()

    def mount(self, options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], capture_output=True)

    def assert_nothing_half_written(self):
        self.assertEqual(list(self.disk.rglob("*.half-written")), [])

    def test_that_is_full_is_reported_and_more_room_lets_the_same_command_finish(self):
        self.mount("size=300k")
        out = self.disk / "run"
        undisturbed = self.folder / "undisturbed"
        # Small shards, whose own structure is more than their data: the disk gets full also where the data alone would have fitted.
        small = {"data.trials_per_shard": 1}
        self.succeed(command(out=undisturbed, settings=small))
        whole = sum(f.stat().st_size for f in undisturbed.rglob("*") if f.is_file())
        # Room grows in steps, so that the disk is full in every stage in turn.
        stopped_at = set()
        for kib in list(range(300, whole // 1024 + 400, 250)):
            subprocess.run(["mount", "-o", f"remount,size={kib}k", self.disk], check=True)
            there = out.exists()
            done = run(command(out=out, settings=small))
            if done.returncode == 0:
                break
            if done.returncode == WRONG_INPUT:  # seen to be too little for the data alone
                self.assertIn("_trials is too large", done.stderr)
                self.assertEqual(out.exists(), there)
                continue
            self.assertEqual(done.returncode, FAILED, done.stderr)
            self.assertIn("No space left on device", done.stderr)
            self.assertIn(str(out), done.stderr)
            message = done.stderr[done.stderr.index("neurontwin:"):]
            stopped_at.add(pathlib.Path(message.split(":")[1].strip()).suffix)
            self.assert_nothing_half_written()
        subprocess.run(["mount", "-o", "remount,size=100m", self.disk], check=True)
        self.succeed(command(out=out, settings=small))
        self.assertEqual(metrics(out), metrics(undisturbed))
        self.assertIn(".h5", stopped_at)
        self.assertGreaterEqual(len(stopped_at), 2, stopped_at)

    def test_that_cannot_be_written_is_reported(self):
        self.mount("size=100m")
        out = self.disk / "run"
        subprocess.run(["mount", "-o", "remount,ro", self.disk], check=True)
        self.assert_refused(command(out=out), out, "Read-only file system")
        subprocess.run(["mount", "-o", "remount,rw", self.disk], check=True)
        self.succeed(command("simulate", out))
        subprocess.run(["mount", "-o", "remount,ro", self.disk], check=True)
        self.assert_refused(command(out=out), out, "Read-only file system")


class AWrongReplay(WrongInput):
    """neurontwin simulate CELL.toml --replay INPUT.h5 --out OUT.h5"""

    def setUp(self):
        super().setUp()
        self.cell = ROOT / "cells/l5pc.toml"
        self.input = self.write("input.h5", exc=([3, 600], [10, 20]), inh=([0], [15]))

    def write(self, name, **groups):
        file = self.folder / name
        with h5py.File(file, "w") as h5:
            for group, (synapse, time_ms) in groups.items():
                h5[f"input/{group}/synapse"] = numpy.array(synapse, dtype="int32")
                h5[f"input/{group}/time_ms"] = numpy.array(time_ms, dtype="int32")
        return file

    def replay(self, *options, cell=None, replayed=None):
        return [PROGRAM, "simulate", cell or self.cell, "--replay", replayed or self.input, "--out", self.folder / "out.h5", "--ms", 30, *options]

    def test_of_what_is_right_succeeds(self):
        self.succeed(self.replay("--dt", 0.1))

    def test_of_a_missing_file(self):
        self.assert_refused(self.replay(replayed="gone.h5"), "gone.h5: no such file")
        self.assert_refused(self.replay(cell="gone.toml"), "gone.toml", "No such file")

    def test_of_a_file_that_is_not_hdf5(self):
        text = self.folder / "text.h5"
        text.write_text("compartment,time\n1,2\n")
        self.assert_refused(self.replay(replayed=text), text, "is not an HDF5 file")

    def test_of_a_file_without_the_groups(self):
        self.assert_refused(self.replay(replayed=self.write("empty.h5")), "empty.h5: /input/exc has no 'synapse'")
        self.assert_refused(self.replay(replayed=self.write("half.h5", exc=([1], [2]))), "half.h5: /input/inh has no 'synapse'")

    def test_of_more_synapses_than_times(self):
        file = self.write("uneven.h5", exc=([1, 2, 3], [2, 3]), inh=([], []))
        self.assert_refused(self.replay(replayed=file), "uneven.h5", "/input/exc has 3 synapses but 2 times")

    def test_of_a_synapse_that_is_not_there(self):
        self.assert_refused(self.replay(replayed=self.write("big.h5", exc=([70000], [2]), inh=([], []))), "big.h5: /input/exc event 0 is of synapse 70000; the cell has 633 of this kind")

    def test_of_a_data_set_of_several_trials(self):
        file = self.write("trials.h5", exc=([1], [2]), inh=([], []))
        with h5py.File(file, "a") as h5:
            h5["input/exc/offset"] = numpy.array([0, 1, 1], dtype="uint64")
        self.assert_refused(self.replay(replayed=file), "trials.h5: /input/exc has an 'offset', as a data set of several trials")

    def test_with_steps_that_cannot_be(self):
        for dt in [0, -0.025, 1, "nan"]:
            self.assert_refused(self.replay(f"--dt={dt}"), f"a time step of {dt} ms", "more than 0, at most 0.125")
        self.assert_refused(self.replay("--dt", "small"), "--dt", "small")

    def test_with_unknown_words(self):
        self.assert_refused(self.replay("--receptors", "gaba"), "--receptors", "expected nmda or ampa")
        self.assert_refused(self.replay("--scheme", "leapfrog"), "--scheme", "expected euler or crank-nicolson")
        self.assert_refused(self.replay("--precision", "half"), "--precision", "expected double or float")

    def test_with_a_wrong_morphology(self):
        wrong = self.folder / "wrong.swc"
        wrong.write_text("1 1 0 0 0 6 -1\n2 3 0 10 0 -1 1\n")
        self.assert_refused(self.replay("--morphology", wrong), f"{wrong}:2: a radius of -1 um")
        self.assert_refused(self.replay("--morphology", "gone.asc"), "gone.asc")
        self.assert_refused(self.replay("--morphology", self.input), self.input, "expected .swc or .asc")

    def test_into_a_cell_that_is_wrong(self):
        file = self.folder / "cell.toml"
        file.write_text(self.cell.read_text().replace("gbar = 0.021489", "gbar = -0.02"))
        self.assert_refused(self.replay(cell=file), file, "density of 'NaTs2_t' in region 'apical' is negative (-0.02 S/cm2)", "use 0 to switch a channel off")
        file.write_text(self.cell.read_text().replace("celsius", "celcius"))
        self.assert_refused(self.replay(cell=file), file, "unknown key 'celcius'; did you mean 'celsius'?")

    def test_that_has_nowhere_to_go(self):
        self.assert_refused(self.replay()[:-4], "--replay needs --out FILE.h5")

    def test_onto_a_soma_of_several_points(self):
        stack = self.folder / "stack.swc"
        stack.write_text((ROOT / "tests/fuzz/corpus/swc/stack.swc").read_text() + "12 4 0 800 0 2 10\n13 3 9 -40 0 1 1\n14 3 9 -80 0 1 13\n")
        few = self.write("few.h5", exc=([3], [10]), inh=([0], [15]))
        self.succeed(self.replay("--morphology", stack, "--dt", 0.1, replayed=few))


@unittest.skipIf(os.geteuid() != 0, "needs another user to be")
class AnotherUser(WrongInput):
    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)
        for folder in ["cells", "experiments"]:
            shutil.copytree(ROOT / folder, self.folder / folder)
        self.program = self.folder / "neurontwin"  # wherever the checkout is, this one can be run
        shutil.copy(PROGRAM, self.program)
        self.experiment_file = self.folder / "experiments/if.toml"

    def run_as_another(self, out):
        words = [self.program, *command(out=out, experiment=self.experiment_file)[1:]]
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *map(str, words)], capture_output=True, text=True)
        self.assertEqual(done.returncode, WRONG_INPUT, done.stderr)
        self.assertIn("Permission denied", done.stderr)
        return done.stderr

    def test_may_not_write_there(self):
        forbidden = self.folder / "forbidden"
        forbidden.mkdir(mode=0o755)
        self.assertIn(str(forbidden / "run"), self.run_as_another(forbidden / "run"))
        hidden = self.folder / "hidden"
        hidden.mkdir(mode=0o700)
        self.assertIn(str(hidden / "run"), self.run_as_another(hidden / "run"))

    def test_may_not_read_the_experiment(self):
        self.experiment_file.chmod(0o600)
        self.assertIn(str(self.experiment_file), self.run_as_another(self.folder / "run"))

    def test_may_not_read_the_cell(self):
        (self.folder / "cells").chmod(0o700)
        self.assertIn("cells/if.toml", self.run_as_another(self.folder / "run"))


if __name__ == "__main__":
    unittest.main()
