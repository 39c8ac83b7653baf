#include "interpret/templates.hpp"

#include <Eigen/Core>
#include <algorithm>

#include "interpret/detail/factorise.hpp"
#include "statistics/bootstrap.hpp"

namespace nt::interpret {
namespace {

struct Branch : TemplateBranch {
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

/// [unit x branch][2 kinds x taps], a branch without synapses of a kind having zeros.
Eigen::MatrixXd branch_filters(const twin::FirstFilters& filters, std::span<const Branch> branches) {
  const int64_t taps = filters.taps, units = filters.features;
  Eigen::MatrixXd rows = Eigen::MatrixXd::Zero(units * std::ssize(branches), 2 * taps);
  const auto add = [&](size_t branch, const std::vector<int64_t>& channels, int64_t first_column) {
    for (const int64_t c : channels) {
      for (int64_t k = 0; k < taps; ++k) {
        for (int64_t u = 0; u < units; ++u)
          rows(u * std::ssize(branches) + static_cast<int64_t>(branch), first_column + k) +=
              filters.weight[(c * taps + k) * units + u] * filters.gain[u] /
              static_cast<double>(channels.size());
      }
    }
  };
  for (size_t b = 0; b < branches.size(); ++b) {
    add(b, branches[b].excitatory, 0);
    add(b, branches[b].inhibitory, taps);
  }
  return rows;
}

constexpr size_t kResamples = 1000;

using Loading = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Mean loading of one template in each part of the neuron: loading [unit][branch], both resampled.
class LoadingByPart {
 public:
  LoadingByPart(Loading loading, std::span<const Branch> branches) : loading_(std::move(loading)) {
    for (size_t b = 0; b < branches.size(); ++b)
      of_part_[branches[b].part].push_back(static_cast<int64_t>(b));
  }

  std::map<morphology::Part, double> means() const {
    std::map<morphology::Part, double> all;
    for (const auto& [part, members] : of_part_) all[part] = mean(members, nullptr, nullptr, 1);
    return all;
  }

  /// What one part is above another.
  statistics::Estimate difference(morphology::Part high, morphology::Part low, uint64_t seed) const {
    const auto unit_weight =
        statistics::resampling_weights(static_cast<size_t>(loading_.rows()), kResamples, seed);
    const auto &in_high = of_part_.at(high), &in_low = of_part_.at(low);
    const auto high_weight = statistics::resampling_weights(in_high.size(), kResamples, seed + 1),
               low_weight = statistics::resampling_weights(in_low.size(), kResamples, seed + 2);
    std::vector<double> differences;
    for (size_t r = 0; r < kResamples; ++r)
      differences.push_back(mean(in_high, &unit_weight[r], &high_weight[r], kResamples) -
                            mean(in_low, &unit_weight[r], &low_weight[r], kResamples));
    return statistics::estimate(mean(in_high, nullptr, nullptr, 1) - mean(in_low, nullptr, nullptr, 1),
                                std::move(differences));
  }

  /// Whether a resample can differ from the whole.
  bool can_be_resampled(morphology::Part a, morphology::Part b) const {
    return loading_.rows() > 1 || (of_part_.at(a).size() > 1 && of_part_.at(b).size() > 1);
  }

 private:
  double mean(const std::vector<int64_t>& members, const float* of_unit, const float* of_branch,
              size_t stride) const {
    double sum = 0, total = 0;
    for (int64_t u = 0; u < loading_.rows(); ++u) {
      const double w = of_unit != nullptr ? static_cast<double>(of_unit[static_cast<size_t>(u) * stride]) : 1;
      if (w == 0) continue;
      for (size_t b = 0; b < members.size(); ++b) {
        const double x = w * (of_branch != nullptr ? static_cast<double>(of_branch[b * stride]) : 1);
        sum += x * loading_(u, members[b]);
        total += x;
      }
    }
    return sum / total;
  }

  Loading loading_;
  std::map<morphology::Part, std::vector<int64_t>> of_part_;
};

/// Where a template is: the part with the highest mean loading, if it is told from the next one; else it is
/// mixed, and why.
void assign_part(FilterTemplate& to, const LoadingByPart& loading, uint64_t seed) {
  to.by_part = loading.means();
  std::vector<std::pair<double, morphology::Part>> order;
  for (const auto& [part, mean] : to.by_part) order.emplace_back(mean, part);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  const auto [most, first] = order.front();
  if (order.size() == 1) {
    to.part = first;
    return;
  }
  const auto [next, second] = order[1];
  const auto between =
      fmt::format("{} {:.2g} against {} {:.2g}", name_of(first), most, name_of(second), next);
  if (!loading.can_be_resampled(first, second)) {
    to.part_note = between + ", of one unit on one branch: no interval";
    return;
  }
  const auto difference = loading.difference(first, second, seed);
  to.part_difference = difference;
  if (difference.low > 0)
    to.part = first;
  else
    to.part_note = fmt::format("{}, a difference of {:.2g} [{:.2g}, {:.2g}]", between, difference.value,
                               difference.low, difference.high);
}

std::vector<double> numbers(const Eigen::VectorXd& v) {
  return {v.begin(), v.end()};
}

}  // namespace

FilterTemplates filter_templates(const twin::FirstFilters& filters, std::span<const SynapsePlace> places,
                                 int64_t templates, uint64_t seed) {
  const auto branches = branches_of(places);
  const auto rows = branch_filters(filters, branches);
  const int64_t units = filters.features, taps = filters.taps, branch_count = std::ssize(branches);
  const auto parts = std::min<int64_t>({templates, rows.rows(), rows.cols()});
  Eigen::MatrixXd both_signs(rows.rows(), 2 * rows.cols());
  both_signs << rows.cwiseMax(0), (-rows).cwiseMax(0);
  const auto found = factorise(both_signs, parts, seed);
  const double all = found.loading.squaredNorm();
  FilterTemplates out{found.unexplained, units, {branches.begin(), branches.end()}};
  for (int64_t k = 0; k < parts; ++k) {
    const auto pattern = found.pattern.row(k);
    const Eigen::VectorXd filter = pattern.head(2 * taps) - pattern.tail(2 * taps);
    const Eigen::VectorXd of_rows = found.loading.col(k);
    const Loading loading = Eigen::Map<const Loading>(of_rows.data(), units, branch_count);
    auto& one = out.templates.emplace_back();
    one.excitatory = numbers(filter.head(taps));
    one.inhibitory = numbers(filter.tail(taps));
    one.share = all > 0 ? of_rows.squaredNorm() / all : 0.0;
    one.by_branch = numbers(loading.colwise().mean());
    assign_part(one, {loading, branches}, seed);
  }
  return out;
}

}  // namespace nt::interpret
