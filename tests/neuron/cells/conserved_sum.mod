TITLE A scheme whose states INITIAL leaves anywhere: CONSERVE makes them sum to 1
NEURON { SUFFIX conserved_sum USEION k READ ek WRITE ik RANGE gmax }
PARAMETER { gmax = 0.0015 (S/cm2) }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) }
STATE { resting opened spent }
INITIAL { resting = 0.3  opened = 0.1 }
BREAKPOINT { SOLVE turns METHOD sparse
  ik = gmax*opened*(v - ek) }
KINETIC turns {
  ~ resting <-> opened (0.3*exp((v + 50)/30), 0.2)
  ~ opened <-> spent (0.05, 0.02*exp(-(v + 60)/20))
  CONSERVE resting + spent + opened = 1
}
