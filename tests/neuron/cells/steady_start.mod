TITLE A scheme that starts from its steady state
NEURON { SUFFIX steady_start USEION k READ ek WRITE ik RANGE gmax }
PARAMETER { gmax = 0.002 (S/cm2) }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) }
STATE { shut ajar wide }
INITIAL { SOLVE doors STEADYSTATE sparse }
BREAKPOINT { SOLVE doors METHOD sparse
  ik = gmax*(0.3*ajar + wide)*(v - ek) }
KINETIC doors {
  ~ shut <-> ajar (0.25*exp((v + 45)/22), 0.3*exp(-(v + 45)/30))
  ~ ajar <-> wide (0.15, 0.3*exp(-(v + 55)/18))
  CONSERVE shut + ajar + wide = 1
}
