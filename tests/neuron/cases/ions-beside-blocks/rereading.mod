NEURON { SUFFIX rereading USEION k READ ki, ek WRITE ki, ik RANGE g }
PARAMETER { g = 1e-4 }
ASSIGNED { v ik ek e0 }
STATE { ki }
INITIAL { ki = 80  e0 = ek }
BREAKPOINT { SOLVE s METHOD derivimplicit  ik = g*(v - ek) }
DERIVATIVE s { ki' = -ik*300 + (80 - ki)/30 }
BEFORE STEP { g = g + 1e-7*(ek - e0) }
AFTER SOLVE { e0 = e0 + 0.1*(ek - e0) }
