"""The Hodgkin-Huxley tree that all simulators run, and its input: written as files, so that each reads the same numbers.

A soma of one compartment and a binary tree of 31 dendrites of 16 compartments each: 497, with the squid axon's channels of 1952
everywhere at 6.3 degC, and 155 exponential synapses (2 ms, 0 mV), five on each dendrite.
"""
import random

DENDRITES, PIECES, SOMA_UM = 31, 16, 20
SYNAPSES, WEIGHT_US, TAU_MS = 155, 0.002, 2.0
RATE_HZ = 20  # of each synapse


def parent(dendrite):
    """The dendrite that this one hangs on; -1: the soma."""
    return (dendrite - 1) // 2 if dendrite > 0 else -1


def length_um(dendrite):
    return 160.0


def diameter_um(dendrite):
    return (4.0, 2.5, 1.6, 1.0, 0.7)[(dendrite + 1).bit_length() - 1]


def synapse_compartments():
    """(dendrite, compartment along it) of each synapse."""
    each = SYNAPSES // DENDRITES
    return [(d, int(PIECES * (k + 0.5) / each)) for d in range(DENDRITES) for k in range(each)]


def events(ms, seed):
    """(time in ms, synapse), in the order of time."""
    draw = random.Random(seed)
    found = []
    for synapse in range(SYNAPSES):
        t = draw.expovariate(RATE_HZ / 1000)
        while t < ms:
            found.append((t, synapse))
            t += draw.expovariate(RATE_HZ / 1000)
    return sorted(found)


def every_eighth_of_a_ms(v, dt_ms):
    """Of a voltage at every step."""
    return list(v[::round(0.125 / dt_ms)])


def crossings_ms(v):
    """Upward crossings of -20 mV of a voltage at every 1/8 ms from 0 on; between samples by a straight line."""
    return [0.125 * (k - 1 + (-20 - v[k - 1]) / (v[k] - v[k - 1])) for k in range(1, len(v)) if v[k - 1] < -20 <= v[k]]
