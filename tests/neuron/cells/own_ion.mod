TITLE An ion of the file's own, and a written concentration of sodium
NEURON { SUFFIX own_ion USEION xq READ exq WRITE ixq VALENCE 1
  USEION na READ ina, nai WRITE nai RANGE gmax }
PARAMETER { gmax = 0.0004 (S/cm2) }
ASSIGNED { v (mV) exq (mV) ixq (mA/cm2) ina (mA/cm2) }
STATE { r nai (mM) }
INITIAL { r = 1/(1 + exp((v + 70)/8))  nai = 12 }
BREAKPOINT { SOLVE go METHOD cnexp
  ixq = gmax*r*(v - exq)*nai/12 }
DERIVATIVE go { r' = (1/(1 + exp((v + 70)/8)) - r)/20
  nai' = -ina*80 - (nai - 12)/25 + 0.03 }
