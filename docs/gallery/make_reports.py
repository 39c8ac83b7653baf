#!/usr/bin/env python3
"""Makes the gallery: finished reports, their twins, and the SHA-256 digests of both.

    make_reports.py OUT [--only NAME...] [--profile quick|day] [--public-cell CELL.toml] [--program neurontwin] [--runs FOLDER]

OUT/NAME/report.html and OUT/NAME/twin.safetensors are made for each of: if, branch, ball-and-stick, l5pc-ampa, l5pc-nmda,
and public, a published cell by docs/public-cells.md, whose files the project may not hold and --public-cell names.
OUT/SHA256SUMS is for 'sha256sum --check', and OUT/README.md lists the scores. A report of 5 MB or more is an error.
Running the same command again makes only what is missing: run folders (--runs, default OUT-runs) are kept.
"""
import argparse
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPERIMENTS = {"if": "if", "branch": "branch-nmda", "ball-and-stick": "ball-and-stick", "l5pc-ampa": "l5pc-ampa",
               "l5pc-nmda": "l5pc-nmda"}
NAMES = [*EXPERIMENTS, "public"]
FILES = ("report.html", "twin.safetensors")
MOST_BYTES = 5_000_000

# The input and the twin of l5pc-nmda for a cell that comes with neither synapses nor input. Its electrodes are left out.
PUBLIC = """extends = "{root}/experiments/l5pc-nmda.toml"
title = "A published cell ({name}), deep twin"

[cell]
file = "{cell}"
point = []
excitatory = {{ mechanism = "AMPANMDA", regions = ["basal", "apical"], ampa_rise = 0.3, ampa_decay = 3, ampa_gmax = 0.0004, \
nmda_rise = 2, nmda_decay = 70, nmda_gmax = 0.0004 }}
inhibitory = {{ mechanism = "DoubleExp", regions = ["basal", "apical"], rise = 0.2, decay = 8, gmax = 0.001, e = -80 }}

[stimulus]
calibrate = {{ rate_hz = 1 }}

[interpret.probes]
quantities = ["v", "AMPANMDA.g_nmda", "DoubleExp.g"]
"""


def experiment_of(name, runs, public_cell):
    """The experiment's file; of the published cell it is written first."""
    if name in EXPERIMENTS:
        return ROOT / f"experiments/{EXPERIMENTS[name]}.toml"
    if public_cell is None:
        sys.exit("make_reports.py: 'public' needs --public-cell CELL.toml, a description by docs/public-cells.md")
    cell = pathlib.Path(public_cell).resolve()
    file = runs / "public.toml"
    file.write_text(PUBLIC.format(root=ROOT, cell=cell, name=cell.parent.name))
    return file


def make(name, arguments, runs):
    """Runs one experiment and copies what the gallery shows of it. Returns its row of README.md."""
    run, out = runs / name, arguments.out / name
    start = time.monotonic()
    done = subprocess.run([arguments.program, "run", experiment_of(name, runs, arguments.public_cell), "--profile", arguments.profile,
                           "--out", run])
    if done.returncode != 0:
        sys.exit(f"make_reports.py: {name}: the run ended with {done.returncode}")
    minutes = (time.monotonic() - start) / 60
    out.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        shutil.copy(run / file, out / file)
    report = out / "report.html"
    if report.stat().st_size >= MOST_BYTES:
        sys.exit(f"make_reports.py: {report} has {report.stat().st_size / 1e6:.1f} MB, expected less than {MOST_BYTES / 1e6:.0f} MB")
    scores = json.loads((run / "metrics.json").read_text())
    words = json.loads((run / "run.json").read_text())
    auc = scores.get("spike.auc")
    return [f"[{words['title']}]({name}/report.html)", f"[{scores['twin.parameters']} weights]({name}/twin.safetensors)",
            "-" if auc is None else f"{auc:.4f}", f"{100 * scores['soma.variance_explained']:.1f} %",
            f"{report.stat().st_size / 1e6:.1f} MB", f"{minutes:.1f}"]


def write_digests(out):
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(out)}\n"
             for name in NAMES for file in (out / name / part for part in FILES) if file.exists()]
    (out / "SHA256SUMS").write_text("".join(lines))


def write_table(out, rows, profile):
    """Rows of earlier commands are kept: they are in rows.json."""
    kept = out / "rows.json"
    rows = {**(json.loads(kept.read_text()) if kept.exists() else {}), **rows}
    kept.write_text(json.dumps(rows, indent=1) + "\n")
    head = ["neuron", "twin", "spike AUC", "voltage explained", "report", "minutes in the last command"]
    lines = [head, ["---"] * len(head), *(rows[name] for name in NAMES if name in rows)]
    text = "".join("| " + " | ".join(line) + " |\n" for line in lines)
    (out / "README.md").write_text(f"# Gallery\n\nMade by docs/gallery/make_reports.py with the profile {profile}. "
                                   f"Digests are in SHA256SUMS.\n\n{text}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--public-cell")
    parser.add_argument("--program", default="neurontwin")
    parser.add_argument("--runs", type=pathlib.Path)
    arguments = parser.parse_args()
    runs = arguments.runs or arguments.out.with_name(arguments.out.name + "-runs")
    for folder in (arguments.out, runs):
        folder.mkdir(parents=True, exist_ok=True)
    rows = {}
    for name in arguments.only:
        rows[name] = make(name, arguments, runs)
        write_digests(arguments.out)
        write_table(arguments.out, rows, arguments.profile)
    print(arguments.out / "README.md")


if __name__ == "__main__":
    main()
