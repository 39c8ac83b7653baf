"""Races NEURON: the same cell, the same .mod files, the same input, in turn, one core each; prints the ratio.

    build/release/accuracy --cell cells/l5pc.toml --morphology CELL.asc --stimulus bench/l5pc_stimulus.toml --trials 8 --trial-ms 2000 --write-inputs trials
    bench/peers/race_neuron.py --morphology CELL.asc --input trials/*.h5

Builds on `cmake --preset release -DNEURONTWIN_BENCH=ON`. Needs Debian's neuron, python3-neuron, neuron-dev and python3-h5py. Every
trial runs in both programs, one after the other; times are of the processor. Spikes are compared with those of our solver in double at dt 0.003125.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import h5py

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/neuron"))
import cell as neuron_cell  # noqa: E402
import mechanisms  # noqa: E402


def spike_errors(runs, truths):
    """Pairs every true spike with the nearest of a run within 5 ms, each once: how many are lost, how many are extra, how late the others are."""
    lost, extra, errors = 0, 0, []
    for run, truth in zip(runs, truths):
        left = list(run)
        for t in truth:
            near = min(left, key=lambda x: abs(x - t), default=None)
            if near is None or abs(near - t) > 5:
                lost += 1
                continue
            left.remove(near)
            errors.append(abs(near - t))
        extra += len(left)
    return {"lost": lost, "extra": extra, "mean_ms": sum(errors) / len(errors), "max_ms": max(errors)}


def maxima(v):
    """Output spikes: local maxima above -25 mV of the voltage at 1/8 ms."""
    return [k / 8 for k in range(1, len(v) - 1) if v[k] > -25 and v[k] > v[k - 1] and v[k] >= v[k + 1]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--morphology", required=True, type=pathlib.Path)
    parser.add_argument("--input", required=True, nargs="+", type=pathlib.Path)
    parser.add_argument("--ms", type=int, default=2000)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/race")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/time_cable")
    args = parser.parse_args()
    morphology, files, program = args.morphology.resolve(), [file.resolve() for file in args.input], args.program.resolve()
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[-1]})
    args.work.mkdir(parents=True, exist_ok=True)
    os.chdir(args.work)
    from neuron import h
    description = {**neuron_cell.parse((ROOT / "cells/l5pc.toml").read_text()), "morphology": str(morphology)}
    # The flags of a fair race.
    library, refused = mechanisms.build_library(sorted(neuron_cell.mod_files(description, ROOT / "cells")), args.work / "library", ("-O3", "-march=native"))
    if refused:
        sys.exit("\n".join(f"NEURON refuses {name}: {why}" for name, why in refused.items()))
    neuron_cell.load(h, library)
    cell = neuron_cell.Cell(h, description, ROOT / "cells")
    connections = {kind: [h.NetCon(None, synapse, 0, 0, 1) for synapse in group] for kind, group in cell.synapses.items()}
    voltage = h.Vector().record(cell.soma(0.5)._ref_v, 0.125)

    def neuron(order, file):
        with h5py.File(file) as trial:
            events = {kind: list(zip(trial[f"input/{short}/compartment"][:], trial[f"input/{short}/time_ms"][:]))
                      for kind, short in (("excitatory", "exc"), ("inhibitory", "inh"))}
        h.secondorder, h.dt = order, 0.025
        h.finitialize(description["initial_mV"])
        for kind, spikes in events.items():
            for compartment, t in spikes:
                if t < args.ms:
                    connections[kind][compartment].event(float(t))
        start = time.process_time()  # of this one thread: what other programs do meanwhile does not count
        while h.t < args.ms - 1e-6:
            h.fadvance()
        return (time.process_time() - start) * 1000 / args.ms, maxima(list(voltage))

    def ours(precision, scheme, dt, which):
        out = subprocess.run([str(program), "--cell", str(ROOT / "cells/l5pc.toml"), "--morphology", str(morphology), "--dt", str(dt), "--scheme", scheme, "--precision", precision,
                              "--ms", str(args.ms)] + [str(file) for file in which], capture_output=True, text=True, check=True)
        result = json.loads(out.stdout)
        return result["seconds_per_trial"] * 1000 / args.ms, result["spike_times_ms"]

    truths = []
    for first in range(0, len(files), 2):  # as many as fit side by side in double on any machine
        truths += ours("double", "crank-nicolson", 0.003125, files[first:first + 2])[1]
    peers = {"NEURON, backward Euler, dt 0.025": 0, "NEURON, Crank-Nicolson, dt 0.025": 2}
    variants = {f"neurontwin, {scheme}, {precision}, dt {dt}": (precision, scheme, dt)
                for precision, scheme, dt in [("float", "crank-nicolson", dt) for dt in (0.025, 0.03125, 0.05, 0.0625, 0.1, 0.125)]
                + [("double", "crank-nicolson", 0.025), ("double", "euler", 0.025)]}
    seconds = {name: [] for name in [*peers, *variants]}
    spikes = {name: [] for name in seconds}
    for file in files:
        for name, order in peers.items():
            each, found = neuron(order, file)
            seconds[name].append(each)
            spikes[name].append(found)
        for name, variant in variants.items():
            each, found = ours(*variant, [file])
            seconds[name].append(each)
            spikes[name] += found[:1]
        print(f"{file.name}: " + ", ".join(f"{times[-1]:.3f}" for times in seconds.values()), flush=True)
    # Medians: the machine's speed wanders, and every turn has all of them.
    table = [{"run": name, "seconds_per_simulated_second": statistics.median(times), **spike_errors(spikes[name], truths)} for name, times in seconds.items()]
    for row in table:
        ratios = [[other / own for other, own in zip(seconds[peer], seconds[row["run"]])] for peer in peers]
        row["times_backward_euler"], row["times_crank_nicolson"] = (statistics.median(r) for r in ratios)
        print(f"{row['run']:48s} {row['seconds_per_simulated_second']:7.3f} s/s  {row['times_backward_euler']:6.1f} x NEURON's Euler {row['times_crank_nicolson']:6.1f} x its Crank-Nicolson;"
              f"  of {sum(map(len, truths))} spikes: lost {row['lost']}, extra {row['extra']}, off by {row['mean_ms']:.3f} ms, at most {row['max_ms']:.3f}")
    pathlib.Path("race.json").write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
