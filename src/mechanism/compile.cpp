#include <fmt/ranges.h>

#include <algorithm>

#include "config/ordinary_file.hpp"
#include "mechanism/detail/compiler.hpp"
#include "mechanism/ion.hpp"

namespace nt::mechanism {

Mechanism Compiler::compile() {
  declare();
  // A variable found to be read before a block sets it is kept between blocks, which changes what was
  // executed so far.
  for (;;) {
    const auto kept = kept_.size();
    execute_all();
    if (kept_.size() == kept) break;
    gather_arrays();
  }
  fix_diffusion();
  m_.draws_at_start = start_draws();
  finish();
  return std::move(m_);
}

void Compiler::declare() {
  m_.name = file_.name;
  m_.path = file_.path;
  m_.point_process = file_.point_process;
  m_.artificial_cell = file_.artificial_cell;
  m_.notes = file_.notes;
  auto& g = m_.graph;
  for (const auto& [name, value] : file_.constants) {
    fixed_[name] = g.constant(value);
    constants_.insert(name);
  }
  for (const auto* name : {"dt", "celsius", "diam", "area", kAreaScale}) fixed_[name] = g.symbol(name, false);
  for (const auto* name : {"v", "t"}) varying_[name] = g.symbol(name, true);
  find_followed_ions();
  for (const auto& use : file_.ions) declare_ion(use);
  for (const auto& p : file_.parameters) {
    if (fixed_.contains(p.name) || varying_.contains(p.name))
      continue;  // v, dt, celsius, ion variables: given from outside
    fixed_[p.name] = g.symbol(p.name, false);
    m_.parameters.push_back({p.name, p.value, p.unit});
  }
  for (const auto& s : file_.states) {
    if (states_.contains(s.name)) refuse(s.line, fmt::format("a second state '{}'", s.name));
    states_[s.name] = s.line;
    if (const auto* ion = ion_variable(s.name)) {
      if (!ion->written)
        refuse(s.line, fmt::format("state '{}' is a variable of ion {}; add it to WRITE of USEION", s.name,
                                   ion->ion));
      continue;
    }
    if (fixed_.contains(s.name) || varying_.contains(s.name))
      refuse(s.line, fmt::format("state '{}' is also a parameter", s.name));
    varying_[s.name] = g.symbol(s.name, true);
    m_.stored.push_back(s.name);
    stored_names_.push_back(s.name);
  }
  m_.states = m_.stored.size();
  for (const auto& block : file_.blocks)
    if (block.kind != "BREAKPOINT" && block.kind != "INITIAL" && block.kind != "FUNCTION")
      solve_nowhere(block.body, block.kind + (block.name.empty() ? "" : " " + block.name));
  for (const auto& a : file_.assigned) assigned_[a.name] = a.line;
  for (const auto* list : {&file_.nonspecific, &file_.electrode})
    for (const auto& name : *list) assigned_[name] = 0;
  for (const auto& list : {file_.range, file_.global}) {
    for (const auto& name : list) {
      if (!known(name) && !file_.generators.contains(name))
        m_.notes.push_back(fmt::format("{}: '{}' is in RANGE or GLOBAL, but the file does not declare it",
                                       file_.path, name));
    }
  }
  declare_streams();
}

namespace {

IonQuantity quantity_of(const std::string& name, const std::string& ion) {
  if (name == "e" + ion) return IonQuantity::reversal_mV;
  if (name == ion + "i") return IonQuantity::inside_mM;
  if (name == ion + "o") return IonQuantity::outside_mM;
  return IonQuantity::current;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// What BREAKPOINT computes, of the values that a block before it has left.
void put_in_place(Mechanism& m, const std::map<Expr, Expr>& values) {
  auto& g = m.graph;
  for (auto& current : m.currents) {
    current.value = g.substitute(current.value, values);
    current.slope = g.substitute(current.slope, values);
  }
  for (auto* e : {&m.total_current, &m.conductance}) *e = g.substitute(*e, values);
  for (auto* list : {&m.after_current, &m.concentration_after_current}) *list = g.substitute(*list, values);
}

bool names(const Term& t, const std::string& name) {
  return (t.kind == Term::Kind::name && t.text == name) ||
         std::ranges::any_of(t.parts, [&](const Term& part) { return names(part, name); });
}

bool read_in(const std::vector<Statement>& statements, const std::string& name) {
  return std::ranges::any_of(statements, [&](const Statement& s) {
    return std::ranges::any_of(s.terms, [&](const Term& t) { return names(t, name); }) ||
           (s.index && names(*s.index, name)) || read_in(s.then, name) || read_in(s.otherwise, name);
  });
}

}  // namespace

bool Compiler::reads_current(const nmodl::IonUse& use) const {
  const auto current = "i" + use.ion;
  if (!has(use.reads, current)) return false;
  return !has(use.writes, current) ||
         std::ranges::any_of(file_.blocks, [&](const Block& block) { return read_in(block.body, current); });
}

void Compiler::find_followed_ions() {
  for (const auto& use : file_.ions) {
    const auto& ion = use.ion;
    if (usual_ion(ion).always_followed || reads_current(use) || has(use.writes, ion + "i") ||
        has(use.writes, ion + "o") || has(use.writes, "e" + ion))
      followed_.insert(ion);
  }
}

void Compiler::declare_ion(const nmodl::IonUse& use) {
  const auto current = "i" + use.ion;
  for (const auto& name : use.reads)
    if (name != current || reads_current(use)) declare_ion_variable(use, name, false);
  for (const auto& name : use.writes) declare_ion_variable(use, name, true);
}

void Compiler::declare_ion_variable(const nmodl::IonUse& use, const std::string& name, bool written) {
  IonVariable variable{name, use.ion, quantity_of(name, use.ion), written};
  const bool is_current = variable.quantity == IonQuantity::current;
  if (is_current && name != "i" + use.ion)
    refuse(use.line,
           fmt::format("'{0}' is not a variable of ion {1}; known: e{1}, {1}i, {1}o, i{1}", name, use.ion));
  for (auto& there : m_.ions) {
    // What it lets in of a current and what all mechanisms do are two variables.
    if (there.name != name || (is_current && there.written != written)) continue;
    there.written |= written;
    return;
  }
  const bool followed = followed_.contains(use.ion);
  variable.valence = use.valence;
  variable.unread = is_current && !followed;
  m_.ions.push_back(variable);
  const bool varies = written || is_current || followed;
  const Expr symbol = m_.graph.symbol(name, varies);
  if (is_current && written)
    assigned_[name] = use.line;  // the file's own: what it has last made of it
  else
    (varies ? varying_ : fixed_)[name] = symbol;
}

const IonVariable* Compiler::ion_variable(const std::string& name) const {
  for (const auto& ion : m_.ions)
    if (ion.name == name && !(ion.quantity == IonQuantity::current && ion.written)) return &ion;
  return nullptr;
}

bool Compiler::is_own_current(const std::string& name) const {
  return std::ranges::any_of(m_.ions, [&](const IonVariable& ion) {
    return ion.name == name && ion.quantity == IonQuantity::current && ion.written;
  });
}

bool Compiler::known(const std::string& name) const {
  return fixed_.contains(name) || varying_.contains(name) || assigned_.contains(name) ||
         states_.contains(name) || file_.arrays.contains(name) || file_.pointers.contains(name);
}

void Compiler::execute_all() {
  steps_ = 0;
  loops_around_ = 0;
  quick_.clear();
  decay_.clear();
  watches_.clear();
  made_in_initial_.clear();
  m_.diffusing.clear();
  const bool apart = moments_are_apart();
  begin("INITIAL");
  start_parameters();
  before_initial();
  start_states();
  if (const auto* block = file_.block("INITIAL", "")) execute(block->body, 0);
  left_ = Left::no;
  const bool after_is_apart = has_own_moment("AFTER", "INITIAL");
  if (const auto* block = file_.block("AFTER", "INITIAL"); block && !after_is_apart) execute(block->body, 0);
  left_ = Left::no;
  read_concentrations();
  start_streams();
  m_.initial_sends = sends();
  initial_ = values_;
  m_.initial = final_values();
  m_.initial_concentration = concentrations();
  m_.start = {};
  if (after_is_apart) m_.start.after_initial = moment("AFTER", "INITIAL");

  const auto* breakpoint = file_.block("BREAKPOINT");
  const bool has_currents = !current_names().empty();
  begin("BREAKPOINT");
  if (breakpoint && has_currents) execute(breakpoint->body, 0);
  left_ = Left::no;
  read_concentrations();
  currents();
  m_.after_current = final_values();
  m_.concentration_after_current = concentrations();
  m_.counts_steps = evaluate_twice();
  if (apart) {
    m_.before_breakpoint = moment("BEFORE", "BREAKPOINT");
  } else if (const auto before = moment("BEFORE", "BREAKPOINT")) {
    // NEURON executes it once, at v alone: its slope is no part of the conductance.
    std::map<Expr, Expr> changed;
    for (const auto& [name, value] : values_)
      if (const auto it = varying_.find(name); it != varying_.end()) changed[it->second] = value;
    put_in_place(m_, changed);
  }
  std::vector<Expr> drawn{m_.total_current};
  for (const auto& current : m_.currents) drawn.push_back(current.value);
  if (m_.graph.any_draws(drawn))
    note(breakpoint->line,
         "BREAKPOINT draws a random number for its current: one for each step here, where NEURON "
         "draws two and takes their difference for a conductance");

  begin("SOLVE");
  if (breakpoint) solve_in(breakpoint->body);
  // Without a current NEURON executes the rest of BREAKPOINT once, after what it solves, at the new v.
  if (breakpoint && !has_currents) execute(breakpoint->body, 0);
  left_ = Left::no;
  for (const auto& [when, what] : {std::pair("AFTER", "SOLVE"), {"BEFORE", "STEP"}}) {
    if (const auto* block = file_.block(when, what); block && !apart) execute(block->body, 0);
    left_ = Left::no;
  }
  m_.advanced = final_values();
  m_.advanced_quickly = m_.advanced;
  for (auto& e : m_.advanced_quickly)
    if (const auto it = quick_.find(e); it != quick_.end()) e = it->second;
  m_.advanced_concentration = concentrations();
  if (apart) m_.after_solve = moment("AFTER", "SOLVE");
  m_.start.before_step = moment("BEFORE", "STEP");
  if (apart) m_.before_step = m_.start.before_step;
  const bool counts_before = m_.start.before_step || file_.block("BEFORE", "BREAKPOINT");
  m_.start.breakpoint |= counts_before || m_.counts_steps;
  m_.counts_steps |= counts_before || file_.block("AFTER", "SOLVE");
  if (m_.start.breakpoint) note_early_events();

  receive();
}

bool Compiler::start_draws() const {
  auto all = m_.initial;
  const auto add = [&](const std::vector<Expr>& values) {
    all.insert(all.end(), values.begin(), values.end());
  };
  const auto add_moment = [&](const std::optional<Mechanism::Moment>& moment) {
    if (moment) add(moment->stored), add(moment->written);
  };
  add(m_.initial_concentration);
  for (const auto& send : m_.initial_sends) add({send.when, send.time, send.flag});
  add_moment(m_.start.after_initial);
  if (m_.start.breakpoint) add_moment(m_.before_breakpoint), add(m_.after_current);
  add_moment(m_.start.before_step);
  return m_.graph.any_draws(all);
}

void Compiler::begin(const std::string& block) {
  block_ = block;
  values_.clear();
  locals_.assign(1, {});
  path_ = m_.graph.constant(1);
  left_ = Left::no;
}

void Compiler::start_parameters() {
  for (const auto& name : kept_)
    if (const auto it = fixed_.find(name); it != fixed_.end()) values_[name] = it->second;
}

void Compiler::start_states() {
  for (const auto& s : file_.states) {
    if (ion_variable(s.name)) continue;  // the ion's own
    const auto given = fixed_.find(fmt::format("{}0", nmodl::array_of(s.name)));
    values_[s.name] = given != fixed_.end() ? given->second : m_.graph.constant(s.start);
  }
  // NEURON's file has a copy of its own of a reversal potential that it writes and does not read.
  for (const auto& use : file_.ions)
    if (const auto reversal = "e" + use.ion; has(use.writes, reversal) && !has(use.reads, reversal))
      values_[reversal] = m_.graph.constant(0);
}

std::vector<Expr> Compiler::final_values() {
  std::vector<Expr> all;
  for (size_t i = 0; i < m_.stored.size(); ++i) {
    const auto& name = stored_names_[i];
    const auto it = values_.find(name);
    if (it != values_.end())
      all.push_back(it->second);
    else
      all.push_back(block_ == "INITIAL" ? m_.graph.constant(0) : varying_.at(name));
  }
  return all;
}

std::vector<Expr> Compiler::concentrations() {
  std::vector<Expr> all;
  for (const auto& ion : m_.ions) {
    if (!ion.written || ion.quantity == IonQuantity::current) continue;
    const auto it = values_.find(ion.name);
    all.push_back(it != values_.end() ? it->second : varying_.at(ion.name));
  }
  return all;
}

bool Compiler::evaluate_twice() {
  auto& g = m_.graph;
  const auto written = m_.written_ion_variables();
  std::vector<std::pair<Expr, Expr>> left;  // what BREAKPOINT may change, and what it leaves of it
  std::vector<Expr> changed;
  for (size_t i = 0; i < m_.stored.size(); ++i) {
    left.emplace_back(varying_.at(stored_names_[i]), m_.after_current[i]);
    // A draw in BREAKPOINT is one draw: NEURON's two would be two numbers, and its conductance their
    // difference.
    if (left.back().first != left.back().second && !counts_draws(stored_names_[i]))
      changed.push_back(left.back().first);
  }
  for (size_t i = 0; i < written.size(); ++i) {
    left.emplace_back(varying_.at(written[i]->name), m_.concentration_after_current[i]);
    if (left.back().first == left.back().second) continue;
    changed.push_back(left.back().first);
    m_.start.breakpoint =
        true;  // the first step already sees, in all mechanisms, what BREAKPOINT has written
  }
  const auto depends = [&](Expr e) {
    return std::any_of(changed.begin(), changed.end(), [&](Expr own) { return g.depends(e, own); });
  };
  bool accumulates = std::any_of(left.begin(), left.end(),
                                 [&](const auto& of) { return of.second != of.first && depends(of.second); });
  for (const auto& current : m_.currents) accumulates |= depends(current.value);
  if (!accumulates) return false;
  if (!file_.conductances.empty()) return true;  // NEURON executes it once
  const Expr v = varying_.at("v"), probe = g.add(v, g.constant(kProbe_mV));
  std::map<Expr, Expr> first;
  for (const auto& [own, after] : left) first[own] = g.substitute(after, {{v, probe}});
  const auto second = [&](Expr e) { return g.substitute(e, first); };
  const auto difference = [&](Expr e) {  // as NEURON's conductance
    return g.divide(g.subtract(g.substitute(e, {{v, probe}}), second(e)), g.constant(kProbe_mV));
  };
  for (auto& current : m_.currents) {
    const Expr value = second(current.value);
    current.slope = depends(current.value) ? difference(current.value) : current.slope;
    current.value = value;
  }
  m_.conductance = depends(m_.total_current) ? difference(m_.total_current) : m_.conductance;
  m_.total_current = second(m_.total_current);
  for (auto* list : {&m_.after_current, &m_.concentration_after_current})
    for (auto& e : *list) e = second(e);
  return true;
}

void Compiler::note_early_events() {
  const auto& g = m_.graph;
  const auto at_once = [&](const Mechanism::Send& send) {
    return g.node(send.time).op != Op::constant || g.is_constant(send.time, 0);
  };
  if (std::ranges::any_of(m_.initial_sends, at_once))
    note(file_.block("INITIAL", "")->line,
         "an event that net_send sends in INITIAL for time 0 comes after the first BREAKPOINT and BEFORE "
         "STEP here, "
         "before them in NEURON");
}

std::vector<std::string> Compiler::current_names() const {
  auto all = file_.nonspecific;
  all.insert(all.end(), file_.electrode.begin(), file_.electrode.end());
  for (const auto& ion : m_.ions)
    if (ion.written && ion.quantity == IonQuantity::current) all.push_back(ion.name);
  return all;
}

void Compiler::currents() {
  auto& g = m_.graph;
  m_.currents.clear();
  const auto add = [&](const std::string& name, const std::string& ion, bool inward = false) {
    // Without an assignment in BREAKPOINT it is what another block has left.
    const auto it = values_.find(name);
    const Expr now = it != values_.end() ? it->second : before(name, 0);
    const Expr outward = inward ? g.unary(Op::negate, now) : now;
    const Expr value = m_.point_process ? g.multiply(fixed_.at(kAreaScale), outward) : outward;
    m_.currents.push_back({ion, value, g.derivative(value, varying_.at("v"))});
  };
  // As in NEURON, where one of a file's currents is an electrode's all of them count as such.
  const bool inward = !file_.electrode.empty();
  const auto* breakpoint = file_.block("BREAKPOINT");
  const int line = breakpoint ? breakpoint->line : 0;
  for (const auto* list : {&file_.nonspecific, &file_.electrode})
    for (const auto& name : *list) add(name, "", inward);
  for (const auto& ion : m_.ions) {
    if (!ion.written || ion.quantity != IonQuantity::current) continue;
    if (inward)
      refuse(line, fmt::format(
                       "{} beside an ELECTRODE_CURRENT: NEURON counts both as inward; write a file for each",
                       ion.name));
    add(ion.name, ion.ion);
  }
  if (inward && !file_.nonspecific.empty())
    note(line,
         fmt::format("{} beside an ELECTRODE_CURRENT counts as inward too, as in NEURON; a file for each "
                     "keeps their signs",
                     fmt::join(file_.nonspecific, ", ")));
  m_.total_current = g.constant(0);
  for (const auto& current : m_.currents) m_.total_current = g.add(m_.total_current, current.value);
  m_.conductance = g.derivative(m_.total_current, varying_.at("v"));
  if (!file_.conductances.empty()) m_.conductance = given_conductance(inward);
  // NEURON has the sum of the mechanisms before this one there, the solver that of the last step.
  for (const auto& use : file_.ions)
    if (reads_current(use) && g.depends(m_.total_current, varying_.at("i" + use.ion)))
      refuse(use.line,
             fmt::format(
                 "a current that depends on i{}, which is still being summed up, cannot be compiled here",
                 use.ion));
}

/// What CONDUCTANCE names: NEURON takes it for the current's slope, whether it is or not.
Expr Compiler::given_conductance(bool inward) {
  auto& g = m_.graph;
  Expr sum = g.constant(0);
  for (const auto& name : file_.conductances)
    if (const auto it = values_.find(name); it != values_.end()) sum = g.add(sum, it->second);
  const Expr outward = inward ? g.unary(Op::negate, sum) : sum;
  return m_.point_process ? g.multiply(fixed_.at(kAreaScale), outward) : outward;
}

void Compiler::finish() {
  auto& g = m_.graph;
  for (size_t i = 0; i < m_.stored.size(); ++i) {
    const auto it = decay_.find(m_.stored[i]);
    const bool fixed =
        it != decay_.end() && it->second.first == m_.advanced[i] && !g.node(it->second.second).varying;
    m_.half_step_decay.push_back(
        fixed ? g.unary(Op::exp, g.multiply(g.constant(0.5), g.multiply(fixed_.at("dt"), it->second.second)))
              : g.constant(1));
  }
}

void Compiler::gather_arrays() {
  std::map<std::string, size_t, std::less<>> first;  // of each array, or variable
  std::vector<size_t> order(stored_names_.size());
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
    first.emplace(nmodl::array_of(stored_names_[i]), i);
  }
  const auto key = [&](size_t i) {
    const auto& name = stored_names_[i];
    const auto array = nmodl::array_of(name);
    const bool is_element = array.size() < name.size();
    return std::pair(first.find(array)->second, is_element ? std::stol(name.substr(array.size() + 1)) : -1);
  };
  const auto by_key = [&](size_t a, size_t b) { return key(a) < key(b); };
  // States come first: each was declared with its array.
  std::stable_sort(order.begin(), order.end(), by_key);
  const auto stored = m_.stored, names = stored_names_;
  for (size_t i = 0; i < order.size(); ++i) {
    m_.stored[i] = stored[order[i]];
    stored_names_[i] = names[order[i]];
  }
}

const Parameter* Mechanism::parameter(std::string_view named) const {
  for (const auto& p : parameters)
    if (p.name == named) return &p;
  return nullptr;
}

std::vector<const IonVariable*> Mechanism::written_ion_variables() const {
  std::vector<const IonVariable*> all;
  for (const auto& ion : ions)
    if (ion.written && ion.quantity != IonQuantity::current) all.push_back(&ion);
  return all;
}

std::set<std::string> Mechanism::followed_ions() const {
  std::set<std::string> all;
  for (const auto& ion : ions)
    if ((ion.quantity == IonQuantity::current) != ion.written) all.insert(ion.ion);
  return all;
}

std::string Mechanism::lacks_numbers() const {
  for (const auto& function : given_functions)
    if (!graph.tables()[function.table].given)
      return fmt::format(
          "{}:{}: FUNCTION_TABLE {} has no numbers; give the cell's description function_tables = {{ {} = {{ "
          "{} = "
          "... }} }}, a number or {{ from, to, values }} or {{ x, values }}",
          path, function.line, function.name, name, function.name);
  return {};
}

Expr Mechanism::symbol(const std::string& named) const {
  return graph.find(named);
}

Mechanism compile_mechanism(std::string_view text, const std::string& path, const Reading& reading) {
  return Compiler(nmodl::parse(text, path), reading).compile();
}

Mechanism compile_mechanism(const std::filesystem::path& file, const Reading& reading) {
  return compile_mechanism(config::read_text(file), file.string(), reading);
}

}  // namespace nt::mechanism
