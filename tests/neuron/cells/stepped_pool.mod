TITLE A pool that BREAKPOINT steps by itself
NEURON { SUFFIX stepped_pool USEION ca READ ica, cai WRITE cai RANGE least, tau }
PARAMETER { cai (mM)  dt (ms)  least = 1e-4 (mM)  tau = 15 (ms) }
ASSIGNED { ica (mA/cm2) }
STATE { held (mM) }
INITIAL { held = least }
BREAKPOINT {
  held = held + dt*(-ica*0.3 - (held - least)/tau)
  IF (held < least) { held = least }
  cai = held }
