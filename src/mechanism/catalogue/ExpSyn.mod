TITLE A synapse whose conductance jumps and decays exponentially: NEURON's own ExpSyn

NEURON {
  POINT_PROCESS ExpSyn
  NONSPECIFIC_CURRENT i
  RANGE tau, e
}

PARAMETER {
  tau = 0.1 (ms)
  e = 0 (mV)
}

ASSIGNED {
  v (mV)
  i (nA)
}

STATE { g (uS) }

INITIAL { g = 0 }

BREAKPOINT {
  SOLVE state METHOD cnexp
  i = g*(v - e)
}

DERIVATIVE state { g' = -g/tau }

NET_RECEIVE(weight (uS)) { g = g + weight }
