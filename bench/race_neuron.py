"""Races NEURON: the same cell, the same .mod files, the same input, in turn, one core each; prints the ratio.

    build/release/accuracy --cell cells/l5pc.toml --morphology CELL.asc --stimulus bench/l5pc_stimulus.toml --trials 8 --trial-ms 2000 --write-inputs trials
    bench/race_neuron.py --morphology CELL.asc --input trials/*.h5

Builds on `cmake --preset release -DNEURONTWIN_BENCH=ON`. Needs Debian's neuron, python3-neuron, neuron-dev and python3-h5py. Every
trial runs in both programs, one after the other; times are of the processor. Spikes are compared with those of our solver in double at dt 0.003125.
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
    build_mechanisms(args.work)
    os.chdir(args.work)
    from neuron import h
    cell = tomllib.loads((ROOT / "cells/l5pc.toml").read_text())
    if not hasattr(h, "AMPANMDA"):
        h.nrn_load_dll(str(next(pathlib.Path("x86_64").glob("**/libnrnmech.so"))))
    soma, groups = build_cell(h, cell, morphology)
    connections = {kind: [h.NetCon(None, synapse, 0, 0, 1) for synapse in group] for kind, group in groups.items()}
    h.celsius = cell["celsius"]
    h.cao0_ca_ion, h.cai0_ca_ion = cell["calcium"]["outside_mM"], cell["calcium"]["inside_mM"]
    voltage = h.Vector().record(soma(0.5)._ref_v, 0.125)

    def neuron(order, file):
        with h5py.File(file) as trial:
            events = {kind: list(zip(trial[f"input/{short}/compartment"][:], trial[f"input/{short}/time_ms"][:]))
                      for kind, short in (("excitatory", "exc"), ("inhibitory", "inh"))}
        h.secondorder, h.dt = order, 0.025
        h.finitialize(cell["initial_mV"])
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
