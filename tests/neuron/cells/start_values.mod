TITLE Where states start: x0, START, INITIAL
NEURON { SUFFIX start_values USEION k READ ek WRITE ik RANGE gmax, a0 }
PARAMETER { gmax = 0.0012 (S/cm2)  a0 = 0.8  b0 = 0.6 }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) }
STATE { a b c START 0.7 }
INITIAL { b = b/2 }
BREAKPOINT { SOLVE sink METHOD cnexp
  ik = gmax*a*b*c*(v - ek) }
DERIVATIVE sink { a' = (0.2 - a)/40  b' = (0.9 - b)/25  c' = (0.5 - c)/60 }
