#!/usr/bin/env python3
"""What ranks gain on this machine: simulating with 2 ranks against 1, a training step with 2 ranks against 2 threads. In turn, several
times, of which the shortest count. Where other programs run, too, processor time is what counts: it is what the wall would show if
each rank had a core of its own. Waiting for other ranks takes processor time in training, and none in simulating.
ranks.py PROGRAM [TIMES]"""
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM, TIMES = sys.argv[1], int(sys.argv[2]) if sys.argv[1] != "--rank" and len(sys.argv) > 2 else 5
DATA = ["--set", "data.train_trials=4608", "--set", "data.valid_trials=16", "--set", "data.test_trials=16", "--set", "data.trial_ms=2000",
        "--set", "data.trials_per_shard=48"]
TRAIN = ["--set", "train.epochs=1", "--set", "train.steps_per_epoch=4000", "--set", "train.batch_windows=32"]


def ranks(count, words, threads, times):
    """Each rank runs below this script, which leaves its processor time in the folder `times`."""
    run = [sys.executable, __file__, "--rank", str(times), PROGRAM, *words, "--threads", str(threads), "--quiet"]
    launcher = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", str(count)]
    return [*launcher, *run] if count > 0 else run


def run_rank(folder, words):
    done = subprocess.run(words)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    (pathlib.Path(folder) / str(os.getpid())).write_text(str(used.ru_utime + used.ru_stime))
    sys.exit(done.returncode)


def measured(words, threads, times):
    """Seconds of the wall clock, and of processors: those of the rank that took most, by its threads."""
    for file in times.iterdir():
        file.unlink()
    start = time.monotonic()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start, max(float(file.read_text()) for file in times.iterdir()) / threads


def race(name, ways, prepare, times):
    """The ways in turn; prints the shortest of each."""
    best = {}
    for _ in range(TIMES):
        for way, (words, threads) in ways.items():
            prepare()
            now = measured(words, threads, times)
            best[way] = tuple(map(min, best.get(way, now), now))
    for way, (wall, processor) in best.items():
        print(f"{name:<9} {way:<10} {wall:7.2f} s of wall, {processor:7.2f} s of each processor of the busiest rank")
    (_, (wall_a, processor_a)), (_, (wall_b, processor_b)) = best.items()
    print(f"{name:<9} ratio      {wall_a / wall_b:7.2f} of wall, {processor_a / processor_b:7.2f} of processors; "
          f"load {os.getloadavg()[0]:.1f}", flush=True)


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        experiment, out, times = str(ROOT / "experiments/ball-and-stick.toml"), folder / "out", folder / "times"
        times.mkdir()
        words = ["simulate", experiment, "--out", str(out), *DATA]
        race("simulate", {"1 rank": (ranks(1, words, 1, times), 1), "2 ranks": (ranks(2, words, 1, times), 1)},
             lambda: shutil.rmtree(out, ignore_errors=True), times)
        words = ["train", experiment, "--out", str(out), *DATA, *TRAIN]

        def forget():
            shutil.rmtree(out / "checkpoints", ignore_errors=True)
            for name in ("twin.safetensors", "learning.json"):
                (out / name).unlink(missing_ok=True)
        race("train", {"2 threads": (ranks(0, words, 2, times), 2), "2 ranks": (ranks(2, words, 1, times), 1)}, forget, times)


if __name__ == "__main__":
    if sys.argv[1] == "--rank":
        run_rank(sys.argv[2], sys.argv[3:])
    main()
