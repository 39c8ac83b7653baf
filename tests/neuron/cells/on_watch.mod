TITLE A conductance that is opened and closed as the voltage crosses two levels
NEURON { POINT_PROCESS on_watch RANGE above, below, most, e NONSPECIFIC_CURRENT i }
PARAMETER { above = -61 (mV)  below = -66 (mV)  most = 0.004 (uS)  e = -90 (mV) }
ASSIGNED { v (mV) i (nA) g (uS) times }
INITIAL { g = 0  times = 0  net_send(0, 1) }
BREAKPOINT { i = g*(v - e) }
NET_RECEIVE(w) {
  IF (flag == 1) {
    WATCH (v > above) 2
  }
  IF (flag == 2) {
    g = most/(1 + times)
    times = times + 1
    WATCH (v < below) 3
  }
  IF (flag == 3) {
    g = 0
    WATCH (v > above) 2
  }
}
