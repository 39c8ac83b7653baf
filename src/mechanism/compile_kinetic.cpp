#include <algorithm>

#include "mechanism/detail/compiler.hpp"

namespace nt::mechanism {

void Compiler::kinetic_statement(const Statement& s, int depth) {
  const bool in_place = solving_ && solving_->kind == Solving::Kind::reactions && locals_.size() == 1;
  if (s.kind == Statement::Kind::reaction) {
    if (!in_place) refuse(s.line, "a reaction outside of a KINETIC block");
    return react(s, depth);
  }
  const auto* word = s.kind == Statement::Kind::conserve      ? "CONSERVE"
                     : s.kind == Statement::Kind::compartment ? "COMPARTMENT"
                                                              : "LONGITUDINAL_DIFFUSION";
  if (!in_place || solving_->branches > 0)
    refuse(s.line, fmt::format("{} belongs into a KINETIC block, not under IF", word));
  if (s.kind == Statement::Kind::conserve) return conserve(s, depth);
  if (s.kind == Statement::Kind::compartment) return compartment(s, depth);
  diffusion(s, depth);
}

void Compiler::add_sums(const Solving& solving, const std::vector<std::string>& names, StateSystem& system) {
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

void Compiler::conserve(const Statement& s, int depth) {
  auto& g = m_.graph;
  std::vector<std::string> members;
  Expr sum = g.constant(0);
  for (const auto& [count, name] : states_of(s.left, s.line, depth, /*only_states=*/true)) {
    members.push_back(name);
    Expr share = g.multiply(g.constant(count), varying_.at(name));
    if (const auto volume = solving_->volumes.find(name); volume != solving_->volumes.end())
      share = g.multiply(volume->second, share);
    sum = g.add(sum, share);
  }
  solving_->sums.push_back({members, g.subtract(sum, value(s.terms[0], depth))});
}

std::vector<std::pair<std::string, Expr>> Compiler::geometry_of(const Statement& s, int depth) {
  std::vector<std::pair<std::string, Expr>> all;
  for (const auto& name : s.names) {
    const int n = elements_of(name);
    if (n == 0) {
      if (states_.contains(name)) all.emplace_back(name, value(s.terms[0], depth));
      continue;  // NEURON lets it name what is no state of the block
    }
    const auto locals = locals_.back();
    for (int i = 0; i < n; ++i) {
      if (!s.name.empty()) locals_.back()[s.name] = m_.graph.constant(i);
      all.emplace_back(nmodl::element_name(name, i), value(s.terms[0], depth));
    }
    locals_.back() = locals;
  }
  return all;
}

void Compiler::compartment(const Statement& s, int depth) {
  for (const auto& [name, volume] : geometry_of(s, depth)) solving_->volumes[name] = volume;
}

void Compiler::diffusion(const Statement& s, int depth) {
  for (const auto& [name, constant] : geometry_of(s, depth))
    solving_->diffusing.emplace_back(name, constant, s.line);
}

void Compiler::take_diffusion(const Solving& solving) {
  if (block_ != "SOLVE") return;  // the steady state at the start is each compartment's own
  for (const auto& [name, constant, line] : solving.diffusing) {
    const auto volume = solving.volumes.find(name);
    if (volume == solving.volumes.end())
      refuse(line, fmt::format("LONGITUDINAL_DIFFUSION of {} without its COMPARTMENT", name));
    m_.diffusing.push_back({name, constant, volume->second});
    diffusion_line_ = line;
  }
}

void Compiler::fix_diffusion() {
  auto& g = m_.graph;
  std::map<Expr, Expr> at_start;  // what INITIAL alone sets
  for (size_t i = 0; i < m_.stored.size() && !m_.diffusing.empty(); ++i) {
    const Expr own = g.find(m_.stored[i]);
    if (m_.advanced[i] == own && m_.after_current[i] == own && !m_.receiving) at_start[own] = m_.initial[i];
  }
  for (auto& of : m_.diffusing)
    for (auto* e : {&of.constant, &of.volume}) {
      *e = g.substitute(*e, at_start);
      if (g.node(*e).varying)
        refuse(
            diffusion_line_,
            fmt::format("LONGITUDINAL_DIFFUSION of {}: its {} changes during a simulation, which cannot be "
                        "compiled here; compute it from parameters and diam, in INITIAL alone",
                        of.state, e == &of.constant ? "constant" : "COMPARTMENT"));
    }
}

Compiler::Side Compiler::states_of(const std::vector<nmodl::Reactant>& side, int line, int depth,
                                   bool only_states) {
  Side all;
  for (const auto& [count, state] : side) {
    auto name = state.name;
    if (state.index) {
      const auto chosen = element(name, value(*state.index, depth), line);
      if (!chosen)
        refuse(line,
               fmt::format("'{}[...]' in a reaction: the index has to be known when the file is compiled",
                           name));
      name = *chosen;
    }
    if (only_states && !states_.contains(name)) refuse(line, fmt::format("'{}' is not a STATE", name));
    all.emplace_back(count, name);
  }
  return all;
}

void Compiler::react(const Statement& s, int depth) {
  const bool source = s.name == "<<";
  const auto left = states_of(s.left, s.line, depth, source),
             right = states_of(s.right, s.line, depth, /*only_states=*/false);
  const Expr forward = value(s.terms[0], depth);
  if (source) return change(left, forward);
  Expr flux = flow(forward, left, right, s.line), back = m_.graph.constant(0);
  if (s.name == "<->") back = flow(value(s.terms[1], depth), right, left, s.line);
  values_["f_flux"] = flux;  // of the last reaction
  values_["b_flux"] = back;
}

void Compiler::change(const Side& side, Expr flux) {
  auto& g = m_.graph;
  for (const auto& [count, name] : side) {
    if (!states_.contains(name)) continue;  // of a concentration that the scheme does not change
    auto& d = solving_->derivatives.try_emplace(name, g.constant(0)).first->second;
    d = g.add(d, g.multiply(g.constant(count), flux));
  }
}

Expr Compiler::flow(Expr rate, const Side& from, const Side& to, int line) {
  auto& g = m_.graph;
  double molecules = 0;
  bool any_state = false;
  Expr flux = rate;
  for (const auto& [count, name] : from) {
    const bool is_state = states_.contains(name);
    const Expr amount = is_state ? varying_.at(name) : read(name, line);
    flux = g.multiply(flux, g.binary(Op::pow, amount, g.constant(count)));
    molecules += count;
    any_state |= is_state;
  }
  change(from, g.unary(Op::negate, flux));
  change(to, flux);
  if (!any_state) return flux;
  solving_->higher_order |= molecules > 1;
  if (molecules != 1) return flux;  // then all derivatives are taken
  const auto& source = from[0].second;
  for (const auto& [side, sign] : {std::pair(&from, -1.0), {&to, 1.0}})
    for (const auto& [count, name] : *side) {
      if (!states_.contains(name)) continue;
      auto& slope = solving_->slopes.try_emplace({name, source}, g.constant(0)).first->second;
      slope = g.add(slope, g.multiply(g.constant(sign * count), rate));
    }
  return flux;
}

void Compiler::divide_by_volumes(Solving& solving) {
  auto& g = m_.graph;
  for (const auto& [name, volume] : solving.volumes) {
    if (const auto it = solving.derivatives.find(name); it != solving.derivatives.end())
      it->second = g.divide(it->second, volume);
    for (auto& [pair, slope] : solving.slopes)
      if (pair.first == name) slope = g.divide(slope, volume);
  }
}

}  // namespace nt::mechanism
