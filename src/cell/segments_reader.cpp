#include "cell/detail/segments_reader.hpp"

#include <algorithm>
#include <cmath>

namespace nt::cell {

void SegmentsReader::refuse(const std::string& path, const std::string& what) const {
  fail_input("{}: {} {}", file_.path().string(), path, what);
}

void SegmentsReader::refuse(const std::string& path, size_t index, const std::string& what) const {
  fail_input("{}: {}[{}] {}", file_.path().string(), path, index, what);
}

void SegmentsReader::require_format(const std::string& format) const {
  if (!file_.has_attribute("format"))
    fail_input("{}: has no attribute 'format', expected \"{}\"", file_.path().string(), format);
  const auto found = file_.text_attribute("format");
  if (found != format)
    fail_input("{}: is of the format \"{}\", expected \"{}\"", file_.path().string(), found, format);
}

std::vector<std::string> SegmentsReader::texts(const std::string& path, std::optional<size_t> count) const {
  if (!has(path)) refuse(path, "is not there");
  auto all = file_.read_texts(path);
  if (count && all.size() != *count)
    refuse(path, fmt::format("has {} texts, expected {}", all.size(), *count));
  for (size_t i = 0; i < all.size(); ++i)
    if (all[i].empty()) refuse(path, i, "is empty");
  return all;
}

std::vector<double> SegmentsReader::numbers(const std::string& path, std::optional<size_t> count,
                                            config::Range range) const {
  if (!has(path)) refuse(path, "is not there");
  const auto shape = file_.shape(path);
  if (shape.size() != 1) refuse(path, fmt::format("has {} dimensions, expected a plain list", shape.size()));
  if (count && shape[0] != *count) refuse(path, fmt::format("has {} numbers, expected {}", shape[0], *count));
  auto all = file_.read<double>(path);
  for (size_t i = 0; i < all.size(); ++i) {
    if (!std::isfinite(all[i])) refuse(path, i, fmt::format("is {}, expected a finite number", all[i]));
    if (all[i] < range.low || all[i] > range.high)
      refuse(path, i, fmt::format("is {}, expected from {} to {}", all[i], range.low, range.high));
  }
  return all;
}

std::vector<int> SegmentsReader::whole_numbers(const std::string& path, std::optional<size_t> count,
                                               config::Range range) const {
  std::vector<int> all;
  for (const double x : numbers(path, count, range)) {
    if (x != std::floor(x)) refuse(path, all.size(), fmt::format("is {}, expected a whole number", x));
    all.push_back(static_cast<int>(x));
  }
  return all;
}

std::vector<double> SegmentsReader::one_or_each(const std::string& path, size_t count) const {
  const auto shape = has(path) ? file_.shape(path) : std::vector<uint64_t>{};
  const bool one = shape.size() == 1 && shape[0] == 1;
  auto all = numbers(path, one ? 1 : count);
  all.resize(count, all.empty() ? 0 : all[0]);
  return all;
}

void SegmentsReader::refuse_others(const std::string& group, const std::vector<std::string>& known) const {
  for (const auto& name : file_.sets_in(group)) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      refuse(group + "/" + name, fmt::format("is unknown; known: {}", fmt::join(known, ", ")));
  }
}

}  // namespace nt::cell
