#include "network/detail/table.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "files/files.hpp"

namespace nt::network {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) {
    const auto first = cell.find_first_not_of(" \t\"\r"), last = cell.find_last_not_of(" \t\"\r");
    cells.push_back(first == cell.npos ? "" : cell.substr(first, last - first + 1));
  }
  return cells;
}

double number_of(const std::string& text, const std::filesystem::path& file, size_t line) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || !(value - value == 0))
    fail_input("{}:{}: '{}' is not a number", file.string(), line, text);
  return value;
}

}  // namespace

Table read_table(const std::filesystem::path& file, std::initializer_list<std::string_view> required,
                 std::initializer_list<std::string_view> others) {
  std::vector<std::string_view> names(required);
  names.insert(names.end(), others.begin(), others.end());
  std::istringstream in(files::read_file(file));
  std::string text;
  std::getline(in, text);
  if (text.find_first_not_of(" \t\r") == text.npos)
    fail_input("{}:1: is empty, expected a line that names the columns {}", file.string(),
               fmt::join(required, ", "));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // a byte order mark
  const auto header = cells_of(text);
  std::vector<size_t> column_of;  // of each cell of a line
  for (const auto& name : header) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end())
      fail_input("{}:1: has a column '{}', expected {}", file.string(), name, fmt::join(names, ", "));
    column_of.push_back(static_cast<size_t>(found - names.begin()));
    if (std::ranges::count(column_of, column_of.back()) > 1)
      fail_input("{}:1: has the column '{}' twice", file.string(), name);
  }
  for (const auto name : required)
    if (std::ranges::find(header, name) == header.end())
      fail_input("{}:1: has no column '{}'; its columns are {}", file.string(), name,
                 fmt::join(header, ", "));
  Table table;
  table.columns.resize(names.size());
  for (size_t line = 2; std::getline(in, text); ++line) {
    if (text.find_first_not_of(" \t\r") == text.npos) continue;
    const auto cells = cells_of(text);
    if (cells.size() != header.size())
      fail_input("{}:{}: has {} numbers, expected {}", file.string(), line, cells.size(), header.size());
    for (size_t c = 0; c < cells.size(); ++c)
      table.columns[column_of[c]].push_back(number_of(cells[c], file, line));
    table.line.push_back(line);
  }
  return table;
}

}  // namespace nt::network
