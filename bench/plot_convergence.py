"""Draws how the error of the soma's voltage falls with the time step: docs/gallery/convergence.png.

    bench/plot_convergence.py --morphology CELL.asc --input TRIAL.h5 [--ms 200]

A trial without output spikes in its first --ms. Builds on `cmake --preset release -DNEURONTWIN_BENCH=ON`. Needs Debian's python3-matplotlib.
"""
import argparse
import csv
import pathlib
import subprocess

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUNS = {"backward Euler": ["--scheme", "euler"],
        "Crank-Nicolson, one step for all": ["--root-steps", "1", "--most-steps", "1"],
        "Crank-Nicolson, steps to measure (default)": []}


def errors(program, morphology, trial, ms, options):
    out = subprocess.run([program, "--cell", ROOT / "cells/l5pc.toml", "--morphology", morphology, "--ms", str(ms), *options, trial],
                         capture_output=True, text=True, check=True).stdout
    rows = list(csv.DictReader(out.splitlines()))
    return [float(row["dt_ms"]) for row in rows], [float(row["rms_error_mV"]) for row in rows]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--morphology", required=True, type=pathlib.Path)
    parser.add_argument("--input", required=True, type=pathlib.Path)
    parser.add_argument("--ms", type=int, default=200)
    parser.add_argument("--program", default=ROOT / "build/release/convergence")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/gallery/convergence.png")
    args = parser.parse_args()
    figure, axes = plt.subplots(figsize=(6.4, 4.2), dpi=110)
    for (name, options), marker in zip(RUNS.items(), "so^"):
        steps, rms = errors(args.program, args.morphology, args.input, args.ms, options)
        axes.loglog(steps, rms, marker + "-", label=name)
        if name == "backward Euler":
            axes.loglog(steps, [rms[0] * dt / steps[0] for dt in steps], ":", color="grey", lw=1, label="dt, dt$^2$")
        elif "default" in name:
            axes.loglog(steps, [rms[0] * (dt / steps[0]) ** 2 for dt in steps], ":", color="grey", lw=1)
    axes.set_xlabel("time step dt, ms")
    axes.set_ylabel("RMS error of the soma's voltage, mV")
    axes.grid(True, which="both", alpha=0.25)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(args.out)


if __name__ == "__main__":
    main()
