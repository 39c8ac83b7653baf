TITLE A pool of potassium that says its reversal potential itself
NEURON { SUFFIX written_reversal USEION k READ ik WRITE ek RANGE gain, fade }
PARAMETER { gain = 40 (mV cm2/mA/ms)  fade = 15 (ms) }
ASSIGNED { ik (mA/cm2) ek (mV) }
STATE { shift (mV) }
INITIAL { shift = 0  ek = -80 }
BREAKPOINT { SOLVE move METHOD cnexp }
DERIVATIVE move { shift' = gain*ik - shift/fade
  ek = -80 + shift }
