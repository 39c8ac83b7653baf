NEURON { ARTIFICIAL_CELL Train RANGE interval, number, noise RANDOM r }
PARAMETER { interval = 10 (ms) number = 5 noise = 0.5 <0, 1> }
ASSIGNED { left event (ms) on }
INITIAL { left = number
  IF (number > 0) { on = 1 net_send(next(), 3) } }
FUNCTION next() { IF (noise == 0) { next = interval } ELSE { next = (1 - noise)*interval + noise*random_negexp(r, interval) } }
NET_RECEIVE(w, m, t0 (ms)) { INITIAL { m = 0 t0 = t }
  IF (flag == 0) { m = m*exp(-(t - t0)/10) + w  t0 = t  IF (m > 1) { net_event(t) m = 0 } }
  IF (flag == 3 && on == 1 && left > 0) { net_event(t) left = left - 1 event = next() net_send(event, 3) net_move(t + event) } }
