#include "cli/progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nt::cli {
namespace {

std::string duration_words(double s) {
  if (s < 100) return fmt::format("{:.0f} s", s);
  if (s < 6000) return fmt::format("{:.0f} min", s / 60);
  return fmt::format("{:.1f} h", s / 3600);
}

std::string pace_words(const neurontwin::Progress& p, const Pace& pace) {
  constexpr double kLongEnough_s = 1;
  const bool finished = p.done >= p.total;
  if (!p.even) return finished ? "" : fmt::format("  {} so far", duration_words(pace.elapsed_s));
  const double rate = pace.elapsed_s > 0 ? (p.done - pace.first_done) / pace.elapsed_s : 0;
  if (rate <= 0) return "";
  auto words = fmt::format("  {:.3g}/s", rate);
  if (!finished && pace.elapsed_s >= kLongEnough_s)
    words += fmt::format("  {} left", duration_words((p.total - p.done) / rate));
  return words;
}

}  // namespace

std::string progress_line(const neurontwin::Progress& p, const Pace& pace, size_t columns) {
  auto line = fmt::format("{:<9} {:.0f}/{:.0f} {}{}", p.what, p.done, p.total, p.unit, pace_words(p, pace));
  if (!p.note.empty()) line += "  " + p.note;
  if (line.size() > columns) line.resize(columns);
  return line;
}

std::string progress_line_with_bar(const neurontwin::Progress& p, const Pace& pace, size_t columns) {
  constexpr size_t kShortest = 8, kLongest = 24, kFrame = 3;  // two brackets and a space
  const auto words = progress_line(p, pace, columns);
  if (words.size() + kFrame + kShortest > columns) return words;
  const size_t length = std::min(kLongest, columns - words.size() - kFrame);
  const double share = p.total > 0 ? std::clamp(p.done / p.total, 0.0, 1.0) : 1;
  const auto filled = static_cast<size_t>(share * static_cast<double>(length));
  return fmt::format("[{}{}] {}", std::string(filled, '='), std::string(length - filled, ' '), words);
}

}  // namespace nt::cli
