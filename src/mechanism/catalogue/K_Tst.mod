TITLE Fast inactivating (transient) K+ current
: Hay et al. 2011, after Korngreen and Sakmann 2000, shifted by -10 mV; rates at 21 C, carried to 34 C.

NEURON {
  SUFFIX K_Tst
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
  h_inf h_tau (ms)
}

STATE { m h }

BREAKPOINT {
  SOLVE states METHOD cnexp
  ik = gbar*m^4*h*(v - ek)
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
  m_inf = 1/(1 + exp(-u/19))
  m_tau = (0.34 + 0.92*exp(-((u + 71)/59)^2))/q
  h_inf = 1/(1 + exp((u + 66)/10))
  h_tau = (8 + 49*exp(-((u + 73)/23)^2))/q
}
UNITSON
