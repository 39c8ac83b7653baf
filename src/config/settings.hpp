#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/error.hpp"

namespace nt::config {

/// The values a number may take, both ends included.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};
inline constexpr Range kPositive{std::numeric_limits<double>::min(), std::numeric_limits<double>::infinity()};
inline constexpr Range kNotNegative{0, std::numeric_limits<double>::infinity()};

/// A table of settings read from TOML, in layers: `--set` over the profile over the file.
///
/// Every value is asked for with its type, its default and its range; what was found is written down for the
/// resolved configuration, and a key that nobody asked for is an error (`reject_unread`). All errors are
/// InputErrors that name file:line (or the --set) and key. A Settings is a light handle; copies share their
/// state.
class Settings {
 public:
  /// Reads `file`, lays its table [profile.`profile`] over it (unless `profile` is empty), and each
  /// "key=value" of `overrides` over that, the last on top. Below it lie the file that it names by
  /// `extends = "FILE"`, if any, and that file's profile.
  static Settings from_file(const std::filesystem::path& file, std::string_view profile = "",
                            std::span<const std::string> overrides = {});
  /// The same from text; `name` stands for the file in messages. `usual`: further text that lies below it.
  static Settings from_text(std::string_view text, std::string_view name = "settings",
                            std::string_view usual = "");

  // A value; without a default the key is required. One number without brackets is a list of one.
  double number(std::string_view key, std::optional<double> otherwise = {}, Range range = {}) const;
  int64_t integer(std::string_view key, std::optional<int64_t> otherwise = {}, Range range = {}) const;
  bool flag(std::string_view key, std::optional<bool> otherwise = {}) const;
  std::string text(std::string_view key, std::optional<std::string> otherwise = {}) const;
  std::vector<std::string> texts(std::string_view key,
                                 std::optional<std::vector<std::string>> otherwise = {}) const;
  std::vector<bool> flags(std::string_view key, std::optional<std::vector<bool>> otherwise = {}) const;
  /// Text that names a file: in `folder` if the table's own file names it, else beside the file that does, or
  /// where the program runs for --set. The resolved configuration has it absolute: the same file everywhere.
  std::filesystem::path file(std::string_view key, const std::filesystem::path& folder) const;
  /// A formula: text, or a number as text.
  std::string formula(std::string_view key, std::optional<std::string> otherwise = {}) const;
  std::string choice(std::string_view key, std::span<const std::string_view> options,
                     std::optional<std::string> otherwise = {}) const;
  /// The same for an enumeration, whose values have these names in their order.
  template <class Value, size_t n>
  requires std::is_enum_v<Value> Value choice(std::string_view key,
                                              const std::array<std::string_view, n>& names, Value otherwise)
  const {
    const auto word = choice(key, names, std::string(names[static_cast<size_t>(otherwise)]));
    return static_cast<Value>(std::find(names.begin(), names.end(), word) - names.begin());
  }
  // Lists; one number without brackets is a list of one.
  std::vector<double> numbers(std::string_view key, std::optional<std::vector<double>> otherwise = {},
                              Range range = {}) const;
  std::vector<int64_t> integers(std::string_view key, std::optional<std::vector<int64_t>> otherwise = {},
                                Range range = {}) const;

  /// Two numbers of which the first is not the higher one. Without a default the key is required.
  std::pair<double, double> low_high(std::string_view key, const std::vector<double>& otherwise = {},
                                     Range range = {}) const;

  /// A table inside this one; an absent one reads as empty.
  Settings table(std::string_view key) const;
  /// A table given as the name of a TOML file beside the file that names it, or in place. In place it may
  /// begin from such a file, named by its key `file`, and say only what is other than there. A folder stands
  /// for its file KEY.toml.
  Settings table_or_file(std::string_view key) const;
  /// The tables of an array of tables ([[key]]); absent reads as none.
  std::vector<Settings> tables(std::string_view key) const;

  /// The folder of the file that the table comes from.
  std::filesystem::path folder() const;
  bool has(std::string_view key) const;
  /// Whether the key is there and holds an array: of some keys one value may stand for many.
  bool is_array(std::string_view key) const;
  /// The same of a table, and of text.
  bool is_table(std::string_view key) const;
  bool is_text(std::string_view key) const;
  /// A key that means nothing beside the others' values, but may stand there.
  void pass_over(std::string_view key) const;
  /// Where a key is written: "file:line" or "--set ...", for messages; where the table is if the key is
  /// absent.
  std::string where(std::string_view key) const;
  /// The key with the names of its tables before it: "train.epochs".
  std::string full_key(std::string_view key) const;
  /// Throws unless every key, in this table and all below it, has been read.
  void reject_unread() const;

  /// TOML text of everything read so far, defaults included: the resolved configuration. `as`: the table's
  /// name in the text; without one its keys stand by themselves.
  std::string resolved(std::string_view as = "") const;
  /// The same, but only what determines a result: without this table's keys `left_out`, and with each file as
  /// what `content` says of it (read with `file`), wherever it lies.
  std::string determining(std::string_view as, std::span<const std::string_view> left_out,
                          const std::function<std::string(const std::filesystem::path&)>& content) const;

 private:
  struct State;
  explicit Settings(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// The names of the profiles that a file offers, in alphabetical order.
std::vector<std::string> profiles_of(const std::filesystem::path& file);

}  // namespace nt::config
