NEURON { POINT_PROCESS release RANGE p, n NONSPECIFIC_CURRENT i RANDOM r, other POINTER rng }
PARAMETER { p = 0.4 tau = 5 }
ASSIGNED { v i x rng }
STATE { g n }
INITIAL { n = random_ipick(r)
  random_setseq(other, 65537) random_setids(other, 1, 2, 3)
  x = random_normal(other, 0, 0.1) }
BREAKPOINT { SOLVE fluctuate
  i = g*v + x }
PROCEDURE fluctuate() { g = g*exp(-dt/tau)
  x = x*exp(-dt/tau) + sqrt(1 - exp(-2*dt/tau))*normrand(0, 1) + scop_random() - exprand(2) }
NET_RECEIVE(w) { IF (random_uniform(r) < p && random_uniform(r, 0, 2) < urand()) { g = g + w*random_negexp(r, 3) } ELSE { net_send(random_dpick(r), 1) } }
FUNCTION urand() {
VERBATIM
  double value;
  if (_p_rng) { value = nrn_random_pick(_p_rng); return value; } else {
ENDVERBATIM
  value = scop_random(1)
VERBATIM
  }
ENDVERBATIM
  urand = value }
