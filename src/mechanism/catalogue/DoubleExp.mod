TITLE Double-exponential conductance: GABA_A, GABA_B, or any other
: A difference of exponentials whose peak is gmax for an event of weight 1; every event releases.

NEURON {
  POINT_PROCESS DoubleExp
  NONSPECIFIC_CURRENT i
  RANGE rise, decay, gmax, e, i
}

PARAMETER {
  rise = 0.2 (ms)
  decay = 8 (ms)
  gmax = 0.001 (uS)
  e = -80 (mV)
}

ASSIGNED {
  v (mV)
  i (nA)
  factor
}

STATE { A B }

INITIAL { LOCAL peak
  A = 0
  B = 0
  peak = rise*decay/(decay - rise)*log(decay/rise)
  factor = 1/(exp(-peak/decay) - exp(-peak/rise))
}

BREAKPOINT {
  SOLVE states METHOD cnexp
  i = gmax*(B - A)*(v - e)
}

DERIVATIVE states {
  A' = -A/rise
  B' = -B/decay
}

NET_RECEIVE(weight (1)) {
  A = A + weight*factor
  B = B + weight*factor
}
