"""The architecture search: the same seed finds the same, and killing it or its workers loses and repeats nothing."""
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from support import ROOT, SLOW, InTemporaryFolder, command, end, run, wait_until

STOPPED = 130

# Two rungs of 4 and 12 epochs of 20 steps; nine networks and the best three.
SEARCH = {
    "search.depth": "[1, 2]", "search.widths": "[1, 3]", "search.window_ms": "[30]", "search.deeper_taps": "[5]", "search.eta": 3,
    "search.rungs": 2, "search.first_rung_epochs": 4, "search.steps_per_epoch": 20, "search.trials": 9, "search.budget_samples_h": 0,
    "search.budget_minutes": 0, "search.quiet_rungs": 0, "search.resamples": 50, "search.criterion": "smallest_not_worse", "train.checkpoint_every_s": 0,
}


def search(out, settings=None, options=()):
    return command("search", out=out, settings={**SEARCH, **(settings or {})}, options=options)


def rows(out, query):
    """What the store says now; nothing before it is there."""
    file = pathlib.Path(out) / "search.sqlite"
    if not file.exists():
        return []
    base = sqlite3.connect(file, timeout=60)
    try:
        return base.execute(query).fetchall()
    except sqlite3.OperationalError:  # killed before it made its tables
        return []
    finally:
        base.close()


def finished(out):
    return {(trial, rung): values for trial, rung, *values in rows(out, "SELECT trial, rung, auc, variance_explained, rmse_mV FROM result")}


def answers(out):
    """search.json without times."""
    text = json.loads((pathlib.Path(out) / "search.json").read_text())
    del text["search"]["wall_minutes"]
    return text


def children(pid):
    try:
        return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


class ASearch(InTemporaryFolder):
    def test_finds_the_same_with_the_same_seed(self):
        for name in "ab":
            self.succeed(search(self.folder / name))
        self.assertGreaterEqual(len(finished(self.folder / "a")), 9 + 3)
        self.assertEqual(answers(self.folder / "a"), answers(self.folder / "b"))

    def test_says_what_it_found_and_why_it_stopped(self):
        out = self.folder / "out"
        done = self.succeed(search(out))
        self.assertIn("not worse than the best found by more than", done.stdout)
        self.assertIn("stopped: all configurations asked for were tried (9 trials, ", done.stdout)
        found = answers(out)
        self.assertEqual(len(found["trials"]), 9)
        self.assertEqual(sorted({t["depth"] for t in found["trials"]}), [1, 2])
        self.assertEqual(found["answer"], next(a for a in found["answers"] if a["size"] == found["search"]["size"]))
        self.assertTrue(all(len(c["epochs"]) in (4, 12) for c in found["curves"]))

    def test_trains_what_may_be_the_answer_several_times_and_asks_it_about_other_inputs(self):
        out = self.folder / "out"
        settings = {"search.size": "depth", "search.trainings": 3, "search.generalise": "true", "evaluate.generalisation.sets": '["no_inhibition"]'}
        done = self.succeed(search(out, settings))
        found = answers(out)
        again = [t for t in found["trials"] if "again_of" in t["configuration"]]
        self.assertEqual(len(again), 2 * 2)  # of one layer and of two
        by_trial = {t["trial"]: t for t in found["trials"]}
        for network in found["answers"][0]["networks"]:
            trainings = network["trainings"]
            self.assertEqual([t["trial"] for t in trainings[1:]], [t["trial"] for t in again if t["configuration"]["again_of"] == network["trial"]])
            aucs = [by_trial[t["trial"]]["auc"] for t in trainings]
            self.assertEqual(len(set(aucs)), 3)
            self.assertAlmostEqual(network["auc"], sum(aucs) / 3, places=12)
            self.assertEqual({by_trial[t["trial"]]["rung"] for t in trainings}, {1})
        self.assertEqual(found["best"]["trainings"], 3)
        self.assertGreaterEqual(len(found["test"]), 3)  # every training of the best
        self.assertEqual([(s["name"], [n["depth"] for n in s["networks"]]) for s in found["generalisation"]], [("no_inhibition", [1, 2])])
        self.assertIn("mean of 3 trainings, ", done.stdout)
        self.assertIn("no_inhibition (", done.stdout)
        # The same once more trains nothing and looks at the test set no second time; a fourth training adds one of each.
        looks = rows(out, "SELECT * FROM test_look")
        self.succeed(search(out, settings))
        self.assertEqual(answers(out), found)
        self.succeed(search(out, {**settings, "search.trainings": 4}))
        self.assertEqual(len(answers(out)["trials"]), 9 + 2 * 3)
        self.assertEqual(set(looks) - set(rows(out, "SELECT * FROM test_look")), set())

    def test_asked_about_other_inputs_needs_some(self):
        done = run(search(self.folder / "out", {"search.generalise": "true", "evaluate.generalisation.sets": "[]"}))
        self.assertEqual(done.returncode, 2)
        self.assertIn("evaluate.generalisation.sets names none", done.stderr)

    def test_has_recurrent_networks_as_a_control_that_it_never_chooses(self):
        out = self.folder / "out"
        done = self.succeed(search(out, {"search.families": '["fully_connected", "recurrent"]', "search.memory_units": "[3]",
                                         "search.branches": "[1]", "search.trials": 6}))
        found = answers(out)
        recurrent = {t["trial"]: t for t in found["trials"] if t["configuration"]["family"] == "recurrent"}
        self.assertEqual(len(recurrent), 2)  # of six, as networks of one layer and of two
        self.assertTrue(all(t["depth"] is None and t["configuration"]["memory_units"] == 3 for t in recurrent.values()))
        control, best = found["control"], found["best"]
        self.assertEqual(control["auc"], max(t["auc"] for t in recurrent.values()))
        self.assertAlmostEqual(control["below_best"], best["auc"] - control["auc"], places=12)
        low, high = control["below_best_interval"]
        self.assertLess(low, high)
        chosen = {best["trial"]} | {n["trial"] for a in found["answers"] for n in a["networks"]} | {t for front in found["front"].values() for t in front}
        self.assertFalse(chosen & set(recurrent))
        self.assertIn(control["trial"], {t["trial"] for t in found["test"]})
        self.assertIn("control: 3 leaky memory units (1 to 150 ms) over 1 branches, ", done.stdout)

    def test_goes_on_with_a_larger_budget_and_repeats_nothing(self):
        out = self.folder / "out"
        # A rung 0 is 4 x 20 steps of 16 windows of 300 ms: 0.107 h.
        self.succeed(search(out, {"search.budget_samples_h": 0.35, "search.trials": 0}))
        first = finished(out)
        self.assertEqual(len(first), 3)
        self.succeed(search(out, {"search.budget_samples_h": 0.8, "search.trials": 0}))
        second = finished(out)
        self.assertEqual({job: second[job] for job in first}, first)
        self.assertGreater(len(second), len(first))
        self.assertEqual(rows(out, "SELECT count(*) FROM attempt"), [(len(second),)])

    def test_looks_at_the_test_set_once_for_each_chosen_network(self):
        out = self.folder / "out"
        self.succeed(search(out))
        looks = rows(out, "SELECT * FROM test_look")
        self.assertIn(len(looks), (1, 2))  # the best and the smallest, which may be one
        (out / "search.json").unlink()
        self.succeed(search(out))
        self.assertEqual(rows(out, "SELECT * FROM test_look"), looks)

    def test_of_other_settings_is_refused_in_the_same_folder(self):
        out = self.folder / "out"
        self.succeed(search(out))
        done = run(search(out, {"search.widths": "[2]"}))
        self.assertEqual(done.returncode, 2)
        self.assertIn("holds a search of other settings", done.stderr)

    def test_of_changed_data_is_put_aside_and_done_anew(self):
        out = self.folder / "out"
        cells, experiment = self.folder / "cells", self.folder / "experiments/ball-and-stick.toml"
        for name in ("cells", "experiments"):
            shutil.copytree(ROOT / name, self.folder / name)
        tree = cells / "ball-and-stick.swc"
        settings = {**SEARCH, "search.trials": 2, "search.rungs": 1, "search.first_rung_epochs": 2, "search.spike_weight": 0, "search.criterion": "target",
                    "search.target_variance_explained": 0.1, "data.trial_ms": 1000, "simulation.dt_ms": 0.1}
        words = command("search", out=out, experiment=experiment, settings=settings)
        self.succeed(words)
        first = answers(out)
        os.utime(tree)
        self.assertNotIn("search-before", self.succeed(words).stderr)
        tree.write_text(tree.read_text() + "# a word more\n")
        done = self.succeed(words)
        self.assertIn("search: the search there is of other data, or of an older algorithm; it is now in", done.stderr)
        self.assertEqual(json.loads((out / "search-before-1/search.json").read_text())["trials"], first["trials"])
        self.assertTrue((out / "search-before-1/search.sqlite").exists())
        self.assertEqual(answers(out)["trials"], first["trials"])  # a comment changes no neuron, but who knows that before?

    def test_edited_afterwards_is_not_reported(self):
        out = self.folder / "out"
        self.succeed(search(out))
        self.succeed(command(out=out))
        self.assertIn('"search":{', (out / "report.html").read_text())
        text = (out / "search.json").read_text()
        (out / "search.json").write_text(text.replace('"auc": 0.', '"auc": 0.9'))
        done = self.succeed(command("report", out=out))
        self.assertIn("search.json was changed after it was made; 'neurontwin search' makes it again", done.stderr)
        self.assertNotIn('"search":{', (out / "report.html").read_text())

    def test_stops_cleanly_and_goes_on(self):
        reference, out = self.folder / "undisturbed", self.folder / "interrupted"
        self.succeed(search(reference))
        process = subprocess.Popen(search(out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: len(finished(out)) >= 2, process)
        workers = children(process.pid)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=20)
        self.assertEqual(process.returncode, STOPPED, message)
        self.assertIn("stopped while searching; run the same command again to go on", message)
        self.assertFalse([w for w in workers if pathlib.Path(f"/proc/{w}").exists()])
        self.succeed(search(out))
        self.assertEqual(finished(out), finished(reference))


class AKilledSearch(InTemporaryFolder):
    def kill_until_done(self, out, settings, options, seed, length):
        """Kills the search, or one of its workers, at random moments; no result may change, and nothing that has one be begun again."""
        moments = random.Random(seed)
        words = search(out, settings, options)
        known, attempts, kills = {}, 0, 0
        for _ in range(40 if SLOW else 12):
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(timeout=moments.uniform(0.2, length))
            except subprocess.TimeoutExpired:
                workers = children(process.pid)
                if workers and moments.random() < 0.5:
                    os.kill(moments.choice(workers), signal.SIGKILL)
                    kills += 1
                    time.sleep(moments.uniform(0, 0.3 * length))
                kills += process.poll() is None
                end(process)
            now = finished(out)
            self.assertEqual({job: now.get(job) for job in known}, known)
            begun = rows(out, f"SELECT trial, rung FROM attempt WHERE rowid > {attempts}")
            self.assertFalse(set(begun) & set(known), "begun again")
            known = now
            attempts = (rows(out, "SELECT max(rowid) FROM attempt") or [(0,)])[0][0] or 0
            if (out / "search.json").exists():
                break
        self.succeed(words)
        self.assertGreater(kills, 2)
        now = finished(out)
        self.assertEqual({job: now.get(job) for job in known}, known)

    def test_ends_with_the_results_of_an_undisturbed_one(self):
        reference = self.folder / "undisturbed"
        start = time.monotonic()
        self.succeed(search(reference))
        length = time.monotonic() - start
        for seed in range(3 if SLOW else 1):
            with self.subTest(seed=seed):
                out = self.folder / f"killed-{seed}"
                self.kill_until_done(out, {}, (), seed, 0.4 * length)
                self.assertEqual(answers(out), answers(reference))
                shutil.rmtree(out)

    def test_of_several_workers_loses_nothing(self):
        for seed in range(3 if SLOW else 1):
            with self.subTest(seed=seed):
                out = self.folder / f"killed-{seed}"
                self.kill_until_done(out, {"search.trials": 18}, ("--workers", 3, "--threads", 3), seed, 3)
                jobs = rows(out, "SELECT trial, rung FROM result ORDER BY trial, rung")
                self.assertEqual(len(set(jobs)), len(jobs))
                self.assertEqual([trial for trial, rung in jobs if rung == 0], list(range(18)))
                self.assertGreaterEqual(sum(rung == 1 for _, rung in jobs), 6)


if __name__ == "__main__":
    unittest.main()
