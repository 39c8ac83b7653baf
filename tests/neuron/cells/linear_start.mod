TITLE A scheme whose start is the solution of LINEAR equations
NEURON { SUFFIX linear_start USEION k READ ek WRITE ik RANGE gmax }
PARAMETER { gmax = 0.002 (S/cm2) }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) up (1/ms) down (1/ms) }
STATE { shut ajar wide }
INITIAL { rates(v)  SOLVE start }
BREAKPOINT { SOLVE doors METHOD sparse
  ik = gmax*wide*(v - ek) }
LINEAR start {
  ~ shut + ajar + wide = 1
  ~ shut*up = ajar*down
  ~ ajar*0.15 - wide*0.2 = 0
}
KINETIC doors {
  rates(v)
  ~ shut <-> ajar (up, down)
  ~ ajar <-> wide (0.15, 0.2)
  CONSERVE shut + ajar + wide = 1
}
PROCEDURE rates(u (mV)) {
  up = 0.25*exp((u + 45)/22)
  down = 0.3*exp(-(u + 45)/30)
}
