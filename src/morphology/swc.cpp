#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "config/error.hpp"
#include "config/ordinary_file.hpp"
#include "morphology/detail/stored_point.hpp"
#include "morphology/morphology.hpp"

namespace nt::morphology {
namespace {

struct Sample {
  int64_t id = 0;
  int type = 0;
  double x_um = 0, y_um = 0, z_um = 0, diameter_um = 0;
  int64_t parent_id = -1;
  int line = 0;
  int parent = -1;            // index
  std::vector<int> children;  // indices, in the order of the file
  int64_t soma_children = 0;  // how many of them are soma
};

/// Samples that become one section, and where they hang.
struct Run {
  std::vector<int> samples;
  int parent = -1;  // a run
  double parent_x = 1;
  /// Whether the section begins at the parent's point. If not, a wire without length or resistance joins
  /// them.
  bool from_parent_point = false;
  bool removed = false;
};

class Importer {
 public:
  explicit Importer(std::string name) : name_(std::move(name)) {}

  Morphology import(std::string_view text) {
    read(text);
    connect();
    find_soma();
    grow(root_);
    for (size_t i = 0; i < samples_.size(); ++i)
      if (samples_[i].parent < 0 && static_cast<int>(i) != root_) grow(static_cast<int>(i));
    remove_empty();
    return assemble();
  }

 private:
  [[noreturn]] void refuse(int line, const std::string& what) const {
    fail_input("{}:{}: {}", name_, line, what);
  }
  const Sample& at(int sample) const { return samples_[static_cast<size_t>(sample)]; }
  bool is_soma(int sample) const { return at(sample).type == 1; }
  bool starts_on_soma(int sample) const {
    return !is_soma(sample) && at(sample).parent >= 0 && is_soma(at(sample).parent);
  }

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
      if (!(numbers[5] > 0)) refuse(line, fmt::format("a radius of {} um; expected more than 0", numbers[5]));
      Sample s;
      s.id = static_cast<int64_t>(numbers[0]);
      s.type = static_cast<int>(numbers[1]);
      s.x_um = numbers[2];
      s.y_um = numbers[3];
      s.z_um = numbers[4];
      s.diameter_um = 2 * numbers[5];
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

  /// The root is a soma, and soma points hang on each other. Several without a parent are one after the
  /// other.
  void find_soma() {
    for (size_t i = 0; i < samples_.size(); ++i) {
      auto& s = samples_[i];
      if (s.type != 1) continue;
      if (s.parent >= 0 && !is_soma(s.parent)) refuse(s.line, "a soma point on a branch");
      if (s.parent >= 0) continue;
      if (last_soma_root_ >= 0) {
        s.parent = last_soma_root_;
        samples_[static_cast<size_t>(s.parent)].children.push_back(static_cast<int>(i));
      } else {
        root_ = static_cast<int>(i);
      }
      last_soma_root_ = static_cast<int>(i);
    }
    if (root_ < 0) fail_input("{}: has no soma (points of type 1), which the tree has to start from", name_);
    for (auto& s : samples_)
      s.soma_children =
          std::count_if(s.children.begin(), s.children.end(), [&](int i) { return is_soma(i); });
    soma_points_ =
        std::count_if(samples_.begin(), samples_.end(), [](const Sample& s) { return s.type == 1; });
    ball_ = soma_points_ == 1 || is_ball();
  }

  /// The three points of NeuroMorpho.org for a sphere: a centre and two at its surface that nothing hangs on.
  bool is_ball() const {
    if (soma_points_ != 3 || soma_children(root_) != 2) return false;
    const auto& c = at(root_);
    double length = 0;
    for (const int i : c.children) {
      if (!is_soma(i)) continue;
      const auto& s = at(i);
      if (!s.children.empty() || s.diameter_um != c.diameter_um) return false;
      length += std::hypot(s.x_um - c.x_um, s.y_um - c.y_um, s.z_um - c.z_um);
    }
    return std::fabs(length / c.diameter_um - 1) < 0.01;
  }

  int64_t soma_children(int sample) const { return at(sample).soma_children; }

  /// The sample that carries the section on, or -1 where it ends: at a branch point, and where the type
  /// changes.
  int continuation(int sample) const {
    const auto& s = at(sample);
    const auto same =
        std::find_if(s.children.begin(), s.children.end(), [&](int i) { return at(i).type == s.type; });
    if (same == s.children.end() || (sample == root_ && ball_)) return -1;
    if (is_soma(sample)) return sample == root_ || soma_children(sample) == 1 ? *same : -1;
    // A dendrite that branches at its first point is no section of one point: the others share its beginning.
    if (starts_on_soma(sample)) return *same;
    return s.children.size() == 1 ? *same : -1;
  }

  /// The run from a sample without a parent, and all that grow on it.
  void grow(int first) {
    struct Start {
      int sample, run;
    };
    std::vector<Start> starts{{first, -1}};
    while (!starts.empty()) {
      const auto [start, parent] = starts.back();
      starts.pop_back();
      if (ball_ && start != root_ && is_soma(start)) continue;
      Run run;
      for (int i = start; i >= 0; i = continuation(i)) run.samples.push_back(i);
      run.parent = parent;
      if (parent >= 0)
        hang(run);
      else if (start != root_)
        run = {std::move(run.samples), 0, 0.5, false, false};
      const auto self = static_cast<int>(runs_.size());
      for (const int i : run.samples) {
        const int next = continuation(i);
        for (const int child : at(i).children)
          if (child != next) starts.push_back({child, self});
      }
      runs_.push_back(std::move(run));
    }
  }

  /// Where NEURON connects a run, and whether the section begins at the parent's point.
  void hang(Run& run) const {
    const int first = run.samples.front(), on = at(first).parent;
    const auto& parent = runs_[static_cast<size_t>(run.parent)];
    const bool several = run.samples.size() > 1;
    run.from_parent_point = true;
    if (!is_soma(on)) {
      run.parent_x = on == parent.samples.front() && starts_on_soma(on) && parent.samples.size() > 1 ? 0 : 1;
    } else if (run.parent == 0 && ball_) {
      run.parent_x = 0.5;
      run.from_parent_point = !several;
    } else if (on == root_) {
      run.parent_x = 0;
      run.from_parent_point = is_soma(first) || soma_children(on) < 2;
    } else if (on != parent.samples.back()) {
      run.parent_x = 0.5;
      run.from_parent_point = is_soma(first) || !several;
    } else {
      run.parent_x = 1;
      run.from_parent_point = is_soma(first) || !several || soma_children(on) < 2;
    }
  }

  std::vector<Point> points(const Run& run) const {
    std::vector<Point> all;
    const auto& head = at(run.samples.front());
    if (run.samples.size() == 1 && !run.from_parent_point)
      return ball(head.x_um, head.y_um, head.z_um, head.diameter_um);
    if (run.from_parent_point) {
      const auto& on = at(head.parent);
      // A dendrite does not begin as thick as the soma.
      all.push_back(stored_point(on.x_um, on.y_um, on.z_um,
                                 starts_on_soma(run.samples.front()) ? head.diameter_um : on.diameter_um));
    }
    for (const int i : run.samples) {
      const auto& s = at(i);
      all.push_back(stored_point(s.x_um, s.y_um, s.z_um, s.diameter_um));
    }
    return all;
  }

  /// Sections of two points in one place disappear; what hangs on them moves up.
  void remove_empty() {
    for (auto& run : runs_) {
      if (run.parent < 0) continue;
      if (const auto& parent = runs_[static_cast<size_t>(run.parent)]; parent.removed) {
        run.parent_x = parent.parent_x;
        run.parent = parent.parent;
      }
      if (run.samples.size() > 1 || !run.from_parent_point) continue;
      const auto &s = at(run.samples[0]), &on = at(s.parent);
      run.removed = s.x_um == on.x_um && s.y_um == on.y_um && s.z_um == on.z_um;
    }
  }

  static Region region_of(int type) {
    return type == 1   ? Region::soma
           : type == 2 ? Region::axon
           : type == 3 ? Region::basal
           : type == 4 ? Region::apical
                       : Region::other;
  }
  static std::string base_name(int type) {
    return type == 1   ? "soma"
           : type == 2 ? "axon"
           : type == 3 ? "dend"
           : type == 4 ? "apic"
           : type < 0  ? fmt::format("minus_{}", -int64_t{type})
                       : fmt::format("dend_{}", type);
  }

  /// By kind and in the order of the file, as NEURON numbers them. A branch may carry another kind than its
  /// parent, so parents first.
  Morphology assemble() const {
    std::vector<size_t> order;
    for (size_t i = 0; i < runs_.size(); ++i)
      if (!runs_[i].removed) order.push_back(i);
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      const int first_a = runs_[a].samples[0], first_b = runs_[b].samples[0];
      return std::pair(region_of(at(first_a).type), first_a) <
             std::pair(region_of(at(first_b).type), first_b);
    });
    std::map<std::string, int> numbers;
    std::vector<std::string> names(runs_.size());
    for (const size_t i : order) {
      const auto base = base_name(at(runs_[i].samples[0]).type);
      names[i] = fmt::format("{}[{}]", base, numbers[base]++);
    }
    Morphology m;
    std::vector<int> moved(runs_.size(), -1);
    for (const size_t i : parents_first(order)) {
      const auto& run = runs_[i];
      moved[i] = static_cast<int>(m.sections.size());
      Section s;
      s.name = names[i];
      s.region = region_of(at(run.samples[0]).type);
      s.parent = run.parent < 0 ? -1 : moved[static_cast<size_t>(run.parent)];
      s.parent_x = run.parent_x;
      s.points = points(run);
      m.sections.push_back(std::move(s));
    }
    return m;
  }

  /// As sweeps over `order` would come by them, each taking the runs whose parents were taken before. A run
  /// is in the sweep of its parent if it comes after it in the order, else in the next.
  std::vector<size_t> parents_first(std::vector<size_t> order) const {
    std::vector<size_t> place(runs_.size()), sweep(runs_.size());
    for (size_t k = 0; k < order.size(); ++k) place[order[k]] = k;
    for (size_t i = 0; i < runs_.size(); ++i) {  // each after its parent
      if (runs_[i].parent < 0) continue;
      const auto parent = static_cast<size_t>(runs_[i].parent);
      sweep[i] = sweep[parent] + (place[i] < place[parent] ? 1 : 0);
    }
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::pair(sweep[a], place[a]) < std::pair(sweep[b], place[b]);
    });
    return order;
  }

  std::string name_;
  std::vector<Sample> samples_;
  std::map<int64_t, int> index_;
  int root_ = -1, last_soma_root_ = -1;
  int64_t soma_points_ = 0;
  bool ball_ = false;      // the soma is a sphere, given by its centre
  std::vector<Run> runs_;  // each after its parent; the soma's first
};

}  // namespace

Morphology read_swc(std::string_view text, const std::string& name) {
  return Importer(name).import(config::with_line_feeds(std::string(text)));
}

}  // namespace nt::morphology
