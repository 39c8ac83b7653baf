#include "config/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "config/detail/toml_depth.hpp"
#include "config/detail/toml_value.hpp"
#include "config/nearest_word.hpp"
#include "config/ordinary_file.hpp"

namespace nt::config {
namespace {

/// A value as messages name it: "the text \"long\"", "1.5", "a list".
std::string words_of(const toml::node& node) {
  constexpr size_t kLongest = 40;
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string: {
      const auto& text = node.as_string()->get();
      return text.size() <= kLongest ? fmt::format("the text \"{}\"", text) : "a text";
    }
    default:
      return toml_value(node);
  }
}

std::string place(const toml::node& node) {
  const auto& source = node.source();
  std::string file = source.path ? *source.path : "settings";
  if (file.starts_with("--set")) return file;
  return fmt::format("{}:{}", file, source.begin.line);
}

std::string range_words(Range range) {
  if (range.low == kPositive.low && std::isinf(range.high)) return "greater than 0";
  if (std::isinf(range.high)) return fmt::format("{} or more", range.low);
  if (std::isinf(range.low)) return fmt::format("{} or less", range.high);
  return fmt::format("from {} to {}", range.low, range.high);
}

/// Two numbers that a key may have: its default, or what its range allows.
std::string example_of(const std::vector<double>& otherwise, Range range) {
  if (otherwise.size() == 2) return fmt::format("[{}, {}]", otherwise[0], otherwise[1]);
  constexpr double kWidth = 100;
  const double low = range.low == kPositive.low ? 1 : std::isfinite(range.low) ? range.low : 0;
  return fmt::format("[{}, {}]", low, std::min(low + kWidth, range.high));
}

toml::table parse(std::string_view text, std::string_view name) {
  if (const int line = line_of_long_toml_key(text); line > 0) {
    fail_input("{}: a key has more than {} parts",
               name.starts_with("--set") ? std::string(name) : fmt::format("{}:{}", name, line),
               kMostTomlKeyParts);
  }
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    if (name.starts_with("--set")) fail_input("{}: not a TOML value: {}", name, error.description());
    fail_input("{}:{}: not valid TOML: {}", name, error.source().begin.line, error.description());
  }
}

toml::table parse_file(const std::filesystem::path& file) {
  return parse(read_text(file), file.string());
}

/// The file, and those that it begins from by `extends = "FILE"`, itself first.
std::vector<toml::table> file_and_extended(std::filesystem::path file) {
  std::vector<toml::table> tables;
  std::set<std::filesystem::path> seen;
  for (;;) {
    tables.push_back(parse_file(file));
    const auto* extends = tables.back().get("extends");
    if (extends == nullptr) return tables;
    seen.insert(std::filesystem::canonical(file));  // it could be read, so its folders can
    if (!extends->is_string())
      fail_input("{}: 'extends' is {}, expected the name of a TOML file", place(*extends),
                 words_of(*extends));
    file = file.parent_path() / **extends->as_string();
    std::error_code unreadable;  // said when the file is read
    if (!std::filesystem::exists(file, unreadable) && !unreadable)
      fail_input("{}: 'extends' names the file {}, which does not exist", place(*extends), file.string());
    if (seen.contains(std::filesystem::weakly_canonical(file, unreadable)))
      fail_input("{}: 'extends' leads back to {}", place(*extends), file.string());
  }
}

bool is_toml(const std::string& text) {
  if (line_of_long_toml_key(text) > 0) return true;  // and refused when it is read
  try {
    static_cast<void>(toml::parse(text));
    return true;
  } catch (const toml::parse_error&) {
    return false;
  }
}

/// Text as a TOML string, whatever is in it.
std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// Whether a value is written as a number, also as one that TOML does not take: 1e400, .5, 007.
bool is_meant_as_number(std::string_view value) {
  const auto skip = [&](std::string_view characters) {
    const auto end = std::min(value.find_first_not_of(characters), value.size());
    value.remove_prefix(end);
    return end;
  };
  const auto skip_sign = [&] { value.remove_prefix(!value.empty() && (value[0] == '+' || value[0] == '-')); };
  skip(" \t");
  skip_sign();
  auto digits = skip("0123456789_");
  if (value.starts_with('.')) {
    value.remove_prefix(1);
    digits += skip("0123456789_");
  }
  if (digits == 0) return false;
  if (value.starts_with('e') || value.starts_with('E')) {
    value.remove_prefix(1);
    skip_sign();
    if (skip("0123456789_") == 0) return false;
  }
  skip(" \t");
  return value.empty();
}

/// "a.b=value" as a table. A value that is no TOML, a word or a path, is taken as text, so that quotes may be
/// left out; but what begins as an array, a table or a string, or reads as a number, was meant as one.
toml::table parse_override(const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    fail_input("--set {}: expected key=value, for example --set train.epochs=10", assignment);
  }
  const std::string key = assignment.substr(0, equals);
  const std::string value = assignment.substr(equals + 1);
  const auto first = value.find_first_not_of(" \t");
  const bool must_be_toml = first == std::string::npos ||
                            std::string_view("[{\"'").find(value[first]) != std::string_view::npos ||
                            is_meant_as_number(value);
  const std::string as_toml = fmt::format("{} = {}", key, value);
  return parse(must_be_toml || is_toml(as_toml) ? as_toml : fmt::format("{} = {}", key, toml_string(value)),
               "--set " + assignment);
}

bool is_array_of_tables(const toml::node& node) {
  const auto* array = node.as_array();
  return array != nullptr && !array->empty() && array->front().is_table();
}

/// A table as TOML text: its values first, then the tables below it under their full names.
void write_table(const toml::table& table, const std::string& path, std::string& out) {
  for (const auto& [key, node] : table) {
    if (!node.is_table() && !is_array_of_tables(node))
      out += fmt::format("{} = {}\n", key.str(), toml_value(node));
  }
  for (const auto& [key, node] : table) {
    const std::string name = path.empty() ? std::string(key.str()) : fmt::format("{}.{}", path, key.str());
    if (const auto* below = node.as_table()) {
      out += fmt::format("\n[{}]\n", name);
      write_table(*below, name, out);
    } else if (is_array_of_tables(node)) {
      for (const auto& element : *node.as_array()) {
        out += fmt::format("\n[[{}]]\n", name);
        write_table(*element.as_table(), name, out);
      }
    }
  }
}

}  // namespace

/// What the root and all tables below it share: the parsed files, which must outlive the pointers into them.
struct Settings::State {
  std::string path;                        // "train." or "" at the root
  std::vector<const toml::table*> layers;  // the highest first
  std::string origin;                      // where the table is, for a missing key
  std::string file;                        // that it comes from, as sources name it
  std::filesystem::path folder;            // of that file
  std::shared_ptr<std::vector<std::shared_ptr<toml::table>>> owned;
  std::set<std::string, std::less<>> read;
  toml::table found;
  std::map<std::string, std::filesystem::path, std::less<>> files;  // of what was found, by key
  std::map<std::string, std::shared_ptr<State>> tables;
  std::map<std::string, std::vector<std::shared_ptr<State>>> arrays;

  const toml::table* own(toml::table&& table) {
    owned->push_back(std::make_shared<toml::table>(std::move(table)));
    return owned->back().get();
  }

  const toml::node* find(std::string_view key) {
    read.emplace(key);
    for (const auto* layer : layers) {
      if (const auto* node = layer->get(key)) return node;
    }
    return nullptr;
  }

  /// The array of tables of a key. Tables of layers above it, which change single elements, are put into
  /// `over`, the highest first.
  const toml::node* find_array(std::string_view key, std::vector<const toml::table*>& over) {
    const toml::node* last = nullptr;
    read.emplace(key);
    for (const auto* layer : layers) {
      const auto* node = layer->get(key);
      if (node == nullptr) continue;
      last = node;
      if (!node->is_table()) return node;
      over.push_back(node->as_table());
    }
    over.clear();
    return last;  // a table and no array
  }

  /// Lays each table in `over` over the element of that name (its value of `name`) or number, from 0.
  void lay_over(std::vector<std::shared_ptr<State>>& elements, std::string_view key,
                const toml::table& over) const {
    std::vector<std::string> names;
    for (size_t i = 0; i < elements.size(); ++i) {
      const auto name = (*elements[i]->layers.back())["name"].value<std::string>();
      names.push_back(name.value_or(fmt::format("{}", i)));
    }
    const auto place_of = [&](const std::string& name) {
      const auto named = std::ranges::find(names, name);
      if (named != names.end()) return static_cast<size_t>(named - names.begin());
      const bool is_number = name.size() < 7 && name.find_first_not_of("0123456789") == name.npos;
      return is_number ? std::stoul(name) : names.size();
    };
    for (const auto& [name, node] : over) {
      const auto at = place_of(std::string(name.str()));
      if (at >= names.size())
        fail_input("{}: '{}{}' has no element '{}'; its elements are {}{}", place(node), path, key,
                   name.str(), fmt::join(names, ", "), did_you_mean(name.str(), names));
      if (!node.is_table())
        fail_input("{}: '{}{}.{}' is {}, expected a key of it, for example {}{}.{}.KEY=VALUE", place(node),
                   path, key, name.str(), words_of(node), path, key, name.str());
      auto& layers_of = elements[at]->layers;
      layers_of.insert(layers_of.begin(), node.as_table());
    }
  }

  [[noreturn]] void missing(std::string_view key) const {
    fail_input("{}: '{}{}' is missing", origin, path, key);
  }

  [[noreturn]] void wrong_type(const toml::node& node, std::string_view key, std::string_view wanted) const {
    fail_input("{}: '{}{}' is {}, expected {}", place(node), path, key, words_of(node), wanted);
  }

  double number_of(const toml::node& node, std::string_view key, Range range, bool whole) const {
    double value = 0;
    if (const auto* integer = node.as_integer()) {
      value = static_cast<double>(integer->get());
    } else if (const auto* real = node.as_floating_point(); real != nullptr && !whole) {
      value = real->get();
    } else {
      wrong_type(node, key, whole ? "a whole number" : "a number");
    }
    if (!std::isfinite(value) || value < range.low || value > range.high) {
      fail_input("{}: '{}{}' is {}, expected {}", place(node), path, key, value,
                 std::isfinite(value) ? range_words(range) : "a finite number");
    }
    return value;
  }

  template <class T>
  std::vector<T> list(std::string_view key, std::optional<std::vector<T>> otherwise, Range range) {
    const auto* node = find(key);
    if (node == nullptr) {
      if (!otherwise) missing(key);
      toml::array written;
      for (T x : *otherwise) written.push_back(x);
      found.insert_or_assign(key, written);
      return *otherwise;
    }
    constexpr bool whole = std::is_integral_v<T>;
    std::vector<T> values;
    toml::array written;
    const auto add = [&](const toml::node& element) {
      values.push_back(static_cast<T>(number_of(element, key, range, whole)));
      written.push_back(values.back());
    };
    if (const auto* array = node->as_array()) {
      for (const auto& element : *array) add(element);
    } else if (node->is_number()) {
      add(*node);  // one number is a list of one
    } else {
      wrong_type(*node, key, whole ? "a list of whole numbers" : "a list of numbers");
    }
    found.insert_or_assign(key, written);
    return values;
  }

  /// A file by the name that a node gives it: beside the file that the node is in.
  static std::filesystem::path beside(const toml::node& node, const toml::value<std::string>& name) {
    const std::filesystem::path file = name.get();
    const auto& source = node.source().path;
    const bool in_file = source && !source->starts_with("--set");
    return file.is_relative() && in_file ? std::filesystem::path(*source).parent_path() / file : file;
  }

  std::shared_ptr<State> below(std::string_view key) const {
    auto state = std::make_shared<State>();
    state->path = fmt::format("{}{}.", path, key);
    state->origin = origin;
    state->file = file;
    state->folder = folder;
    state->owned = owned;
    return state;
  }

  void reject_unread() const {
    for (const auto* layer : layers) {
      for (const auto& [key, node] : *layer) {
        if (read.contains(key.str())) continue;
        const std::vector<std::string> known(read.begin(), read.end());
        fail_input("{}: unknown key '{}{}'; {}", place(node), path, key.str(), known_words(key.str(), known));
      }
    }
    for (const auto& [key, state] : tables) state->reject_unread();
    for (const auto& [key, states] : arrays) {
      for (const auto& state : states) state->reject_unread();
    }
  }

  /// With each file as `file_words` says; null: as its path.
  toml::table resolved(
      const std::function<std::string(const std::filesystem::path&)>& file_words = {}) const {
    toml::table out = found;
    if (file_words) {
      for (const auto& [key, named] : files) out.insert_or_assign(key, file_words(named));
    }
    for (const auto& [key, state] : tables) out.insert_or_assign(key, state->resolved(file_words));
    for (const auto& [key, states] : arrays) {
      toml::array array;
      for (const auto& state : states) array.push_back(state->resolved(file_words));
      out.insert_or_assign(key, std::move(array));
    }
    return out;
  }
};

Settings Settings::from_text(std::string_view text, std::string_view name, std::string_view usual) {
  auto state = std::make_shared<State>();
  state->owned = std::make_shared<std::vector<std::shared_ptr<toml::table>>>();
  state->origin = state->file = name;
  state->layers = {state->own(parse(text, name))};
  if (!usual.empty()) state->layers.push_back(state->own(parse(usual, "usual settings")));
  return Settings(state);
}

Settings Settings::from_file(const std::filesystem::path& file, std::string_view profile,
                             std::span<const std::string> overrides) {
  auto state = std::make_shared<State>();
  state->owned = std::make_shared<std::vector<std::shared_ptr<toml::table>>>();
  state->origin = state->file = file.string();
  state->folder = file.parent_path();
  for (size_t i = overrides.size(); i-- > 0;)
    state->layers.push_back(state->own(parse_override(overrides[i])));

  state->read.insert({"profile", "extends"});
  bool has_profile = profile.empty();
  for (auto& written : file_and_extended(file)) {
    const toml::table* table = state->own(std::move(written));
    const auto* node = table->get("profile");
    const toml::table* profiles = node != nullptr ? node->as_table() : nullptr;
    if (node != nullptr && profiles == nullptr)
      state->wrong_type(*node, "profile", "tables such as [profile.quick]");
    const auto* chosen = profiles != nullptr && !profile.empty() ? profiles->get(profile) : nullptr;
    if (chosen != nullptr && chosen->is_table()) {
      state->layers.push_back(chosen->as_table());
      has_profile = true;
    }
    state->layers.push_back(table);
  }
  if (!has_profile) {
    const auto names = profiles_of(file);
    fail_input("{}: has no profile '{}'; {}", file.string(), profile,
               names.empty() ? "the file has no profiles"
                             : fmt::format("its profiles are {}{}", fmt::join(names, ", "),
                                           did_you_mean(profile, names)));
  }
  return Settings(state);
}

double Settings::number(std::string_view key, std::optional<double> otherwise, Range range) const {
  const auto* node = state_->find(key);
  if (node == nullptr && !otherwise) state_->missing(key);
  const double value = node != nullptr ? state_->number_of(*node, key, range, false) : *otherwise;
  state_->found.insert_or_assign(key, value);
  return value;
}

int64_t Settings::integer(std::string_view key, std::optional<int64_t> otherwise, Range range) const {
  const auto* node = state_->find(key);
  if (node == nullptr && !otherwise) state_->missing(key);
  int64_t value = otherwise.value_or(0);
  if (node != nullptr) {
    state_->number_of(*node, key, range, true);
    value = node->as_integer()->get();
  }
  state_->found.insert_or_assign(key, value);
  return value;
}

bool Settings::flag(std::string_view key, std::optional<bool> otherwise) const {
  const auto* node = state_->find(key);
  if (node == nullptr && !otherwise) state_->missing(key);
  if (node != nullptr && !node->is_boolean()) state_->wrong_type(*node, key, "true or false");
  const bool value = node != nullptr ? node->as_boolean()->get() : *otherwise;
  state_->found.insert_or_assign(key, value);
  return value;
}

std::string Settings::text(std::string_view key, std::optional<std::string> otherwise) const {
  const auto* node = state_->find(key);
  if (node == nullptr && !otherwise) state_->missing(key);
  if (node != nullptr && !node->is_string()) state_->wrong_type(*node, key, "text");
  std::string value = node != nullptr ? node->as_string()->get() : *otherwise;
  state_->found.insert_or_assign(key, value);
  if (const auto named = state_->files.find(key); named != state_->files.end()) state_->files.erase(named);
  return value;
}

std::filesystem::path Settings::file(std::string_view key, const std::filesystem::path& folder) const {
  const std::filesystem::path name = text(key);
  if (name.empty()) fail_input("{}: '{}' is empty, expected the name of a file", where(key), full_key(key));
  const auto& node = *state_->find(key);
  const auto& source = node.source().path;
  const bool of_this_table = source && *source == state_->file;
  const auto path =
      std::filesystem::absolute(of_this_table ? folder / name : State::beside(node, *node.as_string()))
          .lexically_normal();
  state_->found.insert_or_assign(key, path.string());
  state_->files.insert_or_assign(std::string(key), path);
  return path;
}

std::vector<std::string> Settings::texts(std::string_view key,
                                         std::optional<std::vector<std::string>> otherwise) const {
  const auto* node = state_->find(key);
  if (node == nullptr && !otherwise) state_->missing(key);
  std::vector<std::string> values;
  if (node == nullptr) {
    values = *otherwise;
  } else {
    const auto* array = node->as_array();
    if (array == nullptr) state_->wrong_type(*node, key, "a list of texts");
    for (const auto& element : *array) {
      if (!element.is_string()) state_->wrong_type(element, key, "a list of texts");
      values.push_back(element.as_string()->get());
    }
  }
  toml::array written;
  for (const auto& value : values) written.push_back(value);
  state_->found.insert_or_assign(key, written);
  return values;
}

std::vector<bool> Settings::flags(std::string_view key, std::optional<std::vector<bool>> otherwise) const {
  const auto* node = state_->find(key);
  if (node == nullptr && !otherwise) state_->missing(key);
  std::vector<bool> values;
  if (node == nullptr) {
    values = *otherwise;
  } else {
    const auto* array = node->as_array();
    if (array == nullptr) state_->wrong_type(*node, key, "a list of true or false");
    for (const auto& element : *array) {
      if (!element.is_boolean()) state_->wrong_type(element, key, "a list of true or false");
      values.push_back(element.as_boolean()->get());
    }
  }
  toml::array written;
  for (const bool value : values) written.push_back(value);
  state_->found.insert_or_assign(key, written);
  return values;
}

std::string Settings::formula(std::string_view key, std::optional<std::string> otherwise) const {
  const auto* node = state_->find(key);
  if (node == nullptr || node->is_string()) return text(key, std::move(otherwise));
  return fmt::format("{}", number(key));
}

std::string Settings::choice(std::string_view key, std::span<const std::string_view> options,
                             std::optional<std::string> otherwise) const {
  std::string value = text(key, std::move(otherwise));
  if (std::find(options.begin(), options.end(), value) == options.end()) {
    const std::vector<std::string> known(options.begin(), options.end());
    fail_input("{}: '{}' is \"{}\", expected one of: {}{}", where(key), full_key(key), value,
               fmt::join(known, ", "), did_you_mean(value, known));
  }
  return value;
}

std::vector<double> Settings::numbers(std::string_view key, std::optional<std::vector<double>> otherwise,
                                      Range range) const {
  return state_->list<double>(key, std::move(otherwise), range);
}

std::vector<int64_t> Settings::integers(std::string_view key, std::optional<std::vector<int64_t>> otherwise,
                                        Range range) const {
  return state_->list<int64_t>(key, std::move(otherwise), range);
}

std::pair<double, double> Settings::low_high(std::string_view key, const std::vector<double>& otherwise,
                                             Range range) const {
  const auto pair = numbers(key, otherwise.empty() ? std::optional<std::vector<double>>() : otherwise, range);
  if (pair.size() != 2 || pair[0] > pair[1])
    fail_input("{}: '{}' is [{}], expected two numbers, the lower first, for example {}", where(key),
               full_key(key), fmt::join(pair, ", "), example_of(otherwise, range));
  return {pair[0], pair[1]};
}

Settings Settings::table(std::string_view key) const {
  state_->read.emplace(key);
  auto& known = state_->tables[std::string(key)];
  if (known) return Settings(known);
  known = state_->below(key);
  for (const auto* layer : state_->layers) {
    const auto* node = layer->get(key);
    if (node == nullptr) continue;
    if (!node->is_table()) state_->wrong_type(*node, key, "a table");
    known->layers.push_back(node->as_table());
    known->origin = place(*node);
  }
  return Settings(known);
}

Settings Settings::table_or_file(std::string_view key) const {
  state_->read.emplace(key);
  auto& known = state_->tables[std::string(key)];
  if (known) return Settings(known);
  known = state_->below(key);
  // A file stands in the place of everything in the layers below.
  const auto begin_from = [&](const toml::node& name, const std::string& named_by) {
    std::filesystem::path file = state_->beside(name, *name.as_string());
    if (std::error_code unreadable; std::filesystem::is_directory(file, unreadable))
      file /= fmt::format("{}.toml", key);
    if (std::error_code unreadable; !std::filesystem::exists(file, unreadable) && !unreadable)
      fail_input("{}: '{}' names the file {}, which does not exist", place(name), named_by, file.string());
    for (auto& written : file_and_extended(file)) known->layers.push_back(known->own(std::move(written)));
    known->read.emplace("extends");
    known->origin = known->file = file.string();
    known->folder = file.parent_path();
    return Settings(known);
  };
  for (const auto* layer : state_->layers) {
    const auto* node = layer->get(key);
    if (node == nullptr) continue;
    if (const auto* table = node->as_table()) {
      known->layers.push_back(table);
      known->origin = place(*node);
      const auto* file = table->get("file");
      if (file == nullptr) continue;
      known->read.emplace("file");
      if (!file->is_string()) known->wrong_type(*file, "file", "the name of a TOML file");
      return begin_from(*file, full_key(key) + ".file");
    }
    if (!node->is_string()) state_->wrong_type(*node, key, "a table or the name of a TOML file");
    return begin_from(*node, full_key(key));
  }
  if (known->layers.empty()) state_->missing(key);
  return Settings(known);
}

std::vector<Settings> Settings::tables(std::string_view key) const {
  auto& known = state_->arrays[std::string(key)];
  if (known.empty()) {
    std::vector<const toml::table*> over;  // the highest first
    const auto* node = state_->find_array(key, over);
    const auto* array = node != nullptr ? node->as_array() : nullptr;
    if (node != nullptr && array == nullptr) state_->wrong_type(*node, key, "a list of tables");
    for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
      const auto& element = *array->get(i);
      if (!element.is_table()) state_->wrong_type(element, key, "a list of tables");
      known.push_back(state_->below(fmt::format("{}[{}]", key, i)));
      known.back()->layers = {element.as_table()};
      known.back()->origin = place(element);
    }
    for (size_t i = over.size(); i-- > 0;) state_->lay_over(known, key, *over[i]);
  }
  std::vector<Settings> out;
  for (const auto& state : known) out.push_back(Settings(state));
  if (known.empty()) state_->arrays.erase(std::string(key));
  return out;
}

std::filesystem::path Settings::folder() const {
  return state_->folder;
}

bool Settings::has(std::string_view key) const {
  const bool here = std::any_of(state_->layers.begin(), state_->layers.end(),
                                [&](const auto* layer) { return layer->contains(key); });
  if (!here) state_->read.emplace(key);  // one that may be given: messages name it among the known
  return here;
}

bool Settings::is_array(std::string_view key) const {
  const auto* node = state_->find(key);
  return node != nullptr && node->is_array();
}

bool Settings::is_table(std::string_view key) const {
  const auto* node = state_->find(key);
  return node != nullptr && node->is_table();
}

bool Settings::is_text(std::string_view key) const {
  const auto* node = state_->find(key);
  return node != nullptr && node->is_string();
}

void Settings::pass_over(std::string_view key) const {
  state_->find(key);
}

std::string Settings::where(std::string_view key) const {
  for (const auto* layer : state_->layers) {
    if (const auto* node = layer->get(key)) return place(*node);
  }
  return state_->origin;
}

std::string Settings::full_key(std::string_view key) const {
  return state_->path + std::string(key);
}

void Settings::reject_unread() const {
  state_->reject_unread();
}

std::string Settings::resolved(std::string_view as) const {
  std::string out = as.empty() ? "" : fmt::format("[{}]\n", as);
  write_table(state_->resolved(), std::string(as), out);
  return out;
}

std::string Settings::determining(
    std::string_view as, std::span<const std::string_view> left_out,
    const std::function<std::string(const std::filesystem::path&)>& content) const {
  auto table = state_->resolved(content);
  for (const auto key : left_out) table.erase(key);
  std::string out = as.empty() ? "" : fmt::format("[{}]\n", as);
  write_table(table, std::string(as), out);
  return out;
}

std::vector<std::string> profiles_of(const std::filesystem::path& file) {
  std::set<std::string> names;
  for (const auto& table : file_and_extended(file)) {
    if (const auto* profiles = table["profile"].as_table()) {
      for (const auto& [key, node] : *profiles) names.emplace(key.str());
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace nt::config
