TITLE Equations of cnexp are taken in the order they are written, each with the states that the ones before have reached
NEURON { SUFFIX written_order USEION k READ ek WRITE ik RANGE gmax }
PARAMETER { gmax = 0.001 (S/cm2) }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) kept }
STATE { slow quick }
INITIAL { slow = 0.2  quick = 0.2 }
BREAKPOINT { SOLVE steps METHOD cnexp
  ik = gmax*slow*(1 + kept)*(v - ek) }
DERIVATIVE steps {
  quick' = (1/(1 + exp(-(v + 50)/7)) - quick)/0.5
  kept = quick
  slow' = (quick - slow)/2 }
