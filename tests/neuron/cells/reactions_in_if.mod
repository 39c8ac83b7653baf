TITLE Reactions that hang on the voltage
NEURON { SUFFIX reactions_in_if NONSPECIFIC_CURRENT i RANGE g, e }
PARAMETER { g = 0.0006 (S/cm2)  e = -10 (mV) }
ASSIGNED { v (mV) i (mA/cm2) }
STATE { low high }
INITIAL { low = 0.8  high = 0.2 }
BREAKPOINT { SOLVE swap METHOD sparse
  i = g*high*(v - e) }
KINETIC swap {
  LOCAL up, down
  up = 0.2
  down = 0.05
  IF (v < -60) {
    ~ low <-> high (up, down)
  } ELSE {
    ~ low <-> high (down, up)
  }
}
