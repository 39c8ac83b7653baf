"""Random cells in both programs: what differs.

    differential.py [--seed N] [--first N] [--cases N] [--keep FOLDER]

Prints a line for each case that differs, and the counts. Needs NEURON (python3-neuron, neuron, neuron-dev).
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import h5py
import numpy as np

import generator
import mechanisms

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = os.environ.get("NEURONTWIN", str(HERE.parent.parent / "build/release/neurontwin"))
# NEURON's conductances are differences over 0.001 mV, ours derivatives: what is left of that, and of rounding, in some 60 ms.
TOLERANCE_MV = 1e-4


@dataclass
class Outcome:
    case: generator.Case
    kind: str  # "agrees", "differs", "refused" (by us), "refused by NEURON", "failed" (ours ended otherwise)
    message: str = ""
    difference_mV: float = 0
    influence_mV: float = 0  # of the mechanisms of the case, in NEURON


def write_case(case, folder):
    for mechanism in case.mechanisms:
        (folder / f"{mechanism.suffix}.mod").write_text(mechanism.text)
    (folder / f"{case.name}.swc").write_text(case.swc)
    (folder / f"{case.name}.toml").write_text(case.toml)
    if case.events:
        with h5py.File(folder / f"{case.name}-input.h5", "w") as file:
            for short, kind in (("exc", "excitatory"), ("inh", "inhibitory")):
                mine = [event for event in case.events if event[0] == kind]
                file[f"input/{short}/synapse"] = np.array([event[1] for event in mine], dtype=np.uint32)
                file[f"input/{short}/time_ms"] = np.array([event[2] for event in mine], dtype=float)
                if case.own_weights:
                    file[f"input/{short}/weight"] = np.array([event[3] for event in mine], dtype=float)


def simulate(case, folder):
    """Our program's run: (its exit code and message, out file)."""
    out = folder / f"{case.name}-ours.h5"
    words = [PROGRAM, "simulate", folder / f"{case.name}.toml", "--out", out, "--ms", case.ms, "--scheme", "euler", "--precision", "double"]
    if case.events:
        words += ["--replay", folder / f"{case.name}-input.h5"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, env=environment, timeout=300)
    return done.returncode, done.stderr.strip(), out


def without_mechanisms(toml, case):
    """The cell without the case's own mechanisms: what they change is what a case can show."""
    lines = [line for line in toml.split("\n") if not any(f'"{m.suffix}.mod"' in line for m in case.mechanisms)]
    return "\n".join(lines)


def run_neuron(cases, folder, library):
    jobs = []
    for case in cases:
        bare = folder / f"{case.name}-bare.toml"
        bare.write_text(without_mechanisms(case.toml, case))
        jobs.append({"name": case.name, "toml": str(folder / f"{case.name}.toml"), "ms": case.ms, "events": case.events})
        jobs.append({"name": f"{case.name}-bare", "toml": str(bare), "ms": case.ms})
    (folder / "jobs.json").write_text(json.dumps({"library": str(library), "cells": jobs}))
    done = subprocess.run(["/usr/bin/python3", str(HERE / "run_cells.py"), str(folder / "jobs.json"), str(folder / "neuron.h5")],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"NEURON ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def by_place(section, x, voltages):
    return {(name.decode() if isinstance(name, bytes) else name, round(float(at), 6)): v for name, at, v in zip(section, x, voltages)}


def difference_mV(ours, theirs):
    """The largest over soma and compartments; infinite where the compartments are others, or a voltage is no number in one program alone."""
    with h5py.File(ours) as file:
        soma = file["soma_mV"][()]
        mine = by_place(file["compartments/section"][()], file["compartments/x"][()], file["dendrites_mV"][()])
    peer = by_place(theirs["section"][()], theirs["x"][()], theirs["compartments_mV"][()])
    if mine.keys() != peer.keys() or soma.shape != theirs["soma_mV"].shape:
        return np.inf
    pairs = [(soma, theirs["soma_mV"][()]), *((mine[place], peer[place]) for place in mine)]
    largest = 0.0
    for a, b in pairs:
        if np.any(np.isfinite(a) != np.isfinite(b)):
            return np.inf
        largest = max(largest, float(np.nanmax(np.abs(a.astype(float) - b))))
    return largest


def compare(case, ours, peers):
    code, message, out = ours
    theirs = peers[case.name]
    if code == 2:
        return Outcome(case, "refused", message)
    if code != 0:
        return Outcome(case, "failed", message)
    if "error" in theirs.attrs:
        return Outcome(case, "refused by NEURON", theirs.attrs["error"])
    bare = peers[f"{case.name}-bare"]
    influence = float(np.max(np.abs(bare["soma_mV"][()] - theirs["soma_mV"][()])))
    difference = difference_mV(out, theirs)
    return Outcome(case, "agrees" if difference <= TOLERANCE_MV else "differs", "", difference, influence)


def run(cases, folder):
    """Outcomes of all cases, in their order."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        write_case(case, folder)
    mods = sorted(folder.glob("*.mod"))
    catalogue = HERE.parent.parent / "src/mechanism/catalogue/leak.mod"
    library, refused = mechanisms.build_library([*mods, catalogue], folder / "library")
    outcomes = {}
    kept = []
    for case in cases:
        why = [refused[f"{m.suffix}.mod"] for m in case.mechanisms if f"{m.suffix}.mod" in refused]
        if why:
            outcomes[case.name] = Outcome(case, "refused by NEURON", why[0])
        else:
            kept.append(case)
    run_neuron(kept, folder, library)
    with ThreadPoolExecutor(os.cpu_count()) as pool, h5py.File(folder / "neuron.h5") as peers:
        for case, ours in zip(kept, pool.map(lambda case: simulate(case, folder), kept)):
            outcomes[case.name] = compare(case, ours, peers)
    return [outcomes[case.name] for case in cases]


def reason(message):
    """What a refusal says, without names and numbers: to count by."""
    text = message.splitlines()[0] if message else ""
    text = re.sub(r"^\S*error: |\S+\.(mod|toml):\d+: ", "", text)
    return re.sub(r"'[^']*'|\b\d[\d.e+-]*\b|\S+\.(mod|toml|c)\b", "*", text)[:100]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for all files, to look at")
    arguments = parser.parse_args()
    cases = [generator.generate(arguments.seed, n) for n in range(arguments.first, arguments.first + arguments.cases)]
    with tempfile.TemporaryDirectory() as temporary:
        outcomes = run(cases, arguments.keep or temporary)
    for outcome in outcomes:
        if outcome.kind in ("differs", "failed"):
            print(f"{outcome.case.name} {outcome.kind} {outcome.difference_mV:.3g} mV [{', '.join(outcome.case.traits)}] {outcome.message[:200]}")
    for kind in ("refused", "refused by NEURON"):
        for text, count in collections.Counter(reason(o.message) for o in outcomes if o.kind == kind).most_common():
            print(f"{kind}: {count} x {text}")
    print(dict(collections.Counter(o.kind for o in outcomes)), "without influence:", sum(o.kind == "agrees" and o.influence_mV < 100 * TOLERANCE_MV for o in outcomes),
          "largest difference that counts as none:", max((o.difference_mV for o in outcomes if o.kind == "agrees"), default=0))


if __name__ == "__main__":
    main()
