#!/usr/bin/env python3
"""Races simulators on the tree of cells.py (497 compartments, 155 synapses): each runs the same input in turn, on one core, several
times; prints one table. README.md says how to get the peers.

  bench/peers/race_simulators.py --time-cable build/release/time_cable --neuron8 PYTHON --neuron9 PYTHON --arbor PYTHON --jaxley PYTHON

A PYTHON is the interpreter of the environment that has that peer; what is left out does not run. Times are of the processor. The error
of spikes is each program's own: against its run with a time step eight times as short as its shortest one.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def run(command, dt, options):
    out = subprocess.run([*command, "--dt", str(dt), "--ms", str(options.ms), "--seed", str(options.seed)], capture_output=True, text=True, cwd=HERE)
    if out.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{out.stderr[-2000:]}")
    return json.loads(out.stdout.splitlines()[-1])


def error_of(spikes, truth):
    """Mean distance of each true spike from the nearest one, in ms."""
    return statistics.mean(min((abs(t - s) for s in spikes), default=float("inf")) for t in truth)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--time-cable", type=pathlib.Path)
    for peer in ("neuron8", "neuron9", "arbor", "jaxley"):
        parser.add_argument(f"--{peer}")
    parser.add_argument("--ms", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--turns", type=int, default=3)
    o = parser.parse_args()
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[-1]})
    ways = []
    if o.time_cable:
        ways.append([sys.executable, HERE / "sim_neurontwin.py", "--program", o.time_cable.resolve()])
    for python in filter(None, (o.neuron8, o.neuron9)):
        ways += [[python, HERE / "sim_neuron.py", "--order", order] for order in ("0", "2")]
    if o.neuron9:
        ways += [[o.neuron9, HERE / "sim_neuron.py", "--coreneuron", "--order", order] for order in ("0", "2")]
    if o.arbor:
        ways.append([o.arbor, HERE / "sim_arbor.py"])
    if o.jaxley:
        ways.append([o.jaxley, HERE / "sim_jaxley.py"])
    steps = (0.025, 0.0625)
    found = {(i, dt): [] for i in range(len(ways)) for dt in steps}
    for _ in range(o.turns):
        for i, way in enumerate(ways):
            for dt in steps:
                found[i, dt].append(run(way, dt, o))
    truth = [run(way, steps[0] / 8, o)["spike_times_ms"] for way in ways]
    print("| program | scheme | time step, ms | s of processor per simulated s | shortest of the turns | spikes | mean error of spikes, ms |\n|---|---|---|---|---|---|---|")
    for (i, dt), runs in found.items():
        seconds = [r["seconds_per_simulated_second"] for r in runs]
        print(f"| {runs[0]['program']} | {runs[0]['scheme']} | {dt} | {statistics.median(seconds):.3f} | {min(seconds):.3f} | {len(runs[0]['spike_times_ms'])} | "
              f"{error_of(runs[0]['spike_times_ms'], truth[i]):.3f} |", flush=True)


if __name__ == "__main__":
    main()
