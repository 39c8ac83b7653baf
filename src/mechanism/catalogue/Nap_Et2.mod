TITLE Persistent Na+ current
: Hay et al. 2011, after Magistretti and Alonso 1999; rates at 21 C, carried to 34 C.

NEURON {
  SUFFIX Nap_Et2
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
  m_inf = 1/(1 + exp(-(v + 52.6)/4.6))
  a = linoid(v + 38, 6)
  b = 0.124*a*exp(-(v + 38)/6)
  a = 0.182*a
  m_tau = 6/((a + b)*q)
  h_inf = 1/(1 + exp((v + 48.8)/10))
  a = 2.88e-6*linoid(-(v + 17), 4.63)
  b = 6.94e-6*linoid(v + 64.4, 2.63)
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
