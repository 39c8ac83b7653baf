"""What a user sees on a terminal: a plan first, progress that fits its width, suggestions, results that programs read."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest
import xml.etree.ElementTree

from support import EXPERIMENT, PROGRAM, ROOT, InTemporaryFolder, command, metrics, run, wait_until

WRONG_INPUT, STOPPED = 2, 130
FEW = {"data.train_trials": 32, "data.valid_trials": 16, "data.test_trials": 16, "train.epochs": 1, "train.steps_per_epoch": 20,
       "evaluate.baselines": "false", "evaluate.generalisation.sets": "[]"}
COLOUR = re.compile(r"\033\[[0-9;]*m")


def on_terminal(words, columns, stop_after_s=None, environment=None):
    """Runs the program with a terminal of so many columns as standard error. Returns its exit code and what was written."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([str(w) for w in words], stdout=subprocess.DEVNULL, stderr=slave, env={**os.environ, **(environment or {})})
    os.close(slave)
    written, start = b"", time.monotonic()
    while True:
        if select.select([master], [], [], 0.05)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:  # nobody writes any more
                piece = b""
            if not piece:
                break
            written += piece
        if stop_after_s is not None and time.monotonic() - start > stop_after_s and b"[" in written:
            process.send_signal(signal.SIGINT)
            stop_after_s = None
    os.close(master)
    return process.wait(timeout=60), written.decode().replace("\r\n", "\n")


def bars(written):
    """What was drawn over again, a line each."""
    return [COLOUR.sub("", piece.split("\n")[0]) for piece in written.split("\r\033[K")[1:]]


class ThePlan(InTemporaryFolder):
    def test_is_said_and_nothing_is_made_in_a_dry_run(self):
        out = self.folder / "run"
        done = self.succeed(command(out=out, settings=FEW, options=["--dry-run"]))
        for part in ("simulate", "train", "evaluate", "interpret", "report", "64 trials of 2000 ms", "memory", "in all"):
            self.assertIn(part, done.stdout)
        self.assertFalse(out.exists())

    def test_comes_before_the_work_and_says_what_was_done_before(self):
        out = self.folder / "run"
        first = self.succeed(command("simulate", out=out, settings=FEW))
        self.assertRegex(first.stderr, r"plan for .*\n  simulate   about")
        plan = self.succeed(command(out=out, settings=FEW, options=["--dry-run"])).stdout
        self.assertRegex(plan, r"simulate +done before\n  train +about")
        changed = self.succeed(command("simulate", out=out, settings={**FEW, "seed": 2}, options=["--dry-run"])).stdout
        self.assertRegex(changed, r"simulate .*again: .*seed: 1 then, 2 now")

    def test_of_a_finished_run_has_nothing_to_do(self):
        out = self.folder / "run"
        self.succeed(command(out=out, settings=FEW))
        plan = self.succeed([PROGRAM, "run", out, "--dry-run"]).stdout
        self.assertEqual(plan.count("done before"), 5, plan)
        (out / "twin.safetensors").unlink()
        plan = self.succeed([PROGRAM, "run", out, "--dry-run"]).stdout
        self.assertIn("again: twin.safetensors is missing", plan)
        self.assertRegex(plan, r"evaluate .*a stage before it is to be done")


class Progress(InTemporaryFolder):
    def test_fits_the_width_of_the_terminal(self):
        for columns in (40, 80, 200):
            code, written = on_terminal(command(out=self.folder / str(columns), settings=FEW), columns)
            self.assertEqual(code, 0, written)
            drawn = bars(written)
            self.assertTrue(any(line.startswith("[") or columns == 40 for line in drawn), written)
            self.assertLess(max(map(len, drawn)), columns)

    def test_tells_which_stage_of_how_many(self):
        stages = re.findall(r"stage (\d) of 5: (\w+)", self.succeed(command(out=self.folder / "run", settings=FEW)).stderr)
        self.assertEqual([number for number, _ in stages], ["1", "2", "3", "4", "5"])

    def test_leaves_a_line_of_its_own_to_what_is_said_when_it_is_stopped(self):
        long = {**FEW, "train.epochs": 1000, "train.steps_per_epoch": 1000}
        code, written = on_terminal(command(out=self.folder / "run", settings=long), 80, stop_after_s=2)
        self.assertEqual(code, STOPPED, written)
        last = COLOUR.sub("", written.rstrip("\n").split("\n")[-1])
        self.assertTrue(last.startswith("neurontwin: stopped"), repr(written[-300:]))

    def test_ends_with_scores_in_lines_of_80_columns(self):
        lines = self.succeed(command(out=self.folder / "run", settings=FEW)).stdout.splitlines()
        self.assertGreater(len(lines), 8)
        self.assertLess(max(len(line) for line in lines if "report.html" not in line), 80)

    def test_is_not_said_where_quiet_is_asked_for(self):
        done = self.succeed(command(out=self.folder / "run", settings=FEW, options=["-q"]))
        self.assertEqual(done.stderr, "")
        self.assertIn("spike AUC", done.stdout)

    def test_stays_in_lines_where_all_of_it_is_asked_for(self):
        code, written = on_terminal(command("simulate", out=self.folder / "run", settings=FEW, options=["-v"]), 80)
        self.assertEqual((code, bars(written)), (0, []))
        self.assertIn("64/64 trials", written)


class Colours(InTemporaryFolder):
    def test_mark_errors_on_a_terminal_unless_they_are_not_wanted(self):
        wrong = [PROGRAM, "run", self.folder / "nothing.toml"]
        self.assertIn("\033[", on_terminal(wrong, 80)[1])
        self.assertNotIn("\033[", on_terminal(wrong, 80, environment={"NO_COLOR": "1"})[1])
        self.assertNotIn("\033[", run(wrong).stderr)


class Results(InTemporaryFolder):
    def test_are_json_where_it_is_asked_for(self):
        out = self.folder / "run"
        printed = json.loads(self.succeed(command(out=out, settings=FEW, options=["--json"])).stdout)
        self.assertEqual({k: v for k, v in printed.items() if not k.startswith("timing.")}, metrics(out))


class TheReport(InTemporaryFolder):
    def test_is_opened_in_the_browser_that_the_user_names(self):
        out, browser, seen = self.folder / "run", self.folder / "browser", self.folder / "seen"
        browser.write_text(f"#!/bin/sh\necho \"$1\" > {seen}.part && mv {seen}.part {seen}\n")
        browser.chmod(0o755)
        self.succeed(command(out=out, settings=FEW))
        done = subprocess.run([PROGRAM, "report", out, "--open"], env={**os.environ, "BROWSER": str(browser)})
        self.assertEqual(done.returncode, 0)
        wait_until(seen.exists, timeout_s=10)
        self.assertEqual(seen.read_text().strip(), str(out / "report.html"))


class AFigure(InTemporaryFolder):
    def test_of_a_run_is_an_svg_file_of_its_own(self):
        out, svg = self.folder / "run", self.folder / "figure.svg"
        self.succeed(command(out=out, settings=FEW))
        for figure in ("trial", "roc", "precision", "correlation", "calibration", "intervals", "voltage", "rates", "learning"):
            self.succeed([PROGRAM, "plot", out, figure, "--svg", svg])
            drawn = xml.etree.ElementTree.parse(svg).getroot()
            self.assertGreater(sum(1 for _ in drawn.iter("{http://www.w3.org/2000/svg}path")), 8, figure)
        twin = (out / "twin.safetensors").read_bytes()
        for words in (["plot", out, "roc", "--svg"], ["compare", out, out, "--resamples", 10, "--page"], ["compare", out, out, "--resamples", 10, "--out"]):
            done = run([PROGRAM, *words, out / "twin.safetensors"])
            self.assertEqual((done.returncode, "expected a name that ends with" in done.stderr), (WRONG_INPUT, True), done.stderr)
        self.assertEqual((out / "twin.safetensors").read_bytes(), twin)
        done = run([PROGRAM, "plot", out, "rok", "--svg", svg])
        self.assertEqual((done.returncode, "known: trial, roc" in done.stderr), (WRONG_INPUT, True), done.stderr)


class AMistypedWord(InTemporaryFolder):
    def assert_suggested(self, words, meant):
        done = run(words)
        self.assertEqual((done.returncode, meant in done.stderr), (WRONG_INPUT, True), done.stderr)

    def test_gets_the_one_that_was_probably_meant(self):
        self.assert_suggested([PROGRAM, "rum", EXPERIMENT], "did you mean 'run'?")
        self.assert_suggested([PROGRAM, "evalute", EXPERIMENT], "did you mean 'evaluate'?")
        self.assert_suggested([PROGRAM, "run", EXPERIMENT, "--treads", "2"], "unknown option '--treads'; did you mean '--threads'?")
        self.assert_suggested([PROGRAM, "run", EXPERIMENT, "--prophile=day"], "did you mean '--profile'?")

    def test_of_any_closed_list_gets_it_too(self):
        self.assert_suggested([PROGRAM, "plot", self.folder, "rok"], "did you mean 'roc'?")
        self.assert_suggested([PROGRAM, "network", "comapre", "network.toml"], "did you mean 'compare'?")
        self.assert_suggested([PROGRAM, "completion", "bsh"], "'bsh' is unknown, expected bash or zsh or fish; did you mean 'bash'?")
        self.assert_suggested([PROGRAM, "run", EXPERIMENT, "--device", "cpx"], "expected cpu or cuda or emulate; did you mean 'cpu'?")
        self.assert_suggested([PROGRAM, "run", EXPERIMENT, "--profile", "quik"], "did you mean 'quick'?")
        self.assert_suggested([PROGRAM, "run", EXPERIMENT, "--set", "cell.kind=integrate-and-fir"], "did you mean 'integrate-and-fire'?")
        self.assert_suggested([PROGRAM, "run", EXPERIMENT, "--set", "twin.kind=recurent"], "did you mean 'recurrent'?")
        network = self.folder / "network.toml"
        network.write_text(f'ms = 20\n[[populations]]\nname = "e"\nkind = "cell"\ncell = "{ROOT}/cells/if.toml"\nneurons = 3\n'
                           '[[projections]]\nfrom = "e"\nto = "e"\nrule = "all-to-al"\nsynapses = "excitatory"\n')
        self.assert_suggested([PROGRAM, "network", network], "did you mean 'all-to-all'?")
        network.write_text(network.read_text().replace("all-to-al", "all-to-all"))
        self.assert_suggested([PROGRAM, "network", network, "--set", "populations.f.neurons=4"], "'populations' has no element 'f'; its elements are e")
        self.assert_suggested([PROGRAM, "network", network, "--set", "populations.e.neuron=4"], "did you mean 'neurons'?")

    def test_in_a_table_of_a_list_can_be_set_by_name_or_number(self):
        network = self.folder / "network.toml"
        network.write_text(f'ms = 20\n[[populations]]\nname = "e"\nkind = "cell"\ncell = "{ROOT}/cells/if.toml"\nneurons = 3\n')
        words = [PROGRAM, "network", network, "--out", self.folder / "out", "--dry-run"]
        self.assertIn("7 e (cell)", self.succeed([*words, "--set", "populations.e.neurons=7"]).stdout)
        self.assertIn("8 e (cell)", self.succeed([*words, "--set", "populations.0.neurons=8"]).stdout)

    def test_that_is_like_no_other_gets_the_known_ones(self):
        self.assert_suggested([PROGRAM, "xyzzy"], "known: new, run, simulate, train")
        self.assert_suggested([PROGRAM, "run", EXPERIMENT, "--xyzzy"], "see 'neurontwin run --help'")


class Help(InTemporaryFolder):
    def test_names_every_command_that_there_is(self):
        helped = self.succeed([PROGRAM, "--help"]).stdout
        for command_ in ("new", "run", "inspect", "plot", "network", "completion", "man"):
            self.assertRegex(helped, rf"(?m)^  {command_} ")


class ANumber(InTemporaryFolder):
    def test_is_enough_where_a_list_of_one_is_meant(self):
        convolutional = {**FEW, "twin.taps": 30, "twin.width": 4}
        self.succeed(command(out=self.folder / "one", settings=convolutional))
        self.succeed(command(out=self.folder / "list", settings={**convolutional, "twin.taps": "[30]", "twin.width": "[4]"}))
        self.assertEqual(metrics(self.folder / "one"), metrics(self.folder / "list"))


if __name__ == "__main__":
    unittest.main()
