#include <algorithm>
#include <cmath>
#include <map>

#include "config/error.hpp"
#include "config/ordinary_file.hpp"
#include "config/settings.hpp"
#include "mechanism/mechanism.hpp"
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

const std::map<std::string, Op, std::less<>> kFunctions{
    {"exp", Op::exp},   {"log", Op::log},   {"log10", Op::log10}, {"sqrt", Op::sqrt},
    {"fabs", Op::fabs}, {"abs", Op::fabs},  {"sin", Op::sin},     {"cos", Op::cos},
    {"tan", Op::tan},   {"tanh", Op::tanh}, {"floor", Op::floor}, {"ceil", Op::ceil}};

/// Executes NMODL blocks on expressions instead of numbers.
class Compiler {
 public:
  Compiler(nmodl::File file, const std::set<std::string>& changing_ions)
      : file_(std::move(file)), changing_ions_(changing_ions) {}

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
    auto& g = m_.graph;
    for (const auto& [name, value] : file_.constants) fixed_[name] = g.constant(value);
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
    }
    m_.states = m_.stored.size();
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
      for (auto& there : m_.ions) {
        if (there.name != name) continue;
        there.written |= written;
        return;
      }
      variable.unread = variable.quantity == IonQuantity::current && !changing_ions_.contains(use.ion);
      m_.ions.push_back(variable);
      const bool varies =
          written || variable.quantity == IonQuantity::current || changing_ions_.contains(use.ion);
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
    begin("INITIAL");
    if (const auto* block = file_.block("INITIAL")) execute(block->body, 0);
    initial_ = values_;
    m_.initial = final_values(/*states_start_at_0=*/true);
    m_.initial_concentration = concentrations();

    const auto* breakpoint = file_.block("BREAKPOINT");
    begin("BREAKPOINT");
    if (breakpoint) execute(breakpoint->body, 0);
    currents();
    m_.after_current = final_values();

    begin("SOLVE");
    if (breakpoint) solve_in(breakpoint->body);
    m_.advanced = final_values();
    m_.advanced_quickly = m_.advanced;
    for (size_t i = 0; i < m_.stored.size(); ++i)
      if (const auto it = quick_.find(m_.stored[i]); it != quick_.end()) m_.advanced_quickly[i] = it->second;
    m_.advanced_concentration = concentrations();

    if (const auto* block = file_.block("NET_RECEIVE")) {
      begin("NET_RECEIVE");
      for (const auto& name : block->arguments)
        locals_.back()[name] = m_.graph.symbol(name + " of the event", true);
      execute(block->body, 0);
      m_.receiving = Mechanism::Receiving{{}, final_values()};
      for (const auto& name : block->arguments) m_.receiving->arguments.push_back(name + " of the event");
    }
  }

  void begin(const std::string& block) {
    block_ = block;
    values_.clear();
    locals_.assign(1, {});
  }

  std::vector<Expr> final_values(bool states_start_at_0 = false) {
    std::vector<Expr> all;
    for (size_t i = 0; i < m_.stored.size(); ++i) {
      const auto it = values_.find(m_.stored[i]);
      if (it != values_.end())
        all.push_back(it->second);
      else
        all.push_back(states_start_at_0 ? m_.graph.constant(0) : varying_.at(m_.stored[i]));
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
        if (block_ == "INITIAL") refuse(s.line, "SOLVE in INITIAL cannot be compiled here");
        return;  // the states have their own moment
      case Statement::Kind::derivative:
      case Statement::Kind::reaction:
      case Statement::Kind::conserve:
        break;
    }
    if (s.kind != Statement::Kind::derivative) refuse(s.line, "reactions belong into a KINETIC block");
    if (!states_.contains(s.name)) refuse(s.line, fmt::format("'{}' is not a STATE", s.name));
    if (locals_.size() > 1 || derivatives_ == nullptr) refuse(s.line, "a derivative outside of DERIVATIVE");
    (*derivatives_)[s.name] = {value(s.terms[0], depth), s.line};
  }

  void assign(const Statement& s, Expr value) {
    auto& locals = locals_.back();
    if (const auto it = locals.find(s.name); it != locals.end()) {
      it->second = value;
      return;
    }
    if (!known(s.name)) refuse(s.line, unknown(s.name));
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
    execute(s.then, depth);
    const Values then_values = values_, then_locals = locals_.back();
    values_ = values;
    locals_.back() = locals;
    execute(s.otherwise, depth);
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
  }

  /// The value a variable has when the block has not set it.
  Expr before(const std::string& name, int line) {
    if (const auto it = varying_.find(name); it != varying_.end()) return it->second;
    if (const auto it = fixed_.find(name); it != fixed_.end()) return it->second;
    if (!assigned_.contains(name)) refuse(line, unknown(name));
    if (block_ == "INITIAL") return m_.graph.constant(0);
    if (const auto it = initial_.find(name);
        it != initial_.end() && !m_.graph.node(it->second).varying && !set_later(name)) {
      return it->second;  // computed once and for all
    }
    if (!initial_.contains(name) && !set_later(name)) return m_.graph.constant(0);
    keep(name);
    return varying_.at(name);
  }

  void keep(const std::string& name) {
    kept_.insert(name);
    varying_[name] = m_.graph.symbol(name, true);
    m_.stored.push_back(name);
  }

  /// Whether any block but INITIAL assigns the variable.
  bool set_later(const std::string& name) const {
    for (const auto& block : file_.blocks) {
      if (block.kind != "INITIAL" && sets(block.body, name)) return true;
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
    if (block->kind == "FUNCTION") frame[name] = m_.graph.constant(0);
    locals_.push_back(std::move(frame));
    execute(block->body, depth + 1);
    const auto it = locals_.back().find(name);
    const Expr result = it != locals_.back().end() ? it->second : m_.graph.constant(0);
    locals_.pop_back();
    return result;
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
      if (s.kind == Statement::Kind::branch) {
        solve_nowhere(s.then);
        solve_nowhere(s.otherwise);
      }
      if (s.kind == Statement::Kind::solve) solve(s);
    }
  }
  void solve_nowhere(const std::vector<Statement>& statements) {
    for (const auto& s : statements) {
      if (s.kind == Statement::Kind::solve) refuse(s.line, "SOLVE inside IF cannot be compiled here");
    }
  }

  void solve(const Statement& s) {
    if (const auto* procedure = file_.block("PROCEDURE", s.name)) {
      execute(procedure->body, 0);
      return;
    }
    const auto* block = file_.block("DERIVATIVE", s.name);
    const auto* kinetic = block ? nullptr : file_.block("KINETIC", s.name);
    if (!block && !kinetic)
      refuse(s.line, fmt::format("there is no DERIVATIVE, KINETIC or PROCEDURE '{}' to solve", s.name));
    if (block && s.method != "cnexp" && s.method != "derivimplicit" && s.method != "euler" &&
        s.method != "runge" && s.method != "sparse") {
      refuse(s.line, fmt::format("METHOD '{}' cannot be compiled here; use cnexp, derivimplicit or sparse",
                                 s.method));
    }
    std::map<std::string, Derivative> derivatives;
    derivatives_ = &derivatives;
    if (block)
      execute(block->body, 0);
    else
      react(*kinetic, derivatives);
    derivatives_ = nullptr;
    if (block && s.method == "cnexp") {
      for (const auto& [name, d] : derivatives) values_[name] = exact_step(name, d);
    } else {
      implicit_step(derivatives, s.line);
    }
  }

  struct Derivative {
    Expr value;
    int line;
  };

  /// x' = a x + b with a and b frozen over the step: x + (1 - exp(a dt)) (-b/a - x).
  Expr exact_step(const std::string& name, const Derivative& d) {
    auto& g = m_.graph;
    const Expr x = varying_.at(name), dt = fixed_.at("dt");
    Expr target = -1, a = g.derivative(d.value, x);
    if (g.depends(a, x))
      refuse(d.line, fmt::format("{}' is not linear in {}; use METHOD derivimplicit", name, name));
    const auto n = g.node(d.value);
    if (n.op == Op::divide && g.node(n.a).op == Op::subtract && g.node(n.a).b == x &&
        !g.depends(g.node(n.a).a, x)) {
      target = g.node(n.a).a;  // (x_inf - x) / tau, told from the general case to save its divisions
    } else {
      const Expr b = g.substitute(d.value, {{x, g.constant(0)}});
      if (g.is_constant(a, 0)) return g.add(x, g.multiply(dt, b));
      if (g.is_constant(b, 0)) {
        decay_[name] = a;
        return g.multiply(g.unary(Op::exp, g.multiply(dt, a)), x);
      }
      target = g.unary(Op::negate, g.divide(b, a));
    }
    decay_[name] = a;
    if (g.node(a).varying) quick_[name] = quick_step(x, a, target);
    const Expr gain = g.unary(Op::negate, g.unary(Op::expm1, g.multiply(dt, a)));
    return g.add(x, g.multiply(gain, g.subtract(target, x)));
  }

  /// x + (1 - exp(-z)) (target - x) for z = -a dt, with a quotient of polynomials for the bracket: Pade's of
  /// order (2, 3), which like the exponential never overshoots. It is off by 3 in 1e6 at z = 0.5, by 5 in 1e4
  /// at z = 1.6. What is fixed goes into the coefficients; alpha/(alpha + beta) cancels against z.
  Expr quick_step(Expr x, Expr a, Expr target) {
    auto& g = m_.graph;
    const Expr z = g.unary(Op::negate, g.multiply(fixed_.at("dt"), a));
    const auto n = g.node(z);
    const bool scaled = n.op == Op::multiply && !g.node(n.a).varying;
    const Expr scale = scaled ? n.a : g.constant(1), s = scaled ? n.b : z;
    const auto polynomial = [&](std::initializer_list<double> coefficients, int first_power) {
      Expr sum = -1;
      auto power = first_power + static_cast<int>(coefficients.size());
      for (auto c = std::rbegin(coefficients); c != std::rend(coefficients); ++c) {
        const Expr own = g.multiply(g.constant(*c), g.binary(Op::pow, scale, g.constant(--power)));
        sum = sum < 0 ? own : g.add(own, g.plain_product(s, sum));
      }
      return sum;
    };
    const Expr above = polynomial({1, 1.0 / 10, 1.0 / 60}, 1),
               below = polynomial({1, 3.0 / 5, 3.0 / 20, 1.0 / 60}, 0);
    const Expr pull = g.subtract(g.multiply(s, target), g.plain_product(s, x));
    return g.add(x, g.divide(g.plain_product(pull, above), below));
  }

  /// One backward Euler step by Newton's method, solved in closed form: one iteration where the system is
  /// linear.
  void implicit_step(const std::map<std::string, Derivative>& derivatives, int line) {
    auto& g = m_.graph;
    const size_t n = derivatives.size();
    if (n > 12) refuse(line, fmt::format("{} coupled states; at most 12 can be compiled here", n));
    std::vector<std::string> names;
    std::vector<Expr> f, x;
    for (const auto& [name, d] : derivatives) {
      names.push_back(name);
      f.push_back(d.value);
      x.push_back(varying_.at(name));
    }
    std::vector<std::vector<Expr>> jacobian(n, std::vector<Expr>(n));
    bool linear = true;
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        jacobian[i][j] = g.derivative(f[i], x[j]);
        for (size_t k = 0; k < n; ++k) linear &= !g.depends(jacobian[i][j], x[k]);
      }
    }
    const Expr dt = fixed_.at("dt"), one = g.constant(1);
    std::vector<Expr> y = x;
    for (int iteration = 0; iteration < (linear ? 1 : 4); ++iteration) {
      std::map<Expr, Expr> at;
      for (size_t i = 0; i < n; ++i) at[x[i]] = y[i];
      // (1 - dt J) step = x + dt f(y) - y
      std::vector<std::vector<Expr>> matrix(n, std::vector<Expr>(n));
      std::vector<Expr> right(n);
      for (size_t i = 0; i < n; ++i) {
        right[i] = g.subtract(g.add(x[i], g.multiply(dt, g.substitute(f[i], at))), y[i]);
        for (size_t j = 0; j < n; ++j) {
          const Expr entry = g.unary(Op::negate, g.multiply(dt, g.substitute(jacobian[i][j], at)));
          matrix[i][j] = i == j ? g.add(one, entry) : entry;
        }
      }
      const auto step = eliminate(std::move(matrix), std::move(right));
      for (size_t i = 0; i < n; ++i) y[i] = g.add(y[i], step[i]);
    }
    for (size_t i = 0; i < n; ++i) values_[names[i]] = y[i];
  }

  std::vector<Expr> eliminate(std::vector<std::vector<Expr>> m, std::vector<Expr> right) {
    // Without pivoting: 1 - dt J of a stable system is diagonally dominant for the steps in use.
    auto& g = m_.graph;
    const size_t n = right.size();
    for (size_t k = 0; k < n; ++k) {
      for (size_t i = k + 1; i < n; ++i) {
        if (g.is_constant(m[i][k], 0)) continue;
        const Expr factor = g.divide(m[i][k], m[k][k]);
        for (size_t j = k + 1; j < n; ++j) m[i][j] = g.subtract(m[i][j], g.multiply(factor, m[k][j]));
        right[i] = g.subtract(right[i], g.multiply(factor, right[k]));
      }
    }
    for (size_t k = n; k-- > 0;) {
      for (size_t j = k + 1; j < n; ++j) right[k] = g.subtract(right[k], g.multiply(m[k][j], right[j]));
      right[k] = g.divide(right[k], m[k][k]);
    }
    return right;
  }

  /// Mass action: each reaction's flux leaves its left side and enters its right side.
  void react(const Block& block, std::map<std::string, Derivative>& derivatives) {
    auto& g = m_.graph;
    for (const auto& s : block.body) {
      if (s.kind == Statement::Kind::conserve) continue;  // mass action conserves by itself, to rounding
      if (s.kind != Statement::Kind::reaction) {
        execute(s, 0);
        continue;
      }
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
          auto& d = derivatives.try_emplace(name, Derivative{g.constant(0), s.line}).first->second;
          d.value = g.add(d.value, g.multiply(g.constant(count), flux));
        }
      };
      const Expr forward = value(s.terms[0], 0);
      if (s.name == "<<") {
        for (const auto& [count, name] : s.left)
          if (!states_.contains(name)) refuse(s.line, fmt::format("'{}' is not a STATE", name));
        change(s.left, forward);
        continue;
      }
      Expr flux = g.multiply(forward, product(s.left));
      if (s.name == "<->") flux = g.subtract(flux, g.multiply(value(s.terms[1], 0), product(s.right)));
      change(s.left, g.unary(Op::negate, flux));
      change(s.right, flux);
    }
  }

  void finish() {
    auto& g = m_.graph;
    for (const auto& name : m_.stored) {
      const auto it = decay_.find(name);
      const bool fixed = it != decay_.end() && !g.node(it->second).varying;
      m_.half_step_decay.push_back(
          fixed ? g.unary(Op::exp, g.multiply(g.constant(0.5), g.multiply(fixed_.at("dt"), it->second)))
                : g.constant(1));
    }
  }

  nmodl::File file_;
  std::set<std::string> changing_ions_;
  Mechanism m_;
  Values fixed_, varying_;                        // symbols and constants by name
  std::map<std::string, int> states_, assigned_;  // name: line
  std::set<std::string> kept_;
  std::map<std::string, Expr> decay_;  // a of x' = a x + b
  std::map<std::string, Expr> quick_;  // quick_step of the states that have one

  // While a block is executed
  std::string block_;
  Values values_;               // of the file's variables set so far
  std::vector<Values> locals_;  // of the functions being called, the block's first
  Values initial_;              // values_ at the end of INITIAL
  std::map<std::string, Derivative>* derivatives_ = nullptr;
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

Mechanism compile_mechanism(std::string_view text, const std::string& path,
                            const std::set<std::string>& changing_ions) {
  return Compiler(nmodl::parse(text, path), changing_ions).compile();
}

Mechanism compile_mechanism(const std::filesystem::path& file, const std::set<std::string>& changing_ions) {
  return compile_mechanism(read_text(file), file.string(), changing_ions);
}

}  // namespace neurontwin
