#include "mechanism/generate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>

#include "config/error.hpp"
#include "mechanism/generate_device.hpp"
#include "mechanism/pace.hpp"

namespace nt::mechanism {

std::vector<const IonVariable*> ion_arrays(const Mechanism& m) {
  std::vector<const IonVariable*> all;
  for (const auto& ion : m.ions)
    if (m.graph.node(m.symbol(ion.name)).varying && !ion.unread) all.push_back(&ion);
  return all;
}

namespace {

/// What a kernel computes, and where it goes.
struct Output {
  Expr value;
  std::string store;  // "rhs", "d", "s[3]" ...
};

/// Whether anything reads the ion current this adds to.
bool is_read(const Mechanism& m, const Mechanism::Current& current) {
  return std::any_of(m.ions.begin(), m.ions.end(), [&](const IonVariable& ion) {
    return !current.ion.empty() && ion.name == "i" + current.ion && !ion.unread;
  });
}

/// The blocks that have a moment of their own, in the order of MomentName; null where there is none.
std::array<const Mechanism::Moment*, 3> moments_of(const Mechanism& m) {
  const auto place = [](const std::optional<Mechanism::Moment>& moment) {
    return moment ? &*moment : nullptr;
  };
  return {place(m.before_breakpoint), place(m.after_solve), place(m.before_step)};
}

/// What a block changes.
std::vector<Expr> moment_outputs(const Mechanism& m, const Mechanism::Moment& moment) {
  std::vector<Expr> all;
  for (size_t i = 0; i < m.stored.size(); ++i)
    if (moment.stored[i] != m.symbol(m.stored[i])) all.push_back(moment.stored[i]);
  const auto written = m.written_ion_variables();
  for (size_t i = 0; i < written.size(); ++i)
    if (moment.written[i] != m.symbol(written[i]->name)) all.push_back(moment.written[i]);
  return all;
}

/// Whether its states go their way whatever v and t are, like those of most synapses. They are then advanced
/// while the current is evaluated, which has them at hand.
bool decays_alone(const Mechanism& m) {
  if (m.currents.empty() || m.stored.empty() || !m.advanced_concentration.empty()) return false;
  if (m.has_own_moments()) return false;
  for (size_t i = 0; i < m.stored.size(); ++i) {
    if (m.after_current[i] != m.symbol(m.stored[i])) return false;
    for (const auto* name : {"v", "t"})
      if (const Expr e = m.symbol(name); e >= 0 && m.graph.depends(m.advanced[i], e)) return false;
    for (const auto& ion : m.ions)
      if (m.graph.depends(m.advanced[i], m.symbol(ion.name))) return false;
  }
  return parts_of(m).size() == 1;
}

/// Concentrations that BREAKPOINT itself changes.
std::vector<std::pair<std::string, Expr>> concentrations_after_current(const Mechanism& m) {
  std::vector<std::pair<std::string, Expr>> all;
  const auto written = m.written_ion_variables();
  for (size_t i = 0; i < written.size(); ++i) {
    const Expr e = m.concentration_after_current[i];
    if (e != m.symbol(written[i]->name)) all.emplace_back(written[i]->name, e);
  }
  return all;
}

std::vector<Expr> current_outputs(const Mechanism& m) {
  std::vector<Expr> all{m.total_current, m.conductance};
  if (decays_alone(m)) all.insert(all.end(), m.advanced.begin(), m.advanced.end());
  for (const auto& current : m.currents)
    if (is_read(m, current)) all.insert(all.end(), {current.value, current.slope});
  for (size_t i = 0; i < m.stored.size(); ++i)
    if (m.after_current[i] != m.symbol(m.stored[i])) all.push_back(m.after_current[i]);
  for (const auto& [name, e] : concentrations_after_current(m)) all.push_back(e);
  return all;
}

/// Of a part of the stored variables; concentrations go with the first part.
std::vector<Expr> advance_outputs(const Mechanism& m, const std::vector<Expr>& advanced,
                                  const std::vector<size_t>& part, bool first) {
  std::vector<Expr> all;
  if (decays_alone(m)) return all;
  for (const size_t i : part)
    if (advanced[i] != m.symbol(m.stored[i])) all.push_back(advanced[i]);
  if (first) all.insert(all.end(), m.advanced_concentration.begin(), m.advanced_concentration.end());
  return all;
}

/// The nodes that have to be computed for `outputs`, in order; constants and fixed expressions are where it
/// stops.
struct Needed {
  std::vector<Expr> computed;  // varying nodes but symbols; those outside of loops
  std::vector<Expr> symbols;   // varying symbols
  std::vector<Expr> fixed;     // fixed nodes, not constants
};

/// Of an element: the first stored variable of its list, where these stand one after the other.
std::optional<size_t> row_of(const Mechanism& m, Expr element) {
  const auto& g = m.graph;
  const auto all = g.items(g.node(element).b);
  const auto name = [&](Expr e) {
    return g.node(e).op == Op::symbol && !g.is_of_loop(e) ? g.name(e) : std::string();
  };
  const auto first = std::find(m.stored.begin(), m.stored.end(), name(all[0]));
  if (static_cast<size_t>(m.stored.end() - first) < all.size()) return {};
  for (size_t i = 0; i < all.size(); ++i)
    if (name(all[i]) != first[static_cast<int64_t>(i)]) return {};
  return static_cast<size_t>(first - m.stored.begin());
}

Needed needed_for(const Mechanism& m, const std::vector<Expr>& outputs) {
  const auto& g = m.graph;
  std::vector<bool> needed(g.size());
  for (const Expr e : outputs) needed[e] = true;
  const LoopNodes loops(g, static_cast<Expr>(g.size()) - 1);
  Needed all;
  for (size_t i = g.size(); i-- > 0;) {
    if (!needed[i]) continue;
    const auto e = static_cast<Expr>(i);
    const auto& n = g.node(e);
    if (n.op == Op::constant) continue;
    if (!n.varying) {
      all.fixed.push_back(e);
    } else if (n.op == Op::symbol) {
      if (!g.is_of_loop(e)) all.symbols.push_back(e);
    } else {
      if (n.op != Op::list && !loops.is_inside(e)) all.computed.push_back(e);
      const bool from_memory = n.op == Op::element && row_of(m, e);
      for (const Expr part : {n.a, from_memory ? -1 : n.b, n.c})
        if (part >= 0) needed[part] = true;
    }
  }
  for (auto* list : {&all.computed, &all.symbols, &all.fixed}) std::reverse(list->begin(), list->end());
  return all;
}

bool is_condition(Op op) {
  return op == Op::less || op == Op::less_equal || op == Op::equal || op == Op::both || op == Op::either ||
         op == Op::nay;
}

/// Letters, digits and underscores, no digit first: what may stand in code.
bool is_identifier(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9');
  });
}

std::string literal(double value) {
  if (std::isnan(value)) return "std::numeric_limits<T>::quiet_NaN()";
  if (std::isinf(value))
    return value > 0 ? "std::numeric_limits<T>::infinity()" : "-std::numeric_limits<T>::infinity()";
  return fmt::format("static_cast<T>({:.17g})", value);
}

/// What the kernels are for: SIMD units, of whose lanes each has a trial; or devices, of whose threads each
/// has.
enum class KernelStyle : uint8_t { simd, device };

class Writer {
 public:
  Writer(const Mechanism& m, KernelStyle style)
      : m_(m), g_(m.graph), loops_(g_, static_cast<Expr>(g_.size()) - 1), style_(style) {}

  /// A store of a value: given the copy that runs, the statement.
  using Store = std::function<std::string(const Writer&)>;

  /// A loop over instances, several at a time, statement by statement: one instance alone is a chain of
  /// operations that wait for each other.
  std::string kernel(const std::string& name, const std::vector<Expr>& outputs,
                     const std::vector<Store>& stores) {
    const auto needed = needed_for(m_, outputs);
    const auto round = [&](const std::string& copies) {
      std::string body;
      const auto line = [&](const auto& text) {
        for (const char copy : copies) {
          copy_ = copy;
          body += "    " + text() + "\n";
        }
      };
      line([&] {
        return fmt::format(
            "[[maybe_unused]] const size_t node_{0} = static_cast<size_t>(k.node[i + {1}]) * L;", copy_,
            copies.find(copy_));
      });
      line([&] {
        return fmt::format(
            "[[maybe_unused]] const T* HWY_RESTRICT fixed_{0} = k.fixed + static_cast<size_t>(i + {1}) * "
            "{2};",
            copy_, copies.find(copy_), needed.fixed.size());
      });
      line([&] {
        return fmt::format(
            "[[maybe_unused]] T* HWY_RESTRICT s_{0} = k.stored + static_cast<size_t>(i + {1}) * ({2} * L);",
            copy_, copies.find(copy_), m_.stored.size());
      });
      for (size_t j = 0; j < needed.fixed.size(); ++j)
        line([&] {
          return fmt::format("const V {} = ln::Set<T>(fixed_{}[{}]);", variable(needed.fixed[j]), copy_, j);
        });
      for (const Expr e : needed.symbols)
        line([&] { return fmt::format("const V {} = {};", variable(e), load(e)); });
      for (const Expr e : needed.computed) line([&] { return statement(e); });
      for (const auto& store : stores) line([&] { return store(*this); });
      return body;
    };
    // What is long has enough operations that do not wait, and would take the compiler long. A device's
    // threads wait for each other's sake.
    const bool long_or_turning = needed.computed.size() > kMostInCompany ||
                                 std::any_of(needed.computed.begin(), needed.computed.end(), [&](Expr e) {
                                   return g_.node(e).op == Op::loop || g_.node(e).op == Op::element;
                                 });
    const bool is_simd = style_ == KernelStyle::simd;
    // Point processes of one compartment change its concentration one after the other.
    const bool in_turn = m_.point_process && !m_.written_ion_variables().empty();
    const auto several = long_or_turning || in_turn || !is_simd
                             ? ""
                             : fmt::format("  for (; i + 3 < k.last; i += 4) {{\n{}  }}\n", round("xyzw"));
    return fmt::format(
        "template <class T>\n"
        "{}void {}(const KernelArguments<T>& k) {{\n"
        "  using V = ln::Lanes<T>;\n"
        "  constexpr size_t L = ln::count<T>();\n"
        "  int64_t i = k.first;\n"
        "{}"
        "  for (; i < k.last; ++i) {{\n{}  }}\n"
        "}}\n",
        is_simd ? "" : "NT_DEVICE ", name, several, round("x"));
  }

  std::string stored(size_t i) const { return fmt::format("s_{} + {} * L", copy_, i); }
  std::string at_node(const std::string& array) const { return fmt::format("{} + node_{}", array, copy_); }

  /// An expression as a number; a comparison is 1 or 0.
  std::string value(Expr e) const {
    const auto& n = g_.node(e);
    if (n.op == Op::constant) return fmt::format("ln::Set<T>({})", literal(n.value));
    if (n.varying && is_condition(n.op))
      return fmt::format("ln::Select({}, ln::Set<T>(1), ln::Set<T>(0))", variable(e));
    return variable(e);
  }

 private:
  /// Of a copy, among the instances that run together.
  static int place_of(char copy) { return copy == 'w' ? 3 : copy - 'x'; }
  std::string variable(Expr e) const { return fmt::format("{}{}", copy_, e); }

  std::string load(Expr e) const {
    const auto& name = g_.name(e);
    if (name == "v") return fmt::format("ln::Load({})", at_node("k.v"));
    if (name == "t") return "ln::Set<T>(k.t)";
    const auto stored = std::find(m_.stored.begin(), m_.stored.end(), name);
    if (stored != m_.stored.end())
      return fmt::format("ln::Load({})", this->stored(static_cast<size_t>(stored - m_.stored.begin())));
    const auto ions = ion_arrays(m_);
    for (size_t i = 0; i < ions.size(); ++i)
      if (ions[i]->name == name) return fmt::format("ln::Load({})", at_node(fmt::format("k.ion[{}]", i)));
    fail_input("{}: '{}' cannot be used in BREAKPOINT or DERIVATIVE here", m_.path, name);
  }

  /// An expression as a mask, whatever it is.
  std::string mask(Expr e) const {
    const auto& n = g_.node(e);
    if (n.varying && is_condition(n.op)) return variable(e);
    return fmt::format("ln::IsTrue({})", value(e));
  }

  std::string statement(Expr e) const {
    const auto& n = g_.node(e);
    const auto a = [&] { return value(n.a); };
    const auto b = [&] { return value(n.b); };
    const auto call = [&](const char* function) {
      return fmt::format("[[maybe_unused]] const V {} = ln::{}({});", variable(e), function, a());
    };
    switch (n.op) {
      case Op::add:
        return fmt::format("[[maybe_unused]] const V {} = {} + {};", variable(e), a(), b());
      case Op::subtract:
        return fmt::format("[[maybe_unused]] const V {} = {} - {};", variable(e), a(), b());
      case Op::multiply:
        return fmt::format("[[maybe_unused]] const V {} = {} * {};", variable(e), a(), b());
      case Op::divide:
        if (g_.is_constant(n.a, 1))
          return fmt::format("[[maybe_unused]] const V {} = ln::Reciprocal({});", variable(e), b());
        if (const auto& below = g_.node(n.b); below.op == Op::multiply && below.a == below.b) {
          // Twice by the same: one reciprocal for both, and for whoever else divides by it.
          return fmt::format("const V {0} = ln::Divide(ln::Divide({1}, {2}), {2});", variable(e), a(),
                             value(below.a));
        }
        return fmt::format("[[maybe_unused]] const V {} = ln::Divide({}, {});", variable(e), a(), b());
      case Op::negate:
        return call("Negate");
      case Op::exp:
        return call(within(n.a, kSafeExponent) ? "ExpWithin" : "Exp");
      case Op::expm1:
        return call("Expm1");
      case Op::log:
        return call("Log");
      case Op::log10:
        return call("Log10");
      case Op::sqrt:
        return call("SquareRoot");
      case Op::fabs:
        return call("Magnitude");
      case Op::sin:
        return call("Sine");
      case Op::cos:
        return call("Cosine");
      case Op::tan:
        return call("Tangent");
      case Op::tanh:
        return call("HyperbolicTangent");
      case Op::floor:
        return call("RoundDown");
      case Op::ceil:
        return call("RoundUp");
      case Op::pow:
        return fmt::format("[[maybe_unused]] const V {} = ln::Power({}, {});", variable(e), a(), b());
      case Op::less:
        return fmt::format("const auto {} = {} < {};", variable(e), a(), b());
      case Op::less_equal:
        return fmt::format("const auto {} = {} <= {};", variable(e), a(), b());
      case Op::equal:
        return fmt::format("const auto {} = {} == {};", variable(e), a(), b());
      case Op::both:
        return fmt::format("const auto {} = ln::Both({}, {});", variable(e), mask(n.a), mask(n.b));
      case Op::either:
        return fmt::format("const auto {} = ln::Either({}, {});", variable(e), mask(n.a), mask(n.b));
      case Op::nay:
        return fmt::format("const auto {} = ln::Nay({});", variable(e), mask(n.a));
      case Op::select:
        return fmt::format("[[maybe_unused]] const V {} = ln::Select({}, {}, {});", variable(e), mask(n.a),
                           value(n.b), value(n.c));
      case Op::table:
      case Op::table_slope:
        return fmt::format("[[maybe_unused]] const V {} = ln::{}(k.table[{}], {});", variable(e),
                           n.op == Op::table ? "TableValue" : "TableSlope", static_cast<size_t>(n.value),
                           a());
      case Op::draw:
        return fmt::format(
            "[[maybe_unused]] const V {} = ln::Draw(k.trial, k.stream[i + {}] + {}, {}, {}, {});",
            variable(e), place_of(copy_), static_cast<int>(n.value) / 2, static_cast<int>(n.value) % 2, a(),
            b());
      case Op::element:
        return element(e);
      case Op::loop:
        return loop(e);
      case Op::outcome:
        return fmt::format("[[maybe_unused]] const V {} = {};", variable(e),
                           own(n.a, static_cast<size_t>(n.value)));
      case Op::constant:
      case Op::symbol:
      case Op::list:
        break;
    }
    return "";
  }

  /// The variable that holds a loop's own symbol number k from turn to turn.
  std::string own(Expr loop, size_t k) const { return fmt::format("{}_{}", variable(loop), k); }

  /// Turns as long as any lane does; those that have come to their end keep what they have.
  std::string loop(Expr e) const {
    const auto loop = g_.loop_at(e);
    const auto body = loops_.body(e);
    std::string text;
    const auto line = [&](const std::string& code) { text += code + "\n    "; };
    for (size_t k = 0; k < loop.own.size(); ++k)
      line(fmt::format("V {} = {};", own(e, k), value(loop.initial[k])));
    line("for (int32_t turns = 0;; ++turns) {");
    for (size_t k = 0; k < loop.own.size(); ++k)
      line(fmt::format("[[maybe_unused]] const V {} = {};", variable(loop.own[k]), own(e, k)));
    for (const Expr part : body.condition) line(statement(part));
    line(fmt::format("const auto on = {};", mask(loop.condition)));
    line("if (ln::IsNowhere<T>(on)) break;");
    line(fmt::format("if (turns == {} && *k.endless == 0) *k.endless = {};", kMostTurns,
                     static_cast<int>(g_.node(e).value) + 1));
    line("if (*k.endless != 0) break;");
    for (const Expr part : body.rest) line(statement(part));
    for (size_t k = 0; k < loop.own.size(); ++k)
      line(fmt::format("const V next_{} = {};", k, value(loop.next[k])));
    for (size_t k = 0; k < loop.own.size(); ++k)
      line(fmt::format("{0} = ln::Select(on, next_{1}, {0});", own(e, k), k));
    return text + "}";
  }

  /// From the stored variables where they stand there one after the other, else from a copy.
  std::string element(Expr e) const {
    const auto& n = g_.node(e);
    const auto all = g_.items(n.b);
    if (const auto first = row_of(m_, e))
      return fmt::format("[[maybe_unused]] const V {} = ln::Element({}, {}, {});", variable(e),
                         stored(*first), value(n.a), all.size());
    std::string text = fmt::format("HWY_ALIGN T list_{}[{} * L];\n    ", variable(e), all.size());
    for (size_t i = 0; i < all.size(); ++i)
      text += fmt::format("ln::Store({}, list_{} + {} * L);\n    ", value(all[i]), variable(e), i);
    return text + fmt::format("[[maybe_unused]] const V {0} = ln::Element(list_{0}, {1}, {2});", variable(e),
                              value(n.a), all.size());
  }

  /// Whether |e| stays below `most` at any voltage a membrane can have.
  bool within(Expr e, double most) const {
    const auto [low, high] = range(e);
    return low > -most && high < most;
  }
  std::pair<double, double> range(Expr e) const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const auto& n = g_.node(e);
    const auto a = [&] { return range(n.a); };
    const auto b = [&] { return range(n.b); };
    switch (n.op) {
      case Op::constant:
        return {n.value, n.value};
      case Op::symbol:
        return g_.name(e) == "v" ? std::pair(-kMost_mV, kMost_mV) : std::pair(-kInfinity, kInfinity);
      case Op::negate:
        return {-a().second, -a().first};
      case Op::add:
        return {a().first + b().first, a().second + b().second};
      case Op::subtract:
        return {a().first - b().second, a().second - b().first};
      case Op::multiply: {
        const double products[] = {a().first * b().first, a().first * b().second, a().second * b().first,
                                   a().second * b().second};
        const auto [low, high] = std::minmax_element(std::begin(products), std::end(products));
        return std::isfinite(*low) && std::isfinite(*high) ? std::pair(*low, *high)
                                                           : std::pair(-kInfinity, kInfinity);
      }
      default:
        return {-kInfinity, kInfinity};
    }
  }

  static constexpr size_t kMostInCompany = 400;  // operations
  static constexpr double kMost_mV = 250;
  static constexpr double kSafeExponent = 80;  // exp() of it and its inverse are finite in float

  const Mechanism& m_;
  const Graph& g_;
  LoopNodes loops_;
  KernelStyle style_;
  char copy_ = 'x';  // of the instances that run together, whose names these are
};

}  // namespace

KernelLayout layout_of(const Mechanism& m) {
  KernelLayout layout{needed_for(m, current_outputs(m)).fixed, {}, {}, {}};
  for (const auto& part : parts_of(m)) {
    const bool first = layout.advance_double.empty();
    layout.advance_float.push_back(needed_for(m, advance_outputs(m, m.advanced_quickly, part, first)).fixed);
    layout.advance_double.push_back(needed_for(m, advance_outputs(m, m.advanced, part, first)).fixed);
  }
  const auto moments = moments_of(m);
  for (size_t k = 0; k < moments.size(); ++k)
    if (moments[k] != nullptr) layout.moment[k] = needed_for(m, moment_outputs(m, *moments[k])).fixed;
  return layout;
}

namespace {

/// The kernels of a mechanism as C++, and their names; "nullptr" where there is nothing to do.
struct KernelText {
  std::string code;
  std::string current = "nullptr";  // of a template over T
  std::array<std::string, 2> advance_float{"nullptr", "nullptr"}, advance_double{"nullptr", "nullptr"};
  std::array<std::string, 3> moment{"nullptr", "nullptr", "nullptr"};  // of templates over T
};

class KernelTextMaker {
 public:
  /// `prefix`: of the kernels' names.
  KernelTextMaker(const Mechanism& m, std::string prefix, KernelStyle style)
      : m_(m), prefix_(std::move(prefix)), style_(style), writer_(m, style), ions_(ion_arrays(m)) {}

  KernelText make() {
    make_current();
    text_.advance_float = advance_kernels(m_.advanced_quickly, "float");
    if (style_ == KernelStyle::simd) text_.advance_double = advance_kernels(m_.advanced, "double");
    make_moments();
    return std::move(text_);
  }

 private:
  using Store = Writer::Store;

  size_t written_row(const std::string& name) const {
    for (size_t i = 0; i < ions_.size(); ++i)
      if (ions_[i]->name == name && ions_[i]->written) return i;
    return ions_.size();
  }
  static Store store(Expr e, const std::string& array, const char* sign) {
    return [=](const Writer& w) {
      const auto at = w.at_node(array);
      return *sign ? fmt::format("ln::Store(ln::Load({0}) {1} {2}, {0});", at, sign, w.value(e))
                   : fmt::format("ln::Store({1}, {0});", at, w.value(e));
    };
  }
  static Store keep(Expr e, size_t i) {
    return [=](const Writer& w) { return fmt::format("ln::Store({}, {});", w.value(e), w.stored(i)); };
  }

  void make_current() {
    std::vector<Store> stores;
    if (!m_.currents.empty())
      stores = {store(m_.total_current, "k.rhs", "-"), store(m_.conductance, "k.d", "+")};
    for (const auto& c : m_.currents) {
      if (!is_read(m_, c)) continue;
      const auto row = written_row("i" + c.ion);
      stores.push_back(store(c.value, fmt::format("k.ion[{}]", row), "+"));
      stores.push_back(store(c.slope, fmt::format("k.ion_slope[{}]", row), "+"));
    }
    for (size_t i = 0; i < m_.stored.size(); ++i)
      if (m_.after_current[i] != m_.symbol(m_.stored[i])) stores.push_back(keep(m_.after_current[i], i));
    for (size_t i = 0; i < m_.stored.size() && decays_alone(m_); ++i)
      stores.push_back(keep(m_.advanced[i], i));
    for (const auto& [name, e] : concentrations_after_current(m_))
      stores.push_back(store(e, fmt::format("k.ion[{}]", written_row(name)), ""));
    if (stores.empty()) return;
    text_.current = prefix_ + "_current";
    text_.code += writer_.kernel(text_.current, current_outputs(m_), stores);
  }

  /// Of each part.
  std::array<std::string, 2> advance_kernels(const std::vector<Expr>& advanced, const char* type) {
    const auto parts = parts_of(m_);
    std::array<std::string, 2> names{"nullptr", "nullptr"};
    for (size_t p = 0; p < parts.size() && !decays_alone(m_); ++p) {
      std::vector<Store> stores;
      for (const size_t i : parts[p])
        if (advanced[i] != m_.symbol(m_.stored[i])) stores.push_back(keep(advanced[i], i));
      const auto written = m_.written_ion_variables();
      for (size_t i = 0; p == 0 && i < written.size(); ++i)
        stores.push_back(
            store(m_.advanced_concentration[i], fmt::format("k.ion[{}]", written_row(written[i]->name)), ""));
      if (stores.empty()) continue;
      names[p] = fmt::format("{}_advance_{}{}", prefix_, type, p > 0 ? "_slow" : "");
      text_.code += writer_.kernel(names[p], advance_outputs(m_, advanced, parts[p], p == 0), stores);
    }
    return names;
  }

  void make_moments() {
    static constexpr std::array kNames{"before_breakpoint", "after_solve", "before_step"};
    const auto moments = moments_of(m_);
    const auto written = m_.written_ion_variables();
    for (size_t k = 0; k < moments.size(); ++k) {
      if (moments[k] == nullptr) continue;
      std::vector<Store> stores;
      for (size_t i = 0; i < m_.stored.size(); ++i)
        if (const Expr e = moments[k]->stored[i]; e != m_.symbol(m_.stored[i])) stores.push_back(keep(e, i));
      for (size_t i = 0; i < written.size(); ++i)
        if (const Expr e = moments[k]->written[i]; e != m_.symbol(written[i]->name))
          stores.push_back(store(e, fmt::format("k.ion[{}]", written_row(written[i]->name)), ""));
      if (stores.empty()) continue;
      text_.moment[k] = fmt::format("{}_{}", prefix_, kNames[k]);
      text_.code += writer_.kernel(text_.moment[k], moment_outputs(m_, *moments[k]), stores);
    }
  }

  const Mechanism& m_;
  std::string prefix_;
  KernelStyle style_;
  Writer writer_;
  std::vector<const IonVariable*> ions_;
  KernelText text_;
};

/// All names in the code are made here, but for these.
void require_identifiers(const Mechanism& m, const std::string& other) {
  for (const auto* name : {&m.name, &other})
    if (!is_identifier(*name)) fail_input("{}: '{}' cannot be the name of a mechanism", m.path, *name);
}

}  // namespace

DeviceKernels generate_device_kernels(const Mechanism& m, const std::string& prefix) {
  require_identifiers(m, prefix);
  for (Expr e = 0; e < static_cast<Expr>(m.graph.size()); ++e)
    if (const auto op = m.graph.node(e).op; op == Op::loop || op == Op::element)
      fail_input(
          "{}: has loops whose number of turns is known at run time only, or a scheme of many states that is "
          "not "
          "linear; devices do not simulate these, use --device cpu",
          m.path);
  if (m.has_own_moments())
    fail_input(
        "{}: BEFORE or AFTER has to do with ions or with what diffuses; devices do not simulate this, use "
        "--device cpu",
        m.path);
  auto text = KernelTextMaker(m, prefix, KernelStyle::device).make();
  DeviceKernels kernels{std::move(text.code), {}, {}};
  const auto named = [](const std::string& name) { return name == "nullptr" ? "" : name + "<float>"; };
  kernels.current = named(text.current);
  for (size_t part = 0; part < 2; ++part) kernels.advance[part] = named(text.advance_float[part]);
  return kernels;
}

std::string generate_kernels(const Mechanism& m, const std::string& file_name, const std::string& entry) {
  require_identifiers(m, entry);
  const auto text = KernelTextMaker(m, m.name, KernelStyle::simd).make();
  const auto set = [&](const char* type, const std::array<std::string, 2>& advance) {
    const auto pointer = [&](const std::string& name) {
      return name == "nullptr" ? name : fmt::format("&{}<{}>", name, type);
    };
    return fmt::format(
        "{{.lanes = ln::count<{0}>(), .current = {1}, .advance = {{{2}, {3}}}, .moment = {{{4}, {5}, {6}}}}}",
        type, pointer(text.current), pointer(advance[0]), pointer(advance[1]), pointer(text.moment[0]),
        pointer(text.moment[1]), pointer(text.moment[2]));
  };
  const auto in_float = set("float", text.advance_float), in_double = set("double", text.advance_double);
  return fmt::format(
      "// Made by neurontwin's NMODL compiler.\n"
      "#undef HWY_TARGET_INCLUDE\n"
      "#define HWY_TARGET_INCLUDE \"{0}\"\n"
      "#include <hwy/foreach_target.h>\n"
      "#include \"mechanism/lanes-inl.hpp\"\n"
      "#include \"mechanism/kernel.hpp\"\n"
      "HWY_BEFORE_NAMESPACE();\n"
      "namespace nt::mechanism {{\n"
      "namespace HWY_NAMESPACE {{\n"
      "namespace {{\n"
      "{1}"
      "MechanismKernels {2}_here() {{ return {{.in_float = {3}, .in_double = {4}}}; }}\n"
      "}}  // namespace\n"
      "}}  // namespace HWY_NAMESPACE\n"
      "}}  // namespace nt::mechanism\n"
      "HWY_AFTER_NAMESPACE();\n"
      "#if HWY_ONCE\n"
      "namespace nt::mechanism {{\n"
      "HWY_EXPORT({2}_here);\n"
      "extern \"C\" void {2}(MechanismKernels* kernels) {{ *kernels = HWY_DYNAMIC_DISPATCH({2}_here)(); }}\n"
      "}}  // namespace nt::mechanism\n"
      "#endif\n",
      file_name, text.code, entry, in_float, in_double);
}

}  // namespace nt::mechanism
