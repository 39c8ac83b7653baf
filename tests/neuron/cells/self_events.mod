TITLE Pulses of current that switch themselves on and off by events of their own
NEURON { POINT_PROCESS self_events RANGE first, lasts, pause, many, size ELECTRODE_CURRENT i }
PARAMETER { first = 7 (ms)  lasts = 3 (ms)  pause = 4 (ms)  many = 4  size = 0.09 (nA) }
ASSIGNED { i (nA) now (nA) on left }
INITIAL {
  IF (pause < 1) {
    pause = 1
    printf("a pause of %g ms\n", pause)
  }
  now = 0  on = 0  left = many
  IF (left > 0) { net_send(first, 1)  left = left - 1 } }
BREAKPOINT { i = now }
NET_RECEIVE(w) {
  IF (flag == 1) {
    IF (on == 0) { now = size  on = 1  net_send(lasts, 1)
    } ELSE {
      now = 0  on = 0
      IF (left > 0) { net_send(pause, 1)  left = left - 1 }
    }
  }
}
