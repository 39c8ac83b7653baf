#pragma once
#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "files/hdf5.hpp"

namespace nt::cell {

/// Lists of segments.h5, each checked as it is read. InputError naming file, data set and index.
class SegmentsReader {
 public:
  explicit SegmentsReader(const std::filesystem::path& file) : file_(file) {}

  bool has(const std::string& path) const { return file_.has(path); }
  std::vector<std::string> sets_in(const std::string& group) const { return file_.sets_in(group); }
  std::vector<std::string> groups_in(const std::string& group) const { return file_.groups_in(group); }

  void require_format(const std::string& format) const;
  /// `count`: how many there have to be.
  std::vector<std::string> texts(const std::string& path, std::optional<size_t> count = {}) const;
  std::vector<double> numbers(const std::string& path, std::optional<size_t> count,
                              config::Range range = {}) const;
  std::vector<int> whole_numbers(const std::string& path, std::optional<size_t> count,
                                 config::Range range) const;
  /// As many as `count`, or one for all.
  std::vector<double> one_or_each(const std::string& path, size_t count) const;

  [[noreturn]] void refuse(const std::string& path, const std::string& what) const;
  [[noreturn]] void refuse(const std::string& path, size_t index, const std::string& what) const;
  /// A data set that nobody reads is an error, as a key is.
  void refuse_others(const std::string& group, const std::vector<std::string>& known) const;

 private:
  files::Hdf5File file_;
};

}  // namespace nt::cell
