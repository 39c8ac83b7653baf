TITLE A synapse whose conductance rises and decays exponentially: NEURON's own Exp2Syn
: The weight is the conductance at the peak. tau1 is kept below tau2, as there.

NEURON {
  POINT_PROCESS Exp2Syn
  NONSPECIFIC_CURRENT i
  RANGE tau1, tau2, e
}

PARAMETER {
  tau1 = 0.1 (ms)
  tau2 = 10 (ms)
  e = 0 (mV)
}

ASSIGNED {
  v (mV)
  i (nA)
  rise (ms)
  factor
}

STATE {
  A (uS)
  B (uS)
}

INITIAL { LOCAL tp
  rise = tau1
  if (rise/tau2 > 0.9999) { rise = 0.9999*tau2 }
  if (rise/tau2 < 1e-9) { rise = tau2*1e-9 }
  A = 0
  B = 0
  tp = (rise*tau2)/(tau2 - rise)*log(tau2/rise)
  factor = -exp(-tp/rise) + exp(-tp/tau2)
  factor = 1/factor
}

BREAKPOINT {
  SOLVE state METHOD cnexp
  i = (B - A)*(v - e)
}

DERIVATIVE state {
  A' = -A/rise
  B' = -B/tau2
}

NET_RECEIVE(weight (uS)) {
  A = A + weight*factor
  B = B + weight*factor
}
