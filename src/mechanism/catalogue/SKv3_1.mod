TITLE Fast non-inactivating K+ current (Kv3.1)
: Hay et al. 2011, after Rettig et al. 1992.

NEURON {
  SUFFIX SKv3_1
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
PROCEDURE rates() {
  m_inf = 1/(1 + exp(-(v - 18.7)/9.7))
  m_tau = 4/(1 + exp(-(v + 46.56)/44.14))
}
UNITSON
