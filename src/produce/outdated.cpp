#include "produce/outdated.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "dataset/maker.hpp"

namespace nt::produce {
namespace {

/// Shards that one neuron and recipe made.
struct Makers {
  dataset::DatasetIdentity identity;
  std::vector<std::string> files;

  std::string names() const {
    constexpr size_t kSaid = 3;
    const auto said = std::span(files).first(std::min(kSaid, files.size()));
    return fmt::format("{}{}", fmt::join(said, ", "),
                       files.size() > kSaid ? fmt::format(" and {} more", files.size() - kSaid) : "");
  }
};

/// The shards of the plan's three splits in a folder, by who made them.
std::vector<Makers> makers_in(const std::filesystem::path& folder, const DatasetPlan& plan) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const auto name = entry.path().filename().string();
      for (const auto& split : splits_of(plan.data))
        if (name.starts_with(split.name + "-") && name.ends_with(".h5")) files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  std::vector<Makers> makers;
  for (const auto& file : files) {
    const auto identity = dataset::identity_in(files::Hdf5File(file));
    auto known = std::ranges::find_if(
        makers, [&](const auto& m) { return dataset::same_maker(m.identity, identity); });
    if (known == makers.end()) known = makers.insert(known, Makers{identity, {}});
    known->files.push_back(file.filename().string());
  }
  return makers;
}

std::filesystem::path name_aside(const std::filesystem::path& folder) {
  for (int n = 1;; ++n) {
    auto aside = folder.parent_path() / fmt::format("{}-before-{}", folder.filename().string(), n);
    if (!std::filesystem::exists(aside)) return aside;
  }
}

}  // namespace

std::string put_outdated_aside(const DatasetPlan& plan, const std::filesystem::path& folder) {
  const auto makers = makers_in(folder, plan);
  if (makers.empty()) return "";
  if (makers.size() > 1) {
    const auto found = dataset::differences_of(makers[0].identity, makers[1].identity);
    fail_input(
        "{}: holds shards that were not all made from one neuron and recipe: {} on one side, {} on the other "
        "({}); remove those that do not belong there, they are made again",
        folder.string(), makers[0].names(), makers[1].names(),
        found.empty() ? "their digests differ" : words_for(found, "in the first", "in the second"));
  }
  const auto& there = makers[0].identity;
  if (dataset::same_maker(there, plan.identity)) return "";
  const auto found = dataset::differences_of(there, plan.identity);
  const bool older = dataset::is_known(plan.identity) && !dataset::is_known(there);
  // Where a file has another content, settings may be other because it says other defaults.
  if (!older && std::ranges::all_of(found, config::is_setting))
    fail_input("{}: {}", (folder / makers[0].files.front()).string(),
               dataset::other_maker_words(there, plan.identity));
  const auto aside = name_aside(folder);
  std::filesystem::rename(folder, aside);
  return fmt::format("the data set there {}; it is now in {}, and another is made",
                     older ? "is of an older neurontwin, which did not keep what it was made from"
                           : fmt::format("was made before something changed ({})", words_for(found)),
                     aside.string());
}

}  // namespace nt::produce
