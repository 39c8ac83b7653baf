#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "config/error.hpp"
#include "morphology/morphology.hpp"

namespace neurontwin {
namespace {

struct Sample {
  int64_t id = 0;
  int type = 0;
  Point point{};
  int64_t parent_id = -1;
  int line = 0;
  int parent = -1;            // index
  std::vector<int> children;  // indices, in the order of the file
};

class Importer {
 public:
  explicit Importer(std::string name) : name_(std::move(name)) {}

  Morphology import(std::string_view text) {
    read(text);
    connect();
    Morphology m;
    m.sections.push_back(soma());
    for (size_t i = 0; i < samples_.size(); ++i) {
      const auto& s = samples_[i];
      if (!is_soma(s) && (s.parent < 0 || is_soma(samples_[static_cast<size_t>(s.parent)])))
        grow(static_cast<int>(i), m);
    }
    return sorted(std::move(m));
  }

 private:
  [[noreturn]] void refuse(int line, const std::string& what) const {
    fail_input("{}:{}: {}", name_, line, what);
  }
  static bool is_soma(const Sample& s) { return s.type == 1; }

  void read(std::string_view text) {
    int line = 0;
    while (!text.empty()) {
      ++line;
      const auto end = std::min(text.find('\n'), text.size());
      auto row = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      row = row.substr(0, std::min(row.find('#'), row.size()));
      std::vector<double> numbers;
      while (true) {
        const auto start = row.find_first_not_of(" \t\r,");
        if (start == row.npos) break;
        row.remove_prefix(start);
        const auto stop = std::min(row.find_first_of(" \t\r,"), row.size());
        double x = 0;
        const auto* first = row.data() + (row[0] == '+' ? 1 : 0);
        const auto [rest, error] = std::from_chars(first, row.data() + stop, x);
        if (error != std::errc() || rest != row.data() + stop || !std::isfinite(x))
          refuse(line, fmt::format("'{}' is not a number", row.substr(0, stop)));
        numbers.push_back(x);
        row.remove_prefix(stop);
      }
      if (numbers.empty()) continue;
      if (numbers.size() < 7)
        refuse(line, fmt::format("{} numbers; expected id, type, x, y, z, radius, parent", numbers.size()));
      for (const size_t k : {0u, 1u, 6u}) {
        if (numbers[k] != std::floor(numbers[k]) || std::fabs(numbers[k]) > 1e9)
          refuse(line, fmt::format("'{}' is no whole number", numbers[k]));
      }
      for (size_t k = 2; k < 6; ++k) {
        if (std::fabs(numbers[k]) > 1e6) refuse(line, fmt::format("a coordinate of {} um", numbers[k]));
      }
      if (!(numbers[5] > 0)) refuse(line, fmt::format("a radius of {} um", numbers[5]));
      Sample s;
      s.id = static_cast<int64_t>(numbers[0]);
      s.type = static_cast<int>(numbers[1]);
      s.point = {static_cast<float>(numbers[2]), static_cast<float>(numbers[3]),
                 static_cast<float>(numbers[4]), static_cast<float>(2 * numbers[5])};
      s.parent_id = static_cast<int64_t>(numbers[6]);
      s.line = line;
      const auto [there, fresh] = index_.try_emplace(s.id, static_cast<int>(samples_.size()));
      if (!fresh)
        refuse(line, fmt::format("a second point {}; the first is in line {}", s.id,
                                 samples_[static_cast<size_t>(there->second)].line));
      samples_.push_back(std::move(s));
    }
    if (samples_.empty()) fail_input("{}: holds no points", name_);
  }

  void connect() {
    for (size_t i = 0; i < samples_.size(); ++i) {
      auto& s = samples_[i];
      if (s.parent_id < 0) continue;
      const auto it = index_.find(s.parent_id);
      if (it == index_.end()) refuse(s.line, fmt::format("the parent {} is not there", s.parent_id));
      if (it->second == static_cast<int>(i)) refuse(s.line, "a point that is its own parent");
      s.parent = it->second;
      samples_[static_cast<size_t>(s.parent)].children.push_back(static_cast<int>(i));
    }
    // Every point must come from a root: what a walk from the roots does not reach goes in circles.
    std::vector<int> reached;
    for (size_t i = 0; i < samples_.size(); ++i)
      if (samples_[i].parent < 0) reached.push_back(static_cast<int>(i));
    for (size_t k = 0; k < reached.size(); ++k) {
      const auto& children = samples_[static_cast<size_t>(reached[k])].children;
      reached.insert(reached.end(), children.begin(), children.end());
    }
    if (reached.size() < samples_.size()) {
      std::vector<bool> seen(samples_.size());
      for (const int i : reached) seen[static_cast<size_t>(i)] = true;
      const auto first = static_cast<size_t>(std::find(seen.begin(), seen.end(), false) - seen.begin());
      refuse(samples_[first].line, fmt::format("point {} is its own ancestor", samples_[first].id));
    }
  }

  /// One point, or the three points of NeuroMorpho.org, is a sphere's cylinder; more are a stack of frusta.
  Section soma() const {
    Section s;
    s.name = "soma[0]";
    s.region = Region::soma;
    for (const auto& sample : samples_)
      if (is_soma(sample)) s.points.push_back(sample.point);
    if (s.points.empty()) fail_input("{}: has no soma (points of type 1)", name_);
    const bool sphere =
        s.points.size() == 3 && std::all_of(s.points.begin() + 1, s.points.end(), [&](const Point& p) {
          const auto distance =
              std::hypot(p.x_um - s.points[0].x_um, p.y_um - s.points[0].y_um, p.z_um - s.points[0].z_um);
          return std::fabs(distance - s.points[0].diameter_um / 2) < 0.05f * s.points[0].diameter_um;
        });
    if (s.points.size() == 1 || sphere) {
      const Point c = s.points[0];
      const float r = c.diameter_um / 2;
      s.points = {
          {c.x_um - r, c.y_um, c.z_um, c.diameter_um}, c, {c.x_um + r, c.y_um, c.z_um, c.diameter_um}};
    }
    return s;
  }

  /// The sections from a point that begins one, each run to where it branches or changes its type.
  void grow(int first, Morphology& m) {
    struct Start {
      int sample, parent_section;
    };
    std::vector<Start> starts{{first, 0}};
    while (!starts.empty()) {
      const auto [start, parent_section] = starts.back();
      starts.pop_back();
      Section s;
      const auto& head = samples_[static_cast<size_t>(start)];
      s.region = head.type == 2   ? Region::axon
                 : head.type == 3 ? Region::basal
                 : head.type == 4 ? Region::apical
                                  : Region::other;
      s.parent = parent_section;
      s.parent_x = parent_section == 0 ? 0.5 : 1;
      if (parent_section != 0) s.points.push_back(samples_[static_cast<size_t>(head.parent)].point);
      int at = start;
      for (;;) {
        const auto& now = samples_[static_cast<size_t>(at)];
        s.points.push_back(now.point);
        if (now.children.size() != 1 || samples_[static_cast<size_t>(now.children[0])].type != now.type)
          break;
        at = now.children[0];
      }
      if (s.points.size() == 1) {
        const Point c = s.points[0];
        const float r = c.diameter_um / 2;
        s.points = {
            {c.x_um - r, c.y_um, c.z_um, c.diameter_um}, c, {c.x_um + r, c.y_um, c.z_um, c.diameter_um}};
      }
      const auto self = static_cast<int>(m.sections.size());
      m.sections.push_back(std::move(s));
      const auto& children = samples_[static_cast<size_t>(at)].children;
      for (auto child = children.rbegin(); child != children.rend(); ++child) {
        if (is_soma(samples_[static_cast<size_t>(*child)]))
          refuse(samples_[static_cast<size_t>(*child)].line, "a soma point on a branch");
        starts.push_back({*child, self});
      }
    }
  }

  /// By kind, as NEURON numbers them. A branch may carry another kind than its parent, so parents first.
  static Morphology sorted(Morphology m) {
    std::map<Region, int> numbers;
    for (size_t i = 1; i < m.sections.size(); ++i) {
      auto& s = m.sections[i];
      const char* base = s.region == Region::axon     ? "axon"
                         : s.region == Region::basal  ? "dend"
                         : s.region == Region::apical ? "apic"
                                                      : "dend_0";
      s.name = fmt::format("{}[{}]", base, numbers[s.region]++);
    }
    Morphology out;
    std::vector<int> moved(m.sections.size(), -1);
    moved[0] = 0;
    out.sections.push_back(m.sections[0]);
    for (bool more = true; more;) {
      more = false;
      for (const auto region : {Region::axon, Region::basal, Region::apical, Region::other}) {
        for (size_t i = 1; i < m.sections.size(); ++i) {
          auto& s = m.sections[i];
          if (moved[i] >= 0 || s.region != region || moved[static_cast<size_t>(s.parent)] < 0) continue;
          moved[i] = static_cast<int>(out.sections.size());
          out.sections.push_back(s);
          out.sections.back().parent = moved[static_cast<size_t>(s.parent)];
          more = true;
        }
      }
    }
    return out;
  }

  std::string name_;
  std::vector<Sample> samples_;
  std::map<int64_t, int> index_;
};

}  // namespace

Morphology read_swc(std::string_view text, const std::string& name) {
  return Importer(name).import(text);
}

}  // namespace neurontwin
