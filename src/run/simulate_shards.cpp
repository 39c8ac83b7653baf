#include <charconv>

#include "files/folder_used_together.hpp"
#include "produce/make_dataset.hpp"
#include "run/stages.hpp"

namespace nt::run {
namespace {

/// Of a text without anything beside it.
std::optional<int64_t> whole_number(std::string_view text) {
  int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || number < 0) return {};
  return number;
}

[[noreturn]] void refuse(const std::string& which, const std::string& why, int64_t count) {
  fail_input(
      "--shards {}: {}; the data set has {} shards, expected FROM:TO (0:{} is all of it), FROM:, or "
      "PART/PARTS (counted from 0)",
      which, why, count, count);
}

produce::ShardRange range_in(const std::string& which, int64_t count) {
  constexpr int64_t kMostParts = 1'000'000'000;
  const auto sign = which.find_first_of(":/");
  if (sign == std::string::npos) refuse(which, "is no range", count);
  const std::string_view text(which);
  const auto left = text.substr(0, sign), right = text.substr(sign + 1);
  const auto first = whole_number(left);
  const auto second = which[sign] == ':' && right.empty() ? std::optional(count) : whole_number(right);
  if (!first || !second) refuse(which, fmt::format("'{}' is no whole number", first ? right : left), count);
  if (which[sign] == '/') {
    if (*second < 1 || *second > kMostParts) refuse(which, "no such number of parts", count);
    if (*first >= *second) refuse(which, fmt::format("the last part is {}", *second - 1), count);
    return {count * *first / *second, count * (*first + 1) / *second};
  }
  if (*second > count) refuse(which, fmt::format("TO is more than {}", count), count);
  if (*first >= *second) refuse(which, "FROM is not less than TO", count);
  return {*first, *second};
}

}  // namespace

int64_t simulate_shards(const std::string& which, const Experiment& experiment, const Options& options,
                        const Watcher& watcher) {
  if (options.device != "cpu")
    fail_input("--shards simulates on the CPU alone; leave --device {} out", options.device);
  const auto range = range_in(which, produce::shard_count(experiment.plan));
  files::make_writable_folder(options.out);
  const files::FolderUsedTogether lock(options.out);
  const auto file = options.out / "experiment.toml";
  if (!std::filesystem::exists(file)) files::write_file_atomically(file, experiment.resolved);
  return produce::make_shards(experiment.plan, range, options.out / "dataset", threads_of(options), watcher);
}

}  // namespace nt::run
