// Connections that a file, or a list in place, says one by one.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "files/hdf5.hpp"
#include "network/detail/links.hpp"
#include "network/detail/memory.hpp"
#include "network/detail/section_places.hpp"
#include "network/detail/table.hpp"

namespace nt::network {
namespace {

/// All connections, those of each target together.
class Listed final : public Links {
 public:
  /// `place`: of an entry, in words, for messages.
  Listed(const Projection& projection, const Ends& ends, std::vector<uint32_t> targets,
         std::vector<Link> links, const std::function<std::string(size_t)>& place)
      : first_(static_cast<size_t>(ends.to.neurons) + 1) {
    if (links.empty()) fail_input("{}: lists no connection; expected one at least", projection.where);
    const double most = most_contacts();
    double contacts = 0;
    for (size_t k = 0; k < links.size(); ++k) {
      require_good(projection, ends, targets[k], links[k], place(k));
      contacts += static_cast<double>(links[k].contacts >= 0 ? links[k].contacts : projection.contacts);
      if (contacts > most) require_contacts_fit(contacts, place(k), "up to here there are");
    }
    std::vector<size_t> order(links.size());
    for (size_t k = 0; k < order.size(); ++k) order[k] = k;
    std::ranges::stable_sort(
        order, {}, [&](size_t k) { return std::tuple(targets[k], links[k].source, links[k].synapse); });
    for (size_t i = 0; i < order.size(); ++i) {
      const size_t k = order[i];
      if (i > 0 && !projection.multapses && targets[k] == targets[order[i - 1]] &&
          links[k].source == links[order[i - 1]].source &&
          (links[k].synapse < 0 ||
           (projection.rule == Rule::list && links[k].synapse == links[order[i - 1]].synapse)))
        fail_input(
            "{}: neuron {} of '{}' is connected to neuron {} of '{}' twice; remove one connection, or set "
            "multapses = true",
            place(k), links[k].source, ends.from.name, targets[k], ends.to.name);
      ++first_[targets[k] + 1];
      links_.push_back(links[k]);
      has_delays_ |= !std::isnan(links[k].delay_ms);
      has_weights_ |= !std::isnan(links[k].weight);
    }
    for (size_t t = 1; t < first_.size(); ++t) first_[t] += first_[t - 1];
  }

  void of_target(uint32_t target, std::vector<Link>& links) const override {
    links.assign(links_.begin() + static_cast<int64_t>(first_[target]),
                 links_.begin() + static_cast<int64_t>(first_[target + 1]));
  }
  bool has_delays() const override { return has_delays_; }
  bool has_weights() const override { return has_weights_; }

 private:
  static void require_good(const Projection& projection, const Ends& ends, uint32_t target, const Link& link,
                           const std::string& where) {
    const auto require_neuron = [&](int64_t neuron, const Population& of) {
      if (neuron >= of.neurons)
        fail_input("{}: there is no neuron {} in '{}', which has {} neurons, numbered from 0", where, neuron,
                   of.name, of.neurons);
    };
    require_neuron(link.source, ends.from);
    require_neuron(target, ends.to);
    if (!std::isnan(link.delay_ms) && !(link.delay_ms >= 1 && link.delay_ms <= 10'000))
      fail_input("{}: the delay is {} ms, expected from 1 to 10000", where, link.delay_ms);
    if (link.contacts == 0 || link.contacts > kMostContacts)
      fail_input("{}: {} contacts of one connection, expected from 1 to {}", where, link.contacts,
                 kMostContacts);
    if (!std::isnan(link.weight) && ends.to.kind == Kind::twin)
      fail_input(
          "{}: a weight of {}, but the synapses of '{}' are those of a twin, which have the weights that it "
          "was "
          "trained with; give a number of contacts instead (docs/networks.md)",
          where, link.weight, ends.to.name);
    if (std::abs(link.weight) > kLargestWeight)
      fail_input("{}: a weight of {}, expected from -{} to {}", where, link.weight, kLargestWeight,
                 kLargestWeight);
    const auto synapses = static_cast<int64_t>(ends.synapses.excitatory_compartment.size() +
                                               ends.synapses.inhibitory_compartment.size());
    if (link.synapse >= synapses)
      fail_input("{}: there is no synapse {}: a neuron of '{}' has {} synapses, numbered from 0", where,
                 link.synapse, ends.to.name, synapses);
    if (projection.from == projection.to && link.source == target && !projection.autapses)
      fail_input(
          "{}: neuron {} of '{}' is connected to itself; remove this connection, or set autapses = true",
          where, target, ends.to.name);
  }

  std::vector<size_t> first_;  // of each target, and the end
  std::vector<Link> links_;
  bool has_delays_ = false, has_weights_ = false;
};

uint32_t whole_number(double value, const std::string& where) {
  if (!(value >= 0 && value < 4294967295.0 && value == std::floor(value)))
    fail_input("{}: {} is not a whole number of 0 or more", where, value);
  return static_cast<uint32_t>(value);
}

/// What groups of edges say of each edge (SONATA's edge_group_id and edge_group_index; without these, all
/// edges are those of group 0, in order).
class EdgeGroups {
 public:
  EdgeGroups(const files::Hdf5File& file, std::string path, size_t edges)
      : file_(file),
        path_(std::move(path)),
        in_order_(!file.has(path_ + "/edge_group_id")),
        group_(edges, 0) {
    if (in_order_) {
      for (size_t k = 0; k < edges; ++k) index_.push_back(static_cast<uint32_t>(k));
      return;
    }
    group_ = whole_numbers("/edge_group_id", edges);
    index_ = whole_numbers("/edge_group_index", edges);
  }

  /// Of each edge; NaN where its group has no such data set, nothing where no group has. InputError where one
  /// is too short, or holds NaN.
  std::vector<double> values(const char* name) const {
    const auto of_group = data_sets(name);
    if (of_group.empty()) return {};
    std::vector<double> all(group_.size(), std::numeric_limits<double>::quiet_NaN());
    for (size_t k = 0; k < all.size(); ++k) {
      const auto found = of_group.find(group_[k]);
      if (found == of_group.end()) continue;
      const auto& [data, values] = found->second;
      if (index_[k] >= values.size())
        fail_input("{}: edge {} is number {} of {}, which has {} numbers", file_.path().string(), k,
                   index_[k], data, values.size());
      all[k] = values[index_[k]];
      if (std::isnan(all[k]))
        fail_input("{}: edge {}: number {} of {} is NaN", file_.path().string(), k, index_[k], data);
    }
    return all;
  }

 private:
  struct DataSet {
    std::string name;
    std::vector<double> values;
  };

  std::vector<uint32_t> whole_numbers(const char* name, size_t edges) const {
    const auto read = file_.read<double>(path_ + name);
    if (read.size() != edges)
      fail_input("{}: {}{} has {} numbers, expected one for each of {} edges", file_.path().string(), path_,
                 name, read.size(), edges);
    std::vector<uint32_t> whole;
    for (const double number : read)
      whole.push_back(whole_number(number, file_.path().string() + ": " + path_ + name));
    return whole;
  }

  /// Of the groups that have it.
  std::map<uint32_t, DataSet> data_sets(const char* name) const {
    std::map<uint32_t, DataSet> found;
    for (const auto group : std::set(group_.begin(), group_.end())) {
      const auto data = fmt::format("{}/{}/{}", path_, group, name);
      if (!file_.has(data)) continue;
      const auto& values = found.emplace(group, DataSet{data, file_.read<double>(data)}).first->second.values;
      if (in_order_ && values.size() != group_.size())
        fail_input("{}: {} has {} numbers, expected one for each of {} edges", file_.path().string(), data,
                   values.size(), group_.size());
    }
    return found;
  }

  const files::Hdf5File& file_;
  const std::string path_;
  const bool in_order_;
  std::vector<uint32_t> group_, index_;  // of each edge
};

}  // namespace

std::unique_ptr<Links> links_in_list(const Projection& p, const Ends& ends) {
  std::vector<uint32_t> targets;
  std::vector<Link> links;
  if (p.file.empty()) {
    for (size_t k = 0; k < p.sources.size(); ++k) {
      targets.push_back(static_cast<uint32_t>(p.targets[k]));
      links.push_back({.source = static_cast<uint32_t>(p.sources[k])});
    }
    return std::make_unique<Listed>(p, ends, std::move(targets), std::move(links),
                                    [&](size_t k) { return fmt::format("{}: connection {}", p.where, k); });
  }
  const auto table = read_table(p.file, {"source", "target"}, {"synapse", "delay_ms", "weight", "contacts"});
  const auto line = [&](size_t k) { return fmt::format("{}:{}", p.file.string(), table.line[k]); };
  for (size_t k = 0; k < table.line.size(); ++k) {
    targets.push_back(whole_number(table.columns[1][k], line(k)));
    Link link{.source = whole_number(table.columns[0][k], line(k))};
    if (table.has(2)) link.synapse = whole_number(table.columns[2][k], line(k));
    if (table.has(3)) link.delay_ms = table.columns[3][k];
    if (table.has(4)) link.weight = table.columns[4][k];
    if (table.has(5)) link.contacts = whole_number(table.columns[5][k], line(k));
    links.push_back(link);
  }
  return std::make_unique<Listed>(p, ends, std::move(targets), std::move(links), line);
}

std::unique_ptr<Links> links_in_sonata(const Projection& p, const Ends& ends) {
  const files::Hdf5File file(p.file);
  if (!file.has("/edges")) fail_input("{}: has no /edges, expected a SONATA file of edges", p.file.string());
  const auto there = file.groups_in("/edges");
  auto edges = p.edges;
  if (edges.empty() && there.size() == 1) edges = there.front();
  if (std::ranges::find(there, edges) == there.end())
    fail_input("{}: /edges holds {}; name one of them, for example edges = \"NAME\"", p.file.string(),
               fmt::join(there, ", "));
  const auto path = "/edges/" + edges;
  const auto sources = file.read<double>(path + "/source_node_id"),
             targets = file.read<double>(path + "/target_node_id");
  if (sources.size() != targets.size())
    fail_input("{}: {} has {} sources but {} targets", p.file.string(), path, sources.size(), targets.size());
  // What edges say beside that: bmtk's delay and nsyns.
  const EdgeGroups groups(file, path, sources.size());
  const auto column = [&](const char* name) { return groups.values(name); };
  const auto delay_ms = column("delay"), nsyns = column("nsyns"), section = column("afferent_section_id"),
             position = column("afferent_section_pos");
  const SectionPlaces places(p.synapses, ends.synapses);
  const auto is_placed = [&](size_t k) {
    return !section.empty() && !position.empty() && !std::isnan(section[k]) && !std::isnan(position[k]) &&
           places.has_sections();
  };
  std::vector<uint32_t> target;
  std::vector<Link> links;
  std::vector<size_t> edge_of;  // of each link
  const auto edge = [&](size_t k) { return fmt::format("{}: {}: edge {}", p.file.string(), path, k); };
  const auto add = [&](size_t k, const Link& link) {
    target.push_back(whole_number(targets[k], edge(k)));
    links.push_back(link);
    edge_of.push_back(k);
  };
  for (size_t k = 0; k < sources.size(); ++k) {
    Link link{.source = whole_number(sources[k], edge(k))};
    if (!delay_ms.empty()) link.delay_ms = delay_ms[k];
    if (!nsyns.empty() && !std::isnan(nsyns[k])) link.contacts = whole_number(nsyns[k], edge(k));
    if (!is_placed(k)) {
      add(k, link);
      continue;
    }
    const int64_t contacts = std::min(link.contacts >= 0 ? link.contacts : p.contacts, kMostContacts);
    link.contacts = 1;
    for (const uint32_t s :
         places.nearest(whole_number(section[k], edge(k)), position[k], contacts, edge(k))) {
      link.synapse = s;
      add(k, link);
    }
  }
  return std::make_unique<Listed>(p, ends, std::move(target), std::move(links),
                                  [&](size_t k) { return edge(edge_of[k]); });
}

}  // namespace nt::network
