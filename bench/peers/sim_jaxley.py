"""One run of the tree of cells.py in Jaxley: a line of JSON with its time and spikes. Run by race_simulators.py.

Jaxley knows no list of spike times: each synapse's conductance, the exact sum of its exponentials, is handed in at every step."""
import argparse
import json
import time

import jax
import jax.numpy as jnp
import jaxley
import numpy as np
from jaxley.channels import HH, Channel

import cells

jax.config.update("jax_platform_name", "cpu")
jax.config.update("jax_enable_x64", True)


class Synapse(Channel):
    """A conductance to 0 mV that is handed in, in S/cm2."""

    def __init__(self, name=None):
        self.current_is_in_mA_per_cm2 = True
        super().__init__(name)
        self.channel_params, self.channel_states, self.current_name = {}, {"Synapse_g": 0.0}, "i_Synapse"

    def update_states(self, states, dt, v, params):
        return {"Synapse_g": states["Synapse_g"]}

    def compute_current(self, states, v, params):
        return states["Synapse_g"] * v

    def init_state(self, states, v, params, delta_t):
        return {}


def conductances(ms, dt, seed):
    """[synapse][step], uS."""
    steps = round(ms / dt) + 1
    g = np.zeros((cells.SYNAPSES, steps))
    for t, synapse in cells.events(ms, seed):
        first = int(np.ceil(t / dt))
        if first < steps:
            g[synapse, first:] += cells.WEIGHT_US * np.exp(-(np.arange(first, steps) * dt - t) / cells.TAU_MS)
    return g


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dt", type=float, default=0.025)
    parser.add_argument("--ms", type=float, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    piece = jaxley.Compartment()
    branches = [jaxley.Branch(piece, ncomp=1)] + [jaxley.Branch(piece, ncomp=cells.PIECES)] * cells.DENDRITES
    cell = jaxley.Cell(branches, parents=[-1] + [cells.parent(i) + 1 for i in range(cells.DENDRITES)])
    cell.insert(HH())
    cell.set("axial_resistivity", 100.0)
    cell.set("capacitance", 1.0)
    for key, own in (("HH_gNa", 0.12), ("HH_gK", 0.036), ("HH_gLeak", 0.0003), ("HH_eNa", 50.0), ("HH_eK", -77.0), ("HH_eLeak", -54.3)):
        cell.set(key, own)
    cell.branch(0).set("length", float(cells.SOMA_UM))
    cell.branch(0).set("radius", cells.SOMA_UM / 2)
    for i in range(cells.DENDRITES):
        cell.branch(i + 1).set("length", cells.length_um(i) / cells.PIECES)
        cell.branch(i + 1).set("radius", cells.diameter_um(i) / 2)
    places = cells.synapse_compartments()
    for dendrite, place in places:
        cell.branch(dendrite + 1).comp(place).insert(Synapse())
    area_cm2 = np.array([np.pi * cells.diameter_um(d) * cells.length_um(d) / cells.PIECES * 1e-8 for d, _ in places])
    given = jnp.asarray(conductances(args.ms, args.dt, args.seed) * 1e-6 / area_cm2[:, None])
    cell.set("v", -65.0)
    cell.init_states()
    cell.branch(0).comp(0).record(verbose=False)
    params = cell.get_parameters()

    @jax.jit
    def simulate(given):
        clamps = None
        for (dendrite, place), g in zip(places, given):
            clamps = cell.branch(dendrite + 1).comp(place).data_clamp("Synapse_g", g, clamps)
        return jaxley.integrate(cell, params=params, delta_t=args.dt, t_max=args.ms, data_clamps=clamps)

    simulate(given).block_until_ready()  # compiles
    start = time.process_time()
    voltage = np.asarray(simulate(given).block_until_ready())[0]
    seconds = time.process_time() - start
    print(json.dumps({"program": f"Jaxley {jaxley.__version__}", "scheme": "backward Euler", "dt_ms": args.dt, "seconds_per_simulated_second": 1000 * seconds / args.ms,
                      "spike_times_ms": cells.crossings_ms(cells.every_eighth_of_a_ms(voltage.tolist(), args.dt))}))


if __name__ == "__main__":
    main()
