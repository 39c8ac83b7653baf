TITLE AMPA and NMDA conductances whose release depresses
: The model of Tsodyks and Markram 1997 (PNAS 94:719) without facilitation: a spike uses the share `use` of the
: resources that are there, and what is used comes back with the time constant `recovery`. An event of a rested
: synapse has a peak of gmax times its weight. Conductances and Mg2+ block as in AMPANMDA of the catalogue.

NEURON {
  POINT_PROCESS DepressingAmpaNmda
  NONSPECIFIC_CURRENT i
  RANGE ampa_rise, ampa_decay, nmda_rise, nmda_decay, ampa_gmax, nmda_gmax, use, recovery, e, mg, i
}

PARAMETER {
  ampa_rise = 0.3 (ms)
  ampa_decay = 3 (ms)
  nmda_rise = 2 (ms)
  nmda_decay = 70 (ms)
  ampa_gmax = 0.0004 (uS)
  nmda_gmax = 0.0004 (uS)
  use = 0.5
  recovery = 300 (ms)
  e = 0 (mV)
  mg = 1 (mM)
  mg_slope = 0.08 (/mV)
  mg_half = 3.57 (mM)
}

ASSIGNED {
  v (mV)
  i (nA)
  ampa_factor
  nmda_factor
}

STATE { A_ampa B_ampa A_nmda B_nmda }

INITIAL {
  A_ampa = 0
  B_ampa = 0
  A_nmda = 0
  B_nmda = 0
  ampa_factor = normal(ampa_rise, ampa_decay)
  nmda_factor = normal(nmda_rise, nmda_decay)
}

BREAKPOINT { LOCAL open
  SOLVE states METHOD cnexp
  open = 1/(1 + exp(-mg_slope*v)*(mg/mg_half))
  i = (ampa_gmax*(B_ampa - A_ampa) + nmda_gmax*(B_nmda - A_nmda)*open)*(v - e)
}

DERIVATIVE states {
  A_ampa' = -A_ampa/ampa_rise
  B_ampa' = -B_ampa/ampa_decay
  A_nmda' = -A_nmda/nmda_rise
  B_nmda' = -B_nmda/nmda_decay
}

: left: the share of the resources that the last spike left; last: when it came.
NET_RECEIVE(weight (1), left, last (ms)) { LOCAL there
  INITIAL {
    left = 1
    last = 0
  }
  there = 1 - (1 - left)*exp(-(t - last)/recovery)
  A_ampa = A_ampa + weight*there*ampa_factor
  B_ampa = B_ampa + weight*there*ampa_factor
  A_nmda = A_nmda + weight*there*nmda_factor
  B_nmda = B_nmda + weight*there*nmda_factor
  left = there*(1 - use)
  last = t
}

FUNCTION normal(rise, decay) { LOCAL peak
  peak = rise*decay/(decay - rise)*log(decay/rise)
  normal = 1/(exp(-peak/decay) - exp(-peak/rise))
}
