TITLE A channel with a coarse TABLE
NEURON { SUFFIX tabulated USEION k READ ek WRITE ik RANGE gmax }
PARAMETER { gmax = 0.001 (S/cm2) }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) target pace (ms) }
STATE { p }
INITIAL { follow(v)  p = target }
BREAKPOINT { SOLVE relax METHOD cnexp
  ik = gmax*p*(v - ek) }
DERIVATIVE relax { follow(v)
  p' = (target - p)/pace }
PROCEDURE follow(u (mV)) {
  TABLE target, pace FROM -90 TO 30 WITH 12
  target = 1/(1 + exp(-(u + 45)/6))
  pace = 1 + 8*exp(-((u + 45)/20)^2)
}
