TITLE Names under PARAMETER that the file itself sets
NEURON { SUFFIX assigned_parameters USEION na READ ena WRITE ina RANGE gmax, pace }
PARAMETER { gmax = 0.0003 (S/cm2)
  pace = 100 (ms)     : set by INITIAL for each compartment
  open = 0.5          : set by each call of turn
  scale = 0.2 }       : set once, of the whole file
ASSIGNED { v (mV) ena (mV) ina (mA/cm2) celsius (degC) diam (um) }
STATE { s }
INITIAL { pace = 5 + diam  scale = 1.5^((celsius - 25)/10)  s = 0.2 }
BREAKPOINT { SOLVE go METHOD cnexp
  turn(v)
  ina = gmax*s*open*scale*(v - ena) }
DERIVATIVE go { s' = (1/(1 + exp((v + 58)/5)) - s)/pace }
PROCEDURE turn(u (mV)) { open = 1/(1 + exp(-(u + 52)/4)) }
