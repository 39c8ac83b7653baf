TITLE Ca2+ below the membrane: influx into a thin shell, decay to rest
: Hay et al. 2011, after Destexhe et al. 1994.

NEURON {
  SUFFIX CaDynamics_E2
  USEION ca READ ica WRITE cai
  RANGE decay, gamma
}

UNITS {
  FARADAY = (faraday) (coulomb)
}

PARAMETER {
  gamma = 0.05
  decay = 80 (ms)
  depth = 0.1 (um)
  cai_rest = 1e-4 (mM)
}

ASSIGNED {
  ica (mA/cm2)
}

STATE {
  cai (mM)
}

BREAKPOINT {
  SOLVE states METHOD cnexp
}

UNITSOFF
DERIVATIVE states {
  cai' = -10000*ica*gamma/(2*FARADAY*depth) - (cai - cai_rest)/decay
}
UNITSON
