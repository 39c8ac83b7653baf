#include "stimulus/artificial_cell.hpp"

#include <algorithm>
#include <queue>
#include <tuple>

#include "config/error.hpp"

namespace nt::stimulus {
namespace {

/// Where the tape's symbols come from: 0 and above is the number of a stored variable.
constexpr int kTime = -1, kWeight = -2, kFlag = -3;

/// Events of one instance in one trial: more are a loop without end.
constexpr int kMostEvents = 1'000'000;

std::vector<mechanism::Expr> receive_outputs(const mechanism::Mechanism& m) {
  auto all = m.receiving->stored;
  for (const auto& send : m.receiving->sends) all.insert(all.end(), {send.when, send.time, send.flag});
  for (const auto& spike : m.receiving->spikes) all.insert(all.end(), {spike.when, spike.time});
  return all;
}

void require_possible(const mechanism::Mechanism& m) {
  if (!m.artificial_cell)
    fail_input("{}: {} is no ARTIFICIAL_CELL; a mechanism of a membrane belongs into the cell's description",
               m.path, m.name);
  if (!m.receiving || m.receiving->spikes.empty())
    fail_input("{}: gives no spikes: its NET_RECEIVE never calls net_event", m.path);
  if (!m.receiving->watches.empty())
    fail_input("{}: WATCH in an ARTIFICIAL_CELL cannot be simulated here", m.path);
  for (size_t i = 0; i < m.stored.size(); ++i)
    if (m.advanced[i] != m.symbol(m.stored[i]) || m.after_current[i] != m.symbol(m.stored[i]))
      fail_input("{}: '{}' changes between events; an ARTIFICIAL_CELL changes at events alone", m.path,
                 m.stored[i]);
}

int source_of(const mechanism::Mechanism& m, const std::string& symbol) {
  if (symbol == "t") return kTime;
  if (symbol == mechanism::kEventFlag) return kFlag;
  const auto& arguments = m.receiving->arguments;
  const auto stored = std::find(m.stored.begin(), m.stored.end(), symbol);
  if (stored != m.stored.end()) return static_cast<int>(stored - m.stored.begin());
  if (!arguments.empty() && symbol == arguments[0]) return kWeight;
  fail_input("{}: '{}' is of a membrane, which an ARTIFICIAL_CELL has not", m.path, symbol);
}

}  // namespace

ArtificialCell::ArtificialCell(const std::filesystem::path& mod_file,
                               const std::function<double(const mechanism::Parameter&)>& parameter)
    : mechanism_(mechanism::compile_mechanism(mod_file)) {
  const auto& m = mechanism_;
  require_possible(m);
  const auto set = [&](const std::string& name, double value) {
    if (const mechanism::Expr e = m.symbol(name); e >= 0) known_[e] = value;
  };
  // What NEURON has for them before a script says otherwise.
  set("dt", 0.025);
  set("celsius", 6.3);
  for (const auto* name : {"v", "t", mechanism::kEventFlag}) set(name, 0);
  for (const auto* name : {"diam", "area", mechanism::kAreaScale}) set(name, 1);
  for (const auto& ion : m.ions) set(ion.name, 0);
  for (const auto& p : m.parameters) set(p.name, parameter(p));
  for (const auto& name : m.stored) set(name, 0);
  for (const auto& name : m.receiving->arguments) set(name, 0);
  receive_.emplace(m.graph, receive_outputs(m), m.path);
  for (const mechanism::Expr e : receive_->fixed()) fixed_.push_back(m.graph.evaluate(e, known_));
  for (const mechanism::Expr e : receive_->symbols()) sources_.push_back(source_of(m, m.graph.name(e)));
}

/// One instance at work.
struct ArtificialCell::Instance {
  struct Event {
    double time_ms, weight, flag;
    bool own;
    int number;  // in the order in which they were sent
  };
  const ArtificialCell& cell;
  const random::DrawStream& stream;
  double duration_ms;
  std::vector<double> stored;
  std::vector<Event> events;  // a heap, the first to come on top
  std::vector<double> spikes_ms, symbols, outputs, memory;
  int sent = 0;

  static bool comes_later(const Event& a, const Event& b) {
    return std::tuple(a.time_ms, a.own, a.number) > std::tuple(b.time_ms, b.own, b.number);
  }
  void send(Event event) {
    if (++sent > kMostEvents)
      fail_input("{}: more than {} events in {} ms: it sends itself events without end", cell.mechanism_.path,
                 kMostEvents, duration_ms);
    event.number = sent;
    events.push_back(event);
    std::push_heap(events.begin(), events.end(), comes_later);
  }

  void start() {
    const auto& m = cell.mechanism_;
    const auto evaluate = [&](mechanism::Expr e) { return m.graph.evaluate(e, cell.known_, stream); };
    for (const mechanism::Expr e : m.initial) stored.push_back(evaluate(e));
    for (const auto& own : m.initial_sends)
      if (evaluate(own.when) != 0) send({evaluate(own.time), 0, evaluate(own.flag), true, 0});
  }

  void receive(const Event& event) {
    const auto& receiving = *cell.mechanism_.receiving;
    symbols.clear();
    for (const int source : cell.sources_)
      symbols.push_back(source == kTime     ? event.time_ms
                        : source == kWeight ? event.weight
                        : source == kFlag   ? event.flag
                                            : stored[static_cast<size_t>(source)]);
    outputs.resize(stored.size() + 3 * receiving.sends.size() + 2 * receiving.spikes.size());
    cell.receive_->run(cell.fixed_.data(), symbols.data(), memory, outputs.data(), stream);
    std::copy_n(outputs.begin(), stored.size(), stored.begin());
    const double* out = outputs.data() + stored.size();
    for (const auto& own : receiving.sends) {
      if (out[0] != 0 && own.move) move(event, out[1]);
      if (out[0] != 0 && !own.move) send({event.time_ms + out[1], event.weight, out[2], true, 0});
      out += 3;
    }
    for (size_t k = 0; k < receiving.spikes.size(); ++k, out += 2)
      if (out[0] != 0 && out[1] >= 0 && out[1] < duration_ms) spikes_ms.push_back(out[1]);
  }

  /// The last event that it has sent to itself gets another time.
  void move(const Event& now, double time_ms) {
    Event* last = nullptr;
    for (auto& event : events)
      if (event.own && (!last || event.number > last->number)) last = &event;
    if (!last)
      fail_input("{}: net_move at {} ms, but no event that it has sent to itself is on its way",
                 cell.mechanism_.path, now.time_ms);
    last->time_ms = time_ms;
    std::make_heap(events.begin(), events.end(), comes_later);
  }
};

std::vector<double> ArtificialCell::spikes_ms(double duration_ms, std::span<const OutsideEvent> events,
                                              const random::DrawStream& stream) const {
  Instance instance{*this, stream, duration_ms, {}, {}, {}, {}, {}, {}};
  instance.start();
  for (const auto& event : events) instance.send({event.time_ms, event.weight, 0, false, 0});
  while (!instance.events.empty() && instance.events.front().time_ms < duration_ms) {
    std::pop_heap(instance.events.begin(), instance.events.end(), Instance::comes_later);
    const auto event = instance.events.back();
    instance.events.pop_back();
    instance.receive(event);
  }
  std::ranges::sort(instance.spikes_ms);
  return std::move(instance.spikes_ms);
}

}  // namespace nt::stimulus
