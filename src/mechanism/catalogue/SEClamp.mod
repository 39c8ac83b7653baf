TITLE A voltage clamp of one electrode with three levels: NEURON's own SEClamp

NEURON {
  POINT_PROCESS SEClamp
  ELECTRODE_CURRENT i
  RANGE dur1, amp1, dur2, amp2, dur3, amp3, rs
}

PARAMETER {
  dur1 = 0 (ms)
  amp1 = 0 (mV)
  dur2 = 0 (ms)
  amp2 = 0 (mV)
  dur3 = 0 (ms)
  amp3 = 0 (mV)
  rs = 1 (megohm)
}

ASSIGNED {
  v (mV)
  i (nA)
}

BREAKPOINT {
  i = 0
  if (t < dur1) {
    i = (amp1 - v)/rs
  } else if (t < dur1 + dur2) {
    i = (amp2 - v)/rs
  } else if (t < dur1 + dur2 + dur3) {
    i = (amp3 - v)/rs
  }
}
