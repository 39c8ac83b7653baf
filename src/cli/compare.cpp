#include "cli/compare.hpp"

#include <array>
#include <cmath>

#include "cli/say.hpp"
#include "evaluate/compare_runs.hpp"
#include "evaluate/evaluate.hpp"
#include "files/files.hpp"
#include "files/json.hpp"
#include "twin/saved_twin.hpp"

namespace neurontwin {
namespace {

using Json = nlohmann::ordered_json;

/// A score that is printed; the others are in the JSON file.
struct MainScore {
  std::string_view key, words;
  bool lower_is_better = false;
};
constexpr std::array kMainScores{
    MainScore{"spike.auc", "spike AUC"},
    MainScore{"spike.average_precision", "average precision"},
    MainScore{"spike.bits_per_spike", "bits per spike"},
    MainScore{"spike.tpr_at_test_fpr_0.0025", "spikes found at 0.25 % FPR"},
    MainScore{"spike.f1_2ms", "F1 within 2 ms"},
    MainScore{"spike.f1_mean_0_to_5ms", "F1, mean over 0 to 5 ms"},
    MainScore{"spike.trial_count_variance_explained", "spike counts explained"},
    MainScore{"spike.rate_error_hz", "rate error (Hz)", true},
    MainScore{"spike.calibration_error_per_spike", "calibration error", true},
    MainScore{"soma.variance_explained", "voltage explained"},
    MainScore{"soma.rmse_mV", "voltage RMSE (mV)", true},
    MainScore{"soma.rmse_away_from_spikes_mV", "  away from spikes (mV)", true},
    MainScore{"soma.power_explained_0_to_4_hz", "  explained, below 4 Hz"},
    MainScore{"soma.power_explained_4_to_13_hz", "  explained, 4 to 13 Hz"},
    MainScore{"soma.power_explained_13_to_30_hz", "  explained, 13 to 30 Hz"},
    MainScore{"soma.power_explained_30_to_100_hz", "  explained, 30 to 100 Hz"},
};

/// What a run folder says of how its twin was scored.
struct ScoredFolder {
  std::filesystem::path folder;
  std::string title;
  uint64_t seed = 0;
  Labels labels;
  EvaluateSpec evaluate;
  double rate_per_bin = 0;  // of the training trials

  Split open(const std::string& split) const { return Split::open(folder / "dataset", split); }
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
  const auto settings = Settings::from_file(folder / "experiment.toml");
  run.title = settings.text("title", folder.filename().string());
  run.seed = static_cast<uint64_t>(settings.integer("seed", 1, {0, 9e15}));
  run.labels = read_data(settings.table("data")).labels;
  run.evaluate = read_evaluate(settings.table("evaluate"));
  const auto file = folder / "metrics.json";
  const auto metrics = read_json(file);
  using_json(file, [&] {
    EventSupport train;
    train.spikes = metrics.at("data.train_spikes").get<int64_t>();
    const auto train_s = metrics.at("data.train_s").get<double>();
    if (train.spikes < 0 || !(train_s >= 0.001 && train_s < 1e12)) throw std::out_of_range("data.train_s");
    train.total_ms = std::llround(1000 * train_s);
    run.rate_per_bin = spikes_per_bin(train);
  });
  return run;
}

/// Scores under other conventions cannot be subtracted.
void require_same_conventions(const ScoredFolder& a, const ScoredFolder& b) {
  const auto refuse = [&](std::string_view key, const auto& there, const auto& here) {
    fail_input(
        "{}: {} is {} there and {} in {}, so that their scores cannot be compared; expected runs with "
        "the same",
        a.folder.string(), key, there, here, b.folder.string());
  };
  if (a.evaluate.skip_ms != b.evaluate.skip_ms)
    refuse("evaluate.skip_ms", a.evaluate.skip_ms, b.evaluate.skip_ms);
  if (a.labels.published != b.labels.published) {
    const auto word = [](const Labels& labels) { return labels.published ? "published" : "exact"; };
    refuse("data.labels", word(a.labels), word(b.labels));
  }
  if (a.labels.soma_ceiling_mV != b.labels.soma_ceiling_mV)
    refuse("data.soma_ceiling_mV", a.labels.soma_ceiling_mV, b.labels.soma_ceiling_mV);
}

void require_same_trials(const ScoredFolder& a, const Split& of_a, const ScoredFolder& b, const Split& of_b) {
  const auto why = why_other_trials(of_a, of_b);
  if (why.empty()) return;
  fail_input(
      "{}: its test trials are not those of {}: {}; expected runs on the same data set (the same cell, "
      "stimulus, seed, data.trial_ms and data.test_trials)",
      b.folder.string(), a.folder.string(), why);
}

ResampledScores scores_of(const ScoredFolder& run, const Split& test, const Scoring& scoring, int threads) {
  auto twin = load_twin(run.folder / "twin.safetensors", on_threads(threads)).twin;
  const auto valid = run.open("valid");
  if (twin.channels() != test.channels() || valid.channels() != test.channels()) {
    fail_input("{}: its twin takes {} synapses, but its data set has {}; evaluate it again",
               run.folder.string(), twin.channels(), test.channels());
  }
  if (run.evaluate.skip_ms >= test.duration_ms() || run.evaluate.skip_ms >= valid.duration_ms())
    fail_input("{}: evaluate.skip_ms is {}, expected less than the trials' {} ms", run.folder.string(),
               run.evaluate.skip_ms, test.duration_ms());
  fmt::print("{}: {}, {} parameters\n", run.folder.string(), twin.network().words(), twin.parameter_count());
  return resampled_scores(twin, valid, test, scoring);
}

std::string verdict(const MainScore& score, const ScoreDifference& d) {
  if (d.low <= 0 && d.high >= 0) return "";
  return (d.difference() > 0) != score.lower_is_better ? "better" : "worse";
}

void print_differences(const ScoredFolder& a, const ScoredFolder& b,
                       std::span<const ScoreDifference> differences) {
  fmt::print("\nB = {} against A = {}\n{:<28} {:>9} {:>9} {:>10}   {:<22} {:>10}\n", b.folder.string(),
             a.folder.string(), "", "A", "B", "B - A", "95 % interval", "other sign");
  for (const auto& score : kMainScores) {
    const auto d = std::ranges::find(differences, score.key, &ScoreDifference::name);
    if (d == differences.end()) continue;
    fmt::print("{:<28} {:>9.5g} {:>9.5g} {:>+10.4g}   {:<22} {:>8.1f} %  {}\n", score.words, d->a, d->b,
               d->difference(), fmt::format("[{:+.4g}, {:+.4g}]", d->low, d->high), 100 * d->other_sign_share,
               verdict(score, *d));
  }
}

Json json_of(std::span<const ScoreDifference> differences) {
  auto scores = Json::object();
  for (const auto& d : differences) {
    scores[d.name] = {{"a", d.a},
                      {"b", d.b},
                      {"difference", d.difference()},
                      {"difference_ci95", {d.low, d.high}},
                      {"other_sign_share", d.other_sign_share}};
  }
  return scores;
}

}  // namespace

void compare_runs(const CompareOptions& options) {
  if (options.runs.size() < 2)
    fail_input("compare: {} run folder, expected two or more: neurontwin compare RUN RUN...",
               options.runs.size());
  std::vector<ScoredFolder> runs;
  std::vector<Split> tests;
  for (const auto& folder : options.runs) {
    runs.push_back(read_folder(folder));
    require_same_conventions(runs.front(), runs.back());
    tests.push_back(runs.back().open("test"));
    require_same_trials(runs.front(), tests.front(), runs.back(), tests.back());
  }
  const auto& first = runs.front();
  const auto resamples = options.resamples > 0 ? options.resamples : first.evaluate.bootstrap_resamples;
  const Scoring scoring{first.labels, first.evaluate.skip_ms, first.rate_per_bin, resamples, first.seed};
  const auto score_run = [&](size_t i) { return scores_of(runs[i], tests[i], scoring, options.threads); };
  const auto support = event_support(tests.front());
  fmt::print("{}; thresholds of each run's own validation trials; {} resamples of the test trials\n",
             words_for(support, "test"), resamples);
  const auto of_first = score_run(0);
  Json json{{"a", first.folder.string()},
            {"test_trials", tests.front().trials()},
            {"test_digest", tests.front().digest()},
            {"resamples", resamples},
            {"comparisons", Json::array()}};
  for (size_t i = 1; i < runs.size(); ++i) {
    const auto differences = paired_differences(of_first, score_run(i));
    print_differences(first, runs[i], differences);
    json["comparisons"].push_back({{"b", runs[i].folder.string()}, {"scores", json_of(differences)}});
  }
  fmt::print(
      "\nbetter, worse: B's score, where the interval of the difference does not hold 0. Other sign: the "
      "share of the resamples in which the difference is 0 or has the other sign.\n");
  if (!options.out.empty()) write_file_atomically(options.out, json.dump(1) + "\n");
}

}  // namespace neurontwin
