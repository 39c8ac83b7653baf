TITLE Muscarinic K+ current
: Hay et al. 2011, after Adams et al. 1982; rates at 21 C, carried to 34 C.

NEURON {
  SUFFIX Im
  USEION k READ ek WRITE ik
  RANGE gbar, ik
}

PARAMETER {
  gbar = 0.00001 (S/cm2)
}

ASSIGNED {
  v (mV)
  ek (mV)
  ik (mA/cm2)
  m_inf m_tau (ms)
}

STATE { m }

BREAKPOINT {
  SOLVE states METHOD cnexp
  ik = gbar*m*(v - ek)
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
PROCEDURE rates() { LOCAL q, a, b
  q = 2.3^1.3
  a = 3.3e-3*exp(0.1*(v + 35))
  b = 3.3e-3*exp(-0.1*(v + 35))
  m_inf = a/(a + b)
  m_tau = 1/((a + b)*q)
}
UNITSON
