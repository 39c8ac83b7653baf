#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "config/error.hpp"
#include "config/ordinary_file.hpp"
#include "morphology/detail/soma_contour.hpp"
#include "morphology/detail/stored_point.hpp"
#include "morphology/morphology.hpp"

namespace nt::morphology {
namespace {

/// Branches nested deeper than this are no neuron's, and would exhaust the stack.
constexpr int kDeepest = 1000;

/// An item of the file: a list of items, or a word, text, number or mark.
struct Item {
  enum class Kind { list, word, text, number, mark };
  Kind kind = Kind::list;
  std::string text;
  double number = 0;
  int line = 0;
  std::vector<Item> items;

  bool is_list() const { return kind == Kind::list; }
  bool starts_with(Kind first) const { return is_list() && !items.empty() && items[0].kind == first; }
};

class Reader {
 public:
  Reader(std::string_view text, std::string name) : text_(text), name_(std::move(name)) {}

  std::vector<Item> read() {
    std::vector<Item> all;
    while (skip_space()) all.push_back(item(0));
    return all;
  }

 private:
  [[noreturn]] void refuse(int line, const std::string& what) const {
    fail_input("{}:{}: {}", name_, line, what);
  }

  /// Past blanks, comments, commas and spines; false at the end.
  bool skip_space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') ++line_;
      if (c == ';') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (c == '<') {
        const int from = line_;
        while (at_ < text_.size() && text_[at_] != '>') line_ += text_[at_++] == '\n';
        if (at_ == text_.size()) refuse(from, "a spine '<' without its '>'");
        ++at_;
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == '\f') {
        ++at_;
      } else {
        return true;
      }
    }
    return false;
  }

  Item item(int depth) {
    if (depth > kDeepest) refuse(line_, fmt::format("lists nested more than {} deep", kDeepest));
    Item item;
    item.line = line_;
    const char c = text_[at_];
    if (c == '(') {
      ++at_;
      for (;;) {
        if (!skip_space()) refuse(item.line, "a list '(' without its ')'");
        if (text_[at_] == ')') break;
        item.items.push_back(this->item(depth + 1));
      }
      ++at_;
    } else if (c == ')') {
      refuse(line_, "a ')' that closes nothing");
    } else if (c == '|') {
      ++at_;
      item.kind = Item::Kind::mark;
    } else if (c == '"') {
      const auto end = text_.find('"', at_ + 1);
      if (end == text_.npos) refuse(line_, "text without its closing \"");
      item.kind = Item::Kind::text;
      item.text = std::string(text_.substr(at_ + 1, end - at_ - 1));
      line_ += static_cast<int>(std::count(item.text.begin(), item.text.end(), '\n'));
      at_ = end + 1;
    } else {
      const auto end = std::min(text_.find_first_of(" \t\r\n\f(),;|\"<", at_), text_.size());
      item.text = std::string(text_.substr(at_, end - at_));
      item.kind = Item::Kind::word;
      const auto first = item.text.data() + (item.text.starts_with('+') ? 1 : 0),
                 last = item.text.data() + item.text.size();
      const auto [stop, error] = std::from_chars(first, last, item.number);
      if (stop == last && error == std::errc() && std::isfinite(item.number)) item.kind = Item::Kind::number;
      at_ = std::max(end, at_ + 1);
    }
    return item;
  }

  std::string_view text_;
  std::string name_;
  size_t at_ = 0;
  int line_ = 1;
};

struct Branch {
  Region region = Region::other;
  int parent = -1;  // index of a branch; -1: the soma
  int line = 0;
  std::vector<std::array<double, 4>> points;
};

class Importer {
 public:
  explicit Importer(std::string name) : name_(std::move(name)) {}

  Morphology import(const std::vector<Item>& file) {
    for (const auto& item : file) {
      if (!item.is_list() || item.items.empty()) continue;
      if (item.starts_with(Item::Kind::text)) contour(item);
      if (item.items[0].is_list()) tree(item);
    }
    join();
    remove_empty();
    require_one_tree();
    return assemble();
  }

 private:
  [[noreturn]] void refuse(int line, const std::string& what) const {
    fail_input("{}:{}: {}", name_, line, what);
  }

  /// Without a soma to hang on, each tree would be a neuron of its own, as it is in NEURON.
  void require_one_tree() const {
    if (!contours_.empty()) return;
    size_t trees = 0;
    for (size_t i = 0; i < branches_.size(); ++i)
      trees += branches_[i].parent < 0 && !is_removed(static_cast<int>(i));
    if (trees != 1)
      fail_input(
          "{}: has no soma, but {} trees; expected a contour named CellBody, \"Cell Body\" or Soma of more "
          "than two points, or one tree",
          name_, trees);
  }

  std::optional<std::array<double, 4>> point(const Item& item) const {
    if (!item.starts_with(Item::Kind::number)) return {};
    std::array<double, 4> p{0, 0, 0, 0};
    size_t n = 0;
    for (const auto& part : item.items) {
      if (part.kind != Item::Kind::number) break;
      if (n == 4) break;
      p[n++] = part.number;
    }
    if (n < 3) refuse(item.line, fmt::format("a point of {} numbers; expected x, y, z and a diameter", n));
    for (const double x : p) {
      if (std::fabs(x) > 1e6) refuse(item.line, fmt::format("a coordinate of {} um", x));
    }
    if (p[3] < 0) refuse(item.line, fmt::format("a diameter of {} um", p[3]));
    return p;
  }

  void contour(const Item& item) {
    const auto& named = item.items[0].text;
    if (named != "CellBody" && named != "Cell Body" && named != "Soma") return;
    Contour contour;
    for (const auto& part : item.items) {
      if (const auto p = point(part)) contour.push_back({(*p)[0], (*p)[1], (*p)[2]});
    }
    if (contour.size() > 2) contours_.push_back(std::move(contour));
  }

  void tree(const Item& item) {
    Region region = Region::other;
    for (const auto& part : item.items) {
      if (point(part)) break;
      if (!part.starts_with(Item::Kind::word)) continue;
      const auto& word = part.items[0].text;
      if (word == "Axon")
        region = Region::axon;
      else if (word == "Dendrite")
        region = Region::basal;
      else if (word == "Apical")
        region = Region::apical;
      else
        region = Region::other;
    }
    const bool has_points = std::any_of(item.items.begin(), item.items.end(),
                                        [&](const Item& part) { return point(part).has_value(); });
    if (has_points) branch(item.items, 0, item.items.size(), region, -1, item.line);
  }

  void branch(const std::vector<Item>& items, size_t from, size_t to, Region region, int parent, int line) {
    const auto self = static_cast<int>(branches_.size());
    branches_.push_back({region, parent, line, {}});
    for (size_t i = from; i < to; ++i) {
      const auto& item = items[i];
      if (const auto p = point(item)) {
        branches_[self].points.push_back(*p);
      } else if (item.is_list() && !item.items.empty() &&
                 (item.items[0].is_list() || item.items[0].kind == Item::Kind::mark)) {
        size_t start = 0;
        for (size_t k = 0; k <= item.items.size(); ++k) {
          if (k < item.items.size() && item.items[k].kind != Item::Kind::mark) continue;
          if (k > start) branch(item.items, start, k, region, self, item.items[start].line);
          start = k + 1;
        }
      }
    }
  }

  /// A branch begins where its parent ends, as thick as its own first point.
  void join() {
    for (auto& b : branches_) {
      if (b.parent < 0 || b.points.empty()) continue;
      const auto& before = branches_[b.parent].points;
      if (before.empty() || same_place(before.back(), b.points[0])) continue;
      const auto& [x, y, z, d] = before.back();
      b.points.insert(b.points.begin(), {x, y, z, b.points[0][3]});
    }
  }

  /// Branches without a length disappear; what hangs on them moves up.
  void remove_empty() {
    for (size_t i = 0; i < branches_.size(); ++i) {
      const auto& points = branches_[i].points;
      if (points.size() < 2 || (points.size() == 2 && same_place(points[0], points[1])))
        removed_.push_back(static_cast<int>(i));
    }
    for (auto& b : branches_) {
      while (b.parent >= 0 && is_removed(b.parent)) b.parent = branches_[b.parent].parent;
    }
  }
  bool is_removed(int branch) const { return std::binary_search(removed_.begin(), removed_.end(), branch); }

  static bool same_place(const std::array<double, 4>& a, const std::array<double, 4>& b) {
    return std::equal(a.begin(), a.begin() + 3, b.begin());
  }

  Morphology assemble() const {
    Morphology m;
    if (contours_.empty()) {
      m.notes.push_back(
          fmt::format("{}: has no soma; its first section stands for it, and distances count from that "
                      "section's start",
                      name_));
      add_branches(m);
      return m;
    }
    Section soma;
    soma.name = "soma[0]";
    soma.region = Region::soma;
    for (const auto& [x, y, z, d] : soma_frusta(contours_)) soma.points.push_back(stored_point(x, y, z, d));
    if (soma.points.empty()) fail_input("{}: all points of the soma's contour are in one place", name_);
    m.sections.push_back(std::move(soma));
    add_branches(m);
    return m;
  }

  void add_branches(Morphology& m) const {
    const int root = contours_.empty() ? -1 : 0;
    int zeros = 0;
    std::vector<int> index(branches_.size(), -1);
    // NEURON's order: by kind, in the order of the file. A child may have another kind than its parent only
    // in other formats.
    for (const auto& [region, base] : {std::pair{Region::axon, "axon"},
                                       {Region::basal, "dend"},
                                       {Region::apical, "apic"},
                                       {Region::other, "dend_0"}}) {
      int number = 0;
      for (size_t i = 0; i < branches_.size(); ++i) {
        const auto& b = branches_[i];
        if (b.region != region || is_removed(static_cast<int>(i))) continue;
        Section s;
        s.region = region;
        for (const auto& [x, y, z, d] : b.points) {
          s.points.push_back(stored_point(x, y, z, d));
          zeros += d == 0;
        }
        s.name = fmt::format("{}[{}]", base, number++);
        s.parent = b.parent < 0 ? root : index[b.parent];
        s.parent_x = b.parent < 0 ? 0.5 : 1;
        index[i] = static_cast<int>(m.sections.size());
        m.sections.push_back(std::move(s));
      }
    }
    if (zeros > 0)
      m.notes.push_back(
          fmt::format("{}: points with a diameter of 0: {}; left so, as NEURON does: no membrane and no "
                      "current along the "
                      "tree there",
                      name_, zeros));
  }

  std::string name_;
  std::vector<Contour> contours_;
  std::vector<Branch> branches_;
  std::vector<int> removed_;  // sorted
};

}  // namespace

Morphology read_asc(std::string_view text, const std::string& name) {
  const auto lines = config::with_line_feeds(std::string(text));
  return Importer(name).import(Reader(lines, name).read());
}

}  // namespace nt::morphology
