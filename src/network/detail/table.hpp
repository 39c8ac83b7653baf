#pragma once
#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace nt::network {

/// Numbers of a CSV file whose first line names its columns.
struct Table {
  std::vector<std::vector<double>> columns;  // those asked for, in their order; empty where there is none
  std::vector<size_t> line;                  // of each row

  bool has(size_t column) const { return !columns[column].empty(); }
};

/// The columns of these names: the `required` ones, then the others. InputError naming file and line where
/// one is missing, unknown, or no number.
Table read_table(const std::filesystem::path& file, std::initializer_list<std::string_view> required,
                 std::initializer_list<std::string_view> others = {});

}  // namespace nt::network
