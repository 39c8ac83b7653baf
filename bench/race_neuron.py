"""Races NEURON: the same cell, the same .mod files, the same input, in turn, one core each; prints the ratio.

    bench/race_neuron.py --morphology CELL.asc --input TRIAL.h5 [--ms 500]

Builds on `cmake --preset release -DNEURONTWIN_BENCH=ON`. Needs Debian's neuron, python3-neuron, neuron-dev and python3-h5py. TRIAL.h5 is an input for `neurontwin simulate --replay`.
"""
import argparse
import math
import os
import pathlib
import re
import shutil
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--morphology", required=True, type=pathlib.Path)
    parser.add_argument("--input", required=True, type=pathlib.Path)
    parser.add_argument("--ms", type=int, default=500)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/race")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/time_cable")
    args = parser.parse_args()
    morphology, file = args.morphology.resolve(), args.input.resolve()
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[-1]})
    args.work.mkdir(parents=True, exist_ok=True)
    build_mechanisms(args.work)
    os.chdir(args.work)
    from neuron import h
    cell = tomllib.loads((ROOT / "cells/l5pc.toml").read_text())
    if not hasattr(h, "AMPANMDA"):
        h.nrn_load_dll(str(next(pathlib.Path("x86_64").glob("**/libnrnmech.so"))))
    soma, groups = build_cell(h, cell, morphology)
    with h5py.File(file) as trial:
        events = {kind: list(zip(trial[f"input/{short}/compartment"][:], trial[f"input/{short}/time_ms"][:]))
                  for kind, short in (("excitatory", "exc"), ("inhibitory", "inh"))}
    connections = {kind: [h.NetCon(None, synapse, 0, 0, 1) for synapse in group] for kind, group in groups.items()}
    h.celsius = cell["celsius"]
    h.cao0_ca_ion, h.cai0_ca_ion = cell["calcium"]["outside_mM"], cell["calcium"]["inside_mM"]
    voltage = h.Vector().record(soma(0.5)._ref_v, 0.125)

    def neuron(order):
        h.secondorder, h.dt = order, 0.025
        h.finitialize(cell["initial_mV"])
        for kind, spikes in events.items():
            for compartment, t in spikes:
                if t < args.ms:
                    connections[kind][compartment].event(float(t))
        start = time.perf_counter()
        while h.t < args.ms - 1e-6:
            h.fadvance()
        return time.perf_counter() - start, list(voltage)

    def ours(precision, scheme, dt):
        out = subprocess.run([str(args.program), str(ROOT / "cells/l5pc.toml"), str(morphology), str(file), str(args.ms), str(dt), scheme, precision],
                             capture_output=True, text=True, check=True)
        return float(out.stdout)

    results = {"ms": args.ms}
    for turn in range(2):
        for order, name in ((0, "backward Euler"), (2, "Crank-Nicolson")):
            seconds, _ = neuron(order)
            results.setdefault(f"NEURON {name} dt 0.025", []).append(seconds)
        for precision, scheme, dt in (("float", "euler", 0.025), ("float", "crank-nicolson", 0.025), ("float", "crank-nicolson", 0.05), ("double", "crank-nicolson", 0.025)):
            results.setdefault(f"neurontwin {precision} {scheme} dt {dt}", []).append(ours(precision, scheme, dt))
    best = {name: min(times) for name, times in results.items() if name != "ms"}
    reference = best["NEURON backward Euler dt 0.025"]
    for name, seconds in best.items():
        print(f"{name:45s} {1000 * seconds / args.ms:8.3f} s per simulated second and trial   {reference / seconds:7.1f} x NEURON's backward Euler")


if __name__ == "__main__":
    main()
