#include "files/made_again.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace nt::files {
namespace {

struct MadeBy {
  std::string_view file, command;
};
constexpr std::array kMadeBy{
    MadeBy{"calibration.json", "simulate"},
    MadeBy{"learning.json", "train"},
    MadeBy{"metrics.json", "evaluate"},
    MadeBy{"curves.json", "evaluate"},
    MadeBy{"interpretation.json", "interpret"},
    MadeBy{"neuron.json", "report"},
    MadeBy{"run.json", "report"},
    MadeBy{"report.html", "report"},
    MadeBy{"search.json", "search"},
    MadeBy{"search.sqlite", "search"},
};

}  // namespace

std::string how_to_make_again(const std::filesystem::path& file) {
  auto folder = file.parent_path();
  if (folder.filename() == "dataset") folder = folder.parent_path();
  if (file.filename() == "stages.json")
    return "remove it and run 'neurontwin run' with this folder again: finished shards and epochs are found";
  std::error_code unreadable;
  if (std::filesystem::exists(folder / "network.toml", unreadable))
    return "remove it and run 'neurontwin network' with the same network and --out, which makes it again";
  if (std::filesystem::exists(folder / "experiment.toml", unreadable)) {
    const auto made = std::ranges::find(kMadeBy, file.filename().string(), &MadeBy::file);
    if (made != kMadeBy.end())
      return fmt::format("remove it and run 'neurontwin {} {}', which makes it again", made->command,
                         folder.string());
  }
  return "make it again with the command that wrote it, or copy it again";
}

}  // namespace nt::files
