TITLE Low-voltage-activated Ca2+ current
: Hay et al. 2011, after Avery and Johnston 1996 and Randall 1997, shifted by -10 mV; rates at 21 C, carried to 34 C.

NEURON {
  SUFFIX Ca_LVAst
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
PROCEDURE rates() { LOCAL q, u
  q = 2.3^1.3
  u = v + 10
  m_inf = 1/(1 + exp(-(u + 30)/6))
  m_tau = (5 + 20/(1 + exp((u + 25)/5)))/q
  h_inf = 1/(1 + exp((u + 80)/6.4))
  h_tau = (20 + 50/(1 + exp((u + 40)/7)))/q
}
UNITSON
