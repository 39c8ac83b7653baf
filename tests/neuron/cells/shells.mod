TITLE Calcium in shells: arrays, FROM, COMPARTMENT
NEURON { SUFFIX shells USEION ca READ ica WRITE cai RANGE reach }
DEFINE SHELLS 3
PARAMETER { reach = 0.1 (um2/ms)  least = 1e-4 (mM) }
ASSIGNED { ica (mA/cm2) cai (mM) diam (um) share[SHELLS] }
STATE { c[SHELLS] (mM) }
INITIAL {
  FROM k = 0 TO SHELLS - 1 { share[k] = 0.02*(1 + 2*k)  c[k] = least }
  cai = c[0] }
BREAKPOINT { SOLVE spread METHOD sparse }
KINETIC spread {
  COMPARTMENT k, diam*diam*share[k] { c }
  ~ c[0] << (-ica*diam*10000*3.14159265/(2*96485.33))
  FROM k = 0 TO SHELLS - 2 { ~ c[k] <-> c[k+1] (reach*20, reach*20) }
  FROM k = 0 TO SHELLS - 1 { ~ c[k] << (-(c[k] - least)*diam*diam*share[k]/30) }
  cai = c[0]
}
