#include "stimulus/recorded_spikes.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>
#include <sstream>
#include <string_view>

#include "config/error.hpp"
#include "files/files.hpp"
#include "files/hdf5.hpp"

namespace nt::stimulus {
namespace {

constexpr double kMsPerSecond = 1000;

/// Checked, and in the order of time.
RecordedSpikes in_order(const std::string& where, std::vector<double> time_ms, std::vector<int64_t> unit) {
  constexpr double kLatest_ms = 1e10;
  for (size_t k = 0; k < time_ms.size(); ++k) {
    if (!(time_ms[k] >= 0 && time_ms[k] <= kLatest_ms))
      fail_input("{}: spike {} is at {} ms, expected from 0 to {} ms", where, k, time_ms[k], kLatest_ms);
    if (unit[k] < 0) fail_input("{}: spike {} is of unit {}, expected numbers from 0 on", where, k, unit[k]);
  }
  if (time_ms.empty()) fail_input("{}: has no spikes", where);
  std::vector<size_t> order(time_ms.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t k) { return time_ms[k]; });
  RecordedSpikes spikes;
  for (const size_t k : order) {
    spikes.time_ms.push_back(time_ms[k]);
    spikes.unit.push_back(unit[k]);
  }
  return spikes;
}

std::vector<int64_t> whole_numbers(const std::string& where, const std::vector<double>& numbers) {
  constexpr double kMost = 1e15;
  std::vector<int64_t> whole;
  for (const double number : numbers) {
    if (number != std::floor(number) || std::abs(number) > kMost)
      fail_input("{}: {} is no whole number", where, number);
    whole.push_back(static_cast<int64_t>(number));
  }
  return whole;
}

std::vector<std::string> cells_of(std::string line) {
  if (line.ends_with('\r')) line.pop_back();
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) {
    const auto first = cell.find_first_not_of(" \t\""), last = cell.find_last_not_of(" \t\"");
    cells.push_back(first == cell.npos ? "" : cell.substr(first, last - first + 1));
  }
  return cells;
}

std::optional<size_t> column(const std::vector<std::string>& header,
                             std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    const auto found = std::ranges::find(header, name);
    if (found != header.end()) return static_cast<size_t>(found - header.begin());
  }
  return {};
}

double number_in(const std::vector<std::string>& cells, size_t column, const std::string& where) {
  double value = 0;
  const auto text = column < cells.size() ? std::string_view(cells[column]) : std::string_view();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size())
    fail_input("{}: '{}' is no number", where, text);
  return value;
}

RecordedSpikes read_csv(const std::filesystem::path& file) {
  std::istringstream in(files::read_file(file));
  std::string line;
  std::getline(in, line);
  if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // a byte order mark
  const auto header = cells_of(line);
  const auto unit_at = column(header, {"unit", "synapse", "node_id"});
  const auto ms_at = column(header, {"time_ms"}), s_at = column(header, {"time_s"});
  if (!unit_at || (!ms_at && !s_at))
    fail_input("{}:1: has the columns {}, expected unit (or synapse, node_id) and time_ms (or time_s)",
               file.string(), fmt::join(header, ", "));
  std::vector<double> time_ms;
  std::vector<int64_t> unit;
  for (size_t number = 2; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const auto cells = cells_of(line);
    const auto where = fmt::format("{}:{}", file.string(), number);
    time_ms.push_back(ms_at ? number_in(cells, *ms_at, where)
                            : kMsPerSecond * number_in(cells, *s_at, where));
    unit.push_back(whole_numbers(where, {number_in(cells, *unit_at, where)}).front());
  }
  return in_order(file.string(), std::move(time_ms), std::move(unit));
}

/// The population asked for, or the only one.
std::string population_in(const files::Hdf5File& file, const std::string& group,
                          const std::string& population) {
  const auto there = file.groups_in(group);
  const bool found = std::ranges::find(there, population) != there.end();
  if (population.empty() && there.size() == 1) return there.front();
  if (found) return population;
  fail_input("{}: {} has {}; expected population = one of them", file.path().string(), group,
             there.empty() ? "no populations" : fmt::format("{}", fmt::join(there, ", ")));
}

RecordedSpikes read_population(const files::Hdf5File& file, const std::string& path, const std::string& times,
                               const std::string& units) {
  const auto where = fmt::format("{}: {}", file.path().string(), path);
  for (const auto& name : {times, units})
    if (!file.has(path + "/" + name)) fail_input("{}: has no '{}'", where, name);
  auto time = file.read<double>(path + "/" + times);
  const auto unit = file.read<double>(path + "/" + units);  // exact up to 2^53
  if (time.size() != unit.size())
    fail_input("{}: has {} times but {} units", where, time.size(), unit.size());
  const auto in = file.units(path + "/" + times);
  if (in == "s" || in == "seconds" || in == "second")
    for (double& t : time) t *= kMsPerSecond;
  else if (!in.empty() && in != "ms" && in != "milliseconds" && in != "millisecond")
    fail_input("{}/{}: is in '{}', expected milliseconds or seconds", where, times, in);
  return in_order(where, std::move(time), whole_numbers(where, unit));
}

RecordedSpikes read_hdf5(const std::filesystem::path& path, const std::string& population) {
  const files::Hdf5File file(path);
  if (file.has("/spikes"))
    return read_population(file, "/spikes/" + population_in(file, "/spikes", population), "timestamps",
                           "node_ids");
  if (file.has("/input"))
    return read_population(file, "/input/" + population_in(file, "/input", population), "time_ms", "synapse");
  fail_input("{}: has neither /spikes (SONATA) nor /input (a replay file)", path.string());
}

RecordedSpikes read_nwb(const std::filesystem::path& path) {
  const files::Hdf5File file(path);
  const std::string times = "/units/spike_times", ends = "/units/spike_times_index";
  for (const auto& name : {times, ends})
    if (!file.has(name))
      fail_input("{}: has no {}, expected a file with a table of units", path.string(), name);
  auto time = file.read<double>(times);
  const auto end = whole_numbers(path.string(), file.read<double>(ends));  // of each unit's spikes
  if (!std::ranges::is_sorted(end) || (end.empty() ? 0 : end.back()) != std::ssize(time) ||
      (!end.empty() && end.front() < 0))
    fail_input("{}: {} does not fit {}", path.string(), ends, times);
  std::vector<int64_t> unit;
  for (size_t u = 0; u < end.size(); ++u) unit.resize(end[u], static_cast<int64_t>(u));
  for (double& t : time) t *= kMsPerSecond;
  return in_order(fmt::format("{}: /units", path.string()), std::move(time), std::move(unit));
}

}  // namespace

RecordedSpikes read_recorded_spikes(const std::filesystem::path& file, const std::string& population) {
  const auto ending = file.extension();
  if (ending == ".csv") return read_csv(file);
  if (ending == ".h5" || ending == ".hdf5") return read_hdf5(file, population);
  if (ending == ".nwb") return read_nwb(file);
  fail_input("{}: is no file of recorded spikes; expected .csv, .h5 (SONATA, or a replay file) or .nwb",
             file.string());
}

}  // namespace nt::stimulus
