TITLE Blocks before BREAKPOINT and after SOLVE, and Runge and Kutta's step
NEURON { SUFFIX moments NONSPECIFIC_CURRENT i RANGE gmax, e }
PARAMETER { gmax = 0.0006 (S/cm2)  e = -20 (mV) }
ASSIGNED { v (mV) i (mA/cm2) drive seen }
STATE { p q }
INITIAL { p = 0.1  q = 0.2  seen = 0.1 }
BEFORE BREAKPOINT { drive = gmax*seen }
BREAKPOINT { SOLVE go METHOD runge
  i = drive*(v - e) }
DERIVATIVE go {
  p' = (1/(1 + exp(-(v + 60)/8)) - p*p)/6
  q' = (p - q)/3 }
AFTER SOLVE { seen = 0.5*(p + q) }
