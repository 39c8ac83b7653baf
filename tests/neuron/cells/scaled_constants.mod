TITLE Physical constants in scaled units
NEURON { SUFFIX scaled_constants USEION ca READ ica WRITE cai
  NONSPECIFIC_CURRENT i RANGE depth, tau, g }
UNITS { (mV) = (millivolt) (mM) = (milli/liter) (um) = (micron)
  F10 = (faraday) (10000 coulomb)
  FK = (faraday) (kilocoulombs)
  RM = (k-mole) (mV-coulomb/degC)
  TURN = (pi) (1) }
PARAMETER { depth = 0.3 (um)  tau = 60 (ms)  least = 1e-4 (mM)  g = 0.0003 (S/cm2) }
ASSIGNED { v (mV) ica (mA/cm2) i (mA/cm2) celsius (degC) }
STATE { cai (mM) }
INITIAL { cai = least }
BREAKPOINT { LOCAL thermal
  SOLVE shell METHOD cnexp
  thermal = RM*(273.15 + celsius)/(1000*FK)
  i = g*(v + 65)/(1 + exp(-(v + 50)/thermal))*TURN/3 }
DERIVATIVE shell { cai' = -ica/(2*F10*depth) - (cai - least)/tau }
