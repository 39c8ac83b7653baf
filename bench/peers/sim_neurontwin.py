"""One run of the tree of cells.py in neurontwin (time_cable): a line of JSON with its time and spikes. Run by race_simulators.py."""
import argparse
import json
import pathlib
import subprocess
import tempfile

import h5py

import cells

CELL = f"""kind = "detailed"
morphology = "tree.swc"
compartment_rule = "formula"
compartments = [{{ regions = ["soma"], number = 1 }}, {{ regions = ["basal"], number = {cells.PIECES} }}]
axial_resistivity_ohm_cm = 100
initial_mV = -65
celsius = 6.3
capacitance = [{{ regions = ["soma", "basal"], uF_cm2 = 1 }}]
insert = [{{ mechanism = "hh", regions = ["soma", "basal"] }}]
synapses = [
  {{ name = "exponential", kind = "excitatory", mechanism = "ExpSyn", regions = ["basal"], count = {cells.SYNAPSES}, weight = {cells.WEIGHT_US}, tau = {cells.TAU_MS}, e = 0 }},
]
"""


def swc():
    """Each dendrite begins with a point of its own radius where its parent ends."""
    lines, end, x = [f"1 1 0 0 0 {cells.SOMA_UM / 2} -1"], [], []
    for i in range(cells.DENDRITES):
        before, start = (1, cells.SOMA_UM / 2) if i == 0 else (end[cells.parent(i)], x[cells.parent(i)])
        r, n = cells.diameter_um(i) / 2, len(lines) + 1
        lines += [f"{n} 3 {start} 0 0 {r} {before}", f"{n + 1} 3 {start + cells.length_um(i)} 0 0 {r} {n}"]
        end.append(n + 1)
        x.append(start + cells.length_um(i))
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True, help="time_cable")
    parser.add_argument("--dt", type=float, default=0.025)
    parser.add_argument("--ms", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precision", default="float")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "cell.toml").write_text(CELL)
        (folder / "tree.swc").write_text(swc())
        events = cells.events(args.ms, args.seed)
        with h5py.File(folder / "input.h5", "w") as file:
            for kind, own in (("exc", events), ("inh", [])):
                file[f"input/{kind}/synapse"] = [s for _, s in own]
                file[f"input/{kind}/time_ms"] = [t for t, _ in own]
        out = subprocess.run([args.program, "--cell", folder / "cell.toml", "--morphology", folder / "tree.swc", "--dt", str(args.dt), "--precision", args.precision,
                              "--ms", str(args.ms), folder / "input.h5"], capture_output=True, text=True)
        if out.returncode:
            raise SystemExit(out.stderr)
        result = json.loads(out.stdout)
    print(json.dumps({"program": f"neurontwin, {args.precision}", "scheme": "Crank-Nicolson", "dt_ms": args.dt,
                      "seconds_per_simulated_second": 1000 * result["seconds_per_trial"] / args.ms, "spike_times_ms": result["crossings_ms"][0]}))


if __name__ == "__main__":
    main()
