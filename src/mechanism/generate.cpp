#include "mechanism/generate.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "config/error.hpp"

namespace neurontwin {

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

std::vector<Expr> current_outputs(const Mechanism& m) {
  std::vector<Expr> all{m.total_current, m.conductance};
  for (const auto& current : m.currents)
    if (is_read(m, current)) all.insert(all.end(), {current.value, current.slope});
  for (size_t i = 0; i < m.stored.size(); ++i)
    if (m.after_current[i] != m.symbol(m.stored[i])) all.push_back(m.after_current[i]);
  return all;
}

std::vector<Expr> advance_outputs(const Mechanism& m) {
  std::vector<Expr> all;
  for (size_t i = 0; i < m.stored.size(); ++i)
    if (m.advanced[i] != m.symbol(m.stored[i])) all.push_back(m.advanced[i]);
  all.insert(all.end(), m.advanced_concentration.begin(), m.advanced_concentration.end());
  return all;
}

/// The nodes that have to be computed for `outputs`, in order; constants and fixed expressions are where it
/// stops.
struct Needed {
  std::vector<Expr> computed;  // varying nodes but symbols
  std::vector<Expr> symbols;   // varying symbols
  std::vector<Expr> fixed;     // fixed nodes, not constants
};

Needed needed_for(const Graph& g, const std::vector<Expr>& outputs) {
  std::vector<bool> needed(g.size());
  for (const Expr e : outputs) needed[static_cast<size_t>(e)] = true;
  Needed all;
  for (size_t i = g.size(); i-- > 0;) {
    if (!needed[i]) continue;
    const auto e = static_cast<Expr>(i);
    const auto& n = g.node(e);
    if (n.op == Op::constant) continue;
    if (!n.varying) {
      all.fixed.push_back(e);
    } else if (n.op == Op::symbol) {
      all.symbols.push_back(e);
    } else {
      all.computed.push_back(e);
      for (const Expr part : {n.a, n.b, n.c})
        if (part >= 0) needed[static_cast<size_t>(part)] = true;
    }
  }
  for (auto* list : {&all.computed, &all.symbols, &all.fixed}) std::reverse(list->begin(), list->end());
  return all;
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

class Writer {
 public:
  explicit Writer(const Mechanism& m) : m_(m), g_(m.graph) {}

  std::string kernel(const std::string& name, const std::vector<Expr>& outputs,
                     const std::vector<std::string>& stores) {
    const auto needed = needed_for(g_, outputs);
    std::string body;
    const auto line = [&](const std::string& text) { body += "    " + text + "\n"; };
    for (size_t k = 0; k < needed.fixed.size(); ++k)
      line(fmt::format("const V x{} = ln::Set<T>(fixed[{}]);", needed.fixed[k], k));
    for (const Expr e : needed.symbols) line(fmt::format("const V x{} = {};", e, load(e)));
    for (const Expr e : needed.computed) line(statement(e));
    for (const auto& store : stores) line(store);
    const auto ions = ion_arrays(m_);
    return fmt::format(
        "template <class T>\n"
        "void {}(const KernelArguments<T>& k) {{\n"
        "  using V = ln::Lanes<T>;\n"
        "  constexpr size_t L = ln::count<T>();\n"
        "  for (int64_t i = k.first; i < k.last; ++i) {{\n"
        "    [[maybe_unused]] const size_t node = static_cast<size_t>(k.node[i]) * L;\n"
        "    [[maybe_unused]] const T* HWY_RESTRICT fixed = k.fixed + static_cast<size_t>(i) * {};\n"
        "    [[maybe_unused]] T* HWY_RESTRICT s = k.stored + static_cast<size_t>(i) * ({} * L);\n"
        "{}"
        "  }}\n"
        "}}\n",
        name, needed.fixed.size(), m_.stored.size(), body);
  }

  std::string value(Expr e) const {
    const auto& n = g_.node(e);
    return n.op == Op::constant ? fmt::format("ln::Set<T>({})", literal(n.value)) : fmt::format("x{}", e);
  }

 private:
  std::string load(Expr e) const {
    const auto& name = g_.name(e);
    if (name == "v") return "ln::Load(k.v + node)";
    const auto stored = std::find(m_.stored.begin(), m_.stored.end(), name);
    if (stored != m_.stored.end()) return fmt::format("ln::Load(s + {} * L)", stored - m_.stored.begin());
    const auto ions = ion_arrays(m_);
    for (size_t i = 0; i < ions.size(); ++i)
      if (ions[i]->name == name) return fmt::format("ln::Load(k.ion[{}] + node)", i);
    fail_input("{}: '{}' cannot be used in BREAKPOINT or DERIVATIVE here", m_.path, name);
  }

  /// An expression as a mask, whatever it is.
  std::string mask(Expr e) const {
    const auto& n = g_.node(e);
    if (n.varying && is_condition(n.op)) return fmt::format("x{}", e);
    return fmt::format("ln::IsTrue({})", value(e));
  }

  std::string statement(Expr e) const {
    const auto& n = g_.node(e);
    const auto a = [&] { return value(n.a); };
    const auto b = [&] { return value(n.b); };
    const auto call = [&](const char* function) {
      return fmt::format("const V x{} = ln::{}({});", e, function, a());
    };
    // A comparison used as a number is rare: it becomes one where it is used (see IsTrue, select).
    switch (n.op) {
      case Op::add:
        return fmt::format("const V x{} = {} + {};", e, a(), b());
      case Op::subtract:
        return fmt::format("const V x{} = {} - {};", e, a(), b());
      case Op::multiply:
        return fmt::format("const V x{} = {} * {};", e, a(), b());
      case Op::divide:
        if (g_.is_constant(n.a, 1)) return fmt::format("const V x{} = ln::Reciprocal({});", e, b());
        return fmt::format("const V x{} = ln::Divide({}, {});", e, a(), b());
      case Op::negate:
        return call("Negate");
      case Op::exp:
        return call("Exp");
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
        return fmt::format("const V x{} = ln::Power({}, {});", e, a(), b());
      case Op::less:
        return fmt::format("const auto x{} = {} < {};", e, a(), b());
      case Op::less_equal:
        return fmt::format("const auto x{} = {} <= {};", e, a(), b());
      case Op::equal:
        return fmt::format("const auto x{} = {} == {};", e, a(), b());
      case Op::both:
        return fmt::format("const auto x{} = ln::Both({}, {});", e, mask(n.a), mask(n.b));
      case Op::either:
        return fmt::format("const auto x{} = ln::Either({}, {});", e, mask(n.a), mask(n.b));
      case Op::nay:
        return fmt::format("const auto x{} = ln::Nay({});", e, mask(n.a));
      case Op::select:
        return fmt::format("const V x{} = ln::Select({}, {}, {});", e, mask(n.a), value(n.b), value(n.c));
      case Op::constant:
      case Op::symbol:
        break;
    }
    return "";
  }

  const Mechanism& m_;
  const Graph& g_;
};

}  // namespace

KernelLayout layout_of(const Mechanism& m) {
  return {needed_for(m.graph, current_outputs(m)).fixed, needed_for(m.graph, advance_outputs(m)).fixed};
}

std::string generate_kernels(const Mechanism& m, const std::string& file_name, const std::string& entry) {
  const Writer writer(m);
  const auto ions = ion_arrays(m);
  const auto ion_row = [&](const std::string& name) {
    for (size_t i = 0; i < ions.size(); ++i)
      if (ions[i]->name == name) return i;
    return ions.size();
  };

  std::vector<std::string> current{
      fmt::format("ln::Store(ln::Load(k.rhs + node) - {}, k.rhs + node);", writer.value(m.total_current)),
      fmt::format("ln::Store(ln::Load(k.d + node) + {}, k.d + node);", writer.value(m.conductance))};
  if (m.currents.empty()) current.clear();
  for (const auto& c : m.currents) {
    if (!is_read(m, c)) continue;
    const auto row = ion_row("i" + c.ion);
    for (const auto& [array, value] : {std::pair{"ion", c.value}, {"ion_slope", c.slope}}) {
      current.push_back(fmt::format("ln::Store(ln::Load(k.{0}[{1}] + node) + {2}, k.{0}[{1}] + node);", array,
                                    row, writer.value(value)));
    }
  }
  std::vector<std::string> advance;
  for (size_t i = 0; i < m.stored.size(); ++i) {
    if (m.after_current[i] != m.symbol(m.stored[i]))
      current.push_back(fmt::format("ln::Store({}, s + {} * L);", writer.value(m.after_current[i]), i));
    if (m.advanced[i] != m.symbol(m.stored[i]))
      advance.push_back(fmt::format("ln::Store({}, s + {} * L);", writer.value(m.advanced[i]), i));
  }
  size_t written = 0;
  for (const auto& ion : m.ions) {
    if (!ion.written || ion.quantity == IonQuantity::current) continue;
    advance.push_back(fmt::format("ln::Store({}, k.ion[{}] + node);",
                                  writer.value(m.advanced_concentration[written++]), ion_row(ion.name)));
  }

  const std::string body = (current.empty() ? "" : Writer(m).kernel(m.name + "_current", current_outputs(m), current)) +
                           (advance.empty() ? "" : Writer(m).kernel(m.name + "_advance", advance_outputs(m), advance));
  const auto pointer = [&](bool there, const char* name, const char* type) {
    return there ? fmt::format("&{}_{}<{}>", m.name, name, type) : std::string("nullptr");
  };
  const auto set = [&](const char* type) {
    return fmt::format("{{ln::count<{0}>(), {1}, {2}}}", type, pointer(!current.empty(), "current", type),
                       pointer(!advance.empty(), "advance", type));
  };
  return fmt::format(
      "// Made from {0} by neurontwin's NMODL compiler.\n"
      "#undef HWY_TARGET_INCLUDE\n"
      "#define HWY_TARGET_INCLUDE \"{1}\"\n"
      "#include <hwy/foreach_target.h>\n"
      "#include \"mechanism/lanes-inl.hpp\"\n"
      "#include \"mechanism/kernel.hpp\"\n"
      "HWY_BEFORE_NAMESPACE();\n"
      "namespace neurontwin {{\n"
      "namespace HWY_NAMESPACE {{\n"
      "namespace {{\n"
      "{2}"
      "MechanismKernels {3}_here() {{ return {{{4}, {5}}}; }}\n"
      "}}  // namespace\n"
      "}}  // namespace HWY_NAMESPACE\n"
      "}}  // namespace neurontwin\n"
      "HWY_AFTER_NAMESPACE();\n"
      "#if HWY_ONCE\n"
      "namespace neurontwin {{\n"
      "HWY_EXPORT({3}_here);\n"
      "extern \"C\" void {3}(MechanismKernels* kernels) {{ *kernels = HWY_DYNAMIC_DISPATCH({3}_here)(); }}\n"
      "}}  // namespace neurontwin\n"
      "#endif\n",
      std::filesystem::path(m.path).filename().string(), file_name, body, entry, set("float"), set("double"));
}

}  // namespace neurontwin
