TITLE Fast inactivating Na+ current of soma and dendrites
: Hay et al. 2011 (PLoS Comput Biol 7:e1002107), after Colbert and Pan 2002; rates at 21 C, carried to 34 C.

NEURON {
  SUFFIX NaTs2_t
  USEION na READ ena WRITE ina
  RANGE gbar, ina
}

PARAMETER {
  gbar = 0.00001 (S/cm2)
}

ASSIGNED {
  v (mV)
  ena (mV)
  ina (mA/cm2)
  m_inf m_tau (ms)
  h_inf h_tau (ms)
}

STATE { m h }

BREAKPOINT {
  SOLVE states METHOD cnexp
  ina = gbar*m*m*m*h*(v - ena)
}

DERIVATIVE states {
  rates()
  m' = (m_inf - m)/m_tau
  h' = (h_inf - h)/h_tau
}

INITIAL {
  rates()
  m = m_inf
  h = h_inf
}

UNITSOFF
PROCEDURE rates() { LOCAL q, a, b
  q = 2.3^1.3
  : b is linoid(-u, 6) = linoid(u, 6) exp(-u/6): one exponential for both
  a = linoid(v + 32, 6)
  b = 0.124*a*exp(-(v + 32)/6)
  a = 0.182*a
  m_inf = a/(a + b)
  m_tau = 1/((a + b)*q)
  b = linoid(v + 60, 6)
  a = 0.015*b*exp(-(v + 60)/6)
  b = 0.015*b
  h_inf = a/(a + b)
  h_tau = 1/((a + b)*q)
}

FUNCTION linoid(u, k) { LOCAL x
  : u / (1 - exp(-u/k)), through its removable singularity at u = 0
  x = u/k
  IF (fabs(x) < 0.01) {
    linoid = k*(1 + x/2 + x*x/12)
  } ELSE {
    linoid = u/(1 - exp(-x))
  }
}
UNITSON
