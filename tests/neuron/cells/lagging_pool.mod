TITLE Calcium takes the pool's value before the pool is stepped
NEURON { SUFFIX lagging_pool USEION ca READ ica WRITE cai RANGE tau }
PARAMETER { tau = 8 (ms)  least = 2e-4 (mM) }
ASSIGNED { ica (mA/cm2) cai (mM) }
STATE { held (mM) }
INITIAL { held = least  cai = held }
BREAKPOINT { SOLVE flow METHOD cnexp }
DERIVATIVE flow {
  cai = held
  held' = -ica*0.8 - (held - least)/tau }
