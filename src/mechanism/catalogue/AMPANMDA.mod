TITLE AMPA and NMDA conductances at one site
: Differences of exponentials, each with a peak of its gmax for an event of weight 1; every event releases.
: The Mg2+ block of NMDA is that of Jahr and Stevens 1990 with the slope of Beniaguev et al. 2021.

NEURON {
  POINT_PROCESS AMPANMDA
  NONSPECIFIC_CURRENT i
  RANGE ampa_rise, ampa_decay, nmda_rise, nmda_decay, ampa_gmax, nmda_gmax, e, mg, i
}

PARAMETER {
  ampa_rise = 0.3 (ms)
  ampa_decay = 3 (ms)
  nmda_rise = 2 (ms)
  nmda_decay = 70 (ms)
  ampa_gmax = 0.0004 (uS)
  nmda_gmax = 0.0004 (uS)
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

NET_RECEIVE(weight (1)) {
  A_ampa = A_ampa + weight*ampa_factor
  B_ampa = B_ampa + weight*ampa_factor
  A_nmda = A_nmda + weight*nmda_factor
  B_nmda = B_nmda + weight*nmda_factor
}

FUNCTION normal(rise, decay) { LOCAL peak
  peak = rise*decay/(decay - rise)*log(decay/rise)
  normal = 1/(exp(-peak/decay) - exp(-peak/rise))
}
