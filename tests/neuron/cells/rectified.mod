TITLE Goldman's current of calcium: NEURON's nrn_ghk, and a table that is made once
NEURON { SUFFIX rectified USEION ca READ cai, cao WRITE ica RANGE most }
PARAMETER { most = 2e-5 (cm/s) }
ASSIGNED { v (mV) ica (mA/cm2) cai (mM) cao (mM) steady[2] pace }
STATE { m h }
INITIAL { look(v)  m = steady[0]  h = steady[1] }
BREAKPOINT { SOLVE go METHOD cnexp
  ica = most*m*m*h*nrn_ghk(v, cai, cao, 2) }
DERIVATIVE go { look(v)
  m' = (steady[0] - m)/pace
  h' = (steady[1] - h)/25 }
PROCEDURE look(u (mV)) {
  TABLE steady, pace FROM -120 TO 60 WITH 60
  steady[0] = 1/(1 + exp(-(u + 45)/7))
  steady[1] = 1/(1 + exp((u + 55)/9))
  pace = 1 + 6/(exp((u + 50)/20) + exp(-(u + 50)/20))
}
