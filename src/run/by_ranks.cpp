#include "run/detail/by_ranks.hpp"

#include <chrono>
#include <optional>
#include <thread>

#include "ranks/require_same.hpp"

namespace nt::run {
namespace {

/// All that determines results, a line for each key; files by their content.
std::string text_of(const StageSettings& determines, const std::string& device) {
  auto text = fmt::format("device = {}\n", device);
  for (const auto* settings : {&determines.simulate, &determines.train, &determines.evaluate,
                               &determines.interpret, &determines.search})
    for (const auto& [key, value] : *settings) text += fmt::format("{} = {}\n", key, value);
  return text;
}

/// A file system of several hosts may show a new file a little later.
bool comes_to_be_seen(const std::filesystem::path& file) {
  constexpr std::chrono::milliseconds kPatience{5000}, kBetweenLooks{50};
  std::error_code unreadable;
  for (auto waited = kBetweenLooks; !std::filesystem::exists(file, unreadable); waited += kBetweenLooks) {
    if (waited > kPatience) return false;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return true;
}

}  // namespace

void require_same_on_all_ranks(const Experiment& experiment, const Options& options) {
  ranks::require_same(
      *options.ranks, "experiment", text_of(experiment.determines, options.device),
      "the experiment, the files that it names and the options have to be the same on all hosts");
}

void require_seen_by_all_ranks(const RunFolder& run) {
  const auto& ranks = *run.ranks;
  if (ranks.size() == 1) return;
  std::optional<files::HalfWritten> sign;  // removed here, or where somebody works in the folder next
  if (ranks.is_first()) sign.emplace(run.folder / "seen-by-all-ranks");
  auto name = sign ? sign->path().filename().string() : "";
  ranks.from_first(name);
  const auto blind = ranks.exchange(comes_to_be_seen(run.folder / name) ? "" : ranks::host_name());
  for (size_t rank = 0; rank < blind.size(); ++rank) {
    if (!blind[rank].empty())
      fail_input(
          "{}: rank {} on {} does not see what rank 0 on {} writes there; choose an --out on a file system "
          "that all hosts share",
          run.folder.string(), rank, blind[rank], ranks::host_name());
  }
}

}  // namespace nt::run
