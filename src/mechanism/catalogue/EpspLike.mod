TITLE An electrode that injects a current in the shape of an excitatory synaptic current
: A difference of exponentials that begins at start and peaks at amp, whatever the voltage.

NEURON {
  POINT_PROCESS EpspLike
  ELECTRODE_CURRENT i
  RANGE start, rise, decay, amp, i
}

PARAMETER {
  start = 0 (ms)
  rise = 0.5 (ms)
  decay = 5 (ms)
  amp = 0 (nA)
}

ASSIGNED {
  i (nA)
  factor
}

INITIAL { LOCAL peak
  peak = rise*decay/(decay - rise)*log(decay/rise)
  factor = 1/(exp(-peak/decay) - exp(-peak/rise))
}

BREAKPOINT { LOCAL since
  since = t - start
  if (since < 0) { since = 0 }
  i = amp*factor*(exp(-since/decay) - exp(-since/rise))
}
