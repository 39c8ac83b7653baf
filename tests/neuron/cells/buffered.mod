TITLE Calcium with a buffer in shells and a pump in the membrane: reactions of two molecules, arrays, CONSERVE
NEURON { SUFFIX buffered USEION ca READ cao, ica WRITE cai, ica RANGE total }
DEFINE SHELLS 3
PARAMETER { total = 0.03 (mM)  least = 1e-4 (mM)  k1 = 200  k2 = 0.1  p1 = 500  p2 = 0.02  p3 = 0.2 }
ASSIGNED { ica (mA/cm2) cai (mM) cao (mM) diam (um) share[SHELLS] pumped }
STATE { ca[SHELLS] (mM)  loose[SHELLS] (mM)  bound[SHELLS] (mM)  pump  busy }
LOCAL width
INITIAL {
  width = 0.3
  FROM k = 0 TO SHELLS - 1 {
    share[k] = 0.05*(1 + k)
    ca[k] = least
    bound[k] = total*ca[k]/(ca[k] + k2/k1)
    loose[k] = total - bound[k]
  }
  pump = 2e-4  busy = 0
  cai = ca[0]
}
BREAKPOINT { SOLVE spread METHOD sparse
  ica = 2e-5*pumped }
KINETIC spread {
  COMPARTMENT k, diam*diam*share[k] { ca loose bound }
  COMPARTMENT 2 { pump busy }
  ~ ca[0] << (-ica*diam*10000*3.14159265/(2*96485.33))
  ~ ca[0] + pump <-> busy (p1, p2)
  ~ busy -> (0.001)
  FROM k = 0 TO SHELLS - 2 { ~ ca[k] <-> ca[k+1] (width, width) }
  FROM k = 0 TO SHELLS - 1 { ~ ca[k] + loose[k] <-> bound[k] (k1*share[k], k2*share[k]) }
  cai = ca[0]
  pumped = busy*1000
}
