#include "mechanism/generate.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "config/error.hpp"
#include "mechanism/detail/kernel_writer.hpp"
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

/// Letters, digits and underscores, no digit first: what may stand in code.
bool is_identifier(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9');
  });
}

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
  using Store = KernelWriter::Store;

  size_t written_row(const std::string& name) const {
    for (size_t i = 0; i < ions_.size(); ++i)
      if (ions_[i]->name == name && ions_[i]->written) return i;
    return ions_.size();
  }
  static Store store(Expr e, const std::string& array, const char* sign) {
    return [=](const KernelWriter& w) {
      const auto at = w.at_node(array);
      return *sign ? fmt::format("ln::Store(ln::Load({0}) {1} {2}, {0});", at, sign, w.value(e))
                   : fmt::format("ln::Store({1}, {0});", at, w.value(e));
    };
  }
  static Store keep(Expr e, size_t i) {
    return [=](const KernelWriter& w) { return fmt::format("ln::Store({}, {});", w.value(e), w.stored(i)); };
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
  KernelWriter writer_;
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

std::string kernels_start(const std::string& file_name) {
  return fmt::format(
      "// Made by neurontwin's NMODL compiler.\n"
      "#undef HWY_TARGET_INCLUDE\n"
      "#define HWY_TARGET_INCLUDE \"{}\"\n"
      "#include <hwy/foreach_target.h>\n"
      "#include \"mechanism/lanes-inl.hpp\"\n"
      "#include \"mechanism/kernel.hpp\"\n",
      file_name);
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
      "{0}"
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
      kernels_start(file_name), text.code, entry, in_float, in_double);
}

}  // namespace nt::mechanism
