#include "simulate/event_program.hpp"

#include <algorithm>

#include "config/error.hpp"
#include "mechanism/generate.hpp"

namespace nt::simulate {
namespace {

SymbolSource source_of(const mechanism::Mechanism& m, const std::string& name) {
  using Kind = SymbolSource::Kind;
  if (name == "t") return {Kind::time};
  if (name == "v") return {Kind::voltage};
  if (name == mechanism::kEventFlag) return {Kind::flag};
  if (m.receiving && !m.receiving->arguments.empty() && name == m.receiving->arguments[0])
    return {Kind::weight};
  const auto stored = std::find(m.stored.begin(), m.stored.end(), name);
  if (stored != m.stored.end()) return {Kind::stored, static_cast<size_t>(stored - m.stored.begin())};
  const auto ions = mechanism::ion_arrays(m);
  for (size_t i = 0; i < ions.size(); ++i)
    if (ions[i]->name == name) return {Kind::ion, i};
  fail_input("{}: '{}' cannot be used in NET_RECEIVE here", m.path, name);
}

std::vector<mechanism::Expr> receive_outputs(const mechanism::Mechanism& m) {
  auto all = m.receiving->stored;
  if (m.receiving->v >= 0) all.push_back(m.receiving->v);
  for (const auto& send : m.receiving->sends) all.insert(all.end(), {send.when, send.time, send.flag});
  for (const auto& outside : m.receiving->outside) all.push_back(outside.when);
  return all;
}

}  // namespace

InstanceTape::InstanceTape(const mechanism::Mechanism& m, const std::vector<mechanism::Expr>& outputs)
    : tape(m.graph, outputs, m.path) {
  for (const mechanism::Expr e : tape.symbols()) sources.push_back(source_of(m, m.graph.name(e)));
}

void InstanceTape::add(const std::function<double(mechanism::Expr)>& evaluate) {
  for (const mechanism::Expr e : tape.fixed()) fixed.push_back(evaluate(e));
}

EventProgram::EventProgram(const mechanism::Mechanism& m)
    : receive(m, receive_outputs(m)), sets_v(m.receiving->v >= 0) {
  for (const auto& send : m.receiving->sends) moves.push_back(send.move);
  for (const auto& place : m.receiving->outside) outside.push_back(place.words);
  if (m.receiving->watches.empty()) return;
  std::vector<mechanism::Expr> outputs;
  for (const auto& w : m.receiving->watches) {
    outputs.insert(outputs.end(), {w.value, w.flag});
    watch_states.push_back(
        static_cast<size_t>(std::find(m.stored.begin(), m.stored.end(), w.state) - m.stored.begin()));
  }
  watch.emplace(m, outputs);
}

std::optional<std::vector<mechanism::Expr>> additive_effects(const mechanism::Mechanism& m,
                                                             mechanism::Graph& graph) {
  std::vector<mechanism::Expr> effects;
  if (!m.receiving->sends.empty() || !m.receiving->watches.empty() || m.receiving->v >= 0 ||
      !m.receiving->outside.empty())
    return {};
  if (m.receiving->arguments.empty() || m.receiving->keeps_weight || !m.initial_sends.empty()) return {};
  const mechanism::Expr weight = m.symbol(m.receiving->arguments.at(0));
  for (size_t s = 0; s < m.stored.size(); ++s) {
    const mechanism::Expr change = graph.subtract(m.receiving->stored[s], m.symbol(m.stored[s]));
    effects.push_back(graph.derivative(change, weight));
    if (graph.node(effects.back()).varying ||
        !graph.is_constant(graph.substitute(change, {{weight, graph.constant(0)}}), 0))
      return {};
  }
  return effects;
}

}  // namespace nt::simulate
