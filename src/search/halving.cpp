#include "search/halving.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

namespace nt::search {
namespace {

constexpr double kFallOfRate = 1.0 / 30;  // over a rung

int64_t power(int64_t base, int64_t exponent) {
  int64_t p = 1;
  for (int64_t i = 0; i < exponent; ++i) p *= base;
  return p;
}

/// The trials that finished `rung`, in the order in which they deserve to go on; failed ones left out.
std::vector<size_t> in_order_of_merit(std::span<const TrialState> trials, size_t rung) {
  std::map<int64_t, std::vector<size_t>> of_class;
  for (size_t i = 0; i < trials.size(); ++i) {
    if (trials[i].scores.size() > rung && !std::isnan(trials[i].scores[rung]))
      of_class[trials[i].size_class].push_back(i);
  }
  const auto better = [&](size_t a, size_t b) {
    return std::tuple(-trials[a].scores[rung], a) < std::tuple(-trials[b].scores[rung], b);
  };
  std::vector<std::pair<size_t, size_t>> ranked;  // place in the class, trial
  for (auto& [size_class, members] : of_class) {
    std::sort(members.begin(), members.end(), better);
    for (size_t place = 0; place < members.size(); ++place) ranked.emplace_back(place, members[place]);
  }
  std::sort(ranked.begin(), ranked.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : better(a.second, b.second);
  });
  std::vector<size_t> order;
  for (const auto& [place, trial] : ranked) order.push_back(trial);
  return order;
}

/// The best score among sizes up to each: size -> score, both rising.
using Front = std::map<double, double>;

double at_size(const Front& front, double size) {
  const auto above = front.upper_bound(size);
  return above == front.begin() ? -INFINITY : std::prev(above)->second;
}

void add(Front& front, const Outcome& outcome) {
  if (at_size(front, outcome.size) >= outcome.score) return;
  auto& score = front[outcome.size];
  score = outcome.score;
  for (auto it = front.upper_bound(outcome.size); it != front.end() && it->second <= score;)
    it = front.erase(it);
}

}  // namespace

int64_t Halving::epochs_at(int64_t rung) const {
  return first_rung_epochs * power(eta, rung);
}

int64_t Halving::epochs_of(int64_t rung) const {
  return epochs_at(rung) - (rung > 0 ? epochs_at(rung - 1) : 0);
}

Halving read_halving(const config::Settings& settings) {
  Halving h;
  h.eta = settings.integer("eta", h.eta, {2, 10});
  h.rungs = settings.integer("rungs", h.rungs, {1, 10});
  h.first_rung_epochs = settings.integer("first_rung_epochs", h.first_rung_epochs, {2, 1000});
  h.steps_per_epoch = settings.integer("steps_per_epoch", h.steps_per_epoch, {1, 1e9});
  h.epoch_valid_trials = settings.integer("epoch_valid_trials", h.epoch_valid_trials, {0, 1e9});
  return h;
}

train::TrainSpec training_of(const Configuration& c, const Halving& h, int64_t rung, train::TrainSpec rest) {
  rest.epochs = h.epochs_at(rung);
  rest.steps_per_epoch = h.steps_per_epoch;
  rest.starts_with_trials = 0;
  rest.valid_trials = h.epoch_valid_trials;
  rest.schedule.clear();
  for (int64_t r = 0, epoch = 0; r < h.rungs; ++r) {
    const int64_t count = h.epochs_of(r);
    for (int64_t i = 0; i < count; ++i, ++epoch) {
      const double share = static_cast<double>(i) / static_cast<double>(count - 1);
      rest.schedule.push_back(
          {.from_epoch = epoch,
           .learning_rate = c.learning_rate * std::pow(kFallOfRate, share),
           .weights = {{"spike", c.spike_weight}, {"soma", c.soma_weight}, {"dendrites", c.dendrite_weight}},
           .freeze_norm = 2 * i >= count});
    }
  }
  return rest;
}

std::optional<int64_t> due_trial(std::span<const TrialState> trials, const Halving& halving) {
  for (int64_t rung = halving.rungs - 2; rung >= 0; --rung) {
    const auto r = static_cast<size_t>(rung);
    const auto finished =
        std::count_if(trials.begin(), trials.end(), [&](const TrialState& t) { return t.scores.size() > r; });
    const auto worthy = static_cast<size_t>(finished / halving.eta);
    const auto order = in_order_of_merit(trials, r);
    for (size_t i = 0; i < std::min(worthy, order.size()); ++i) {
      if (trials[order[i]].begun == rung + 1) return static_cast<int64_t>(order[i]);
    }
  }
  return std::nullopt;
}

std::vector<size_t> front_of(std::span<const Outcome> outcomes) {
  std::vector<size_t> order(outcomes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::erase_if(order, [&](size_t i) { return std::isnan(outcomes[i].score); });
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::tuple(outcomes[a].size, -outcomes[a].score, a) <
           std::tuple(outcomes[b].size, -outcomes[b].score, b);
  });
  std::vector<size_t> front;
  for (const auto i : order) {
    if (front.empty() || outcomes[i].score > outcomes[front.back()].score) front.push_back(i);
  }
  return front;
}

std::vector<size_t> best_of_every_size(std::span<const Outcome> outcomes) {
  std::map<double, size_t> best;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (std::isnan(outcomes[i].score)) continue;
    const auto [at, is_new] = best.try_emplace(outcomes[i].size, i);
    if (!is_new && outcomes[i].score > outcomes[at->second].score) at->second = i;
  }
  std::vector<size_t> all;
  for (const auto& [size, i] : best) all.push_back(i);
  return all;
}

std::vector<size_t> contenders(std::span<const Outcome> outcomes, Size measure) {
  return measure == Size::depth ? best_of_every_size(outcomes) : front_of(outcomes);
}

int64_t quiet_outcomes(std::span<const Outcome> outcomes, double epsilon) {
  Front now, at_last_move;
  int64_t quiet = 0;
  for (const auto& outcome : outcomes) {
    ++quiet;
    if (std::isnan(outcome.score)) continue;
    add(now, outcome);
    const bool moved = std::any_of(now.begin(), now.end(), [&](const auto& point) {
      return point.second > at_size(at_last_move, point.first) + epsilon;
    });
    if (!moved) continue;
    at_last_move = now;
    quiet = 0;
  }
  return quiet;
}

}  // namespace nt::search
