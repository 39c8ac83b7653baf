#!/usr/bin/env python3
"""A model of what ranks gain on a cluster: seconds of each stage against cores, for the published experiment and for a network of
100 000 detailed neurons. Computing is fitted to measurements on this project's machines (docs/performance.md); the wires and the file
system are those of data sheets. scale.py [CORES...]"""
import math
import sys

# Measured: s of one core for a simulated s of the layer-5 cell (dt 0.025 ms, float, 8 lanes), the whole simulation 7 % over the solver.
SIMULATE = 1.07 * 0.297
# Measured: a step of training 7x128 (taps 54, 12, ...) on two threads, by windows of a batch; s.
STEPS = {1: 0.034, 4: 0.080, 8: 0.152, 32: 0.637}
PUBLISHED_STEP = 0.219  # the same with the published taps (45, 19, ...), 8 windows
THREADS = 2             # of a rank in training, as measured
# The published experiment (experiments/l5pc-nmda.toml): 200 h of 1278 synapses, 250 x 2880 steps, 137 networks.
HOURS, BYTES, STEPS_OF_NETWORK, WINDOWS, NETWORKS = 200, 130e9, 250 * 2880, 8, 137
SHARDS = 120064 / 128
WEIGHTS = 1278 * 128 * 45 + 6 * 128 * 128 * 19
LAYERS = 7
# Wires: seconds a message, bytes a second; and a shared file system.
WIRES = {"Ethernet, 10 Gb/s": (30e-6, 1.2e9), "InfiniBand, 100 Gb/s": (2e-6, 12e9)}
FILES = 2e9
# A network: neurons, contacts of each, rate, ms between exchanges; s of one core to deliver a spike to a contact (measured with twins).
NEURONS, CONTACTS, RATE_HZ, DELAY_MS, LANES = 100_000, 1000, 5, 1, 8
DELIVER = 2e-8


def line(points):
    """Least squares: what a step takes whatever its windows, and for each of them."""
    n, x, y = len(points), sum(points), sum(points.values())
    slope = (n * sum(k * v for k, v in points.items()) - x * y) / (n * sum(k * k for k in points) - x * x)
    return (y - slope * x) / n, slope


def simulate(cores):
    """All shards, each on one core; the slowest core has one more than the mean. Writing goes on meanwhile."""
    shard = HOURS * 3600 / SHARDS * SIMULATE
    return max(math.ceil(SHARDS / cores) * shard, BYTES / FILES)


def all_sum(ranks, size, wire):
    """Each rank sends its part to the others and gets theirs, then hands on the sum: 2 x size bytes, 2 x (ranks - 1) messages."""
    latency, bandwidth = wire
    return 0 if ranks == 1 else 2 * (ranks - 1) * (latency + size / ranks / bandwidth)


def step(ranks, wire):
    fixed, window = (PUBLISHED_STEP / STEPS[8] * t for t in line(STEPS))
    norms = 3 * LAYERS * all_sum(ranks, 8 * 2 * 128, wire)
    return max(fixed, 0) + window * math.ceil(WINDOWS / ranks) + all_sum(ranks, 4 * WEIGHTS, wire) + norms


def train(cores, wire):
    """One network on the ranks that suit it best, and all networks: as many at the same time as there are groups of such ranks."""
    most = max(1, min(WINDOWS, cores // THREADS))
    ranks = min(range(1, most + 1), key=lambda r: step(r, wire))
    alone = step(ranks, wire) * STEPS_OF_NETWORK
    # All: groups of r ranks work side by side.
    together = min(math.ceil(NETWORKS / max(1, cores // (THREADS * r))) * step(r, wire) * STEPS_OF_NETWORK for r in range(1, most + 1))
    return ranks, alone, together


def network_ms(cores, wire):
    """A ms of the network: the slowest rank's neurons, in groups of lanes; its spikes' contacts; spikes told to all."""
    latency, bandwidth = wire
    groups = math.ceil(NEURONS / LANES / cores)
    compute = groups * LANES * SIMULATE / 1000
    spikes = NEURONS * RATE_HZ / 1000
    deliver = spikes * CONTACTS / cores * DELIVER + spikes * 2e-8  # each rank looks at every spike
    rounds = math.ceil(math.log2(cores)) if cores > 1 else 0
    tell = (3 * rounds * latency + (cores - 1) / max(cores, 1) * spikes * 12 * DELAY_MS / bandwidth) / DELAY_MS
    return compute, deliver, tell


def hours(seconds):
    return f"{seconds / 3600:.3g} h" if seconds < 100 * 3600 else f"{seconds / 86400:.3g} d"


def main():
    cores_of = [int(c) for c in sys.argv[1:]] or [2, 16, 128, 1024]
    fixed, window = line(STEPS)
    print(f"a step of training: {1000 * fixed:.1f} ms + {1000 * window:.1f} ms for each window (measured: {STEPS})")
    print(f"{WEIGHTS / 1e6:.1f} million weights, {4 * WEIGHTS / 1e6:.0f} MB of gradients in a step\n")
    for name, wire in WIRES.items():
        print(name)
        print("| cores | simulate 200 h | train one network (ranks) | train 137 networks | 1 s of 100 000 neurons: all (telling spikes) |")
        for cores in cores_of:
            ranks, alone, together = train(cores, wire)
            compute, deliver, tell = network_ms(cores, wire)
            print(f"| {cores} | {hours(simulate(cores))} | {hours(alone)} ({ranks}) | {hours(together)} | "
                  f"{1000 * (compute + deliver + tell):.4g} s ({100 * tell / (compute + deliver + tell):.2g} %) |")
        print()


if __name__ == "__main__":
    main()
