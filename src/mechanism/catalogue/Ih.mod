TITLE Hyperpolarisation-activated cation current
: Hay et al. 2011, after Kole et al. 2006.

NEURON {
  SUFFIX Ih
  NONSPECIFIC_CURRENT ihcn
  RANGE gbar, vshift, ihcn
}

PARAMETER {
  gbar = 0.00001 (S/cm2)
  ehcn = -45 (mV)
  vshift = 0 (mV)
}

ASSIGNED {
  v (mV)
  ihcn (mA/cm2)
  m_inf m_tau (ms)
}

STATE { m }

BREAKPOINT {
  SOLVE states METHOD cnexp
  ihcn = gbar*m*(v - ehcn)
}

DERIVATIVE states {
  rates()
  m' = (m_inf - m)/m_tau
}

INITIAL {
  rates()
  m = m_inf
}

UNITSOFF
PROCEDURE rates() { LOCAL a, b
  a = 0.00643*linoid(-(v - vshift + 154.9), 11.9)
  b = 0.193*exp((v - vshift)/33.1)
  m_inf = a/(a + b)
  m_tau = 1/(a + b)
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
