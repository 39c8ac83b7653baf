#include "run/compare.hpp"

#include <array>
#include <cmath>

#include "evaluate/compare_runs.hpp"
#include "evaluate/evaluate.hpp"
#include "files/files.hpp"
#include "files/json.hpp"
#include "run/detail/json_kinds.hpp"
#include "twin/saved_twin.hpp"

namespace nt::run {
namespace {

/// What a run folder says of how its twin was scored.
struct ScoredFolder {
  std::filesystem::path folder;
  std::string title;
  uint64_t seed = 0;
  dataset::Labels labels;
  evaluate::EvaluateSpec evaluate;
  double rate_per_bin = 0;  // of the training trials

  dataset::Split open(const std::string& split) const {
    return dataset::Split::open(folder / "dataset", split);
  }
};

ScoredFolder read_folder(const std::filesystem::path& folder) {
  for (const auto* name : {"experiment.toml", "twin.safetensors", "metrics.json", "dataset"}) {
    if (!std::filesystem::exists(folder / name)) {
      fail_input(
          "{}: is not the folder of a run that was evaluated: {} is missing; 'neurontwin run' makes one",
          folder.string(), name);
    }
  }
  ScoredFolder run;
  run.folder = folder;
  const auto settings = config::Settings::from_file(folder / "experiment.toml");
  run.title = settings.text("title", folder.filename().string());
  run.seed = static_cast<uint64_t>(settings.integer("seed", 1, {0, 9e15}));
  run.labels = produce::read_data(settings.table("data")).labels;
  run.evaluate = evaluate::read_evaluate(settings.table("evaluate"));
  const auto file = folder / "metrics.json";
  const auto metrics = read_run_json(file);
  files::using_json(file, [&] {
    dataset::EventSupport train;
    train.spikes = metrics.at("data.train_spikes").get<int64_t>();
    const auto train_s = metrics.at("data.train_s").get<double>();
    if (train.spikes < 0 || !(train_s >= 0.001 && train_s < 1e12)) throw std::out_of_range("data.train_s");
    train.total_ms = std::llround(1000 * train_s);
    run.rate_per_bin = evaluate::spikes_per_bin(train);
  });
  return run;
}

/// Scores under other conventions cannot be subtracted.
void require_same_conventions(const ScoredFolder& a, const ScoredFolder& b) {
  const auto refuse = [&](std::string_view key, const auto& there, const auto& here) {
    fail_input("{0}: {1} is {2}, but in {4} it is {3}; scores can be compared only with the same {1}",
               a.folder.string(), key, there, here, b.folder.string());
  };
  if (a.evaluate.skip_ms != b.evaluate.skip_ms)
    refuse("evaluate.skip_ms", a.evaluate.skip_ms, b.evaluate.skip_ms);
  if (a.labels.published != b.labels.published) {
    const auto word = [](const dataset::Labels& labels) { return labels.published ? "published" : "exact"; };
    refuse("data.labels", word(a.labels), word(b.labels));
  }
  if (a.labels.soma_ceiling_mV != b.labels.soma_ceiling_mV)
    refuse("data.soma_ceiling_mV", a.labels.soma_ceiling_mV, b.labels.soma_ceiling_mV);
}

void require_same_trials(const ScoredFolder& a, const dataset::Split& of_a, const ScoredFolder& b,
                         const dataset::Split& of_b) {
  const auto why = evaluate::why_other_trials(of_a, of_b);
  if (why.empty()) return;
  fail_input(
      "{}: its test trials are not those of {}: {}; expected runs on the same data set (the same cell, "
      "stimulus, seed, data.trial_ms and data.test_trials)",
      b.folder.string(), a.folder.string(), why);
}

evaluate::ResampledScores scores_of(const ScoredFolder& run, const dataset::Split& test,
                                    const evaluate::Scoring& scoring, int threads,
                                    neurontwin::ComparedRun& compared) {
  auto twin = twin::load_twin(run.folder / "twin.safetensors", twin::on_threads(threads)).twin;
  const auto valid = run.open("valid");
  if (twin.channels() != test.channels() || valid.channels() != test.channels()) {
    fail_input("{}: its twin takes {} synapses, but its data set has {}; evaluate it again",
               run.folder.string(), twin.channels(), test.channels());
  }
  if (run.evaluate.skip_ms >= test.duration_ms() || run.evaluate.skip_ms >= valid.duration_ms())
    fail_input("{}: evaluate.skip_ms is {}, expected less than the trials' {} ms", run.folder.string(),
               run.evaluate.skip_ms, test.duration_ms());
  compared.twin = twin.network().words();
  compared.parameters = twin.parameter_count();
  return evaluate::resampled_scores(twin, valid, test, scoring);
}

neurontwin::ScoreDifference as_told(const evaluate::ScoreDifference& d) {
  return {d.name, d.a, d.b, d.low, d.high, d.other_sign_share};
}

}  // namespace

neurontwin::Comparison compare_folders(std::span<const std::filesystem::path> folders,
                                       const neurontwin::CompareOptions& options) {
  if (folders.size() < 2)
    fail_input("compare: {} run folder, expected two or more: neurontwin compare RUN RUN...", folders.size());
  std::vector<ScoredFolder> runs;
  std::vector<dataset::Split> tests;
  for (const auto& folder : folders) {
    runs.push_back(read_folder(folder));
    require_same_conventions(runs.front(), runs.back());
    tests.push_back(runs.back().open("test"));
    require_same_trials(runs.front(), tests.front(), runs.back(), tests.back());
  }
  const auto& first = runs.front();
  const auto& test = tests.front();
  neurontwin::Comparison comparison;
  comparison.test = words_for(dataset::event_support(test), "test");
  comparison.test_digest = test.digest();
  comparison.test_trials = static_cast<int64_t>(test.trials());
  comparison.resamples = options.resamples > 0 ? options.resamples : first.evaluate.bootstrap_resamples;
  const evaluate::Scoring scoring{first.labels, first.evaluate.skip_ms, first.rate_per_bin,
                                  comparison.resamples, first.seed};
  evaluate::ResampledScores of_first;
  for (size_t i = 0; i < runs.size(); ++i) {
    options.watcher.tell({"compare", static_cast<double>(i), static_cast<double>(runs.size()), "twins", ""});
    options.watcher.stop_here_if_asked("comparing");
    auto& compared = comparison.runs.emplace_back();
    compared.folder = runs[i].folder;
    auto scores = scores_of(runs[i], tests[i], scoring, options.threads, compared);
    if (i == 0) {
      of_first = std::move(scores);
    } else {
      for (const auto& d : evaluate::paired_differences(of_first, scores))
        compared.differences.push_back(as_told(d));
    }
  }
  return comparison;
}

}  // namespace nt::run
