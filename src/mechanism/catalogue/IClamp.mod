TITLE An electrode that injects a square pulse of current

NEURON {
  POINT_PROCESS IClamp
  ELECTRODE_CURRENT i
  RANGE del, dur, amp, i
}

PARAMETER {
  del = 0 (ms)
  dur = 0 (ms)
  amp = 0 (nA)
}

ASSIGNED { i (nA) }

BREAKPOINT {
  i = 0
  if (t >= del && t < del + dur) { i = amp }
}
