TITLE A potassium channel whose PROCEDURE ends with the VERBATIM that many published files carry
NEURON { SUFFIX empty_verbatim USEION k READ ek WRITE ik RANGE gmax }
PARAMETER { gmax = 0.0008 (S/cm2) }
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) target pace (ms) }
STATE { p }
INITIAL { follow(v)  p = target }
BREAKPOINT { SOLVE relax METHOD cnexp
  ik = gmax*p*p*(v - ek) }
DERIVATIVE relax { follow(v)
  p' = (target - p)/pace }
PROCEDURE follow(u (mV)) {
  target = 1/(1 + exp(-(u + 45)/9))
  pace = 2 + 20/(exp((u + 40)/20) + exp(-(u + 40)/20))
  VERBATIM
  /* says nothing */
  return 0;
  ENDVERBATIM
}
