#include <algorithm>

#include "front_door/models.hpp"
#include "network/activity.hpp"
#include "run/network_run.hpp"

namespace neurontwin {

struct Network::State {
  nt::network::Network network;
  Watcher watcher;

  size_t population(const std::string& name) const {
    return nt::network::population_named(network.spec().populations, name, "the network");
  }
};

namespace {

/// The options with what 0 threads stands for.
NetworkOptions with_threads(NetworkOptions options) {
  if (options.threads == 0 && options.ranks) options.threads = options.ranks->threads();
  options.threads = threads_or_cores(options.threads);
  return options;
}

std::shared_ptr<const nt::ranks::Ranks> ranks_of(const NetworkOptions& options) {
  return options.ranks ? options.ranks->model()->ranks : nt::ranks::alone();
}

void require_good(const NetworkOptions& options) {
  if (options.ms < 0 || options.ms > 100'000'000)
    nt::fail_input("ms is {}, expected from 1 to 100000000", options.ms);
}

}  // namespace

Network::Network(const NetworkOptions& options) {
  require_good(options);
  auto asked = nt::run::read_network(with_threads(options));
  state_ = std::make_unique<State>(
      State{nt::network::Network(std::move(asked.spec), nt::twin::on_threads(asked.threads), asked.device),
            options.watcher});
}
Network::~Network() = default;
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;

std::vector<std::string> Network::populations() const {
  std::vector<std::string> names;
  for (const auto& p : state_->network.spec().populations) names.push_back(p.name);
  return names;
}

int64_t Network::neurons(const std::string& population) const {
  return state_->network.spec().populations[state_->population(population)].neurons;
}

int64_t Network::contacts() const {
  return static_cast<int64_t>(state_->network.wiring().connections);
}

int64_t Network::now_ms() const {
  return state_->network.now_ms();
}

void Network::advance(int64_t ms) {
  if (ms < 0 || ms > 100'000'000) nt::fail_input("ms is {}, expected from 0 to 100000000", ms);
  for (int64_t t = 0; t < ms; ++t) {
    state_->watcher.stop_here_if_asked("running the network");
    state_->network.advance();
    state_->watcher.tell(
        {"running the network", static_cast<double>(t + 1), static_cast<double>(ms), "ms", ""});
  }
}

PopulationSpikes Network::spikes(const std::string& population) const {
  const auto& spikes = state_->network.record(state_->population(population)).spikes;
  return {spikes.time_ms, spikes.neuron};
}

std::vector<float> Network::soma_mV(const std::string& population) const {
  return state_->network.record(state_->population(population)).soma_mV;
}

std::vector<PopulationActivity> Network::activity() const {
  std::vector<PopulationActivity> all;
  for (const auto& a : nt::network::activity_of(state_->network)) all.push_back(nt::run::activity_value(a));
  return all;
}

std::string Network::state() const {
  return state_->network.state();
}

void Network::set_state(const std::string& state) {
  state_->network.set_state(state);
}

std::string network_plan(const NetworkOptions& options) {
  require_good(options);
  return nt::run::network_plan(with_threads(options));
}

NetworkRun run_network(const NetworkOptions& options) {
  require_good(options);
  return nt::run::run_network(with_threads(options), ranks_of(options));
}

std::vector<NetworkCourse> compare_network(const NetworkOptions& options, double perturbation_mV) {
  require_good(options);
  return nt::run::compare_network(with_threads(options), perturbation_mV, ranks_of(options));
}

}  // namespace neurontwin
