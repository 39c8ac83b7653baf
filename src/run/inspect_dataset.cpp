#include "run/detail/inspect_dataset.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "dataset/event_support.hpp"
#include "dataset/shard.hpp"
#include "produce/dendritic_basis.hpp"
#include "produce/synapse_clusters.hpp"
#include "simulate/dendritic_input.hpp"

namespace nt::run {
namespace {

/// Counts in bins of equal width from `low` on; the last one takes all that is above.
struct Counts {
  double low, width;
  std::vector<int64_t> of_bin;

  Counts(double from, double bin_width, size_t bins) : low(from), width(bin_width), of_bin(bins, 0) {}
  void add(double x) {
    const double bin = std::clamp(std::floor((x - low) / width), 0.0, static_cast<double>(of_bin.size() - 1));
    ++of_bin[static_cast<size_t>(bin)];
  }
};

void print(Lines& out, const Counts& counts, std::string_view unit) {
  constexpr double kLongest = 50;
  const auto most = std::max<int64_t>(1, *std::ranges::max_element(counts.of_bin));
  size_t first = 0, last = counts.of_bin.size();
  while (first + 1 < last && counts.of_bin[first] == 0) ++first;
  while (last > first + 1 && counts.of_bin[last - 1] == 0) --last;
  for (size_t i = first; i < last; ++i) {
    const double from = counts.low + counts.width * static_cast<double>(i);
    const auto range = i + 1 == counts.of_bin.size()
                           ? fmt::format("{:g} {} and more", from, unit)
                           : fmt::format("{:g} to {:g} {}", from, from + counts.width, unit);
    const auto length =
        std::ceil(kLongest * static_cast<double>(counts.of_bin[i]) / static_cast<double>(most));
    out.print("  {:<18} {:>9}  {}\n", range, counts.of_bin[i], std::string(static_cast<size_t>(length), '#'));
  }
}

/// The synapses of a shard as pools, by the regions that they are on.
struct Trees {
  std::vector<stimulus::SynapsePool> pools;
  std::vector<size_t> of_excitatory, of_inhibitory;  // the pool of each synapse
};

/// Of data from elsewhere, which say nothing of a cell: all synapses together.
Trees one_tree(const dataset::DatasetIdentity& id) {
  return {{stimulus::one_pool(static_cast<int>(id.excitatory_synapses),
                              static_cast<int>(id.inhibitory_synapses))},
          std::vector<size_t>(id.excitatory_synapses, 0),
          std::vector<size_t>(id.inhibitory_synapses, 0)};
}

Trees trees_of(const files::Hdf5File& file, const dataset::DatasetIdentity& id) {
  if (!file.has("/cell/region")) return one_tree(id);
  const auto region = file.read_texts("/cell/region");
  const auto length_um = file.read<double>("/cell/length_um");
  std::map<std::string, size_t> known;
  Trees trees;
  const auto take = [&](const char* path, auto numbers, auto shares, std::vector<size_t>& pool_of) {
    const auto compartments = file.read<uint32_t>(path);
    for (size_t s = 0; s < compartments.size(); ++s) {
      if (compartments[s] >= region.size() || region.size() != length_um.size())
        fail_input("{}: {} names a compartment that is not in /cell; the file is damaged",
                   file.path().string(), path);
      const auto& name = region[compartments[s]];
      const auto [place, added] = known.emplace(name, trees.pools.size());
      if (added) trees.pools.emplace_back().name = name;
      auto& pool = trees.pools[place->second];
      (pool.*numbers).push_back(static_cast<int>(s));
      (pool.*shares).push_back(length_um[compartments[s]] + simulate::kAddedLength_um);
      pool_of.push_back(place->second);
    }
  };
  take("/cell/excitatory_compartment", &stimulus::SynapsePool::excitatory,
       &stimulus::SynapsePool::excitatory_share, trees.of_excitatory);
  take("/cell/inhibitory_compartment", &stimulus::SynapsePool::inhibitory,
       &stimulus::SynapsePool::inhibitory_share, trees.of_inhibitory);
  return trees;
}

/// What the trials of some shards come to.
struct Survey {
  std::vector<stimulus::PoolInput> input;       // spikes of each pool
  std::vector<int64_t> excitatory, inhibitory;  // of each synapse
  dataset::EventSupport output;
  double sum_mV = 0, squares_mV2 = 0;
  Counts rates{0, 0.5, 41}, intervals{0, 20, 51}, voltages{-100, 2.5, 61};

  void add(const dataset::TrialView& trial, const Trees& trees) {
    for (const auto s : trial.excitatory.synapse) {
      ++input[trees.of_excitatory[s]].excitatory_per_ms;
      ++excitatory[s];
    }
    for (const auto s : trial.inhibitory.synapse) {
      ++input[trees.of_inhibitory[s]].inhibitory_per_ms;
      ++inhibitory[s];
    }
    output.add(trial);
    rates.add(1000 * static_cast<double>(trial.spike_times_ms.size()) /
              static_cast<double>(trial.soma_mV.size()));
    for (size_t i = 1; i < trial.spike_times_ms.size(); ++i)
      intervals.add(trial.spike_times_ms[i] - trial.spike_times_ms[i - 1]);
    for (const double mV : trial.soma_mV) {
      sum_mV += mV;
      squares_mV2 += mV * mV;
      voltages.add(mV);
    }
  }
};

/// What the input is compared with: the distribution of [stimulus], where the trials are drawn from another.
std::string_view words_for_comparison(const config::Settings& configuration, const std::string& split) {
  if (configuration.has("shift")) return "in training";
  const bool broad = configuration.table("stimulus").has("breadth") && (split == "train" || split == "valid");
  return broad ? "unbroadened" : "expected";
}

/// Of one kind of synapse in one tree; the expected mean where there is one.
void print_kind(Lines& out, const std::string& tree, std::string_view kind, size_t synapses, double per_ms,
                std::optional<double> expected) {
  if (synapses == 0) return;
  out.print("  {:<8} {:<12} {:>12} {:>10.4f}", tree, kind, synapses, per_ms);
  if (expected) out.print(" {:>10.4f}  ({:+.1f} %)", *expected, 100 * (per_ms / *expected - 1));
  out.print("\n");
}

/// Of data that somebody else drew, nothing is expected.
void print_input(Lines& out, const Survey& survey, const Trees& trees, const dataset::DatasetIdentity& id,
                 const std::string& split) {
  const auto configuration = config::Settings::from_text(id.configuration, "the file's configuration");
  const auto ms = static_cast<double>(survey.output.total_ms);
  std::optional<stimulus::RandomRates> rates;
  // What groups with an input of their own lead to expect cannot be read off here: files are known by
  // content.
  const bool plain = configuration.has("stimulus") && !configuration.table("stimulus").has("groups") &&
                     !configuration.table("stimulus").has("calibrate");
  if (plain) rates = stimulus::read_stimulus(configuration.table("stimulus"), trees.pools);
  out.print("\ninput spikes per ms        synapses    counted{}{}\n", rates ? "   " : "",
            rates ? words_for_comparison(configuration, split) : "");
  for (size_t p = 0; p < trees.pools.size(); ++p) {
    const auto& pool = rates ? rates->pools[p] : trees.pools[p];
    std::optional<double> excitatory, inhibitory;
    if (rates) {
      const auto expected = stimulus::mean_input(*rates, pool, id.duration_ms);
      excitatory = expected.excitatory_per_ms;
      inhibitory = expected.inhibitory_per_ms;
    }
    const auto& counted = survey.input[p];
    print_kind(out, pool.name, "excitatory", pool.excitatory.size(), counted.excitatory_per_ms / ms,
               excitatory);
    print_kind(out, pool.name, "inhibitory", pool.inhibitory.size(), counted.inhibitory_per_ms / ms,
               inhibitory);
  }
}

/// Of each named group: how often a synapse of it had a spike.
void print_groups(Lines& out, const Survey& survey, const std::vector<cell::SynapseBlock>& groups) {
  if (!groups.empty()) out.print("\ninput spikes by group      synapses  Hz of each\n");
  for (const auto& group : groups) {
    const auto& counted = group.excitatory ? survey.excitatory : survey.inhibitory;
    const auto first = counted.begin() + group.first;
    const auto spikes = std::accumulate(first, first + group.count, int64_t{0});
    out.print("  {:<12} {:<10} {:>8} {:>11.4f}\n", group.name, group.excitatory ? "excitatory" : "inhibitory",
              group.count, static_cast<double>(spikes) / std::max(1, group.count) / survey.output.seconds());
  }
}

void print_output(Lines& out, const Survey& survey) {
  const auto& output = survey.output;
  const auto ms = static_cast<double>(output.total_ms);
  const double mean_mV = survey.sum_mV / ms;
  out.print("\noutput  {:.3f} Hz, voltage {:.2f} +- {:.2f} mV\n", output.rate_hz(), mean_mV,
            std::sqrt(std::max(0.0, survey.squares_mV2 / ms - mean_mV * mean_mV)));
  const auto hz = output.rate_quantiles_hz(std::array{0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0});
  out.print("\ntrials by output rate: half of them from {:.2f} to {:.2f} Hz, all from {:.2f} to {:.2f} Hz\n",
            hz[2], hz[4], hz[0], hz[6]);
  out.print("  mean {:.2f} Hz, median {:.2f} Hz, 90 % of them from {:.2f} to {:.2f} Hz\n", output.rate_hz(),
            hz[3], hz[1], hz[5]);
  out.print("  {} without a spike, {} with more than {}, which the published evaluation drops\n",
            output.trials() - static_cast<size_t>(output.trials_with_spikes),
            output.trials_above(dataset::kPublishedMostSpikes), dataset::kPublishedMostSpikes);
  print(out, survey.rates, "Hz");
  out.print("\nintervals between output spikes of a trial\n");
  print(out, survey.intervals, "ms");
  out.print("\nvoltage of the soma, samples of 1 ms\n");
  print(out, survey.voltages, "mV");
}

}  // namespace

void inspect_shards(Lines& out, std::span<const std::filesystem::path> files) {
  const files::Hdf5File raw(files.front());
  out.print("{}\n", files.size() == 1 ? files.front().string()
                                      : fmt::format("{} and {} more; of the first:", files.front().string(),
                                                    files.size() - 1));
  for (const auto& line : raw.listing()) out.print("{}\n", line);
  const dataset::Shard first(files.front());
  const auto& id = first.identity();
  const auto trees = trees_of(raw, id);
  if (static_cast<int64_t>(trees.of_excitatory.size()) != id.excitatory_synapses ||
      static_cast<int64_t>(trees.of_inhibitory.size()) != id.inhibitory_synapses)
    fail_input("{}: /cell has other synapses than the attributes say; the file is damaged",
               files.front().string());
  Survey survey;
  survey.input.resize(trees.pools.size());
  survey.excitatory.resize(trees.of_excitatory.size());
  survey.inhibitory.resize(trees.of_inhibitory.size());
  for (const auto& file : files) {
    const dataset::Shard shard(file);
    const auto& other = shard.identity();
    if (shard.split() != first.split() || other.configuration != id.configuration ||
        other.neuron != id.neuron || other.recipe != id.recipe ||
        other.excitatory_synapses != id.excitatory_synapses ||
        other.inhibitory_synapses != id.inhibitory_synapses || other.duration_ms != id.duration_ms)
      fail_input("{}: is of another split, neuron or recipe than {}", file.string(), files.front().string());
    for (size_t i = 0; i < shard.trials(); ++i) survey.add(shard.trial(i), trees);
  }
  if (survey.output.trials() == 0) fail_input("{}: holds no trials", files.front().string());
  out.print("\n{}: {} trials of {} ms ({:g} s) from trial {} on, seed {}\n", first.split(),
            survey.output.trials(), id.duration_ms, survey.output.seconds(), first.first_trial(), id.seed);
  if (!id.neuron.empty()) out.print("neuron {}, recipe {}\n", id.neuron, id.recipe);
  print_input(out, survey, trees, id, first.split());
  if (const auto cell = dataset::cell_table_in(files.front())) print_groups(out, survey, cell->groups);
  print_output(out, survey);
  out.print("\n{}\n", id.configuration);
}

bool is_dendritic_basis(const std::filesystem::path& file) {
  return files::Hdf5File(file).has("/direction");
}

void inspect_dendritic_basis(Lines& out, const std::filesystem::path& file) {
  const auto basis =
      produce::read_dendritic_basis(file, files::Hdf5File(file).text_attribute("configuration"));
  out.print(
      "{}\n{} components of the voltages of {} compartments, fitted on {} samples; share of their "
      "variance:\n",
      file.string(), basis.components(), basis.compartments(),
      files::Hdf5File(file).number_attribute("fit_samples"));
  double sum = 0;
  for (size_t k = 0; k < basis.components(); ++k) {
    const double share = basis.variance_mV2[k] / basis.total_variance_mV2;
    sum += share;
    out.print("  {:>3}  {:8.3f} %  together {:7.3f} %\n", k + 1, 100 * share, 100 * sum);
  }
}

bool is_synapse_clusters(const std::filesystem::path& file) {
  return files::Hdf5File(file).has("/excitatory_cluster");
}

void inspect_synapse_clusters(Lines& out, const std::filesystem::path& file) {
  const auto clusters =
      produce::read_synapse_clusters(file, files::Hdf5File(file).text_attribute("configuration"));
  out.print("{}\n{} clusters of synapses\n  cluster  excitatory  inhibitory\n", file.string(),
            clusters.count);
  for (int c = 0; c < static_cast<int>(clusters.count); ++c) {
    out.print("  {:>7}  {:>10}  {:>10}\n", c, std::ranges::count(clusters.of_excitatory, c),
              std::ranges::count(clusters.of_inhibitory, c));
  }
}

}  // namespace nt::run
