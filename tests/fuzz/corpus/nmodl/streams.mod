NEURON { POINT_PROCESS streams NONSPECIFIC_CURRENT i }
ASSIGNED { v i }
STATE { g }
INITIAL { g = 0 net_send(0, 1) }
BREAKPOINT { SOLVE s METHOD cnexp i = g*v }
DERIVATIVE s { g' = -g/4 }
NET_RECEIVE(w, gain, before) {
  INITIAL { gain = 0.5 before = -1e9 }
  IF (flag == 0) { g = g + w*gain before = t } ELSE {
    FOR_NETCONS(own, before, gain) { before = before + exp((gain - t)/15) own = own*before }
    WATCH (v > -55) 2 } }
