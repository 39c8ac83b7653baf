"""Results of the program that are damaged, or files that are none of its results: each is named, with what makes it again."""
import json
import os
import shutil

from support import EXPERIMENT, PROGRAM, ROOT, InTemporaryFolder, OfAFinishedRun, command, metrics, run

WRONG_INPUT = 2
FEW = {"data.train_trials": 32, "data.valid_trials": 16, "data.test_trials": 16, "train.epochs": 1, "train.steps_per_epoch": 20,
       "evaluate.baselines": "false", "evaluate.generalisation.sets": "[]"}


class OfARun(OfAFinishedRun):
    settings = FEW

    def refused(self, words, *parts):
        done = run(words)
        self.assertEqual((done.returncode, done.stdout), (WRONG_INPUT, ""), done.stderr)
        for part in parts:
            self.assertIn(str(part), done.stderr)
        return done.stderr


class Damage(OfARun):
    def test_of_the_log_of_stages_does_not_pass_silently(self):
        for text in ("{}", "[]", '{"format": 2}', '{"train": {}}', "nothing"):
            (self.out / "stages.json").write_text(text)
            self.refused([PROGRAM, "inspect", self.out], "stages.json: is damaged", "remove it and run 'neurontwin run'")
            self.refused(command(out=self.out, settings=FEW), "stages.json: is damaged")
            listed = self.succeed([PROGRAM, "list", self.out]).stdout
            self.assertIn("damaged", listed)
            self.assertIn("stages.json: is damaged", listed)
        (self.out / "stages.json").write_text('{"format": 3, "words": {}, "stages": {}}')
        self.refused([PROGRAM, "inspect", self.out], "newer neurontwin")

    def test_of_scores_and_curves_names_the_command_that_makes_them_again(self):
        again = f"remove it and run 'neurontwin evaluate {self.out}'"
        for text in ("{}", "[1]", "{", '{"spike.auc": 0.9}'):
            for name, words in {"metrics.json": ["compare", self.out, self.whole], "curves.json": ["plot", self.out, "roc", "--svg", self.folder / "a.svg"]}.items():
                (self.out / name).write_text(text)
                self.refused([PROGRAM, *words], f"{name}: is damaged", again)
                self.refused([PROGRAM, "inspect", self.out / name], f"{name}: is damaged", again)
                shutil.copy(self.whole / name, self.out / name)
            (self.out / "metrics.json").write_text(text)
            listed = self.succeed([PROGRAM, "list", self.out]).stdout
            self.assertIn("damaged", listed)
            self.assertIn("metrics.json: is damaged", listed)
            shutil.copy(self.whole / "metrics.json", self.out / "metrics.json")
        (self.out / "metrics.json").unlink()  # as the message says
        self.succeed([PROGRAM, "evaluate", self.out])
        self.assertEqual(metrics(self.out), metrics(self.whole))

    def test_of_what_the_report_says_of_its_run_is_mended_by_the_report(self):
        whole = (self.out / "run.json").read_text()
        for text in ("{}", "", "{\"title\": 7}"):
            (self.out / "run.json").write_text(text)
            self.succeed([PROGRAM, "report", self.out])
            mended = json.loads((self.out / "run.json").read_text())
            self.assertEqual({**mended, "finished": ""}, {**json.loads(whole), "finished": ""})
        (self.out / "run.json").write_text("{}")
        self.refused([PROGRAM, "inspect", self.out / "run.json"], "run.json: is damaged", f"'neurontwin report {self.out}'")

    def test_of_a_checkpoint_names_the_folder_to_remove(self):
        last = self.out / "checkpoints/last.safetensors"
        for spoil in (lambda: os.truncate(last, 100), lambda: last.write_bytes(last.read_bytes()[:-1] + b"x"), lambda: last.write_text("none")):
            spoil()
            self.refused(command(out=self.out, settings={**FEW, "train.epochs": 2}), last, f"remove {self.out / 'checkpoints'}")
            shutil.copy(self.whole / "checkpoints/last.safetensors", last)


class JsonFiles(OfARun):
    def test_that_the_program_writes_are_inspected_by_what_they_hold(self):
        comparison = self.folder / "comparison.json"
        self.succeed([PROGRAM, "compare", self.out, self.whole, "--resamples", 10, "--out", comparison])
        listed = self.folder / "listed.json"
        listed.write_text(self.succeed([PROGRAM, "list", self.out, "--json"]).stdout)
        for file, words in {self.out / "metrics.json": "scores of a run", self.out / "curves.json": "curves of a run",
                            self.out / "learning.json": "losses of a training", self.out / "interpretation.json": "interpretation of a twin",
                            self.out / "run.json": "title and machine of a run", self.out / "stages.json": "stages of a run",
                            comparison: "comparison of runs", listed: "list of runs"}.items():
            first = self.succeed([PROGRAM, "inspect", file]).stdout.splitlines()[0]
            self.assertEqual(first, f"# {file.name}: {words}")

    def test_of_others_are_refused(self):
        file = self.folder / "package.json"
        for text in ("{}", "[]", "7", '{"name": "left-pad", "version": "1.0.0"}', '{"epochs": 3}', '{"epochs": [{}]}'):
            file.write_text(text)
            self.refused([PROGRAM, "inspect", file], "is JSON, but none that neurontwin writes", "scores of a run, curves of a run")
        file.write_text("{")
        message = self.refused([PROGRAM, "inspect", file], "not JSON from byte")
        self.assertNotIn("the same command", message)


class ANetworksCheckpoint(InTemporaryFolder):
    def test_that_is_damaged_is_named_with_what_to_do(self):
        network = self.folder / "network.toml"
        network.write_text(f'ms = 20\n[[populations]]\nname = "e"\nkind = "cell"\ncell = "{ROOT}/cells/if.toml"\nneurons = 3\n')
        words = [PROGRAM, "network", network, "--out", self.folder / "out"]
        self.succeed(words)
        file = self.folder / "out/checkpoint.h5"
        whole = file.read_bytes()
        for spoiled in (whole[:100], whole[:-1] + bytes([whole[-1] ^ 1]), b"none"):
            file.write_bytes(spoiled)
            done = run(words)
            self.assertEqual(done.returncode, WRONG_INPUT, done.stderr)
            self.assertIn(f"remove {file} and run the command again", done.stderr)
        file.unlink()
        self.succeed(words)


class AnOutputFile(OfARun):
    """What a command did not write it does not replace, whatever --out says."""

    def assert_kept(self, words, file, *parts):
        before = file.read_bytes()
        self.refused([PROGRAM, *words, file], file, *parts)
        self.assertEqual(file.read_bytes(), before)

    def test_of_predict_replaces_predictions_alone(self):
        predict = ["predict", self.out / "twin.safetensors", "--input", self.out / "dataset/test-0000.h5", "--out"]
        other = self.folder / "mine.h5"
        shutil.copy(self.out / "dataset/train-0000.h5", other)
        self.assert_kept(predict, other, "does not hold a twin's predictions")
        other.write_text("my notes")
        self.assert_kept(predict, other, "does not hold a twin's predictions")
        self.assert_kept(predict, self.out / "metrics.json", "expected a name that ends with .h5")
        self.assert_kept(predict, self.out / "dataset/test-0000.h5", "a file that the command reads")
        link = self.folder / "link.h5"
        link.symlink_to(self.out / "dataset/test-0000.h5")
        self.assert_kept(predict, link, "a file that the command reads")
        for _ in range(2):  # its own it does replace
            self.succeed([PROGRAM, *predict, self.folder / "p.h5"])

    def test_of_export_replaces_exports_alone(self):
        twin, other = self.out / "twin.safetensors", self.folder / "mine.h5"
        shutil.copy(self.out / "dataset/train-0000.h5", other)
        self.assert_kept(["export", twin, "--format", "hdf5", "--out"], other, "does not hold a twin's exported weights")
        self.assert_kept(["export", twin, "--format", "onnx", "--out"], other, "expected a name that ends with .onnx")
        self.assert_kept(["export", twin, "--format", "hdf5", "--out"], twin, "a file that the command reads")
        for _ in range(2):
            self.succeed([PROGRAM, "export", twin, "--format", "hdf5", "--out", self.folder / "w.h5"])
            self.succeed([PROGRAM, "export", twin, "--format", "onnx", "--out", self.folder / "t.onnx"])

    def test_of_compare_replaces_comparisons_alone_and_is_looked_at_first(self):
        compare = ["compare", self.out, self.whole, "--resamples", 10]
        self.assert_kept([*compare, "--out"], self.out / "metrics.json", "does not hold a comparison of runs")
        self.assert_kept([*compare, "--page"], self.out / "report.html", "does not hold a page that compares runs")
        for _ in range(2):
            self.succeed([PROGRAM, *compare, "--out", self.folder / "c.json", "--page", self.folder / "c.html"])

    def test_of_one_trial_replaces_trials_alone(self):
        simulate = ["simulate", ROOT / "cells/ball-and-stick.toml", "--ms", 20, "--out"]
        other = self.folder / "mine.h5"
        shutil.copy(self.out / "dataset/train-0000.h5", other)
        self.assert_kept(simulate, other, "does not hold a simulated trial")
        for _ in range(2):
            self.succeed([PROGRAM, *simulate, self.folder / "trial.h5"])

    def test_of_a_run_that_is_a_folder_is_said_before_the_work(self):
        out = self.folder / "new"
        (out / "watch.html").mkdir(parents=True)
        self.refused(command(out=out, settings=FEW, options=["--watch"]), "watch.html: is not an ordinary file")
        self.assertFalse((out / "dataset").exists())
        self.succeed(command("simulate", out=out, settings=FEW))
        (out / "report.html").mkdir()
        self.refused(command(out=out, settings=FEW), "report.html: is not an ordinary file")
        self.assertFalse((out / "twin.safetensors").exists())


if __name__ == "__main__":
    import unittest
    unittest.main()
