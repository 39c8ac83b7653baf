"""Races NEURON: the same cell, the same .mod files, the same input, in turn, one core each; prints the ratio.

    bench/race_neuron.py --morphology CELL.asc --input TRIAL.h5... [--ms 500]

Builds on `cmake --preset release -DNEURONTWIN_BENCH=ON`. Needs Debian's neuron, python3-neuron, neuron-dev and python3-h5py. TRIAL.h5 is an input for `neurontwin simulate --replay`.
"""
import argparse
import json
import math
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time
import tomllib

import h5py

ROOT = pathlib.Path(__file__).resolve().parent.parent


def build_mechanisms(folder):
    """Debian's nrnivmodl looks for its parts where they are not: give it a folder where they are, and the flags of a fair race."""
    if (folder / "x86_64/libnrnmech.so").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    prefix = folder / "prefix"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "share").mkdir()
    for name, source in {"nrnivmodl": "/usr/bin", "nocmodl": "/usr/bin", "nrnmech_makefile": "/usr/lib/nrn/bin", "mkthreadsafe": "/usr/bin"}.items():
        for place in (source, "/usr/bin", "/usr/lib/nrn", "/usr/lib/nrn/bin", "/usr/lib/x86_64-linux-gnu/nrn/bin"):
            if os.path.exists(f"{place}/{name}"):
                shutil.copy(f"{place}/{name}", prefix / "bin" / name)
                break
    for link, target in {"lib": "/usr/lib/nrn", "include": "/usr/include", "share/nrn": "/usr/share/nrn"}.items():
        (prefix / link).symlink_to(target)
    script = prefix / "bin/nrnivmodl"
    text = re.sub(r"^(\s*(?:exec_)?)prefix=/usr$", rf"\1prefix={prefix}", script.read_text(), flags=re.M)
    script.write_text(text)
    make = prefix / "bin/nrnmech_makefile"
    make.write_text(re.sub(r"^(C(?:XX)?FLAGS\s*=.*)$", r"\1 -O3 -march=native", make.read_text(), flags=re.M))
    mods = folder / "mods"
    mods.mkdir()
    for mod in (ROOT / "src/mechanism/catalogue").glob("*.mod"):
        if mod.stem != "IClamp":  # NEURON has its own
            shutil.copy(mod, mods)
    subprocess.run([str(script), "mods"], cwd=folder, capture_output=True, text=True)
    if not list(folder.glob("x86_64/**/libnrnmech.so")):
        done = subprocess.run([str(script), "mods"], cwd=folder, capture_output=True, text=True)
        sys.exit(f"nrnivmodl failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def formula(text, values):
    return eval(str(text).replace("&&", " and "), {"exp": math.exp, "fmin": min, **values})  # our own cell files only


def build_cell(h, cell, morphology):
    h.load_file("stdlib.hoc")
    h.load_file("import3d.hoc")
    reader = h.Import3d_Neurolucida3()
    reader.quiet = 1
    reader.input(str(morphology))
    h.Import3d_GUI(reader, False).instantiate(None)
    for section in list(h.allsec()):
        if section.name().startswith("axon"):
            h.delete_section(sec=section)
    h("create axon[2]")
    stub = cell["axon_stub"]
    for i in range(2):
        h.axon[i].L, h.axon[i].diam = stub["length_um"], stub["diameter_um"]
    soma = next(s for s in h.allsec() if s.name().startswith("soma"))
    h.axon[0].connect(soma(0.5), 0)
    h.axon[1].connect(h.axon[0](1), 0)
    regions = {"soma": [soma], "axon": [h.axon[0], h.axon[1]], "basal": list(h.dend), "apical": list(h.apic)}
    for section in h.allsec():
        section.nseg = 1 + 2 * int(section.L / cell["compartment_spacing_um"])
        section.Ra = cell["axial_resistivity_ohm_cm"]
    for capacitance in cell["capacitance"]:
        for region in capacitance["regions"]:
            for section in regions[region]:
                section.cm = capacitance["uF_cm2"]
    h.distance(0, soma(0.5))
    for insert in cell["insert"]:
        name = insert["mechanism"]
        sections = [s for region in insert["regions"] for s in regions[region]]
        longest = max(h.distance(s(1)) for s in sections)
        for section in sections:
            section.insert(name)
            for segment in section:
                last = insert.get("last_at_end") and segment.x > 1 - 1 / section.nseg
                here = {"distance": h.distance(section(1)) if last else h.distance(segment), "longest": longest}
                for key, value in insert.items():
                    if key not in ("mechanism", "regions", "last_at_end"):
                        setattr(segment, f"{key}_{name}", formula(value, here))
    for section in h.allsec():
        for ion, e in (("na", "ena"), ("k", "ek")):
            if h.ismembrane(f"{ion}_ion", sec=section):
                setattr(section, e, cell["reversal_mV"][ion])
    segments = [segment for region in ("basal", "apical") for section in regions[region] for segment in section]
    groups = {}
    for kind in ("excitatory", "inhibitory"):
        spec = cell[kind]
        groups[kind] = []
        for segment in segments:
            synapse = getattr(h, spec["mechanism"])(segment)
            for key, value in spec.items():
                if key not in ("mechanism", "regions"):
                    setattr(synapse, key, value)
            groups[kind].append(synapse)
    return soma, groups


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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--morphology", required=True, type=pathlib.Path)
    parser.add_argument("--input", required=True, nargs="+", type=pathlib.Path, help="with /converged, /be_dt0.025 and /cn_dt0.025: NEURON's spikes")
    parser.add_argument("--ms", type=int, default=500, help="how long each run of NEURON is")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/race")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/time_cable")
    args = parser.parse_args()
    morphology, files = args.morphology.resolve(), [file.resolve() for file in args.input]
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[-1]})
    args.work.mkdir(parents=True, exist_ok=True)
    build_mechanisms(args.work)
    os.chdir(args.work)
    from neuron import h
    cell = tomllib.loads((ROOT / "cells/l5pc.toml").read_text())
    if not hasattr(h, "AMPANMDA"):
        h.nrn_load_dll(str(next(pathlib.Path("x86_64").glob("**/libnrnmech.so"))))
    soma, groups = build_cell(h, cell, morphology)
    with h5py.File(files[0]) as trial:
        events = {kind: list(zip(trial[f"input/{short}/compartment"][:], trial[f"input/{short}/time_ms"][:]))
                  for kind, short in (("excitatory", "exc"), ("inhibitory", "inh"))}
    truths, known = [], {"NEURON, backward Euler, dt 0.025": [], "NEURON, Crank-Nicolson, dt 0.025": []}
    for file in files:
        with h5py.File(file) as trial:
            truths.append(list(trial["converged/spike_times_ms"][:]))
            for name, key in zip(known, ("be_dt0.025", "cn_dt0.025")):
                known[name].append(list(trial[f"{key}/spike_times_ms"][:]))
    connections = {kind: [h.NetCon(None, synapse, 0, 0, 1) for synapse in group] for kind, group in groups.items()}
    h.celsius = cell["celsius"]
    h.cao0_ca_ion, h.cai0_ca_ion = cell["calcium"]["outside_mM"], cell["calcium"]["inside_mM"]

    def neuron(order):
        h.secondorder, h.dt = order, 0.025
        h.finitialize(cell["initial_mV"])
        for kind, spikes in events.items():
            for compartment, t in spikes:
                if t < args.ms:
                    connections[kind][compartment].event(float(t))
        start = time.process_time()  # of this one thread: what other programs do meanwhile does not count
        while h.t < args.ms - 1e-6:
            h.fadvance()
        return (time.process_time() - start) * 1000 / args.ms

    def ours(precision, scheme, dt):
        out = subprocess.run([str(args.program), "--cell", str(ROOT / "cells/l5pc.toml"), "--morphology", str(morphology), "--dt", str(dt), "--scheme", scheme, "--precision", precision]
                             + [str(file) for file in files], capture_output=True, text=True, check=True)
        result = json.loads(out.stdout)
        return result["seconds_per_trial"] / 2, result["spike_times_ms"]

    seconds, spikes = {}, dict(known)
    variants = [("float", "crank-nicolson", dt) for dt in (0.025, 0.03125, 0.05, 0.0625)] + [("double", "crank-nicolson", 0.025), ("double", "euler", 0.025)]
    for turn in range(args.turns):
        for order, name in zip((0, 2), known):
            seconds.setdefault(name, []).append(neuron(order))
        for precision, scheme, dt in variants:
            name = f"neurontwin, {scheme}, {precision}, dt {dt}"
            each, spikes[name] = ours(precision, scheme, dt)
            seconds.setdefault(name, []).append(each)
    # Medians: the machine's speed wanders, and every turn has all of them.
    table = [{"run": name, "seconds_per_simulated_second": statistics.median(times), **spike_errors(spikes[name], truths)} for name, times in seconds.items()]
    for row in table:
        ratios = [[other / own for other, own in zip(seconds[neuron_name], seconds[row["run"]])] for neuron_name in known]
        row["times_backward_euler"], row["times_crank_nicolson"] = (statistics.median(r) for r in ratios)
        print(f"{row['run']:48s} {row['seconds_per_simulated_second']:7.3f} s/s  {row['times_backward_euler']:6.1f} x NEURON's Euler {row['times_crank_nicolson']:6.1f} x its Crank-Nicolson;"
              f"  spikes: lost {row['lost']}, extra {row['extra']}, off by {row['mean_ms']:.3f} ms, at most {row['max_ms']:.3f}")
    (args.work / "race.json").write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
