#include "mechanism/detail/kernel_writer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "config/error.hpp"
#include "mechanism/generate.hpp"

namespace nt::mechanism {
namespace {

constexpr size_t kMostInCompany = 400;  // operations
constexpr size_t kPartLength = 500;     // operations
constexpr double kMost_mV = 250;
constexpr double kSafeExponent = 80;  // exp() of it and its inverse are finite in float

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

bool is_condition(Op op) {
  return op == Op::less || op == Op::less_equal || op == Op::equal || op == Op::both || op == Op::either ||
         op == Op::nay;
}

std::string literal(double value) {
  if (std::isnan(value)) return "std::numeric_limits<T>::quiet_NaN()";
  if (std::isinf(value))
    return value > 0 ? "std::numeric_limits<T>::infinity()" : "-std::numeric_limits<T>::infinity()";
  return fmt::format("static_cast<T>({:.17g})", value);
}

/// Of a copy, among the instances that run together.
int place_of(char copy) {
  return copy == 'w' ? 3 : copy - 'x';
}

}  // namespace

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

KernelWriter::KernelWriter(const Mechanism& m, KernelStyle style)
    : m_(m), g_(m.graph), loops_(g_, static_cast<Expr>(g_.size()) - 1), style_(style) {}

/// Where the instance's values are: copy number `copy` has the instance i + copy.
std::string KernelWriter::places(size_t fixed, size_t copy) const {
  return fmt::format(
      "    [[maybe_unused]] const size_t node_{0} = static_cast<size_t>(k.node[i + {1}]) * L;\n"
      "    [[maybe_unused]] const T* HWY_RESTRICT fixed_{0} = k.fixed + static_cast<size_t>(i + {1}) * {2};\n"
      "    [[maybe_unused]] T* HWY_RESTRICT s_{0} = k.stored + static_cast<size_t>(i + {1}) * ({3} * L);\n",
      copy_, copy, fixed, m_.stored.size());
}

std::string KernelWriter::instances(const Needed& needed, const std::vector<Store>& stores,
                                    const std::string& copies) {
  std::string body;
  for (size_t copy = 0; copy < copies.size(); ++copy) {
    copy_ = copies[copy];
    body += places(needed.fixed.size(), copy);
  }
  const auto line = [&](const auto& text) {
    for (const char copy : copies) {
      copy_ = copy;
      body += "    " + text() + "\n";
    }
  };
  for (size_t j = 0; j < needed.fixed.size(); ++j) line([&] { return fixed_line(needed.fixed[j], j); });
  for (const Expr e : needed.symbols) line([&] { return symbol_line(e); });
  for (const Expr e : needed.computed) line([&] { return statement(e); });
  for (const auto& store : stores) line([&] { return store(*this); });
  copy_ = 'x';
  return body;
}

bool KernelWriter::turns(const Needed& needed) const {
  return std::ranges::any_of(needed.computed, [&](Expr e) {
    return g_.node(e).op == Op::loop || g_.node(e).op == Op::outcome || g_.node(e).op == Op::element;
  });
}

std::string KernelWriter::kernel(const std::string& name, const std::vector<Expr>& outputs,
                                 const std::vector<Store>& stores) {
  const auto needed = needed_for(m_, outputs);
  const bool is_simd = style_ == KernelStyle::simd, turning = turns(needed);
  if (is_simd && !turning && needed.computed.size() > 2 * kPartLength) return in_parts(name, needed, stores);
  // Point processes of one compartment change its concentration one after the other.
  const bool in_turn = m_.point_process && !m_.written_ion_variables().empty();
  // What is long has enough operations that do not wait, and would take the compiler long. A device's
  // threads wait for each other's sake.
  const bool alone = needed.computed.size() > kMostInCompany || turning || in_turn || !is_simd;
  const auto several =
      alone ? ""
            : fmt::format("  for (; i + 3 < k.last; i += 4) {{\n{}  }}\n", instances(needed, stores, "xyzw"));
  return fmt::format(
      "template <class T>\n"
      "{}void {}(const KernelArguments<T>& k) {{\n"
      "  using V = ln::Lanes<T>;\n"
      "  constexpr size_t L = ln::count<T>();\n"
      "  int64_t i = k.first;\n"
      "{}"
      "  for (; i < k.last; ++i) {{\n{}  }}\n"
      "}}\n",
      is_simd ? "" : "NT_DEVICE ", name, several, instances(needed, stores, "x"));
}

/// Where values stand between the part that makes them and the last that names them; places are used again.
struct KernelWriter::Kept {
  std::map<Expr, size_t> place;
  size_t places = 0;

  explicit Kept(const std::vector<Part>& parts) {
    std::map<Expr, size_t> made, last;
    for (size_t p = 0; p < parts.size(); ++p) {
      for (const Expr e : parts[p].computed) made[e] = p;
      for (const Expr e : parts[p].named)
        if (made.contains(e)) last[e] = p;
    }
    std::vector<std::vector<Expr>> ends(parts.size());
    for (const auto& [e, p] : last)
      if (p > made.at(e)) ends[p].push_back(e);
    std::vector<size_t> free;
    for (size_t p = 0; p < parts.size(); ++p) {
      for (const Expr e : parts[p].computed) {
        if (!last.contains(e) || last.at(e) == p) continue;
        if (free.empty()) free.push_back(places++);
        place[e] = free.back();
        free.pop_back();
      }
      for (const Expr e : ends[p]) free.push_back(place.at(e));
    }
  }
  std::string at(Expr e) const { return fmt::format("kept + {} * L", place.at(e)); }
};

std::vector<KernelWriter::Part> KernelWriter::parts_of_text(const Needed& needed,
                                                            const std::vector<Store>& stores) {
  std::vector<Part> parts;
  std::vector<Expr> named;
  named_ = &named;
  const auto add = [&](const std::string& line) {
    parts.back().lines.push_back(line);
    parts.back().named.insert(named.begin(), named.end());
    named.clear();
  };
  for (size_t n = 0; n < needed.computed.size(); ++n) {
    if (n % kPartLength == 0) parts.emplace_back();
    add(statement(needed.computed[n]));
    parts.back().computed.insert(needed.computed[n]);
  }
  // Only when all has been computed may what it was computed from be changed.
  parts.emplace_back();
  for (const auto& store : stores) add(store(*this));
  named_ = nullptr;
  return parts;
}

std::string KernelWriter::part_body(const Part& part, const Kept& kept, const Needed& needed) const {
  std::string body = places(needed.fixed.size(), 0);
  const auto line = [&](const std::string& text) { body += "    " + text + "\n"; };
  for (size_t j = 0; j < needed.fixed.size(); ++j)
    if (const Expr e = needed.fixed[j]; part.named.contains(e)) line(fixed_line(e, j));
  for (const Expr e : needed.symbols)
    if (part.named.contains(e)) line(symbol_line(e));
  for (const Expr e : part.named) {
    if (part.computed.contains(e) || !kept.place.contains(e)) continue;
    const auto there = fmt::format("ln::Load({})", kept.at(e));
    line(is_condition(g_.node(e).op) ? fmt::format("const auto {} = ln::IsTrue({});", variable(e), there)
                                     : fmt::format("const V {} = {};", variable(e), there));
  }
  for (const auto& text : part.lines) line(text);
  for (const Expr e : part.computed)
    if (kept.place.contains(e)) line(fmt::format("ln::Store({}, {});", value(e), kept.at(e)));
  return body;
}

/// A compiler's time grows faster than the length of a function. A long kernel becomes several, which keep
/// for each other what later ones need.
std::string KernelWriter::in_parts(const std::string& name, const Needed& needed,
                                   const std::vector<Store>& stores) {
  const auto parts = parts_of_text(needed, stores);
  const Kept kept(parts);
  std::string code, calls;
  for (size_t p = 0; p < parts.size(); ++p) {
    code += fmt::format(
        "template <class T>\n"
        "HWY_NOINLINE void {}_{}(const KernelArguments<T>& k, int64_t i, [[maybe_unused]] T* kept) {{\n"
        "  using V = ln::Lanes<T>;\n"
        "  constexpr size_t L = ln::count<T>();\n{}}}\n",
        name, p, part_body(parts[p], kept, needed));
    calls += fmt::format("    {}_{}<T>(k, i, kept);\n", name, p);
  }
  return code + fmt::format(
                    "template <class T>\n"
                    "void {}(const KernelArguments<T>& k) {{\n"
                    "  HWY_ALIGN T kept[{} * ln::count<T>()];\n"
                    "  for (int64_t i = k.first; i < k.last; ++i) {{\n{}  }}\n"
                    "}}\n",
                    name, std::max<size_t>(kept.places, 1), calls);
}

std::string KernelWriter::stored(size_t i) const {
  return fmt::format("s_{} + {} * L", copy_, i);
}
std::string KernelWriter::at_node(const std::string& array) const {
  return fmt::format("{} + node_{}", array, copy_);
}

/// An expression as a number; a comparison is 1 or 0.
std::string KernelWriter::value(Expr e) const {
  const auto& n = g_.node(e);
  if (n.op == Op::constant) return fmt::format("ln::Set<T>({})", literal(n.value));
  if (n.varying && is_condition(n.op))
    return fmt::format("ln::Select({}, ln::Set<T>(1), ln::Set<T>(0))", variable(e));
  return variable(e);
}

std::string KernelWriter::variable(Expr e) const {
  if (named_ != nullptr) named_->push_back(e);
  return fmt::format("{}{}", copy_, e);
}

std::string KernelWriter::load(Expr e) const {
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

std::string KernelWriter::fixed_line(Expr e, size_t place) const {
  return fmt::format("const V {} = ln::Set<T>(fixed_{}[{}]);", variable(e), copy_, place);
}
std::string KernelWriter::symbol_line(Expr e) const {
  return fmt::format("const V {} = {};", variable(e), load(e));
}

/// An expression as a mask, whatever it is.
std::string KernelWriter::mask(Expr e) const {
  const auto& n = g_.node(e);
  if (n.varying && is_condition(n.op)) return variable(e);
  return fmt::format("ln::IsTrue({})", value(e));
}

std::string KernelWriter::statement(Expr e) const {
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
                         n.op == Op::table ? "TableValue" : "TableSlope", static_cast<size_t>(n.value), a());
    case Op::draw:
      return fmt::format(
          "[[maybe_unused]] const V {} = ln::Draw(k.trial, k.stream[i + {}] + {}, {}, {}, {});", variable(e),
          place_of(copy_), static_cast<int>(n.value) / 2, static_cast<int>(n.value) % 2, a(), b());
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
std::string KernelWriter::own(Expr loop, size_t k) const {
  return fmt::format("{}_{}", variable(loop), k);
}

/// Turns as long as any lane does; those that have come to their end keep what they have.
std::string KernelWriter::loop(Expr e) const {
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
std::string KernelWriter::element(Expr e) const {
  const auto& n = g_.node(e);
  const auto all = g_.items(n.b);
  if (const auto first = row_of(m_, e))
    return fmt::format("[[maybe_unused]] const V {} = ln::Element({}, {}, {});", variable(e), stored(*first),
                       value(n.a), all.size());
  std::string text = fmt::format("HWY_ALIGN T list_{}[{} * L];\n    ", variable(e), all.size());
  for (size_t i = 0; i < all.size(); ++i)
    text += fmt::format("ln::Store({}, list_{} + {} * L);\n    ", value(all[i]), variable(e), i);
  return text + fmt::format("[[maybe_unused]] const V {0} = ln::Element(list_{0}, {1}, {2});", variable(e),
                            value(n.a), all.size());
}

/// Whether |e| stays below `most` at any voltage a membrane can have.
bool KernelWriter::within(Expr e, double most) const {
  const auto [low, high] = range(e);
  return low > -most && high < most;
}
std::pair<double, double> KernelWriter::range(Expr e) const {
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

}  // namespace nt::mechanism
