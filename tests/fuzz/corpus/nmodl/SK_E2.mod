TITLE Small-conductance Ca2+-activated K+ current
: Hay et al. 2011, after Kohler et al. 1996.

NEURON {
  SUFFIX SK_E2
  USEION k READ ek WRITE ik
  USEION ca READ cai
  RANGE gbar, ik
}

PARAMETER {
  gbar = 0.000001 (S/cm2)
  z_tau = 1 (ms)
}

ASSIGNED {
  v (mV)
  ek (mV)
  cai (mM)
  ik (mA/cm2)
  z_inf
}

STATE { z }

BREAKPOINT {
  SOLVE states METHOD cnexp
  ik = gbar*z*(v - ek)
}

DERIVATIVE states {
  rates()
  z' = (z_inf - z)/z_tau
}

INITIAL {
  rates()
  z = z_inf
}

UNITSOFF
PROCEDURE rates() { LOCAL c
  c = cai
  IF (c < 1e-7) { c = c + 1e-7 }
  z_inf = 1/(1 + (0.00043/c)^4.8)
}
UNITSON
