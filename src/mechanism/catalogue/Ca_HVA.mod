TITLE High-voltage-activated Ca2+ current
: Hay et al. 2011, after Reuveni et al. 1993.

NEURON {
  SUFFIX Ca_HVA
  USEION ca READ eca WRITE ica
  RANGE gbar, ica
}

PARAMETER {
  gbar = 0.00001 (S/cm2)
}

ASSIGNED {
  v (mV)
  eca (mV)
  ica (mA/cm2)
  m_inf m_tau (ms)
  h_inf h_tau (ms)
}

STATE { m h }

BREAKPOINT {
  SOLVE states METHOD cnexp
  ica = gbar*m*m*h*(v - eca)
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
PROCEDURE rates() { LOCAL a, b
  a = 0.055*linoid(v + 27, 3.8)
  b = 0.94*exp(-(v + 75)/17)
  m_inf = a/(a + b)
  m_tau = 1/(a + b)
  a = 0.000457*exp(-(v + 13)/50)
  b = 0.0065/(exp(-(v + 15)/28) + 1)
  h_inf = a/(a + b)
  h_tau = 1/(a + b)
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
