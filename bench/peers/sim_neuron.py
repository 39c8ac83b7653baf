"""One run of the tree of cells.py in NEURON, or in CoreNEURON: a line of JSON with its time and spikes. Run by race_simulators.py."""
import argparse
import json
import time

import cells


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dt", type=float, default=0.025)
    parser.add_argument("--ms", type=float, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--order", type=int, default=2, help="secondorder: 0 backward Euler, 2 Crank-Nicolson")
    parser.add_argument("--coreneuron", action="store_true")
    args = parser.parse_args()
    from neuron import h
    import neuron
    soma = h.Section(name="soma")
    soma.L = soma.diam = cells.SOMA_UM
    dendrites = []
    for i in range(cells.DENDRITES):
        d = h.Section(name=f"dend_{i}")
        d.L, d.diam, d.nseg = cells.length_um(i), cells.diameter_um(i), cells.PIECES
        d.connect(soma(0.5) if i == 0 else dendrites[cells.parent(i)](1), 0)
        dendrites.append(d)
    for section in [soma, *dendrites]:
        section.Ra, section.cm = 100, 1
        section.insert("hh")
    synapses, connections, times = [], [], [[] for _ in range(cells.SYNAPSES)]
    for t, synapse in cells.events(args.ms, args.seed):
        times[synapse].append(t)
    for (dendrite, piece), own in zip(cells.synapse_compartments(), times):
        synapse = h.ExpSyn(dendrites[dendrite]((piece + 0.5) / cells.PIECES))
        synapse.tau, synapse.e = cells.TAU_MS, 0
        connection = h.NetCon(None, synapse, 0, 1, cells.WEIGHT_US)  # event() knows no delay
        synapses.append(synapse)
        connections.append((connection, own))
    voltage = h.Vector().record(soma(0.5)._ref_v)
    h.celsius, h.secondorder, h.dt = 6.3, args.order, args.dt
    words = f"NEURON {neuron.__version__.removesuffix('.dev0')}"

    def deliver():
        for connection, own in connections:
            for t in own:
                connection.event(t)

    handler = h.FInitializeHandler(1, deliver)
    assert handler
    if args.coreneuron:
        from neuron import coreneuron
        words = f"CoreNEURON of NEURON {neuron.__version__}"
        h.CVode().cache_efficient(1)
        coreneuron.enable, coreneuron.verbose = True, 0
    pc = h.ParallelContext()
    pc.set_gid2node(0, pc.id())
    pc.cell(0, h.NetCon(soma(0.5)._ref_v, None, sec=soma))
    pc.set_maxstep(10)
    h.finitialize(-65)
    start = time.process_time()
    pc.psolve(args.ms)
    seconds = time.process_time() - start
    print(json.dumps({"program": words, "scheme": {0: "backward Euler", 2: "Crank-Nicolson"}[args.order], "dt_ms": args.dt,
                      "seconds_per_simulated_second": 1000 * seconds / args.ms, "spike_times_ms": cells.crossings_ms(cells.every_eighth_of_a_ms(voltage.to_python(), args.dt))}))


if __name__ == "__main__":
    main()
