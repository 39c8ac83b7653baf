TITLE A depressing and facilitating synapse: what is recovered, active and gone (Tsodyks, Uziel and Markram 2000)
NEURON { POINT_PROCESS depressing RANGE e, tau_1, tau_rec, tau_facil, share NONSPECIFIC_CURRENT i }
PARAMETER { e = 0 (mV)  tau_1 = 3 (ms)  tau_rec = 80 (ms)  tau_facil = 50 (ms)  share = 0.25 }
ASSIGNED { v (mV) i (nA) active }
STATE { g (umho) }
INITIAL { g = 0 }
BREAKPOINT { SOLVE state METHOD cnexp
  i = g*(v - e) }
DERIVATIVE state { g' = -g/tau_1 }
NET_RECEIVE(weight (umho), y, z, u, tsyn (ms)) {
  INITIAL { y = 0  z = 0  u = 0  tsyn = t }
  z = z*exp(-(t - tsyn)/tau_rec)
  z = z + (y*(exp(-(t - tsyn)/tau_1) - exp(-(t - tsyn)/tau_rec))/((tau_1/tau_rec) - 1))
  y = y*exp(-(t - tsyn)/tau_1)
  active = 1 - y - z
  IF (tau_facil > 0) {
    u = u*exp(-(t - tsyn)/tau_facil)
    u = u + share*(1 - u)
  } ELSE { u = share }
  g = g + weight*active*u
  y = y + active*u
  tsyn = t
}
