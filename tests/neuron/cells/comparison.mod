TITLE Comparisons as numbers, and powers of what goes below zero
NEURON { SUFFIX comparison NONSPECIFIC_CURRENT i RANGE g, even, odd }
PARAMETER { g = 0.0002 (S/cm2)  even = 2  odd = 3 }
ASSIGNED { v (mV) i (mA/cm2) inside }
BREAKPOINT {
  inside = (v > -62 && v <= 30) + !(v > -62)*0.5
  i = g*(1 + (v > -55)*(v + 55)/20)*(v + 60)*(1 + inside - inside^2)
  i = i + 1e-3*g*(v + 58)^even + 1e-5*g*(v + 58)^odd - 1e-5*g*(v + 58)^3
}
