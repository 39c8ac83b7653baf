"""Constructs of NMODL that need more than one compartment, many turns or numbers from outside: cells in both programs, to 1e-4 mV."""
import sys
import unittest

from support import PROGRAM, ROOT, InTemporaryFolder, run

sys.path.insert(0, str(ROOT / "tests/neuron"))
import differential  # noqa: E402
import generator  # noqa: E402
import mechanisms  # noqa: E402
from nmodl_writer import Mechanism  # noqa: E402

BALL = "1 1 0 -10 0 10 -1\n2 1 0 10 0 10 1\n"
# A soma, a dendrite that forks, one of its daughters with a bend, and another dendrite.
TREE = """1 1 0 0 0 9 -1
2 3 9 0 0 1.2 1
3 3 80 0 0 0.9 2
4 3 120 40 0 0.5 3
5 3 150 40 0 0.4 4
6 3 130 -50 0 0.7 3
7 3 0 9 0 0.8 1
8 3 0 110 0 0.6 7
"""
CELL = """kind = "detailed"
morphology = "{name}.swc"
compartment_spacing_um = 20
initial_mV = -65
celsius = 30
{more}
insert = [
 {{ mechanism = "leak", regions = ["soma", "basal"], g = 1e-4, e = -65 }},
{insert}]
point = [ {{ mechanism = "IClamp", section = "soma[0]", x = 0.5, del = 5, dur = 30, amp = 0.2 }} ]
"""

# The number of turns depends on v; a loop in a loop; one that never turns. What the current turns by changes with the states:
# by v itself, NEURON's difference over 0.001 mV would see the jump as a conductance.
TURNS = """NEURON { SUFFIX turns NONSPECIFIC_CURRENT i RANGE many }
PARAMETER { many = 2.9 }
ASSIGNED { v i sum n part[12] }
STATE { x }
INITIAL { x = 0  n = 3  FROM k = 0 TO 11 { part[k] = k*k/100 } }
BREAKPOINT { LOCAL total
  SOLVE s METHOD cnexp
  total = 0
  FROM k = n - many TO n { total = total + part[k]*exp(-k/5)
    FROM j = k TO many { total = total + 0.01*j } }
  FROM k = n TO n - 1 { total = total + 1e6 }
  i = 1e-5*(total + x)*(v + 40) }
DERIVATIVE s { n = 0
  WHILE (n*n < v + 100 && n < 11) { n = n + 1 }
  sum = 0  counted()  x' = (sum - x)/5 }
PROCEDURE counted() { LOCAL u
  u = v
  IF (u > -60) { WHILE (u > -60) { u = u - 3.3  sum = sum + 1 } } ELSE { sum = -1 }
}
"""
# A synapse that knows its past events.
PAST = """NEURON { POINT_PROCESS Past NONSPECIFIC_CURRENT i RANGE tau }
PARAMETER { tau = 4 (ms) }
ASSIGNED { v i (nA) times[10] sizes[10] known }
STATE { g }
INITIAL { known = 0  g = 0  FROM k = 0 TO 9 { times[k] = -1e9  sizes[k] = 0 } }
BREAKPOINT { SOLVE s METHOD sparse  i = g*v }
FUNCTION drive() { LOCAL k
  drive = 0
  FROM k = 0 TO known - 1 { IF (t > times[k]) { drive = drive + sizes[k]*exp(-(t - times[k])/tau) } }
}
KINETIC s { ~ g << (drive() - g/3) }
NET_RECEIVE(weight) { times[known] = t  sizes[known] = weight  known = known + 1 }
"""
# A synapse whose streams learn when the cell's voltage rises; the names of the loop over streams are, crosswise, those of NET_RECEIVE.
PLASTIC = """NEURON { POINT_PROCESS Plastic NONSPECIFIC_CURRENT i RANGE tau }
PARAMETER { tau = 4 (ms) }
ASSIGNED { v i (nA) last (ms) }
STATE { g }
INITIAL { g = 0  last = -1e9  net_send(0, 1) }
BREAKPOINT { SOLVE s METHOD cnexp  i = g*(v - 10) }
DERIVATIVE s { g' = -g/tau }
NET_RECEIVE(w, gain, before) { LOCAL change
  INITIAL { gain = 0.5  before = -1e9 }
  IF (flag == 0) {
    g = g + w*(1 + gain)  gain = gain*(1 - 0.4*exp((last - t)/20))  before = t
  } ELSE { IF (flag == 2) {
    last = t
    FOR_NETCONS(own, before, gain) { LOCAL change
      change = 0.8*exp((gain - t)/15)
      before = before + change  own = own*(1 + change/2)
    }
  } ELSE { WATCH (v > -55) 2 } }
}
"""
# Calcium in two shells that spreads along the dendrites, more where the voltage is high.
SPREAD = """NEURON { SUFFIX spread USEION ca WRITE cai NONSPECIFIC_CURRENT i RANGE D }
DEFINE N 2
PARAMETER { D = 0.6 (um2/ms) }
ASSIGNED { v i cai (mM) diam (um) wide[N] }
STATE { c[N] }
INITIAL { FROM k = 0 TO N - 1 { wide[k] = (k + 1)*0.2  c[k] = 1e-4*(k + 1) }  cai = c[0] }
BREAKPOINT { SOLVE flow METHOD sparse
  i = 0.2*(c[0] - c[1]/2) + 1e-4*c[1]*(v + 30) }
KINETIC flow {
  COMPARTMENT k, diam*diam*wide[k] { c }
  LONGITUDINAL_DIFFUSION k, D*diam*diam*wide[k] { c }
  ~ c[0] << (diam*diam*1e-4*(1 + exp((v + 60)/8)))
  ~ c[0] <-> c[1] (D*2*diam, D*diam)
  ~ c[1] << (-c[1]*diam*diam/20)
  cai = c[0] }
"""
# The concentration itself is the state.
POOL = """NEURON { SUFFIX pool USEION ca READ ica WRITE cai NONSPECIFIC_CURRENT i }
ASSIGNED { v i ica diam (um) }
STATE { cai (mM) }
BREAKPOINT { SOLVE flow METHOD sparse
  i = 0.3*cai*(v + 20) }
KINETIC flow {
  COMPARTMENT diam*diam { cai }
  LONGITUDINAL_DIFFUSION 2*diam*diam { cai }
  ~ cai << (diam*diam*(1e-6*exp((v + 65)/5) + 5e-5 - cai)/30) }
"""
# 15 shells with calcium, a buffer and the two together: more states than are solved without a loop, by equations that are not linear.
BUFFERED = """NEURON { SUFFIX buffered USEION ca READ ica WRITE cai NONSPECIFIC_CURRENT i }
DEFINE N 15
ASSIGNED { v i ica cai (mM) diam (um) }
STATE { c[N] b[N] cb[N] }
INITIAL { FROM k = 0 TO N - 1 { c[k] = 5e-5  b[k] = 0.02  cb[k] = 1e-3 }  cai = c[0] }
BREAKPOINT { SOLVE flow METHOD sparse
  i = 0.05*cb[0]*(v + 20) + 0.02*cb[7]*(v + 90) }
KINETIC flow {
  COMPARTMENT k, (N - k)*1e-2 { c b cb }
  ~ c[0] << (1e-5*exp((v + 65)/9))
  FROM k = 0 TO N - 1 { ~ c[k] + b[k] <-> cb[k] (40*(N - k)*1e-2, 0.1*(N - k)*1e-2) }
  FROM k = 0 TO N - 2 { ~ c[k] <-> c[k+1] (0.2, 0.2)  ~ cb[k] <-> cb[k+1] (0.05, 0.05) }
  cai = c[0] }
"""
GIVEN = """NEURON { SUFFIX given NONSPECIFIC_CURRENT i }
ASSIGNED { v i }
STATE { x }
INITIAL { x = even(v) }
BREAKPOINT { SOLVE s METHOD cnexp  i = 1e-4*x*(v + 30) }
DERIVATIVE s { x' = (even(v) + uneven(v/2) - x)/(tau(v) + steady(v)) }
FUNCTION_TABLE even(v (mV))
FUNCTION_TABLE uneven(u) (1)
FUNCTION_TABLE tau(v) (ms)
FUNCTION_TABLE steady(v)
"""
NUMBERS = """[function_tables.given]
steady = 1.5
tau = 0
even = { from = -80, to = -20, values = [0.1, 0.4, 0.2, 3] }
uneven = { x = [-40, -31.5, -30, -20.25, 0], values = [1, 0.5, 2, -0.5, 0.7] }
"""
# Blocks that stand before and after others: what counts in them counts once, and their slope with v is no part of the conductance.
COUNTED = """NEURON { SUFFIX counted NONSPECIFIC_CURRENT i }
ASSIGNED { v i n open peak old }
STATE { x }
BEFORE INITIAL { n = 0  peak = -100  old = v }
INITIAL { x = n + 0.3 }
AFTER INITIAL { n = n + 1 }
BEFORE BREAKPOINT { n = n + 1  open = 1/(1 + exp(-(v + 45)/6)) }
BREAKPOINT { SOLVE s METHOD cnexp  i = 1e-5*(x + n/100)*(v + 40) + 3e-4*open*(v - 20) }
AFTER SOLVE { if (v > peak) { peak = v } }
BEFORE STEP { old = v }
DERIVATIVE s { x' = (peak/20 + 3 + old/90 - x)/7 }
"""
# BEFORE STEP ends each step, and is executed once before the first: what counts in it has counted, with what BREAKPOINT set.
STEPPING = """NEURON { SUFFIX stepping NONSPECIFIC_CURRENT i }
ASSIGNED { v i n y peak }
INITIAL { n = 3  peak = 0 }
BREAKPOINT { y = 2e-5*(v + 30)  i = y + 3e-7*n*(v + 40) + 1e-2*peak }
BEFORE STEP { n = n + 1  if (y > peak) { peak = y } else { peak = peak + 0.01*(y - peak) + 1e-4 } }
"""
# Two WATCHes in one line: each has its own threshold and flag.
WATCHING = """NEURON { POINT_PROCESS Watching NONSPECIFIC_CURRENT i }
ASSIGNED { v i g h }
INITIAL { g = 1e-4  h = 0  net_send(5, 1) }
BREAKPOINT { i = g*(v + 20) + h*(v + 90) }
NET_RECEIVE(w) {
  if (flag == 0) { g = g + w }
  if (flag == 1) { WATCH (v > -60) 2 WATCH (v > -45) 3 WATCH (v < -70) 4 }
  if (flag == 2) { h = h + 0.002 }
  if (flag == 3) { h = h + 0.01  g = 0 }
  if (flag == 4) { h = 0 }
}
"""
# A current of the membrane beside one of an electrode, which NEURON counts alike.
MIXED = """NEURON { POINT_PROCESS Mixed NONSPECIFIC_CURRENT i ELECTRODE_CURRENT e }
ASSIGNED { v i (nA) e (nA) area (um2) }
STATE { g }
INITIAL { g = area/1e6 }
BREAKPOINT { SOLVE s METHOD cnexp  i = -g*(v + 20)  e = -2*g*(v + 60) }
DERIVATIVE s { g' = -g/9 }
NET_RECEIVE(w) { g = g + w }
"""
# A file that writes potassium and looks at it in every block that stands before or after others, beside one that only looks.
MOVING = """NEURON { SUFFIX moving USEION k READ ki, ek WRITE ki, ik }
ASSIGNED { v ik ek n m }
STATE { ki x }
BEFORE INITIAL { m = ki + ek/10 }
INITIAL { ki = 60 + m/100  n = 0  x = ek/50 }
AFTER INITIAL { ki = ki + 0.5  n = ek/100 }
BEFORE BREAKPOINT { ki = ki*(1 + 1e-5*(v + 60)/10)  n = n + ek*1e-4 }
BREAKPOINT { SOLVE s METHOD cnexp  ik = 1e-4*(v - ek)*(1 + 0.1*n + x/10) }
DERIVATIVE s { x' = (ki/60 - x)/4  ki' = -0.3*ik - (ki - 60)/20 }
AFTER SOLVE { ki = ki + 0.001*(x - 1)  m = 0.9*m + 0.1*ki }
BEFORE STEP { ki = ki - 0.0005*(x - 1) + 1e-5*(m - 60)  n = n*0.999 + ki*1e-5 }
"""
LOOKING = """NEURON { SUFFIX NAME USEION k READ ki, ek NONSPECIFIC_CURRENT i }
ASSIGNED { v i ki ek a b d e f }
STATE { z }
BEFORE INITIAL { a = ki/100 + ek/200 }
INITIAL { b = ki/100 + ek/50  z = b }
AFTER INITIAL { d = ki/100 + ek/100 }
BEFORE BREAKPOINT { e = e*0.99 + 0.01*(ki/50 + ek/70) }
BREAKPOINT { SOLVE s METHOD cnexp  i = 2e-5*(a + b + d + e + f + z)*(v + 30) }
DERIVATIVE s { z' = (ki/60 + ek/100 - z)/3 }
AFTER SOLVE { f = f*0.9 + 0.1*(ki/60 + ek/80) }
BEFORE STEP { f = f + 0.01*(ek + ki - f) }
"""
POTASSIUM = """NEURON { SUFFIX zpotassium USEION k READ ek WRITE ik }
ASSIGNED { v ik ek }
BREAKPOINT { ik = 2e-4*(v - ek)/(1 + exp(-(v+40)/9)) }
"""
# A current that the file only writes is its own where the file reads it; what BREAKPOINT adds to a concentration, it adds twice.
OWNING = """NEURON { SUFFIX owning USEION k READ ki, ek WRITE ki, ik }
ASSIGNED { v ik ek }
STATE { ki }
INITIAL { ki = 54 }
BREAKPOINT { SOLVE s METHOD cnexp ik = 1e-4*(v - ek) }
DERIVATIVE s { ki' = -ik*30 + (60 - ki)/30 }
"""
ADDING = """NEURON { SUFFIX adding USEION ca READ cai WRITE cai NONSPECIFIC_CURRENT i }
ASSIGNED { v i cai }
INITIAL { cai = 1e-4 }
BREAKPOINT { cai = cai + 1e-6*(v + 70) - 0.01*(cai - 1e-4)  i = 1e-4*(1 + 1e3*cai)*(v + 50) }
"""
# Three in one compartment, which change its calcium one after the other.
IN_TURN = """NEURON { POINT_PROCESS InTurn USEION ca READ cai WRITE cai NONSPECIFIC_CURRENT i RANGE k }
PARAMETER { k = 3 }
ASSIGNED { v i cai }
STATE { x }
INITIAL { cai = 1e-4 x = 0 }
BREAKPOINT { SOLVE s METHOD cnexp  i = 0.001*k*(1 + 1e3*cai)*(v + 50) }
DERIVATIVE s { x' = (cai*1e4 - x)/9 cai = cai + 1e-6*k*(v + 70) - 0.01*(cai - 1e-4) }
"""
# What BREAKPOINT writes, the first step already sees.
RISING = """NEURON { SUFFIX rising USEION ca READ cai, eca WRITE cai, ica }
ASSIGNED { v ica cai eca }
INITIAL { cai = 1e-3 }
BREAKPOINT { ica = 1e-4*(v - eca)  cai = 1e-3*(1.3 + v/100) }
"""
# Two that change one concentration take turns, and others see what the last of them has left.
DRAINING = """NEURON { SUFFIX NAME USEION ca READ ica, cai WRITE cai }
ASSIGNED { v ica }
STATE { cai }
INITIAL { cai = 1e-4 }
BREAKPOINT { SOLVE s METHOD cnexp }
DERIVATIVE s { cai = cai*KEPT  cai' = -ica*0.1 + (1e-4 - cai)/TAU }
"""
# A reversal potential that follows a concentration, in a file without a current.
FOLLOWING = """NEURON { SUFFIX NAME USEION ca READ cai WRITE eca }
ASSIGNED { v eca cai }
BREAKPOINT { eca = 100 + cai*1e4 }
"""
CALCIUM = """NEURON { SUFFIX NAME USEION ca READ cai, eca WRITE ica NONSPECIFIC_CURRENT i }
ASSIGNED { v ica eca cai i }
BREAKPOINT { ica = 1e-4*(v - eca)  i = 1e-4*(v + cai*1e4) }
"""
SODIUM_BATTERY = """NEURON { SUFFIX battery USEION na WRITE ena NONSPECIFIC_CURRENT i }
ASSIGNED { v ena i }
INITIAL { ena = 50 }
BREAKPOINT { ena = 50 + (v + 65)/20  i = 1e-6*v }
"""
# What compilers of NEURON's successors read; where a state starts; tables made of tables; a comment that ends where its line does.
STARTING = """COMMENT What stands here ENDCOMMENT
  PARAMETER { g = 5 }
ENDCOMMENT }
NEURON { SUFFIX starting NONSPECIFIC_CURRENT i USEION k READ ek WRITE ik }
PARAMETER { g = 1e-4 gk = 1e-4 x0 = 0.4 y0 = 0.25 }
ASSIGNED { v i ik ek a b }
STATE { x y START 3 z START 2 s[2] START 0.7 }
INITIAL { tabled(v) }
BREAKPOINT { SOLVE change METHOD cnexp
  CONDUCTANCE g
  CONDUCTANCE gk USEION k
  tabled(v)
  i = g*(x + y + z + s[1] + a + b)*(v + 20)
  ik = gk*(v - ek) }
DERIVATIVE change { x' = -x/20  y' = -y/30  z' = -z/40 }
FUNCTION before(u) { TABLE FROM -100 TO 100 WITH 33
  before = exp(u/50) }
PROCEDURE tabled(u) { TABLE a, b FROM -100 TO 100 WITH 50
  a = before(u)  b = u/100 + after(u) }
FUNCTION after(u) { TABLE FROM -100 TO 100 WITH 33
  after = 5*exp(u/50) }
"""
# The weight counts although no variable holds it: it is a voltage here, and a delay.
SETTING = """NEURON { POINT_PROCESS Setting NONSPECIFIC_CURRENT i }
ASSIGNED { v i }
BREAKPOINT { i = 1e-4*(v + 20) }
NET_RECEIVE(w) { if (flag == 0) { net_send(w, 1) } else { v = v - 10 - 500*w } }
"""
# A WATCH on a concentration in a file that solves nothing sees what its current has last seen; an event sees what is now.
ALERT = """NEURON { POINT_PROCESS Alert USEION ca READ cai NONSPECIFIC_CURRENT i }
ASSIGNED { v i cai n g }
INITIAL { n = 0  g = 0.001  net_send(0, 1)  net_send(1, 3) }
BREAKPOINT { i = g*(v + 20)*(1 + n) }
NET_RECEIVE(w) {
  if (flag == 1) { WATCH (cai > 0.0002) 2 }
  if (flag == 2) { n = n + 1 }
  if (flag == 3) { g = g + 0.01*(cai - 1e-4)  net_send(0.4, 3) } }
"""
RISING_POOL = """NEURON { SUFFIX risingpool USEION ca WRITE cai }
ASSIGNED { v }
STATE { cai }
INITIAL { cai = 1e-4 }
BREAKPOINT { SOLVE s METHOD cnexp }
DERIVATIVE s { cai' = 1e-5*(v + 70) - (cai - 1e-4)/9 }
"""
ANGLES = """NEURON { SUFFIX angles NONSPECIFIC_CURRENT i }
ASSIGNED { v i }
STATE { x }
BREAKPOINT { SOLVE s METHOD cnexp
  i = 1e-4*(7 + x + atan2(v + 40, v + 55) + atan((v + 50)/4))*(v + 45) }
DERIVATIVE s { x' = (asin(tanh(v/30)) + acos(cos(v/90)) - x)/6 }
"""


def case(name, text, swc=BALL, more="", point=False, insert="", events=(), own_weights=True):
    mechanism = Mechanism(name, text, [], point=point)
    if not point:
        insert += f' {{ mechanism = "{name}.mod", regions = ["soma", "basal"] }},\n'
    toml = CELL.format(name=name, more="", insert=insert)
    if point:
        toml += f'excitatory = {{ mechanism = "{name}.mod", regions = ["soma"], weight = 0.002 }}\n'
    return generator.Case(name, [mechanism], toml + more, swc, 60, list(events), own_weights=point and own_weights)


def beside(name, text, others, swc=TREE):
    """A density mechanism with others, by their names."""
    one = case(name, text, swc, insert="".join(f' {{ mechanism = "{other}.mod", regions = ["soma", "basal"] }},\n' for other in others))
    one.mechanisms.extend(Mechanism(other, more, []) for other, more in others.items())
    return one


def three_in_turn():
    places = "".join(f' {{ mechanism = "InTurn.mod", section = "soma[0]", k = {k} }},\n' for k in (3, 2, 1))
    toml = CELL.format(name="InTurn", more="", insert="").replace("point = [", "point = [\n" + places)
    return generator.Case("InTurn", [Mechanism("InTurn", IN_TURN, [], point=True)], toml, BALL, 60, [])


def alert():
    one = case("Alert", ALERT, TREE, point=True, insert=' { mechanism = "risingpool.mod", regions = ["soma", "basal"] },\n')
    one.toml = one.toml.replace(", weight = 0.002", "")
    one.mechanisms.append(Mechanism("risingpool", RISING_POOL, []))
    return one


def draining(name, kept, tau_ms):
    return {name: DRAINING.replace("NAME", name).replace("KEPT", kept).replace("TAU", str(tau_ms))}


def draining_in_turn(name):
    others = {**draining("a" + name, "1", 20), **draining("z" + name, "0.999", 3)}
    return beside(name, CALCIUM.replace("NAME", name), others)


def following(name, pool):
    return beside(name, FOLLOWING.replace("NAME", name), {**draining(pool, "1", 20), "z" + name: CALCIUM.replace("NAME", "z" + name)})


EVENTS = [("excitatory", 0, t, w) for t, w in ((8, 0.002), (9.5, 0.001), (20, 0.004), (20.5, 0.002), (41, 0.003))]
ALIKE = [("excitatory", 0, t, 0.002) for t in (6, 7.5, 20, 41, 42, 50)]
CASES = [case("Plastic", PLASTIC, point=True, events=ALIKE, own_weights=False), case("turns", TURNS), case("Past", PAST, point=True, events=EVENTS),
         case("spread", SPREAD, TREE), case("pool", POOL, TREE), case("buffered", BUFFERED), case("given", GIVEN, more=NUMBERS),
         case("counted", COUNTED, TREE), case("stepping", STEPPING, TREE),
         case("Watching", WATCHING, point=True, events=ALIKE, own_weights=False), case("angles", ANGLES),
         alert(), case("starting", STARTING, TREE), case("Setting", SETTING, point=True, events=ALIKE, own_weights=False),
         case("Mixed", MIXED, point=True, events=ALIKE, own_weights=False),
         beside("moving", MOVING, {"zlooking": LOOKING.replace("NAME", "zlooking")}),
         beside("alooking", LOOKING.replace("NAME", "alooking"), {"moving2": MOVING.replace("SUFFIX moving", "SUFFIX moving2")}),
         beside("owning", OWNING, {"zpotassium3": POTASSIUM.replace("potassium", "potassium3")}), case("adding", ADDING), three_in_turn(),
         case("rising", RISING, TREE), draining_in_turn("shared"), following("follows", "before"), following("precedes", "remains"),
         case("battery", SODIUM_BATTERY, insert=' { mechanism = "hh", regions = ["soma"] },')]


@unittest.skipUnless(mechanisms.available(), "NEURON is not installed")
class Constructs(InTemporaryFolder):
    def test_are_what_they_are_in_neuron(self):
        for outcome in differential.run(CASES, self.folder):
            with self.subTest(outcome.case.name):
                self.assertEqual(outcome.kind, "agrees", f"{outcome.message} {outcome.difference_mV:g} mV")
                # The comparison sees the construct: 1e-4 mV are less than a part in 10 000 of what it does.
                self.assertGreater(outcome.influence_mV, 1)


class Refusals(InTemporaryFolder):
    def refused(self, one, code, *words):
        differential.write_case(one, self.folder)
        options = ("--replay", self.folder / f"{one.name}-input.h5") if one.events else ()
        done = run([PROGRAM, "simulate", self.folder / f"{one.name}.toml", "--out", self.folder / "out.h5", "--ms", 60, "--scheme", "euler", *options])
        self.assertEqual(done.returncode, code, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_a_loop_without_an_end_says_where_it_is(self):
        text = TURNS.replace("u = u - 3.3  sum", "sum")
        line = 1 + [k for k, words in enumerate(text.split("\n")) if "IF (u >" in words][0]
        self.refused(case("turns", text), 1, f"turns.mod:{line}: the loop has turned 10000000 times in one step and goes on")

    def test_an_event_too_many_for_its_array_is_named(self):
        events = [("excitatory", 0, float(t), 0.001) for t in range(5, 16)]
        self.refused(case("Past", PAST, point=True, events=events), 1, "Past.mod:12: a value for an element of 'times' that is not there", "10")

    def test_numbers_of_a_function_have_to_be_given(self):
        self.refused(case("given", GIVEN), 2, "given.mod:7: FUNCTION_TABLE even has no numbers", "function_tables")
        self.refused(case("given", GIVEN, more=NUMBERS.replace("-31.5, -30", "-30, -30")), 2, "given.toml", "uneven.x", "ascend")
        self.refused(case("given", GIVEN, more=NUMBERS + "nobody = 3\n"), 2, "nobody")

    def test_a_loop_over_streams_belongs_to_events_and_has_all_arguments(self):
        self.refused(case("Plastic", PLASTIC.replace("last = -1e9 ", "FOR_NETCONS(a, b, c) { b = 1 }"), point=True, events=ALIKE, own_weights=False), 2,
                     "Plastic.mod:5: FOR_NETCONS outside of NET_RECEIVE")
        self.refused(case("Plastic", PLASTIC.replace("(own, before, gain)", "(own, before)"), point=True, events=ALIKE, own_weights=False), 2,
                     "Plastic.mod:14: FOR_NETCONS has 2 arguments; NET_RECEIVE has 3")

    def test_diffusion_needs_what_stays(self):
        text = SPREAD.replace("D*diam*diam*wide[k]", "D*v")
        self.refused(case("spread", text, TREE), 2, "spread.mod:11: LONGITUDINAL_DIFFUSION of c[0]: its constant changes")


if __name__ == "__main__":
    unittest.main()
