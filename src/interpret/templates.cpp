#include "interpret/templates.hpp"

#include <algorithm>
#include <map>

#include "evaluate/bootstrap.hpp"
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

constexpr size_t kResamples = 1000;

/// Mean loading of one template in each part of the neuron: loading [unit][branch], both resampled.
class LoadingByPart {
 public:
  LoadingByPart(const torch::Tensor& loading, std::span<const Branch> branches)
      : loading_(loading.contiguous()) {
    for (size_t b = 0; b < branches.size(); ++b)
      of_part_[branches[b].part].push_back(static_cast<int64_t>(b));
  }

  std::map<Part, double> means() const {
    std::map<Part, double> all;
    for (const auto& [part, members] : of_part_) all[part] = mean(members, nullptr, nullptr, 1);
    return all;
  }

  /// The interval of what one part is above another.
  std::pair<double, double> difference(Part high, Part low, uint64_t seed) const {
    const auto unit_weight = resampling_weights(static_cast<size_t>(loading_.size(0)), kResamples, seed);
    const auto &in_high = of_part_.at(high), &in_low = of_part_.at(low);
    const auto high_weight = resampling_weights(in_high.size(), kResamples, seed + 1),
               low_weight = resampling_weights(in_low.size(), kResamples, seed + 2);
    std::vector<double> differences;
    for (size_t r = 0; r < kResamples; ++r)
      differences.push_back(mean(in_high, &unit_weight[r], &high_weight[r], kResamples) -
                            mean(in_low, &unit_weight[r], &low_weight[r], kResamples));
    return percentile_interval(std::move(differences), 0.95);
  }

  /// Whether a resample can differ from the whole.
  bool can_be_resampled(Part a, Part b) const {
    return loading_.size(0) > 1 || (of_part_.at(a).size() > 1 && of_part_.at(b).size() > 1);
  }

 private:
  double mean(const std::vector<int64_t>& members, const float* of_unit, const float* of_branch,
              size_t stride) const {
    const auto at = loading_.accessor<double, 2>();
    double sum = 0, total = 0;
    for (int64_t u = 0; u < loading_.size(0); ++u) {
      const double w = of_unit != nullptr ? static_cast<double>(of_unit[static_cast<size_t>(u) * stride]) : 1;
      if (w == 0) continue;
      for (size_t b = 0; b < members.size(); ++b) {
        const double x = w * (of_branch != nullptr ? static_cast<double>(of_branch[b * stride]) : 1);
        sum += x * at[u][members[b]];
        total += x;
      }
    }
    return sum / total;
  }

  torch::Tensor loading_;
  std::map<Part, std::vector<int64_t>> of_part_;
};

/// Where a template is: the part with the highest mean loading, if it is told from the next one; else
/// "mixed", and why.
Json part_json(const LoadingByPart& loading, uint64_t seed) {
  const auto means = loading.means();
  std::vector<std::pair<double, Part>> order;
  for (const auto& [part, mean] : means) order.emplace_back(mean, part);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  Json by_part = Json::object();
  for (const auto& [part, mean] : means) by_part[std::string(name_of(part))] = rounded(mean);
  const auto [most, first] = order.front();
  Json json{{"part", name_of(first)}, {"by_part", std::move(by_part)}};
  if (order.size() == 1) return json;
  const auto [next, second] = order[1];
  const auto between =
      fmt::format("{} {:.2g} against {} {:.2g}", name_of(first), most, name_of(second), next);
  if (!loading.can_be_resampled(first, second)) {
    json["part"] = "mixed";
    json["part_note"] = between + ", of one unit on one branch: no interval";
    return json;
  }
  const auto [low, high] = loading.difference(first, second, seed);
  json["part_difference_ci95"] = {rounded(low), rounded(high)};
  if (low > 0) return json;
  json["part"] = "mixed";
  json["part_note"] =
      fmt::format("{}, a difference of {:.2g} [{:.2g}, {:.2g}]", between, most - next, low, high);
  return json;
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
    Json one(
        {{"excitatory", rounded(numbers(filter.narrow(0, 0, taps)))},
         {"inhibitory", rounded(numbers(filter.narrow(0, taps, taps)))},
         {"share", all > 0 ? rounded(found.loading.select(1, k).square().sum().item<double>() / all) : 0.0},
         {"by_branch", rounded(numbers(of_branch.select(1, k)))}});
    one.update(part_json({loading.select(2, k), branches}, seed));
    json["templates"].push_back(std::move(one));
  }
  return json;
}

}  // namespace neurontwin
