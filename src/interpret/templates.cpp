#include "interpret/templates.hpp"

#include <algorithm>
#include <map>

#include "interpret/factorise.hpp"
#include "interpret/rounded.hpp"

namespace neurontwin {
namespace {

using Json = nlohmann::ordered_json;

/// Synapses next to each other: those of an unbranched section, or of one place where a neuron is a single
/// section.
struct Branch {
  Part part = Part::soma;
  int section = 0;
  double path_um = 0;  // mean of its synapses
  std::vector<int64_t> excitatory, inhibitory;
};

/// A neuron with a single dendritic section (an unbranched dendrite, a point neuron) is taken apart synapse
/// by synapse.
std::vector<Branch> branches_of(std::span<const SynapsePlace> places) {
  const auto first = places.front().section;
  const bool single =
      std::all_of(places.begin(), places.end(), [&](const auto& p) { return p.section == first; });
  std::map<std::pair<int, double>, Branch> found;
  for (size_t c = 0; c < places.size(); ++c) {
    const auto& place = places[c];
    auto& branch = found[{place.section, single ? place.path_um : 0}];
    branch.part = place.part;
    branch.section = place.section;
    branch.path_um += place.path_um;
    (place.excitatory ? branch.excitatory : branch.inhibitory).push_back(static_cast<int64_t>(c));
  }
  std::vector<Branch> branches;
  for (auto& [key, branch] : found) {
    branch.path_um /= static_cast<double>(branch.excitatory.size() + branch.inhibitory.size());
    branches.push_back(std::move(branch));
  }
  std::stable_sort(branches.begin(), branches.end(),
                   [](const auto& a, const auto& b) { return a.part < b.part; });
  return branches;
}

/// [unit][branch][2 kinds x taps], a branch without synapses of a kind having zeros.
torch::Tensor branch_filters(const TwinImpl& twin, std::span<const Branch> branches) {
  const auto filters = twin.filters().detach().to(torch::kCPU, torch::kFloat64);
  const auto weight = twin.first_gain().to(torch::kCPU, torch::kFloat64);
  const int64_t taps = filters.size(1), units = filters.size(2);
  auto rows = torch::zeros({units, static_cast<int64_t>(branches.size()), 2 * taps}, torch::kFloat64);
  for (size_t b = 0; b < branches.size(); ++b) {
    int64_t column = 0;
    for (const auto* channels : {&branches[b].excitatory, &branches[b].inhibitory}) {
      if (!channels->empty()) {
        const auto mean =
            filters.index_select(0, torch::tensor(*channels, torch::kInt64)).mean(0);  // [tap][unit]
        rows.select(1, static_cast<int64_t>(b)).narrow(1, column, taps).copy_((mean * weight).t());
      }
      column += taps;
    }
  }
  return rows;
}

std::vector<double> numbers(const torch::Tensor& t) {
  const auto dense = t.to(torch::kFloat64).contiguous();
  return {dense.data_ptr<double>(), dense.data_ptr<double>() + dense.numel()};
}

}  // namespace

Json filter_templates(const TwinImpl& twin, std::span<const SynapsePlace> places, int64_t templates,
                      uint64_t seed) {
  const auto branches = branches_of(places);
  const auto rows = branch_filters(twin, branches);
  const int64_t units = rows.size(0), taps = rows.size(2) / 2, branch_count = rows.size(1);
  const auto flat = rows.reshape({units * branch_count, 2 * taps});
  const auto parts = std::min({templates, flat.size(0), flat.size(1)});
  const auto found = factorise(torch::cat({flat.clamp_min(0), (-flat).clamp_min(0)}, 1), parts, seed);
  const auto loading = found.loading.view({units, branch_count, parts});
  const auto of_branch = loading.mean(0);  // [branch][template]
  const double all = found.loading.square().sum().item<double>();
  Json json{{"unexplained", rounded(found.unexplained)}, {"units", units}};
  json["branches"] = Json::array();
  for (const auto& branch : branches)
    json["branches"].push_back(
        {{"part", name_of(branch.part)}, {"section", branch.section}, {"path_um", rounded(branch.path_um)}});
  json["templates"] = Json::array();
  for (int64_t k = 0; k < parts; ++k) {
    const auto pattern = found.pattern[k];
    const auto filter = pattern.narrow(0, 0, 2 * taps) - pattern.narrow(0, 2 * taps, 2 * taps);
    std::map<Part, std::pair<double, int>> of_part;
    for (size_t b = 0; b < branches.size(); ++b) {
      auto& [sum, count] = of_part[branches[b].part];
      sum += of_branch[static_cast<int64_t>(b)][k].item<double>();
      ++count;
    }
    Json by_part = Json::object();
    Part most = branches.front().part;
    for (const auto& [part, sum] : of_part) {
      by_part[std::string(name_of(part))] = rounded(sum.first / sum.second);
      if (sum.first / sum.second > of_part[most].first / of_part[most].second) most = part;
    }
    json["templates"].push_back(
        {{"excitatory", rounded(numbers(filter.narrow(0, 0, taps)))},
         {"inhibitory", rounded(numbers(filter.narrow(0, taps, taps)))},
         {"share", all > 0 ? rounded(found.loading.select(1, k).square().sum().item<double>() / all) : 0.0},
         {"part", name_of(most)},
         {"by_part", std::move(by_part)},
         {"by_branch", rounded(numbers(of_branch.select(1, k)))}});
  }
  return json;
}

}  // namespace neurontwin
