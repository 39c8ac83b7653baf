TITLE Slow inactivating (persistent) K+ current
: Hay et al. 2011, after Korngreen and Sakmann 2000, shifted by -10 mV; rates at 21 C, carried to 34 C.

NEURON {
  SUFFIX K_Pst
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
  ik = gbar*m*m*h*(v - ek)
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
  m_inf = 1/(1 + exp(-(u + 1)/12))
  IF (u < -50) {
    m_tau = (1.25 + 175.03*exp(0.026*u))/q
  } ELSE {
    m_tau = (1.25 + 13*exp(-0.026*u))/q
  }
  h_inf = 1/(1 + exp((u + 54)/11))
  h_tau = (360 + (1010 + 24*(u + 55))*exp(-((u + 75)/48)^2))/q
}
UNITSON
