TITLE METHOD euler is the explicit one
NEURON { SUFFIX forward_euler USEION k READ ek WRITE ik RANGE gmax }
PARAMETER { gmax = 0.001 (S/cm2) }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) }
STATE { w x }
INITIAL { w = 1/(1 + exp(-(v + 45)/8))  x = 0.3 }
BREAKPOINT { SOLVE steps METHOD euler
  ik = gmax*w*x*(v - ek) }
DERIVATIVE steps {
  x' = (1 - w - x)/2
  w' = (1/(1 + exp(-(v + 45)/8)) - w)/0.4 }
