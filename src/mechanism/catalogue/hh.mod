TITLE The squid axon's channels under the names of NEURON's own hh
: Hodgkin and Huxley 1952, rest at -65 mV. The TABLE is that of NEURON's hh.mod: with tables = "as NEURON" rates are as there.

NEURON {
  SUFFIX hh
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
  minf mtau (ms)
  hinf htau (ms)
  ninf ntau (ms)
}

STATE { m h n }

INITIAL {
  rates(v)
  m = minf
  h = hinf
  n = ninf
}

BREAKPOINT {
  SOLVE states METHOD cnexp
  ina = gnabar*m*m*m*h*(v - ena)
  ik = gkbar*n*n*n*n*(v - ek)
  il = gl*(v - el)
}

DERIVATIVE states {
  rates(v)
  m' = (minf - m)/mtau
  h' = (hinf - h)/htau
  n' = (ninf - n)/ntau
}

PROCEDURE rates(u (mV)) { LOCAL alpha, beta, sum, q10
  TABLE minf, mtau, hinf, htau, ninf, ntau DEPEND celsius FROM -100 TO 100 WITH 200
UNITSOFF
  q10 = 3^((celsius - 6.3)/10)
  alpha = 0.1*linoid(-(u + 40), 10)
  beta = 4*exp(-(u + 65)/18)
  sum = alpha + beta
  mtau = 1/(q10*sum)
  minf = alpha/sum
  alpha = 0.07*exp(-(u + 65)/20)
  beta = 1/(exp(-(u + 35)/10) + 1)
  sum = alpha + beta
  htau = 1/(q10*sum)
  hinf = alpha/sum
  alpha = 0.01*linoid(-(u + 55), 10)
  beta = 0.125*exp(-(u + 65)/80)
  sum = alpha + beta
  ntau = 1/(q10*sum)
  ninf = alpha/sum
}

FUNCTION linoid(x, y) {
  : x/(exp(x/y) - 1), through its removable singularity at x = 0
  if (fabs(x/y) < 1e-6) {
    linoid = y*(1 - x/y/2)
  } else {
    linoid = x/(exp(x/y) - 1)
  }
}
UNITSON
