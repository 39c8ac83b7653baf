TITLE One event at a conductance that rises and falls as an alpha function
: g = gmax (t/tau) exp(1 - t/tau) from its onset on (Rall 1967); its peak is gmax, at tau.

NEURON {
  POINT_PROCESS AlphaSynapse
  NONSPECIFIC_CURRENT i
  RANGE onset, tau, gmax, e, i
}

PARAMETER {
  onset = 0 (ms)
  tau = 0.1 (ms)
  gmax = 0 (uS)
  e = 0 (mV)
}

ASSIGNED {
  v (mV)
  i (nA)
}

BREAKPOINT { LOCAL x
  x = (t - onset)/tau
  IF (x < 0) { x = 0 }
  i = gmax*x*exp(1 - x)*(v - e)
}
