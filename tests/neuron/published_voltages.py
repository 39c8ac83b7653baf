"""A published .mod file on a cell of one compartment, in both programs: the largest difference of the voltage.

The cell: a cylinder of 20 um by 20 um with `pas` (2e-4 S/cm2, -65 mV) at 30 degrees; 0.15 nA from 20 to 60 ms, -0.08 nA from 100 to 140 ms.
Reversal potentials are NEURON's, for ions of the file's own -30 mV. Parameters are the file's, but conductances of 0 are 1e-3, and FUNCTION_TABLEs
are 3.5. A synapse gets events at EVENTS_MS; their weight is the largest of WEIGHTS that keeps NEURON between -150 and 100 mV. What reads ica stands
beside the catalogue's Ca_HVA. Backward Euler, 0.025 ms, 200 ms, in double precision, compared each 1/8 ms after the start.

As a program, published_voltages.py JOBS.json: NEURON's side, a process of its own for each job.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

import numpy as np

import mechanisms

HERE = pathlib.Path(__file__).resolve().parent
CALCIUM = HERE.parent.parent / "src/mechanism/catalogue/Ca_HVA.mod"
BALL = "1 1 0 -10 0 10 -1\n2 1 0 10 0 10 1\n"
EVENTS_MS = (20, 40, 45, 50, 55, 120)
WEIGHTS = (1, 0.1, 0.01, 0.001, 0.0001)
PULSES = ((20, 40, 0.15), (100, 40, -0.08))  # ms, ms, nA
MS, DT_MS, SAMPLE_MS = 200, 0.025, 0.125
TIME_S = 600
CONDUCTANCE_UNITS = re.compile(r"\(?\s*(u|n|p|milli|micro)?(S|mho|siemens|mhos)\s*(/\s*(cm2|um2))?\s*\)?$", re.I)


def parts_of(words):
    """What `inspect` says of a file: parameters {name: (value, unit)}, ions {name: written}, whether it is a point process and receives events."""
    parameters, ions = {}, {}
    for line in words.splitlines():
        if found := re.match(r"parameter +(\S+) +(\S+) *(.*)", line):
            parameters[found[1]] = (float(found[2]), found[3].strip())
        elif found := re.match(r"ion +(\S+) +(.*), (read|written)", line):
            ions[found[1]] = found[3] == "written"
    return {"parameters": parameters, "ions": ions, "point": "# a point process," in words, "receives": "\nreceives " in words}


def without_comments(text):
    text = re.sub(r"\bCOMMENT\b.*?\bENDCOMMENT\b", "", text, flags=re.S)
    return re.sub(r"[:?][^\n]*", "", text)


def job_of(text, words):
    """How the file is used; a string says why it is not compared."""
    plain = without_comments(text)
    named = re.search(r"\b(SUFFIX|POINT_PROCESS|ARTIFICIAL_CELL)\s+(\w+)", plain)
    if named is None or named[2] == "nothing":
        return "no mechanism"
    if named[1] == "ARTIFICIAL_CELL":
        return "an artificial cell"
    parts = parts_of(words)
    if parts["receives"] and "weight" in parts["parameters"]:
        return "a PARAMETER weight"
    zeros = {name: 1e-3 for name, (value, unit) in parts["parameters"].items()
             if value == 0 and (CONDUCTANCE_UNITS.match(unit) or re.match(r"g(bar|max|_max|_bar)?$|.*bar$", name, re.I))}
    uses = {found[1] for found in re.finditer(r"\bUSEION\s+(\w+)", plain)}
    return {"name": named[2], "point": parts["point"], "receives": parts["receives"], "weighted": True, "set": zeros,
            "own_ions": sorted(uses - {"na", "k", "ca"}), "calcium": parts["ions"].get("ica") is False,
            "tables": [found[1] for found in re.finditer(r"\bFUNCTION_TABLE\s+(\w+)", plain)]}


def toml_of(job, weight, generators="none"):
    settings = "".join(f", {name} = {value}" for name, value in job["set"].items())
    reversal = ", ".join(["na = 50", "k = -77", *(f"{ion} = -30" for ion in job["own_ions"])])
    insert = ['{ mechanism = "pas", regions = ["soma"], g = 2e-4, e = -65 }']
    point = [f'{{ mechanism = "IClamp", section = "soma[0]", x = 0.5, del = {start}, dur = {ms}, amp = {nA} }}' for start, ms, nA in PULSES]
    more = ""
    if job["calcium"]:
        insert.append('{ mechanism = "Ca_HVA", regions = ["soma"], gbar = 1e-3 }')
    if job["receives"]:
        events = f", weight = {weight}" if job["weighted"] else ""
        more = f'excitatory = {{ mechanism = "published.mod", regions = ["soma"]{events}{settings} }}\n'
    elif job["point"]:
        point.append(f'{{ mechanism = "published.mod", section = "soma[0]", x = 0.5{settings} }}')
    else:
        insert.append(f'{{ mechanism = "published.mod", regions = ["soma"]{settings} }}')
    if job["tables"]:
        more += f'function_tables.{job["name"]} = {{ {", ".join(f"{name} = 3.5" for name in job["tables"])} }}\n'
    return (f'kind = "detailed"\nmorphology = "ball.swc"\ncompartment_spacing_um = 10000\ninitial_mV = -65\ncelsius = 30\ngenerators = "{generators}"\n'
            f'reversal_mV = {{ {reversal} }}\n{more}insert = [ {", ".join(insert)} ]\npoint = [ {", ".join(point)} ]\n')


def run_neuron(h, job):
    """Voltages in mV at all steps, and the weight."""
    soma = h.Section(name="soma")
    soma.L = soma.diam = 20
    soma.Ra, soma.cm = 100, 1
    soma.insert("pas")
    segment = soma(0.5)
    segment.g_pas, segment.e_pas = 2e-4, -65
    h.celsius = 30
    if job["calcium"]:
        soma.insert("Ca_HVA")
        segment.gbar_Ca_HVA = 1e-3
    if job["point"]:
        process = getattr(h, job["name"])(segment)
    else:
        soma.insert(job["name"])
        process = getattr(segment, job["name"])
    for name, value in job["set"].items():
        if hasattr(process, name):
            setattr(process, name, value)
        else:
            setattr(h, f"{name}_{job['name']}", value)
    for name in job["tables"]:
        getattr(h, f"table_{name}_{job['name']}")(3.5)
    for ion, mV in [("na", 50), ("k", -77), *((ion, -30) for ion in job["own_ions"])]:
        if h.ismembrane(f"{ion}_ion", sec=soma):
            setattr(soma, f"e{ion}", mV)
    clamps = []
    for start, ms, nA in PULSES:
        clamps.append(h.IClamp(segment))
        clamps[-1].delay, clamps[-1].dur, clamps[-1].amp = start, ms, nA
    connection = h.NetCon(None, process) if job["receives"] else None
    voltage = h.Vector().record(segment._ref_v)
    h.secondorder, h.dt = 0, DT_MS
    for weight in WEIGHTS if job["receives"] else (1,):
        if connection:
            connection.weight[0], connection.delay = weight, 0
        h.finitialize(-65)
        for time_ms in EVENTS_MS if connection else ():
            connection.event(time_ms)
        for _ in range(round(MS / DT_MS)):
            h.fadvance()
        v = voltage.as_numpy().copy()
        if np.all(np.isfinite(v)) and v.min() > -150 and v.max() < 100:
            break
    return v[:-1:round(SAMPLE_MS / DT_MS)], weight


def neuron_side(path):
    """{"library", "job", "out"}: the voltages go to out.npz, or what NEURON said to out.txt."""
    job = json.loads(pathlib.Path(path).read_text())
    from neuron import h
    try:
        h.nrn_load_dll(job["library"])
        v, weight = run_neuron(h, job["job"])
        np.savez(job["out"] + ".npz", v=v, weight=weight)
    except Exception as error:
        pathlib.Path(job["out"] + ".txt").write_text(str(error) or repr(error))


def in_neuron(text, job, folder):
    """(voltages, weight), or what is in the way."""
    out = folder / "neuron"
    if not (folder / "neuron.npz").exists():
        (folder / "published.mod").write_bytes(text)
        mods = [folder / "published.mod", *([CALCIUM] if job["calcium"] else [])]
        library, refused = mechanisms.build_library(mods, folder / "library")
        if refused:
            return "NEURON refuses it: " + next(iter(refused.values()))[-200:]
        (folder / "neuron.json").write_text(json.dumps({"library": str(library), "job": job, "out": str(out)}))
        done = subprocess.run(["/usr/bin/python3", str(pathlib.Path(__file__).resolve()), str(folder / "neuron.json")], capture_output=True, text=True,
                              timeout=TIME_S)
        if not (folder / "neuron.npz").exists():
            said = (folder / "neuron.txt").read_text() if (folder / "neuron.txt").exists() else ""
            return f"NEURON ends: {said} {(done.stdout + done.stderr)[-300:]}"
    with np.load(folder / "neuron.npz") as file:
        return file["v"], float(file["weight"])


def in_ours(program, job, weight, folder, generators="none", seed=None, ms=MS):
    """Voltages, or what the program said."""
    import h5py
    (folder / "ball.swc").write_text(BALL)
    (folder / "cell.toml").write_text(toml_of(job, weight, generators))
    words = [program, "simulate", folder / "cell.toml", "--out", folder / "ours.h5", "--ms", ms, "--scheme", "euler", "--precision", "double",
             "--dt", DT_MS, *(("--seed", seed) if seed else ())]
    if job["receives"]:
        with h5py.File(folder / "events.h5", "w") as file:
            for kind, times in (("exc", EVENTS_MS), ("inh", ())):
                within = [time_ms for time_ms in times if time_ms < ms]
                file[f"input/{kind}/time_ms"] = np.array(within, dtype=float)
                file[f"input/{kind}/synapse"] = np.zeros(len(within), dtype=np.uint32)
        words += ["--replay", folder / "events.h5"]
    try:
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=TIME_S)
    except subprocess.TimeoutExpired:
        return f"more than {TIME_S} s"
    if job["weighted"] and "unknown key 'excitatory.weight'" in done.stderr:  # NET_RECEIVE does not use it
        return in_ours(program, {**job, "weighted": False}, weight, folder, generators, seed, ms)
    if done.returncode != 0:
        return done.stderr.strip()[-400:]
    with h5py.File(folder / "ours.h5") as file:
        return file["soma_mV"][()].astype(float)


def difference(program, text, words, folder):
    """(mV, "") or (None, why it was not compared). What is kept in the folder is used again."""
    job = job_of(text.decode("latin1"), words)
    if isinstance(job, str):
        return None, job
    folder.mkdir(parents=True, exist_ok=True)
    theirs = in_neuron(text, job, folder)
    if isinstance(theirs, str):
        return None, theirs
    v, weight = theirs
    (folder / "published.mod").write_bytes(text)

    def draws(generators):  # a seed is refused where nothing is drawn
        return re.search(rb"rand", text) is not None and not isinstance(in_ours(program, job, weight, folder, generators, seed=2, ms=1), str)

    if draws("none"):
        return None, "draws random numbers"
    ours = in_ours(program, job, weight, folder)
    far = isinstance(ours, str) or not np.max(np.abs(ours[1:len(v)] - v[1:])) < 0.01
    if far and draws("given"):
        return None, "NEURON draws random numbers where no generator is given"
    if isinstance(ours, str):
        out_of_range = not np.all(np.isfinite(v)) or np.abs(v).max() > 1000
        return None, ("NEURON's voltage leaves the range as well: " if out_of_range else "ours ends: ") + ours
    return float(np.max(np.abs(ours[1:len(v)] - v[1:]))), ""


if __name__ == "__main__":
    neuron_side(sys.argv[1])
