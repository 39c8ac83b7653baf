"""All stages and the search, killed (SIGKILL) at random moments and started again: nothing is lost, nothing is other than undisturbed."""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
import unittest

from search_test import SEARCH, answers, children
from support import SLOW, InTemporaryFolder, command, metrics

KILLS = 300 if SLOW else 10
STAGES = ["simulate", "train", "evaluate", "interpret", "report", "search"]
SETTINGS = {**SEARCH, "search.trials": 4, "data.train_trials": 120, "data.valid_trials": 40, "train.epochs": 4, "train.steps_per_epoch": 80,
            "train.checkpoint_every_s": 0.05, "evaluate.bootstrap_resamples": 200}


def without_times(file):
    """Seconds are the machine's: the only numbers that may differ."""
    return re.sub(r'"(seconds|timing\.\w+|wall_minutes)": ?[-+.e\d]+', "", file.read_text())


class KilledAtRandomMoments(InTemporaryFolder):
    def words(self, stage, out):
        return command(stage, out=out, settings=SETTINGS)

    def assert_same_results(self, out, reference):
        def names(folder):
            return sorted(str(f.relative_to(folder)) for pattern in ("dataset/*", "*.json", "*.html", "*.toml", "twin.*") for f in folder.glob(pattern))
        self.assertEqual(names(out), names(reference))
        for name in names(reference):
            if name in ("stages.json", "run.json", "report.html", "search.json"):
                continue
            mine, other = out / name, reference / name
            if name.endswith(".json"):
                self.assertEqual(without_times(mine), without_times(other), name)
            else:
                self.assertEqual(mine.read_bytes(), other.read_bytes(), name)
        self.assertEqual(metrics(out), metrics(reference))
        self.assertEqual(answers(out), answers(reference))
        self.assertTrue((out / "report.html").read_text().endswith("</html>\n"))
        # The report is made from files with times in them.
        mine, other = ({name: record["made_from"] for name, record in json.loads((folder / "stages.json").read_text())["stages"].items()
                        if name != "report"} for folder in (out, reference))
        self.assertEqual(mine, other)
        self.assertEqual(list(out.rglob("*.half-written")), [])
        self.assertEqual(list(out.glob("*-before-*")), [], "nothing was taken for another run's")

    def kill(self, stage, out, after_s, moments):
        """Whether the stage was still at work then. A search loses its workers, too, or at first one of them alone."""
        process = subprocess.Popen(self.words(stage, out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _, message = process.communicate(timeout=after_s)
            self.assertEqual(process.returncode, 0, message)
            return False
        except subprocess.TimeoutExpired:
            workers = children(process.pid)
            if workers and moments.random() < 0.5:
                os.kill(moments.choice(workers), signal.SIGKILL)
                time.sleep(moments.uniform(0, 0.2))
            process.kill()
            process.communicate()
            return True

    def test_every_stage_ends_as_if_undisturbed(self):
        reference = self.folder / "undisturbed"
        takes_s = {}
        for stage in STAGES:
            start = time.monotonic()
            self.succeed(self.words(stage, reference))
            takes_s[stage] = time.monotonic() - start
        self.succeed(self.words("report", reference))  # with the search
        moments = random.Random(20)
        kills = dict.fromkeys(STAGES, 0)
        folders = 0
        while sum(kills.values()) < KILLS:
            folders += 1
            out = self.folder / f"killed-{folders}"
            for stage in STAGES:
                for _ in range(moments.randint(1, 8 if SLOW else 3)):
                    if sum(kills.values()) == KILLS or not self.kill(stage, out, moments.uniform(0, takes_s[stage]), moments):
                        break
                    kills[stage] += 1
                self.succeed(self.words(stage, out))
            self.succeed(self.words("report", out))
            with self.subTest(folder=folders):
                self.assert_same_results(out, reference)
            shutil.rmtree(out)
        print(f"{sum(kills.values())} kills in {folders} folders: {kills}", flush=True)
        for stage, count in kills.items() if SLOW else []:  # ten are too few for every stage to get its own
            self.assertGreater(count, 0, stage)


if __name__ == "__main__":
    unittest.main()
