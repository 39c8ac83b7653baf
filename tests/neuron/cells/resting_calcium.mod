TITLE INITIAL says where calcium starts
NEURON { SUFFIX resting_calcium USEION ca READ ica WRITE cai RANGE least, tau, gain }
PARAMETER { least = 0.004 (mM)  tau = 400 (ms)  gain = 0.02 }
ASSIGNED { ica (mA/cm2) }
STATE { cai (mM) }
INITIAL { cai = least }
BREAKPOINT { SOLVE flow METHOD cnexp }
DERIVATIVE flow { cai' = -ica*gain - (cai - least)/tau }
