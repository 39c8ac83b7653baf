TITLE A synapse whose weight grows with each event, and that answers late: an event to itself opens it
NEURON { POINT_PROCESS learning RANGE e, tau, late NONSPECIFIC_CURRENT i }
PARAMETER { e = 0 (mV)  tau = 4 (ms)  late = 1.3 (ms) }
ASSIGNED { v (mV) i (nA) open (uS) }
STATE { g (uS) }
INITIAL { g = 0  open = 0 }
BREAKPOINT { SOLVE state METHOD cnexp
  i = (g + open)*(v - e) }
DERIVATIVE state { g' = -g/tau }
NET_RECEIVE(weight (uS), count) {
  INITIAL { count = 0 }
  IF (flag == 0) {
    count = count + 1
    weight = weight*1.2
    net_send(late, 1)
    IF (count > 3) { net_move(t + 2*late) }
  } ELSE {
    state_discontinuity(g, g + weight)
    open = 0.0001*count
  }
}
