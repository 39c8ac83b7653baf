DEFINE N 15
NEURON { SUFFIX many USEION ca READ ica WRITE cai }
ASSIGNED { ica cai }
STATE { c[N] b[N] cb[N] }
INITIAL { FROM k = 0 TO N - 1 { c[k] = 5e-5 b[k] = 0.02 cb[k] = 1e-3 } cai = c[0] }
BREAKPOINT { SOLVE flow METHOD sparse }
KINETIC flow {
  COMPARTMENT k, (N - k)*1e-2 { c b cb }
  ~ c[0] << (-ica)
  FROM k = 0 TO N - 1 { ~ c[k] + b[k] <-> cb[k] (40, 0.1) }
  FROM k = 0 TO N - 2 { ~ c[k] <-> c[k+1] (0.2, 0.2) }
  CONSERVE b[3] + cb[3] = 0.03
  cai = c[0] }
