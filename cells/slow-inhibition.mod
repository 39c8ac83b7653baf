TITLE Slow inhibition through a second messenger, after GABA_B
: Events open receptors, these make a messenger, and its fourth power opens potassium channels (Destexhe and
: Sejnowski 1995, PNAS 92:9515, with receptors that events open at once). An example of a mechanism of one's own.

NEURON {
  POINT_PROCESS SlowInhibition
  NONSPECIFIC_CURRENT i
  RANGE gmax, e, receptor_decay, messenger_rate, messenger_decay, half, i
}

PARAMETER {
  gmax = 0.001 (uS)
  e = -95 (mV)
  receptor_decay = 40 (ms)
  messenger_rate = 0.1 (/ms)
  messenger_decay = 60 (ms)
  half = 20
}

ASSIGNED {
  v (mV)
  i (nA)
}

STATE { receptor messenger }

INITIAL {
  receptor = 0
  messenger = 0
}

BREAKPOINT {
  SOLVE states METHOD cnexp
  i = gmax*messenger^4/(messenger^4 + half)*(v - e)
}

DERIVATIVE states {
  receptor' = -receptor/receptor_decay
  messenger' = messenger_rate*receptor - messenger/messenger_decay
}

NET_RECEIVE(weight (1)) {
  receptor = receptor + weight
}
