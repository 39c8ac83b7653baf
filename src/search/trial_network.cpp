#include "search/detail/trial_network.hpp"

#include "files/files.hpp"
#include "train/checkpoint.hpp"

namespace nt::search {
namespace {

std::filesystem::path weights_file(const std::filesystem::path& trial_folder, int64_t rung) {
  return trial_folder / fmt::format("rung-{}.safetensors", rung);
}

}  // namespace

twin::Twin fresh_network(const SearchTask& task, int64_t trial, const Configuration& configuration) {
  return twin::Twin(twin_of(task, configuration), task.channels, task.seed + static_cast<uint64_t>(trial),
                    twin::on_threads(task.threads));
}

uint64_t seed_of_windows(const SearchTask& task, int64_t trial, const Configuration& configuration) {
  return configuration.is_again() ? task.seed + static_cast<uint64_t>(trial) : task.seed;
}

std::string identity_of(const SearchTask& task, const Configuration& configuration) {
  return files::digest(task.identity + text_of(configuration));
}

void keep_weights(const std::filesystem::path& trial_folder, int64_t rung) {
  const auto best = trial_folder / "best.safetensors", kept = weights_file(trial_folder, rung);
  std::filesystem::remove(kept);
  // It is always replaced as a whole, so a second name for this one keeps it, at no cost.
  std::error_code no_links;
  std::filesystem::create_hard_link(best, kept, no_links);
  if (no_links) std::filesystem::copy_file(best, kept);
}

void forget_older_weights(const std::filesystem::path& trial_folder, int64_t rung) {
  for (int64_t r = 0; r < rung; ++r) std::filesystem::remove(weights_file(trial_folder, r));
}

twin::Twin finished_network(const SearchTask& task, const Job& job, const Configuration& configuration,
                            const std::filesystem::path& trial_folder) {
  auto twin = fresh_network(task, job.trial, configuration);
  const auto file = weights_file(trial_folder, job.rung);
  const auto epochs = task.spec.halving.epochs_at(job.rung);
  train::WeightAverage average(task.train.average_steps);
  if (!train::load_checkpoint(file, identity_of(task, configuration), epochs, twin, nullptr, &average)) {
    fail_run("{}: the weights of trial {} are gone; put search.sqlite aside to search anew", file.string(),
             job.trial);
  }
  return twin;
}

}  // namespace nt::search
