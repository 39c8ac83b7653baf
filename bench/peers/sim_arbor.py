"""One run of the tree of cells.py in Arbor: a line of JSON with its time and spikes. Run by race_simulators.py."""
import argparse
import json
import time

import arbor
from arbor import units as U

import cells


class Recipe(arbor.recipe):
    def __init__(self, cell, generators):
        arbor.recipe.__init__(self)
        self.cell, self.generators = cell, generators
        self.properties = arbor.neuron_cable_properties()
        self.properties.catalogue = arbor.default_catalogue()

    def num_cells(self):
        return 1

    def cell_kind(self, gid):
        return arbor.cell_kind.cable

    def cell_description(self, gid):
        return self.cell

    def global_properties(self, kind):
        return self.properties

    def event_generators(self, gid):
        return self.generators

    def probes(self, gid):
        return [arbor.cable_probe_membrane_voltage('"soma"', "v")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dt", type=float, default=0.025)
    parser.add_argument("--ms", type=float, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    tree = arbor.segment_tree()
    soma = tree.append(arbor.mnpos, arbor.mpoint(0, 0, 0, cells.SOMA_UM / 2), arbor.mpoint(cells.SOMA_UM, 0, 0, cells.SOMA_UM / 2), tag=1)
    ends = []
    for i in range(cells.DENDRITES):
        before, x = (soma, cells.SOMA_UM) if i == 0 else ends[cells.parent(i)]
        r = cells.diameter_um(i) / 2
        # A tag of its own for each: branches of one tag that follow each other would become one.
        end = tree.append(before, arbor.mpoint(x, i, 0, r), arbor.mpoint(x + cells.length_um(i), i, 0, r), tag=10 + i)
        ends.append((end, x + cells.length_um(i)))
    labels = arbor.label_dict({"soma": "(on-components 0.5 (tag 1))"})
    places = cells.synapse_compartments()
    decor = arbor.decor()
    decor.set_property(Vm=-65 * U.mV, cm=0.01 * U.F / U.m2, rL=100 * U.Ohm * U.cm, tempK=279.45 * U.Kelvin)
    decor.set_ion("na", rev_pot=50 * U.mV)
    decor.set_ion("k", rev_pot=-77 * U.mV)
    decor.paint("(all)", arbor.density("hh"))
    for s, (dendrite, piece) in enumerate(places):
        decor.place(f"(on-components {(piece + 0.5) / cells.PIECES} (tag {10 + dendrite}))",
                    arbor.synapse("expsyn", {"tau": cells.TAU_MS, "e": 0.0}), f"s{s}")
    # The soma and the first dendrite are one branch of Arbor's.
    policy = arbor.cv_policy(f"(fixed-per-branch {cells.PIECES} (all))")
    cell = arbor.cable_cell(tree, decor, labels, policy)
    times = [[] for _ in places]
    for t, synapse in cells.events(args.ms, args.seed):
        times[synapse].append(t)
    generators = [arbor.event_generator(f"s{s}", cells.WEIGHT_US, arbor.explicit_schedule([t * U.ms for t in own])) for s, own in enumerate(times)]
    simulation = arbor.simulation(Recipe(cell, generators), arbor.context(threads=1))
    handle = simulation.sample((0, "v"), arbor.regular_schedule(0.125 * U.ms))
    start = time.process_time()
    simulation.run(args.ms * U.ms, args.dt * U.ms)
    seconds = time.process_time() - start
    data, _ = simulation.samples(handle)[0]
    print(json.dumps({"program": f"Arbor {arbor.__version__}", "scheme": "backward Euler", "dt_ms": args.dt,
                      "seconds_per_simulated_second": 1000 * seconds / args.ms, "spike_times_ms": cells.crossings_ms(list(data[:, 1]))}))


if __name__ == "__main__":
    main()
