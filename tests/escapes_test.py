"""What files and names hold cannot command the terminal: it is shown."""
import json
import os
import re
import subprocess

from support import EXPERIMENT, PROGRAM, ROOT, InTemporaryFolder, command, run

FEW = {"data.train_trials": 32, "data.valid_trials": 16, "data.test_trials": 16, "train.epochs": 1, "train.steps_per_epoch": 20,
       "evaluate.baselines": "false", "evaluate.generalisation.sets": "[]"}
EVIL = "a\x1b[2J\x1b]0;owned\x07b\x9bc\rd\u202ee"
AS_TOML = r'"a\u001b[2J\u001b]0;owned\u0007b\u009bc\rd\u202ee"'
SHOWN = r"a\x1b[2J\x1b]0;owned\x07b\x9bc\x0dd\u202ee"
COMMANDS = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]")


class ControlCharacters(InTemporaryFolder):
    def shown(self, words, code=0, cwd=None):
        """Standard output and error, neither of which holds a character that a terminal obeys."""
        done = subprocess.run([str(w) for w in words], capture_output=True, cwd=cwd)
        self.assertEqual(done.returncode, code, done.stderr)
        for stream in (done.stdout, done.stderr):
            self.assertIsNone(COMMANDS.search(stream), stream)
        return done.stdout.decode(), done.stderr.decode()

    def test_of_a_title_are_shown_by_every_command(self):
        out = self.folder / "run"
        settings = {**FEW, "title": AS_TOML}
        printed, _ = self.shown(command(out=out, settings=settings))
        self.assertIn(SHOWN, printed)
        self.assertIn(SHOWN, self.shown([PROGRAM, "inspect", out])[0])
        self.assertIn(SHOWN, self.shown([PROGRAM, "list", out])[0])
        self.assertEqual(json.loads(self.shown([PROGRAM, "list", out, "--json"])[0])[0]["title"], EVIL)
        for file in ("twin.safetensors", "report.html", "run.json", "stages.json", "experiment.toml", "dataset/test-0000.h5"):
            self.shown([PROGRAM, "inspect", out / file])
        self.shown([PROGRAM, "run", out, "--json"])
        self.shown([PROGRAM, "run", out, "--dry-run"])
        self.shown([PROGRAM, "run", out, "--set", "seed=2", "--dry-run"])

    def test_of_names_and_values_are_shown_in_errors(self):
        name = "gone\x1b[31m.toml"
        self.assertIn(r"gone\x1b[31m.toml", self.shown([PROGRAM, "run", name], code=2)[1])
        self.assertIn(r"\x1b", self.shown([PROGRAM, "run", EXPERIMENT, "--set", "title\x1b=3"], code=2)[1])
        self.assertIn(r"'\x1b[2J'", self.shown([PROGRAM, "\x1b[2J"], code=2)[1])
        file = self.folder / "cell.toml"
        file.write_text((ROOT / "cells/if.toml").read_text() + f"\n{AS_TOML} = 3\n")
        self.assertIn(r"\x1b[2J", self.shown([PROGRAM, "inspect", file], code=2)[1])

    def test_of_folders_are_shown_in_lists(self):
        out = self.folder / "a\x1b[2Jb"
        self.succeed(command("simulate", out=out, settings=FEW))
        self.assertIn(r"a\x1b[2Jb", self.shown([PROGRAM, "list", self.folder])[0])
        self.shown([PROGRAM, "inspect", out])

    def test_of_names_that_are_no_text_are_shown_as_bytes(self):
        out = os.fsencode(self.folder) + b"/run\xff\x9b2J"
        words = [os.fsencode(str(w)) for w in command("simulate", settings=FEW)] + [b"--out", out]
        self.assertEqual(subprocess.run(words, capture_output=True).returncode, 0)
        printed = self.shown([PROGRAM, "list", self.folder])[0]
        self.assertIn(r"run\xff\x9b2J", printed)
        self.assertEqual(len(json.loads(self.shown([PROGRAM, "list", self.folder, "--json"])[0])), 1)

    def test_of_mechanisms_and_morphologies_are_shown(self):
        mechanism = self.folder / "x.mod"
        mechanism.write_text("NEURON { SUFFIX x RANGE g }\nPARAMETER { g = 1 (\x1b[2J) }\nBREAKPOINT { \x1b[31m }\n")
        self.shown([PROGRAM, "inspect", mechanism], code=2)
        tree = self.folder / "x.swc"
        tree.write_text("1 1 0 0 0 \x1b[2J 5 -1\n")
        self.shown([PROGRAM, "inspect", tree], code=2)
        cell = self.folder / "cell.toml"
        cell.write_text('kind = "\\u001b[2J"\n')
        self.assertIn(r"\x1b[2J", self.shown([PROGRAM, "inspect", cell], code=2)[1])


if __name__ == "__main__":
    import unittest
    unittest.main()
