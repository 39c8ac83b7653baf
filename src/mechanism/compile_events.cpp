#include <algorithm>
#include <utility>

#include "mechanism/detail/compiler.hpp"

// NET_RECEIVE and the events that a mechanism sends to itself. An instance has one stream of events; what
// NET_RECEIVE keeps of it (its arguments after the weight, the WATCHes that are on) are stored variables.
namespace nt::mechanism {
namespace {

std::string argument_symbol(const std::string& name) {
  return name + " of the event";
}
std::string stream_variable(const std::string& name) {
  return name + " of the stream";
}
std::string watch_variable(size_t number) {
  return "watch " + std::to_string(number);
}

template <class Visit>
void for_each_statement(const std::vector<Statement>& statements, const Visit& visit) {
  for (const auto& s : statements) {
    visit(s);
    for_each_statement(s.then, visit);
    for_each_statement(s.otherwise, visit);
  }
}

bool is_assigned(const Block& block, const std::string& name) {
  bool found = false;
  for_each_statement(
      block.body, [&](const Statement& s) { found |= s.kind == Statement::Kind::assign && s.name == name; });
  return found;
}

}  // namespace

void Compiler::declare_streams() {
  const auto* block = file_.block("NET_RECEIVE");
  if (!block) return;
  const auto store = [&](const std::string& name) {
    varying_[name] = m_.graph.symbol(name, true);
    m_.stored.push_back(name);
    stored_names_.push_back(name);
  };
  for (size_t i = 0; i < block->arguments.size(); ++i) {
    const auto& name = block->arguments[i];
    // An argument of that name is, as in NEURON, the event's flag; the weight then has none.
    if (name == "flag") continue;
    if (i > 0 || is_assigned(*block, name)) store(stream_variable(name));
  }
  for_each_statement(block->body, [&](const Statement& s) {
    if (s.kind == Statement::Kind::watch) watch_numbers_.emplace(s.number, watch_numbers_.size());
  });
  for (size_t k = 0; k < watch_numbers_.size(); ++k) store(watch_variable(k));
}

void Compiler::start_streams() {
  auto& g = m_.graph;
  const auto* block = file_.block("NET_RECEIVE");
  if (!block) return;
  auto& frame = locals_.back();
  for (size_t i = 0; i < block->arguments.size(); ++i)
    frame[block->arguments[i]] =
        i == 0 ? g.symbol(argument_symbol(block->arguments[0]), true) : g.constant(0);
  for (const auto& s : block->body)
    if (s.kind == Statement::Kind::initial) execute(s.then, 0);
  left_ = Left::no;
  for (const auto& name : block->arguments)
    if (varying_.contains(stream_variable(name))) values_[stream_variable(name)] = frame[name];
  for (size_t k = 0; k < watch_numbers_.size(); ++k) values_[watch_variable(k)] = g.constant(0);
}

void Compiler::receive() {
  auto& g = m_.graph;
  const auto* block = file_.block("NET_RECEIVE");
  if (!block) return;
  begin("NET_RECEIVE");
  auto& frame = locals_.back();
  Mechanism::Receiving receiving;
  for (const auto& name : block->arguments) {
    const auto stream = varying_.find(stream_variable(name));
    const bool kept = stream != varying_.end();
    frame[name] = kept ? stream->second : g.symbol(argument_symbol(name), true);
    receiving.arguments.push_back(argument_symbol(name));
    receiving.keeps_weight |= kept && receiving.arguments.size() == 1;
  }
  frame["flag"] = g.symbol(kEventFlag, true);
  watches_.assign(watch_numbers_.size(), {g.constant(0), -1, -1});
  outside_.clear();
  execute(block->body, 0);
  left_ = Left::no;
  for (const auto& name : block->arguments)
    if (varying_.contains(stream_variable(name))) values_[stream_variable(name)] = frame[name];
  // The first WATCH that an event comes to switches off those of earlier events.
  Expr any = g.constant(0);
  for (const auto& watch : watches_) any = g.binary(Op::either, any, watch.when);
  for (size_t k = 0; k < watches_.size(); ++k) {
    const auto& [when, value, flag] = watches_[k];
    if (value < 0) refuse(block->line, "no event reaches this WATCH in NET_RECEIVE; leave it out");
    const auto name = watch_variable(k);
    const Expr on = g.select(g.binary(Op::less, value, g.constant(0)), g.constant(1), g.constant(2));
    values_[name] = g.select(when, on, g.select(any, g.constant(0), varying_.at(name)));
    if (g.any_draws({value, flag}))
      refuse(block->line, "a WATCH on a random number cannot be compiled here; draw it when an event comes");
    receiving.watches.push_back({name, value, flag});
  }
  if (const auto v = values_.find("v"); v != values_.end()) receiving.v = v->second;
  for (const auto& ion : m_.ions)
    if (values_.contains(ion.name))
      refuse(block->line, fmt::format("NET_RECEIVE sets {}, which cannot be simulated here; set it in "
                                      "BREAKPOINT from a variable of the mechanism",
                                      ion.name));
  receiving.stored = final_values();
  if (!block->units.empty()) receiving.weight_unit = block->units[0];
  receiving.sends = sends();
  receiving.spikes = std::exchange(spikes_, {});
  receiving.outside = std::exchange(outside_, {});
  m_.receiving = receiving;
}

std::vector<Mechanism::Send> Compiler::sends() {
  return std::exchange(sends_, {});
}

bool Compiler::event_call(const Statement& s, int depth) {
  if (s.name == "net_event" || s.name == "net_send" || s.name == "net_move") refuse_in_loop(s.line, s.name);
  if (s.name == "net_event") {
    if (!m_.artificial_cell) {
      note(s.line, "net_event does nothing here: events that a mechanism sends have no receiver");
      return true;
    }
    if (block_ != "NET_RECEIVE") refuse(s.line, "net_event belongs into NET_RECEIVE");
    if (s.terms.size() != 1) refuse(s.line, "net_event expects a time");
    spikes_.push_back({path_, value(s.terms[0], depth)});
    return true;
  }
  if (s.name != "net_send" && s.name != "net_move") return false;
  const bool move = s.name == "net_move";
  if (block_ != "NET_RECEIVE" && block_ != "INITIAL")
    refuse(s.line, fmt::format("{} belongs into NET_RECEIVE or INITIAL", s.name));
  if (s.terms.size() != (move ? 1u : 2u))
    refuse(s.line, move ? "net_move expects a time" : "net_send expects a delay and a flag");
  const Expr time = value(s.terms[0], depth);
  const Expr flag = move ? m_.graph.constant(0) : value(s.terms[1], depth);
  sends_.push_back({path_, time, flag, move});
  return true;
}

void Compiler::receive_statement(const Statement& s, int depth) {
  if (block_ == "INITIAL" || s.kind == Statement::Kind::initial) {
    if (s.kind == Statement::Kind::initial && file_.block("NET_RECEIVE")) return;  // has its own moment
    refuse(s.line, "WATCH and a block INITIAL inside another belong into NET_RECEIVE");
  }
  const auto number = watch_numbers_.find(s.number);
  if (block_ != "NET_RECEIVE" || number == watch_numbers_.end())
    refuse(s.line, "WATCH belongs into NET_RECEIVE");
  auto& g = m_.graph;
  const auto& condition = s.terms[0];
  const bool above = condition.text == ">" || condition.text == ">=",
             below = condition.text == "<" || condition.text == "<=";
  if (condition.kind != Term::Kind::binary || (!above && !below))
    refuse(s.line, "WATCH expects (a > b) or (a < b)");
  // NEURON evaluates the condition at each step with the variables of then.
  const auto values = std::exchange(values_, {});
  watching_ = true;
  const Expr left = value(condition.parts[0], depth), right = value(condition.parts[1], depth);
  watching_ = false;
  values_ = values;
  watches_[number->second] = {path_, above ? g.subtract(left, right) : g.subtract(right, left),
                              value(s.terms[1], depth)};
}

}  // namespace nt::mechanism
