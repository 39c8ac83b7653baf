TITLE Variables of the whole file: LOCAL outside of all blocks
NEURON { SUFFIX file_locals NONSPECIFIC_CURRENT i RANGE gmax, e }
PARAMETER { gmax = 0.0006 (S/cm2)  e = -20 (mV)  celsius (degC) }
ASSIGNED { v (mV) i (mA/cm2) }
STATE { q }
LOCAL warmth, steady      : one of each, kept from step to step
LOCAL slow
INITIAL { warmth = 2.5^((celsius - 20)/10)
  look(v)  q = steady }
BREAKPOINT { SOLVE drift METHOD cnexp
  i = gmax*q*(v - e) }
DERIVATIVE drift { look(v)
  q' = (steady - q)/slow }
PROCEDURE look(u (mV)) {
  steady = 1/(1 + exp((u + 70)/6))
  slow = 40/warmth }
