#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "config/error.hpp"
#include "config/ordinary_file.hpp"
#include "config/settings.hpp"
#include "mechanism/mechanism.hpp"
#include "mechanism/step.hpp"
#include "mechanism/syntax.hpp"

namespace neurontwin {
namespace {

using nmodl::Block;
using nmodl::Statement;
using nmodl::Term;

/// More statements than any model executes, inlined functions included: a file that needs more grows
/// exponentially.
constexpr int kMostSteps = 200000;
constexpr int kDeepestCalls = 40;

/// Newton's iterations for equations that are not linear: of a step in the kernel, and of a steady state,
/// which is computed once and may be far away.
constexpr int kIterations = 4, kSteadyIterations = 25;

/// Entries of a TABLE.
constexpr double kMostIntervals = 1e6;

/// The step in ms that NEURON takes for STEADYSTATE.
constexpr double kSteadyStep_ms = 1e9;

/// The difference of voltage in mV by which NEURON finds a conductance: BREAKPOINT is evaluated there first,
/// then at v.
constexpr double kProbe_mV = 0.001;

/// The ion whose concentration mechanisms may change.
constexpr std::string_view kChangingIon = "ca";

/// Given from outside; a file cannot change them.
constexpr std::array<std::string_view, 6> kGiven{"dt", "t", "celsius", "diam", "area", "scale"};

const std::map<std::string, Op, std::less<>> kFunctions{
    {"exp", Op::exp},   {"log", Op::log},   {"log10", Op::log10}, {"sqrt", Op::sqrt},
    {"fabs", Op::fabs}, {"abs", Op::fabs},  {"sin", Op::sin},     {"cos", Op::cos},
    {"tan", Op::tan},   {"tanh", Op::tanh}, {"floor", Op::floor}, {"ceil", Op::ceil}};

/// Executes NMODL blocks on expressions instead of numbers.
class Compiler {
 public:
  Compiler(nmodl::File file, Tables tables) : file_(std::move(file)), tables_(tables) {}

  Mechanism compile() {
    declare();
    // A variable found to be read before a block sets it is kept between blocks, which changes what was
    // executed so far.
    for (;;) {
      const auto kept = kept_.size();
      execute_all();
      if (kept_.size() == kept) break;
    }
    finish();
    return std::move(m_);
  }

 private:
  using Values = std::map<std::string, Expr>;

  [[noreturn]] void refuse(int line, const std::string& what) const {
    fail_input("{}:{}: {}", file_.path, line, what);
  }

  void declare() {
    m_.name = file_.name;
    m_.path = file_.path;
    m_.point_process = file_.point_process;
    m_.notes = file_.notes;
    auto& g = m_.graph;
    for (const auto& [name, value] : file_.constants) {
      fixed_[name] = g.constant(value);
      constants_.insert(name);
    }
    for (const auto* name : {"dt", "celsius", "diam", "area", "scale"}) fixed_[name] = g.symbol(name, false);
    for (const auto* name : {"v", "t"}) varying_[name] = g.symbol(name, true);
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
          refuse(s.line, fmt::format("state '{}' belongs to ion {}, which USEION does not let it WRITE",
                                     s.name, ion->ion));
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
      if (block.kind != "BREAKPOINT" && block.kind != "INITIAL")
        solve_nowhere(block.body, block.kind + (block.name.empty() ? "" : " " + block.name));
    for (const auto& a : file_.assigned) assigned_[a.name] = a.line;
    for (const auto* list : {&file_.nonspecific, &file_.electrode})
      for (const auto& name : *list) assigned_[name] = 0;
    for (const auto& list : {file_.range, file_.global}) {
      for (const auto& name : list) {
        if (!known(name)) fail_input("{}: '{}' is in RANGE or GLOBAL but never declared", file_.path, name);
      }
    }
  }

  void declare_ion(const nmodl::IonUse& use) {
    const auto add = [&](const std::string& name, bool written) {
      IonVariable variable{name, use.ion, IonQuantity::current, written};
      if (name == "e" + use.ion)
        variable.quantity = IonQuantity::reversal_mV;
      else if (name == use.ion + "i")
        variable.quantity = IonQuantity::inside_mM;
      else if (name == use.ion + "o")
        variable.quantity = IonQuantity::outside_mM;
      else if (name != "i" + use.ion)
        refuse(use.line, fmt::format("'{0}' is no variable of ion {1}; there are e{1}, {1}i, {1}o, i{1}",
                                     name, use.ion));
      if (written &&
          (variable.quantity == IonQuantity::reversal_mV || variable.quantity == IonQuantity::outside_mM))
        refuse(use.line, fmt::format("WRITE {} cannot be compiled here", name));
      const bool changes = use.ion == kChangingIon;
      if (written && !changes && variable.quantity == IonQuantity::inside_mM) {
        refuse(use.line,
               fmt::format("WRITE {} cannot be compiled here; the only concentration that can change is {}i",
                           name, kChangingIon));
      }
      for (auto& there : m_.ions) {
        if (there.name != name) continue;
        there.written |= written;
        return;
      }
      variable.unread = variable.quantity == IonQuantity::current && !changes;
      m_.ions.push_back(variable);
      const bool varies = written || variable.quantity == IonQuantity::current || changes;
      (varies ? varying_ : fixed_)[name] = m_.graph.symbol(name, varies);
    };
    for (const auto& name : use.reads) add(name, false);
    for (const auto& name : use.writes) add(name, true);
  }

  const IonVariable* ion_variable(const std::string& name) const {
    for (const auto& ion : m_.ions)
      if (ion.name == name) return &ion;
    return nullptr;
  }

  bool known(const std::string& name) const {
    return fixed_.contains(name) || varying_.contains(name) || assigned_.contains(name) ||
           states_.contains(name);
  }

  void execute_all() {
    steps_ = 0;
    quick_.clear();
    decay_.clear();
    begin("INITIAL");
    start_values();
    if (const auto* block = file_.block("INITIAL")) execute(block->body, 0);
    initial_ = values_;
    m_.initial = final_values();
    m_.initial_concentration = concentrations();

    const auto* breakpoint = file_.block("BREAKPOINT");
    const bool has_currents = !current_names().empty();
    begin("BREAKPOINT");
    if (breakpoint && has_currents) execute(breakpoint->body, 0);
    currents();
    m_.after_current = final_values();
    m_.concentration_after_current = concentrations();
    evaluate_twice();

    begin("SOLVE");
    if (breakpoint) solve_in(breakpoint->body);
    // Without a current NEURON executes the rest of BREAKPOINT once, after what it solves, at the new v.
    if (breakpoint && !has_currents) execute(breakpoint->body, 0);
    m_.advanced = final_values();
    m_.advanced_quickly = m_.advanced;
    for (auto& e : m_.advanced_quickly)
      if (const auto it = quick_.find(e); it != quick_.end()) e = it->second;
    m_.advanced_concentration = concentrations();

    if (const auto* block = file_.block("NET_RECEIVE")) {
      begin("NET_RECEIVE");
      for (const auto& name : block->arguments)
        locals_.back()[name] = m_.graph.symbol(name + " of the event", true);
      execute(block->body, 0);
      m_.receiving = Mechanism::Receiving{{}, final_values(), {}};
      if (!block->units.empty()) m_.receiving->weight_unit = block->units[0];
      for (const auto& name : block->arguments) m_.receiving->arguments.push_back(name + " of the event");
    }
  }

  void begin(const std::string& block) {
    block_ = block;
    values_.clear();
    locals_.assign(1, {});
  }

  /// What variables are before INITIAL: a state x is x0 if the file declares that, else what START says, else
  /// 0; a parameter is what the description says.
  void start_values() {
    for (const auto& s : file_.states) {
      if (ion_variable(s.name)) continue;  // the ion's own
      const auto given = fixed_.find(s.name + "0");
      values_[s.name] = given != fixed_.end() ? given->second : m_.graph.constant(s.start);
    }
    for (const auto& name : kept_)
      if (const auto it = fixed_.find(name); it != fixed_.end()) values_[name] = it->second;
  }

  /// Stored variables when the block has been executed.
  std::vector<Expr> final_values() {
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

  std::vector<Expr> concentrations() {
    std::vector<Expr> all;
    for (const auto& ion : m_.ions) {
      if (!ion.written || ion.quantity == IonQuantity::current) continue;
      const auto it = values_.find(ion.name);
      all.push_back(it != values_.end() ? it->second : varying_.at(ion.name));
    }
    return all;
  }

  /// NEURON evaluates BREAKPOINT at v + 0.001 mV and then at v. Where it changes a variable from its own
  /// earlier value, both count; also once more before the first step.
  void evaluate_twice() {
    if (m_.initial.size() != m_.stored.size()) return;  // more is kept than was known: all is executed again
    auto& g = m_.graph;
    std::map<Expr, Expr> first;
    std::vector<Expr> changed;
    for (size_t i = 0; i < m_.stored.size(); ++i) {
      const Expr own = varying_.at(stored_names_[i]);
      if (m_.after_current[i] != own) changed.push_back(own);
    }
    const auto depends = [&](Expr e) {
      return std::any_of(changed.begin(), changed.end(), [&](Expr own) { return g.depends(e, own); });
    };
    bool accumulates = std::any_of(m_.after_current.begin(), m_.after_current.end(), [&](Expr e) {
      return std::find(changed.begin(), changed.end(), e) == changed.end() && depends(e);
    });
    for (const auto& current : m_.currents) accumulates |= depends(current.value);
    if (!accumulates) return;
    const Expr v = varying_.at("v"), probe = g.add(v, g.constant(kProbe_mV));
    for (size_t i = 0; i < m_.stored.size(); ++i)
      first[varying_.at(stored_names_[i])] = g.substitute(m_.after_current[i], {{v, probe}});
    std::map<Expr, Expr> start;
    for (size_t i = 0; i < m_.stored.size(); ++i) start[varying_.at(stored_names_[i])] = m_.initial[i];
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
    for (size_t i = 0; i < m_.stored.size(); ++i) m_.initial[i] = g.substitute(m_.after_current[i], start);
  }

  std::vector<std::string> current_names() const {
    auto all = file_.nonspecific;
    all.insert(all.end(), file_.electrode.begin(), file_.electrode.end());
    for (const auto& ion : m_.ions)
      if (ion.written && ion.quantity == IonQuantity::current) all.push_back(ion.name);
    return all;
  }

  void currents() {
    auto& g = m_.graph;
    m_.currents.clear();
    const auto add = [&](const std::string& name, const std::string& ion, bool inward = false) {
      const auto it = values_.find(name);
      if (it == values_.end()) fail_input("{}: current '{}' is never set in BREAKPOINT", file_.path, name);
      const Expr outward = inward ? g.unary(Op::negate, it->second) : it->second;
      const Expr value = m_.point_process ? g.multiply(fixed_.at("scale"), outward) : outward;
      m_.currents.push_back({ion, value, g.derivative(value, varying_.at("v"))});
    };
    for (const auto& name : file_.nonspecific) add(name, "");
    for (const auto& name : file_.electrode) add(name, "", /*inward=*/true);
    for (const auto& ion : m_.ions) {
      if (ion.written && ion.quantity == IonQuantity::current) add(ion.name, ion.ion);
    }
    m_.total_current = g.constant(0);
    for (const auto& current : m_.currents) m_.total_current = g.add(m_.total_current, current.value);
    m_.conductance = g.derivative(m_.total_current, varying_.at("v"));
  }

  // ---- statements

  void execute(const std::vector<Statement>& statements, int depth) {
    for (const auto& s : statements) execute(s, depth);
  }

  void execute(const Statement& s, int depth) {
    if (++steps_ > kMostSteps) refuse(s.line, "functions call each other too many times to be compiled");
    switch (s.kind) {
      case Statement::Kind::assign:
        return assign(s, value(s.terms[0], depth));
      case Statement::Kind::call:
        if (kFunctions.contains(s.name)) return;
        if (s.name == "at_time") return;  // tells a variable step of a jump; all steps are fixed here
        if (s.name == "state_discontinuity" || s.name == "net_send" || s.name == "net_event" ||
            s.name == "net_move")
          refuse(s.line, s.name + " cannot be compiled here");
        call(s.name, s.terms, s.line, depth);
        return;
      case Statement::Kind::local:
        for (const auto& name : s.names) locals_.back()[name] = m_.graph.constant(0);
        return;
      case Statement::Kind::branch:
        return branch(s, depth);
      case Statement::Kind::solve:
        if (block_ != "INITIAL") return;  // the states have their own moment
        if (!s.steady_state)
          refuse(s.line,
                 fmt::format("SOLVE {} in INITIAL without STEADYSTATE cannot be compiled here", s.name));
        return solve(s);
      case Statement::Kind::table:
        if (tables_ == Tables::exact) note_table(s);
        return;
      case Statement::Kind::reaction:
        if (!solving_ || solving_->kind != Solving::Kind::reactions || locals_.size() > 1)
          refuse(s.line, "a reaction outside of a KINETIC block");
        return react(s);
      case Statement::Kind::conserve:
        if (!solving_ || solving_->kind != Solving::Kind::reactions || locals_.size() > 1 ||
            solving_->branches > 0)
          refuse(s.line, "CONSERVE belongs into a KINETIC block, not under IF");
        return conserve(s);
      case Statement::Kind::derivative:
        break;
    }
    if (!states_.contains(s.name)) refuse(s.line, fmt::format("'{}' is not a STATE", s.name));
    if (locals_.size() > 1 || !solving_ || solving_->kind == Solving::Kind::reactions)
      refuse(s.line, "a derivative outside of DERIVATIVE");
    if (solving_->kind == Solving::Kind::exactly) return advance_exactly(s, depth);
    if (solving_->branches > 0)
      refuse(s.line, fmt::format("{}' under IF is possible with METHOD cnexp only", s.name));
    if (!solving_->derivatives.emplace(s.name, value(s.terms[0], depth)).second)
      refuse(s.line, fmt::format("a second equation for {}'", s.name));
  }

  void note_table(const Statement& s) {
    const auto note = fmt::format(
        "{}:{}: TABLE is not used: every value is that of its formula. NEURON takes a straight line between "
        "two entries of "
        "the table; tables = \"as NEURON\" in the cell's description does the same",
        file_.path, s.line);
    if (std::find(m_.notes.begin(), m_.notes.end(), note) == m_.notes.end()) m_.notes.push_back(note);
  }

  void assign(const Statement& s, Expr value) {
    auto& locals = locals_.back();
    if (const auto it = locals.find(s.name); it != locals.end()) {
      it->second = value;
      return;
    }
    if (!known(s.name)) refuse(s.line, unknown(s.name));
    if (constants_.contains(s.name) || std::find(kGiven.begin(), kGiven.end(), s.name) != kGiven.end())
      refuse(s.line, fmt::format("'{}' cannot be assigned: it is {}", s.name,
                                 constants_.contains(s.name) ? "a constant" : "given from outside"));
    if (solving_ && solving_->kind != Solving::Kind::exactly && states_.contains(s.name))
      refuse(s.line,
             fmt::format("state '{}' is assigned in the block that solves it, which cannot be compiled here",
                         s.name));
    values_[s.name] = value;
  }

  std::string unknown(const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& [n, e] : fixed_) names.push_back(n);
    for (const auto& [n, e] : varying_) names.push_back(n);
    for (const auto& [n, e] : assigned_) names.push_back(n);
    for (const auto& b : file_.blocks) names.push_back(b.name);
    const auto near = nearest_word(name, names);
    return fmt::format("'{}' is not declared{}", name,
                       near ? fmt::format("; did you mean '{}'?", *near) : "");
  }

  void branch(const Statement& s, int depth) {
    const Expr condition = value(s.terms[0], depth);
    const Values values = values_, locals = locals_.back();
    const Values derivatives = solving_ ? solving_->derivatives : Values{};
    if (solving_) ++solving_->branches;
    execute(s.then, depth);
    const Values then_values = values_, then_locals = locals_.back();
    const Values then_derivatives = solving_ ? std::exchange(solving_->derivatives, derivatives) : Values{};
    values_ = values;
    locals_.back() = locals;
    execute(s.otherwise, depth);
    if (solving_) --solving_->branches;
    const auto merge = [&](const Values& then, Values& now, bool variables) {
      for (const auto& [name, e] : then) {
        if (!now.contains(name)) {
          if (!variables) continue;
          now[name] = before(name, s.line);
        }
        now[name] = m_.graph.select(condition, e, now[name]);
      }
      for (auto& [name, e] : now) {
        if (variables && !then.contains(name)) e = m_.graph.select(condition, before(name, s.line), e);
      }
    };
    merge(then_values, values_, true);
    merge(then_locals, locals_.back(), false);
    if (!solving_) return;
    // Fluxes of reactions that one branch only has
    const auto& otherwise = solving_->derivatives;
    const auto flux = [&](const Values& of, const std::string& name) {
      const auto it = of.find(name);
      return it == of.end() ? m_.graph.constant(0) : it->second;
    };
    Values merged;
    for (const auto* part : {&then_derivatives, &otherwise})
      for (const auto& [name, e] : *part)
        merged[name] = m_.graph.select(condition, flux(then_derivatives, name), flux(otherwise, name));
    solving_->derivatives = std::move(merged);
  }

  /// The value a variable has when the block has not set it.
  Expr before(const std::string& name, int line) {
    if (const auto it = varying_.find(name); it != varying_.end()) return it->second;
    const auto fixed = fixed_.find(name);
    const bool assigned = !ion_variable(name) && set_somewhere(name);  // an ion's is read anew by each block
    if (fixed != fixed_.end() && (!assigned || block_ == "INITIAL")) return fixed->second;
    if (fixed == fixed_.end() && !assigned_.contains(name)) refuse(line, unknown(name));
    if (block_ == "INITIAL") return m_.graph.constant(0);
    if (const auto it = initial_.find(name);
        it != initial_.end() && !m_.graph.node(it->second).varying && !set_later(name)) {
      return it->second;  // computed once and for all
    }
    if (!initial_.contains(name) && !set_later(name)) return m_.graph.constant(0);
    keep(name, line);
    return varying_.at(name);
  }

  void keep(const std::string& name, int line) {
    kept_.insert(name);
    const bool parameter = fixed_.contains(name);
    const auto stored = parameter ? name + " now" : name;
    varying_[name] = m_.graph.symbol(stored, true);
    m_.stored.push_back(stored);
    stored_names_.push_back(name);
    const auto in = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    if (in(file_.global) || (parameter && !in(file_.range)))
      m_.notes.push_back(fmt::format(
          "{}:{}: NEURON shares '{}' between all places, so that one reads what another has set; here each "
          "place has its own, as with RANGE {}",
          file_.path, line, name, name));
  }

  /// Whether any block but INITIAL assigns the variable.
  bool set_later(const std::string& name) const { return set_in_some_block(name, /*but_initial=*/true); }
  bool set_somewhere(const std::string& name) const { return set_in_some_block(name, /*but_initial=*/false); }

  bool set_in_some_block(const std::string& name, bool but_initial) const {
    for (const auto& block : file_.blocks) {
      if (but_initial && block.kind == "INITIAL") continue;
      const auto& arguments = block.arguments;
      const bool hidden = block.name == name ||
                          std::find(arguments.begin(), arguments.end(), name) != arguments.end() ||
                          std::any_of(block.body.begin(), block.body.end(), [&](const Statement& s) {
                            return s.kind == Statement::Kind::local &&
                                   std::find(s.names.begin(), s.names.end(), name) != s.names.end();
                          });
      if (!hidden && sets(block.body, name)) return true;
    }
    return false;
  }
  static bool sets(const std::vector<Statement>& statements, const std::string& name) {
    return std::any_of(statements.begin(), statements.end(), [&](const Statement& s) {
      return (s.kind == Statement::Kind::assign && s.name == name) || sets(s.then, name) ||
             sets(s.otherwise, name);
    });
  }

  Expr call(const std::string& name, const std::vector<Term>& arguments, int line, int depth) {
    const auto* block = file_.block("FUNCTION", name);
    if (!block) block = file_.block("PROCEDURE", name);
    if (!block) refuse(line, fmt::format("there is no function or procedure '{}'", name));
    if (arguments.size() != block->arguments.size()) {
      refuse(line,
             fmt::format("{} takes {} arguments, not {}", name, block->arguments.size(), arguments.size()));
    }
    if (depth > kDeepestCalls)
      refuse(line, fmt::format("'{}' calls itself, or the calls are nested too deep", name));
    Values frame;
    for (size_t i = 0; i < arguments.size(); ++i) frame[block->arguments[i]] = value(arguments[i], depth);
    if (const auto* table = tables_ == Tables::as_neuron ? table_of(*block) : nullptr)
      return tabulated(*block, *table, frame.begin()->second, depth);
    return execute_call(*block, std::move(frame), depth);
  }

  Expr execute_call(const Block& block, Values frame, int depth) {
    if (block.kind == "FUNCTION") frame[block.name] = m_.graph.constant(0);
    locals_.push_back(std::move(frame));
    execute(block.body, depth + 1);
    const auto it = locals_.back().find(block.name);
    const Expr result = it != locals_.back().end() ? it->second : m_.graph.constant(0);
    locals_.pop_back();
    return result;
  }

  /// The TABLE statement of a PROCEDURE or FUNCTION of one argument.
  const Statement* table_of(const Block& block) const {
    for (const auto& s : block.body) {
      if (s.kind != Statement::Kind::table) continue;
      if (block.arguments.size() != 1)
        refuse(s.line, fmt::format("TABLE in {} {}, which has not one argument", block.kind, block.name));
      if (block.kind == "PROCEDURE" && s.names.empty())
        refuse(s.line, fmt::format("TABLE of PROCEDURE {} names no variable", block.name));
      return &s;
    }
    return nullptr;
  }

  /// A call whose results come from tables: those variables alone are set that TABLE names.
  Expr tabulated(const Block& block, const Statement& table, Expr argument, int depth) {
    auto& g = m_.graph;
    auto& numbers = table_numbers_[block.name];
    if (numbers.empty()) make_tables(block, table, depth, numbers);
    if (block.kind == "FUNCTION") return g.table(numbers[0], argument);
    for (size_t i = 0; i < table.names.size(); ++i) values_[table.names[i]] = g.table(numbers[i], argument);
    return g.constant(0);
  }

  void make_tables(const Block& block, const Statement& table, int depth, std::vector<size_t>& numbers) {
    auto& g = m_.graph;
    const auto& own = block.arguments[0];
    const Expr argument = g.symbol(fmt::format("{} of {}", own, block.name), true);
    const auto fixed = [&](Expr e, const std::string& what) {
      if (g.node(e).varying)
        refuse(table.line,
               fmt::format("{} of the TABLE in {} changes during a simulation", what, block.name));
      return e;
    };
    const Expr from = fixed(value(table.terms[0], depth), "FROM"),
               to = fixed(value(table.terms[1], depth), "TO");
    const Expr with = value(table.terms[2], depth);
    const double intervals = g.node(with).op == Op::constant ? g.node(with).value : 0;
    if (!(intervals >= 1 && intervals <= kMostIntervals && intervals == std::floor(intervals)))
      refuse(table.line, fmt::format("TABLE ... WITH expects a whole number from 1 to {}", kMostIntervals));
    const Values values = values_;
    const Expr result = execute_call(block, {{own, argument}}, depth);
    const auto add = [&](Expr e, const std::string& what) {
      fixed(g.substitute(e, {{argument, g.symbol("an argument", false)}}), fmt::format("'{}'", what));
      numbers.push_back(g.add_table({argument, e, from, to, static_cast<int>(intervals)}));
    };
    if (block.kind == "FUNCTION") add(result, block.name);
    for (const auto& name : table.names) {
      if (block.kind == "FUNCTION") break;
      const auto it = values_.find(name);
      if (it == values_.end())
        refuse(table.line, fmt::format("'{}' of the TABLE is never set in {}", name, block.name));
      add(it->second, name);
    }
    values_ = values;
  }

  // ---- expressions

  Expr value(const Term& t, int depth) {
    if (++steps_ > kMostSteps) refuse(t.line, "functions call each other too many times to be compiled");
    auto& g = m_.graph;
    switch (t.kind) {
      case Term::Kind::number:
        return g.constant(t.number);
      case Term::Kind::name:
        return read(t.text, t.line);
      case Term::Kind::negate:
        return g.unary(Op::negate, value(t.parts[0], depth));
      case Term::Kind::nay:
        return g.unary(Op::nay, value(t.parts[0], depth));
      case Term::Kind::call:
        return function(t, depth);
      case Term::Kind::binary:
        break;
    }
    const Expr a = value(t.parts[0], depth), b = value(t.parts[1], depth);
    const auto& op = t.text;
    if (op == "+") return g.add(a, b);
    if (op == "-") return g.subtract(a, b);
    if (op == "*") return g.multiply(a, b);
    if (op == "/") return g.divide(a, b);
    if (op == "^") return g.binary(Op::pow, a, b);
    if (op == "<") return g.binary(Op::less, a, b);
    if (op == ">") return g.binary(Op::less, b, a);
    if (op == "<=") return g.binary(Op::less_equal, a, b);
    if (op == ">=") return g.binary(Op::less_equal, b, a);
    if (op == "==") return g.binary(Op::equal, a, b);
    if (op == "!=") return g.unary(Op::nay, g.binary(Op::equal, a, b));
    if (op == "&&") return g.binary(Op::both, a, b);
    return g.binary(Op::either, a, b);
  }

  Expr read(const std::string& name, int line) {
    if (locals_.size() == 1 && name == named_.first) return named_.second;
    const auto& locals = locals_.back();
    if (const auto it = locals.find(name); it != locals.end()) return it->second;
    if (const auto it = values_.find(name); it != values_.end()) return it->second;
    return before(name, line);
  }

  Expr function(const Term& t, int depth) {
    auto& g = m_.graph;
    if (file_.block("FUNCTION", t.text) || file_.block("PROCEDURE", t.text))
      return call(t.text, t.parts, t.line, depth);
    const auto arguments = [&](size_t n) {
      if (t.parts.size() != n)
        refuse(t.line,
               fmt::format("{} takes {} argument{}, not {}", t.text, n, n == 1 ? "" : "s", t.parts.size()));
    };
    if (t.text == "pow") {
      arguments(2);
      return g.binary(Op::pow, value(t.parts[0], depth), value(t.parts[1], depth));
    }
    if (t.text == "fmin" || t.text == "fmax") {
      arguments(2);
      const Expr a = value(t.parts[0], depth), b = value(t.parts[1], depth);
      return t.text == "fmin" ? g.select(g.binary(Op::less, a, b), a, b)
                              : g.select(g.binary(Op::less, a, b), b, a);
    }
    if (t.text == "sinh" || t.text == "cosh") {
      arguments(1);
      const Expr e = g.unary(Op::exp, value(t.parts[0], depth)), inverse = g.divide(g.constant(1), e);
      return g.multiply(g.constant(0.5), t.text == "cosh" ? g.add(e, inverse) : g.subtract(e, inverse));
    }
    const auto it = kFunctions.find(t.text);
    if (it == kFunctions.end()) refuse(t.line, fmt::format("there is no function '{}'", t.text));
    arguments(1);
    return g.unary(it->second, value(t.parts[0], depth));
  }

  // ---- SOLVE

  void solve_in(const std::vector<Statement>& statements) {
    for (const auto& s : statements) {
      solve_nowhere(s.then);
      solve_nowhere(s.otherwise);
      if (s.kind == Statement::Kind::solve) solve(s);
    }
  }
  void solve_nowhere(const std::vector<Statement>& statements, const std::string& where = "IF") {
    for (const auto& s : statements) {
      if (s.kind == Statement::Kind::solve)
        refuse(s.line, fmt::format("SOLVE {} inside {} cannot be compiled here", s.name, where));
      solve_nowhere(s.then, where);
      solve_nowhere(s.otherwise, where);
    }
  }

  /// A block being solved.
  struct Solving {
    /// A DERIVATIVE block whose states are advanced statement by statement; one whose derivatives are
    /// gathered; KINETIC.
    enum class Kind : uint8_t { exactly, derivatives, reactions };
    Kind kind;
    Values derivatives = {};                                           // by state
    std::vector<std::pair<std::vector<std::string>, Expr>> sums = {};  // CONSERVE: its states, surplus
    int branches = 0;                                                  // IFs around the statement
  };

  void solve(const Statement& s) {
    if (const auto* procedure = file_.block("PROCEDURE", s.name)) {
      if (s.steady_state) refuse(s.line, "STEADYSTATE solves a DERIVATIVE or KINETIC block, not a PROCEDURE");
      execute(procedure->body, 0);
      return;
    }
    const auto* block = file_.block("DERIVATIVE", s.name);
    const auto* kinetic = block ? nullptr : file_.block("KINETIC", s.name);
    if (!block && !kinetic)
      refuse(s.line, fmt::format("there is no DERIVATIVE, KINETIC or PROCEDURE '{}' to solve", s.name));
    if (kinetic && s.method != "sparse")
      refuse(s.line,
             fmt::format("METHOD '{}' of a KINETIC block cannot be compiled here; use sparse", s.method));
    if (block && s.method != "cnexp" && s.method != "derivimplicit" && s.method != "euler" &&
        s.method != "sparse") {
      refuse(s.line,
             fmt::format("METHOD '{}' cannot be compiled here; use cnexp, derivimplicit, euler or sparse",
                         s.method));
    }
    if (s.steady_state && block && s.method != "derivimplicit")
      refuse(s.line,
             fmt::format("STEADYSTATE of a DERIVATIVE block has the method derivimplicit, not {}", s.method));
    const auto& body = (block ? block : kinetic)->body;
    if (block && s.method == "cnexp") {
      Solving solving{Solving::Kind::exactly};
      solving_ = &solving;
      execute(body, 0);
      solving_ = nullptr;
    } else if (s.method == "euler") {
      explicit_step(body);
    } else {
      implicit_step(body, kinetic ? Solving::Kind::reactions : Solving::Kind::derivatives, s);
    }
  }

  /// The state's new value, which the statements after it read, as in the code that NEURON makes. The
  /// equation is linear or not in the x that its text names: what earlier statements and functions computed
  /// from x is a number to it.
  void advance_exactly(const Statement& s, int depth) {
    auto& g = m_.graph;
    const auto& name = s.name;
    const Expr x = varying_.at(name), now = read(name, s.line);
    if (passes_to_function(s.terms[0], name))
      refuse(s.line,
             fmt::format(
                 "{}' is not linear in {} for METHOD cnexp, which does not look into functions; use METHOD "
                 "derivimplicit, as NEURON does here",
                 name, name));
    const auto depends = [&](const Values& values) {
      return std::any_of(values.begin(), values.end(), [&](const auto& v) { return g.depends(v.second, x); });
    };
    const bool apart = now != x || depends(values_) || depends(locals_.back()) || calls_function(s.terms[0]);
    const Expr own = apart ? g.symbol(name + " of the step", true) : x;
    if (apart) named_ = {name, own};
    const Expr derivative = value(s.terms[0], depth);
    named_ = {};
    const auto step = exact_step(g, own, derivative, fixed_.at("dt"));
    if (!step) refuse(s.line, fmt::format("{}' is not linear in {}; use METHOD derivimplicit", name, name));
    const auto placed = [&](Expr e) { return apart ? g.substitute(e, {{own, now}}) : e; };
    const Expr advanced = placed(step->advanced);
    values_[name] = advanced;
    if (step->quickly >= 0) quick_[advanced] = placed(step->quickly);
    if (step->decay >= 0 && solving_->branches == 0 && now == x) decay_[name] = {advanced, step->decay};
  }

  bool calls_function(const Term& t) const {
    return (t.kind == Term::Kind::call &&
            (file_.block("FUNCTION", t.text) || file_.block("PROCEDURE", t.text))) ||
           std::any_of(t.parts.begin(), t.parts.end(),
                       [&](const Term& part) { return calls_function(part); });
  }
  /// Whether the name stands among the arguments of one of the file's functions.
  bool passes_to_function(const Term& t, const std::string& name, bool inside = false) const {
    inside |= t.kind == Term::Kind::call && file_.block("FUNCTION", t.text);
    return (inside && t.kind == Term::Kind::name && t.text == name) ||
           std::any_of(t.parts.begin(), t.parts.end(),
                       [&](const Term& part) { return passes_to_function(part, name, inside); });
  }

  /// METHOD euler: all derivatives first, then all states.
  void explicit_step(const std::vector<Statement>& body) {
    auto& g = m_.graph;
    Solving solving{Solving::Kind::derivatives};
    solving_ = &solving;
    execute(body, 0);
    solving_ = nullptr;
    Values next;
    for (const auto& [name, f] : solving.derivatives)
      next[name] = g.add(read(name, 0), g.multiply(fixed_.at("dt"), f));
    for (const auto& [name, e] : next) values_[name] = e;
  }

  /// METHOD derivimplicit and sparse; a step of 1e9 ms for STEADYSTATE. What the block assigns, it computes
  /// from the new states, as NEURON's last evaluation of it does.
  void implicit_step(const std::vector<Statement>& body, Solving::Kind kind, const Statement& s) {
    auto& g = m_.graph;
    std::map<Expr, Expr> entering;  // states that had a value
    for (const auto& [name, line] : states_) {
      const auto it = values_.find(name);
      if (it == values_.end()) continue;
      entering[varying_.at(name)] = it->second;
      values_.erase(it);
    }
    Solving solving{kind};
    solving_ = &solving;
    execute(body, 0);
    solving_ = nullptr;
    StateSystem system;
    std::vector<std::string> names;
    for (const auto& [name, f] : solving.derivatives) {
      names.push_back(name);
      system.x.push_back(varying_.at(name));
      system.f.push_back(f);
    }
    if (names.size() > 12)
      refuse(s.line, fmt::format("{} coupled states; at most 12 can be compiled here", names.size()));
    add_sums(solving, names, system);
    const Expr dt = s.steady_state ? g.constant(kSteadyStep_ms) : fixed_.at("dt");
    const int iterations = is_linear(g, system) ? 1 : s.steady_state ? kSteadyIterations : kIterations;
    const auto y = backward_euler_step(g, system, dt, iterations);
    std::map<Expr, Expr> after;
    for (size_t i = 0; i < names.size(); ++i) after[system.x[i]] = y[i];
    for (auto& [name, e] : values_) e = g.substitute(e, after);
    for (size_t i = 0; i < names.size(); ++i) values_[names[i]] = y[i];
    if (entering.empty()) return;
    for (auto& [name, e] : values_) e = g.substitute(e, entering);
    for (const auto& [name, line] : states_)
      if (const auto it = entering.find(varying_.at(name)); it != entering.end() && !values_.contains(name))
        values_[name] = it->second;
  }

  /// Each CONSERVE takes the place of one equation: that of its last state which no other has taken, and the
  /// last CONSERVE chooses first (nocmodl).
  void add_sums(const Solving& solving, const std::vector<std::string>& names, StateSystem& system) {
    std::set<size_t> taken;
    for (auto sum = solving.sums.rbegin(); sum != solving.sums.rend(); ++sum) {
      const auto& [members, surplus] = *sum;
      std::optional<size_t> replaced;
      for (auto member = members.rbegin(); !replaced && member != members.rend(); ++member) {
        const auto i = static_cast<size_t>(std::find(names.begin(), names.end(), *member) - names.begin());
        if (i < names.size() && taken.insert(i).second) replaced = i;
      }
      if (replaced) system.conserved.push_back({*replaced, surplus});  // else no reaction changes its states
    }
  }

  void conserve(const Statement& s) {
    auto& g = m_.graph;
    std::vector<std::string> members;
    Expr sum = g.constant(0);
    for (const auto& [count, name] : s.left) {
      if (!states_.contains(name)) refuse(s.line, fmt::format("'{}' is not a STATE", name));
      members.push_back(name);
      sum = g.add(sum, g.multiply(g.constant(count), varying_.at(name)));
    }
    solving_->sums.push_back({members, g.subtract(sum, value(s.terms[0], 0))});
  }

  /// Mass action: each reaction's flux leaves its left side and enters its right side.
  void react(const Statement& s) {
    auto& g = m_.graph;
    const auto product = [&](const auto& side) {
      Expr all = g.constant(1);
      for (const auto& [count, name] : side) {
        if (!states_.contains(name)) refuse(s.line, fmt::format("'{}' is not a STATE", name));
        all = g.multiply(all, g.binary(Op::pow, varying_.at(name), g.constant(count)));
      }
      return all;
    };
    const auto change = [&](const auto& side, Expr flux) {
      for (const auto& [count, name] : side) {
        auto& d = solving_->derivatives.try_emplace(name, g.constant(0)).first->second;
        d = g.add(d, g.multiply(g.constant(count), flux));
      }
    };
    const Expr forward = value(s.terms[0], 0);
    if (s.name == "<<") {
      for (const auto& [count, name] : s.left)
        if (!states_.contains(name)) refuse(s.line, fmt::format("'{}' is not a STATE", name));
      change(s.left, forward);
      return;
    }
    Expr flux = g.multiply(forward, product(s.left));
    if (s.name == "<->") flux = g.subtract(flux, g.multiply(value(s.terms[1], 0), product(s.right)));
    change(s.left, g.unary(Op::negate, flux));
    change(s.right, flux);
  }

  void finish() {
    auto& g = m_.graph;
    for (size_t i = 0; i < m_.stored.size(); ++i) {
      const auto it = decay_.find(m_.stored[i]);
      const bool fixed =
          it != decay_.end() && it->second.first == m_.advanced[i] && !g.node(it->second.second).varying;
      m_.half_step_decay.push_back(
          fixed
              ? g.unary(Op::exp, g.multiply(g.constant(0.5), g.multiply(fixed_.at("dt"), it->second.second)))
              : g.constant(1));
    }
  }

  nmodl::File file_;
  Tables tables_;
  Mechanism m_;
  Values fixed_, varying_;                        // symbols and constants by name
  std::map<std::string, int> states_, assigned_;  // name: line
  std::set<std::string> constants_;               // of the file
  std::set<std::string> kept_;
  std::vector<std::string> stored_names_;               // of m_.stored, as the file calls them
  std::map<std::string, std::pair<Expr, Expr>> decay_;  // of x' = a x + b: the state one step later, a
  std::map<Expr, Expr> quick_;                          // an exact step and the same without its exponential

  // While a block is executed
  std::string block_;
  Values values_;               // of the file's variables set so far
  std::vector<Values> locals_;  // of the functions being called, the block's first
  Values initial_;              // values_ at the end of INITIAL
  std::map<std::string, std::vector<size_t>> table_numbers_;  // by PROCEDURE or FUNCTION
  Solving* solving_ = nullptr;
  std::pair<std::string, Expr> named_;  // the state that an equation names, for METHOD cnexp
  int steps_ = 0;
};

}  // namespace

const Parameter* Mechanism::parameter(std::string_view named) const {
  for (const auto& p : parameters)
    if (p.name == named) return &p;
  return nullptr;
}

Expr Mechanism::symbol(const std::string& named) const {
  return graph.find(named);
}

Mechanism compile_mechanism(std::string_view text, const std::string& path, Tables tables) {
  return Compiler(nmodl::parse(text, path), tables).compile();
}

Mechanism compile_mechanism(const std::filesystem::path& file, Tables tables) {
  return compile_mechanism(read_text(file), file.string(), tables);
}

}  // namespace neurontwin
