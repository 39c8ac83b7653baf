TITLE Which equation a state obeys hangs on the voltage
NEURON { SUFFIX chosen_derivative USEION k READ ek WRITE ik RANGE gmax }
PARAMETER { gmax = 0.001 (S/cm2) }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) }
STATE { rise seen }
INITIAL { rise = 0.1  seen = 0 }
BREAKPOINT { SOLVE walk METHOD cnexp
  ik = gmax*rise*(1 - 0.5*seen)*(v - ek) }
DERIVATIVE walk {
  IF (v < -62) { rise' = -rise/30
  } ELSE IF (v < -45) { rise' = (0.5 - rise)/8
  } ELSE { rise' = (1 - rise)/3 }
  IF (rise > 0.4) { seen' = (1 - seen)/12 }
}
