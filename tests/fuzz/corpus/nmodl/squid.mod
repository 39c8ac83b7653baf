TITLE Squid axon membrane: Na+, K+ and leak currents
: Hodgkin and Huxley 1952, in today's sign convention, rest at -65 mV.

NEURON {
  SUFFIX squid
  USEION na READ ena WRITE ina
  USEION k READ ek WRITE ik
  NONSPECIFIC_CURRENT il
  RANGE gnabar, gkbar, gl, el
}

PARAMETER {
  gnabar = 0.12 (S/cm2)
  gkbar = 0.036 (S/cm2)
  gl = 0.0003 (S/cm2)
  el = -54.3 (mV)
  celsius = 6.3 (degC)
}

ASSIGNED {
  v (mV)
  ena (mV)
  ek (mV)
  ina (mA/cm2)
  ik (mA/cm2)
  il (mA/cm2)
  m_inf m_tau (ms)
  h_inf h_tau (ms)
  n_inf n_tau (ms)
}

STATE { m h n }

BREAKPOINT {
  SOLVE states METHOD cnexp
  ina = gnabar*m^3*h*(v - ena)
  ik = gkbar*n^4*(v - ek)
  il = gl*(v - el)
}

DERIVATIVE states {
  rates()
  m' = (m_inf - m)/m_tau
  h' = (h_inf - h)/h_tau
  n' = (n_inf - n)/n_tau
}

INITIAL {
  rates()
  m = m_inf
  h = h_inf
  n = n_inf
}

UNITSOFF
PROCEDURE rates() { LOCAL q, a, b
  q = 3^((celsius - 6.3)/10)
  a = 0.1*linoid(v + 40, 10)
  b = 4*exp(-(v + 65)/18)
  m_inf = a/(a + b)
  m_tau = 1/((a + b)*q)
  a = 0.07*exp(-(v + 65)/20)
  b = 1/(exp(-(v + 35)/10) + 1)
  h_inf = a/(a + b)
  h_tau = 1/((a + b)*q)
  a = 0.01*linoid(v + 55, 10)
  b = 0.125*exp(-(v + 65)/80)
  n_inf = a/(a + b)
  n_tau = 1/((a + b)*q)
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
