#include "train/checkpoint.hpp"

#include <algorithm>

#include "train/checkpoint_file.hpp"
#include "twin/saved_twin.hpp"

namespace nt::train {
namespace {

constexpr auto kFirstMoment = "first_moment", kSecondMoment = "second_moment", kAverage = "weight_average";

/// Those of the network, two moments of each trained number, and the average of all.
std::vector<files::NamedShape> arrays_of(const twin::Twin& twin, bool averaged) {
  std::vector<files::NamedShape> all;
  for (const auto& array : twin.layout().arrays()) all.push_back(array.array);
  for (const auto* moment : {kFirstMoment, kSecondMoment}) all.push_back({moment, {twin.layout().trained()}});
  if (averaged) all.push_back({kAverage, {std::ssize(twin.numbers)}});
  return all;
}

}  // namespace

std::string checkpoint_bytes(const twin::Twin& twin, const Nadam& optimiser, const WeightAverage& average,
                             TrainState state) {
  state.optimiser_steps = optimiser.steps;
  state.momentum_product = optimiser.momentum_product;
  auto arrays = twin::named_arrays(twin.layout(), twin.numbers);
  arrays.push_back({{kFirstMoment, {twin.layout().trained()}}, optimiser.first_moment});
  arrays.push_back({{kSecondMoment, {twin.layout().trained()}}, optimiser.second_moment});
  if (average.is_kept()) arrays.push_back({{kAverage, {std::ssize(twin.numbers)}}, average.numbers()});
  return checkpoint_file_bytes(state, arrays);
}

std::optional<TrainState> load_checkpoint(const std::filesystem::path& file, const std::string& identity,
                                          int64_t most_epochs, twin::Twin& twin, Nadam* optimiser,
                                          WeightAverage* average) {
  if (!std::filesystem::exists(file)) return {};
  std::optional<StoredCheckpoint> stored;
  try {
    stored = read_checkpoint_file(file, identity, most_epochs,
                                  arrays_of(twin, average != nullptr && average->is_kept()));
  } catch (const InputError& error) {
    fail_input("{}; remove {} to train from the start", error.what(), file.parent_path().string());
  }
  if (!stored) return {};
  twin::copy_arrays(twin.layout(), stored->arrays, twin.numbers);
  if (optimiser != nullptr) {
    std::ranges::copy(stored->arrays.at(kFirstMoment), optimiser->first_moment.begin());
    std::ranges::copy(stored->arrays.at(kSecondMoment), optimiser->second_moment.begin());
    optimiser->steps = stored->state.optimiser_steps;
    optimiser->momentum_product = stored->state.momentum_product;
  }
  if (average != nullptr && average->is_kept()) average->start(stored->arrays.at(kAverage));
  return std::move(stored->state);
}

void share_optimiser(const ranks::Ranks& ranks, Nadam& optimiser) {
  if (ranks.size() == 1) return;
  TrainState numbers;
  numbers.optimiser_steps = optimiser.steps;
  numbers.momentum_product = optimiser.momentum_product;
  auto text = text_of(numbers);
  ranks.from_first(text);
  numbers = read_train_state(text, "what rank 0 sent");
  optimiser.steps = numbers.optimiser_steps;
  optimiser.momentum_product = numbers.momentum_product;
  ranks.from_first(std::span<float>(optimiser.first_moment));
  ranks.from_first(std::span<float>(optimiser.second_moment));
}

void share_state(const ranks::Ranks& ranks, twin::Twin& twin, Nadam& optimiser, WeightAverage& average,
                 TrainState& state) {
  if (ranks.size() == 1) return;
  auto text = text_of(state);
  ranks.from_first(text);
  state = read_train_state(text, "what rank 0 sent");
  ranks.from_first(std::span<float>(twin.numbers));
  share_optimiser(ranks, optimiser);
  if (!average.is_kept()) return;
  twin::Numbers<float> numbers(average.numbers().begin(), average.numbers().end());
  ranks.from_first(std::span<float>(numbers));
  average.start(numbers);
}

}  // namespace nt::train
