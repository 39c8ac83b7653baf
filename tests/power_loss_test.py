"""A run of the layer-5 cell that is killed ten times, in simulation, training and evaluation, ends as one that was not."""
import json
import os
import pathlib
import random
import signal
import subprocess
import time
import unittest

from support import ROOT, SLOW, InTemporaryFolder, command, end, metrics

EXPERIMENT = ROOT / "experiments/l5pc-nmda.toml"
CHECKPOINT_EVERY_S = 1
SETTINGS = {
    "data.trial_ms": 1500, "data.train_trials": 40, "data.valid_trials": 8, "data.test_trials": 16, "data.trials_per_shard": 8,
    "simulation.dt_ms": 0.1, "train.epochs": 4, "train.steps_per_epoch": 100, "train.checkpoint_every_s": CHECKPOINT_EVERY_S,
    "evaluate.bootstrap_resamples": 100,
    "train.schedule": "[{ from_epoch = 0, learning_rate = 3e-3, soma_weight = 0.02 }]",
}
SHARDS = 8 + 2  # of the data set, and one of each of the quick profile's other inputs
THREADS = 2
STAGES = ["simulate", "train", "evaluate"]


def cpu_s(pid):
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class TenPowerLosses(InTemporaryFolder):
    def words(self, out):
        return command(out=out, experiment=EXPERIMENT, settings=SETTINGS, options=["--profile", "quick", "--threads", THREADS])

    def stages(self, out):
        file = out / "stages.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def shards(self, out):
        return {file.name: file.stat().st_mtime_ns for file in (out / "dataset").glob("*.h5")}

    def current_stage(self, out):
        done = self.stages(out)
        return next((stage for stage in STAGES if stage not in done), "done")

    def follow(self, out, stop=None):
        """Runs. `stop` = (stage, seconds): kills once this stage has had so much of the processor, or is over. Seconds are of the processor,
        which do not depend on what else the machine does. Returns the last stage, each stage's seconds, and those since the last checkpoint."""
        process = subprocess.Popen(self.words(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        last = out / "checkpoints/last.safetensors"
        taken = dict.fromkeys([*STAGES, "done"], 0.0)
        now = saved = 0.0
        version = None
        latest = time.monotonic() + 3600
        while process.poll() is None:
            before, now = now, max(now, cpu_s(process.pid))
            stage = self.current_stage(out)
            taken[stage] += now - before
            if last.exists() and last.stat().st_mtime_ns != version:
                version, saved = last.stat().st_mtime_ns, 0.0 if version is None else now
            if stop and (taken[stop[0]] >= stop[1] or stage not in STAGES[:STAGES.index(stop[0]) + 1]):
                end(process)
            if time.monotonic() > latest:
                end(process)
                self.fail("the program did not come to an end within an hour")
            time.sleep(0.005)
        self.assertEqual(process.returncode, -signal.SIGKILL if stop else 0)
        return self.current_stage(out), taken, now - saved

    @unittest.skipUnless(SLOW, "minutes; NEURONTWIN_SLOW=1 runs it")
    def test_change_nothing_and_cost_little(self):
        reference, out = self.folder / "undisturbed", self.folder / "killed"
        _, takes, _ = self.follow(reference)
        print("undisturbed, seconds of the processor:", {stage: round(s, 1) for stage, s in takes.items()}, flush=True)
        moments = random.Random(1)
        interrupted = []
        whole = {}
        for stage in ["simulate"] * 4 + ["train"] * 4 + ["evaluate"] * 2:
            stage, _, unsaved_s = self.follow(out, stop=(stage, moments.uniform(0.1, 0.5) * takes[stage]))
            interrupted.append(stage)
            now = self.shards(out)
            # A whole shard is never made again.
            self.assertEqual({name: now[name] for name in whole}, whole)
            whole = now
            said = f", {unsaved_s:.1f} s of the processor lost" if stage == "train" else ""
            print(f"killed in {stage}: {len(whole)} of {SHARDS} shards are whole{said}", flush=True)
            if stage == "train":  # beside the interval: the program's start, a step or validation, and the writing
                self.assertLess(unsaved_s, THREADS * CHECKPOINT_EVERY_S + 4)
        self.assertEqual(set(interrupted), set(STAGES))
        self.succeed(self.words(out))

        self.assertEqual({name: self.shards(out)[name] for name in whole}, whole)
        for file in (reference / "dataset").glob("*.h5"):
            self.assertEqual(file.read_bytes(), (out / "dataset" / file.name).read_bytes(), file)
        self.assertEqual((out / "twin.safetensors").read_bytes(), (reference / "twin.safetensors").read_bytes())
        self.assertEqual(metrics(out), metrics(reference))
        self.assertEqual(list(out.rglob("*.half-written")), [])


if __name__ == "__main__":
    unittest.main()
