TITLE A synapse whose streams remember their last event: it facilitates
NEURON { POINT_PROCESS stream_memory RANGE tau, e, fade, grow NONSPECIFIC_CURRENT i }
PARAMETER { tau = 4 (ms)  e = 0 (mV)  fade = 60 (ms)  grow = 0.3 }
ASSIGNED { v (mV) i (nA) }
STATE { g (uS) }
INITIAL { g = 0 }
BREAKPOINT { SOLVE fall METHOD cnexp
  i = g*(v - e) }
DERIVATIVE fall { g' = -g/tau }
NET_RECEIVE(weight (uS), level, before (ms)) {
  INITIAL { level = 0.2  before = t }
  level = 0.2 + (level - 0.2)*exp(-(t - before)/fade)
  g = g + weight*level
  level = level + grow*(1 - level)
  before = t
}
