NEURON { SUFFIX two USEION k READ ek WRITE ik RANGE g THREADSAFE }
PARAMETER { g = .1 (S/cm2) <0, 1e9>  a = 1 b = 2 }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) }
STATE { c o }
INITIAL { SOLVE scheme STEADYSTATE sparse }
BREAKPOINT { SOLVE scheme METHOD sparse ik = g*o*(v-ek) }
KINETIC scheme { ~ c <-> o (a*exp(v/10), b) CONSERVE c + o = 1 }
