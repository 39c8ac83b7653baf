TITLE it's { odd : in places
INDEPENDENT {t FROM 0 TO 1 WITH 1 (ms)}
COMMENT
Whatever stands here, ENDVERBATIM { or } PROCEDURE.
ENDCOMMENT
NEURON {THREADSAFE SUFFIX odd_layout
 USEION k READ ek WRITE ik RANGE gmax
	RANGE ik,total}
UNITS {(mA)=(milliamp) (mV)=(millivolt)
TWO = 2 (1)}
STATE {n FROM 0 TO 1}
PARAMETER {gmax=8.e-4 (S/cm2) <0,1e9> ek=-70 (mV)
 half=-.45e2 (mV)} ? a comment, IF { so } is this
ASSIGNED {v(mV)ik(mA/cm2)total}
FUNCTION part(x,y)(1){IF(x>y){part=1}else{LOCAL d d=y-x part=1/(1+d*d/1 (mV))}} : one line
BREAKPOINT {SOLVE s METHOD cnexp total=gmax*n^TWO*
(v-ek)
ik=total}
UNITSOFF
INITIAL {n=part(v,half)}
DERIVATIVE s {LOCAL a,b
a=part(v,half)b=TWO*3^-1+-1*-2
n'=(a-n)/b}
UNITSON
