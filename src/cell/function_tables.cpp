#include <algorithm>
#include <functional>

#include "cell/detail/assemble.hpp"

namespace nt::cell {

mechanism::TableEntries read_function(const config::Settings& settings, const std::string& name) {
  if (!settings.is_table(name)) {
    const double value = settings.number(name);
    return {0, 1, {value, value}};
  }
  const auto table = settings.table(name);
  mechanism::TableEntries entries;
  entries.values = table.numbers("values");
  const size_t n = entries.values.size();
  const auto require = [&](bool so, const char* key, const std::string& expected) {
    if (!so) fail_input("{}: '{}': expected {}", table.where(key), table.full_key(key), expected);
  };
  require(n >= 2, "values", "two values or more; for one alone write the number itself");
  if (table.has("x")) {
    entries.places = table.numbers("x");
    require(entries.places.size() == n, "x", fmt::format("as many numbers as 'values' has, {}", n));
    require(std::adjacent_find(entries.places.begin(), entries.places.end(), std::greater_equal<>()) ==
                entries.places.end(),
            "x", "numbers that ascend");
    return entries;
  }
  entries.from = table.number("from");
  const double to = table.number("to");
  require(to > entries.from, "to", fmt::format("more than 'from', {:g}", entries.from));
  entries.per_interval = static_cast<double>(n - 1) / (to - entries.from);
  return entries;
}

}  // namespace nt::cell
