DEFINE N 12
NEURON { SUFFIX shells USEION ca READ ica, cai WRITE cai RANGE tot }
PARAMETER { k = 0.7 tot = 1 }
ASSIGNED { ica cai v diam }
STATE { ca[N] a b c }
INITIAL { FROM i = 0 TO N-1 { ca[i] = cai }
  a = 1 SOLVE chain STEADYSTATE sparse }
BREAKPOINT { SOLVE chain METHOD sparse
  cai = ca[0] }
KINETIC chain { COMPARTMENT i, diam*diam { ca }
  ~ ca[0] << (-ica)
  FROM i = 0 TO N-2 { ~ ca[i] <-> ca[i+1] (3, 3) }
  IF (v < 0) { ~ a <-> b (k, exp(-v/20)) } ELSE { ~ a -> (k) }
  ~ b <-> c (f_flux, b_flux)
  CONSERVE a + b + c = tot }
