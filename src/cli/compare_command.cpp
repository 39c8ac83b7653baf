#include "cli/compare_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/memory_limit.hpp"
#include "cli/progress_bar.hpp"
#include "cli/show.hpp"
#include "cli/threads.hpp"
#include "neurontwin/run.hpp"

namespace nt::cli {
namespace {

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

std::string verdict(const MainScore& score, const neurontwin::ScoreDifference& d) {
  if (d.low <= 0 && d.high >= 0) return "";
  return (d.second > d.first) != score.lower_is_better ? "better" : "worse";
}

void print_differences(const neurontwin::ComparedRun& a, const neurontwin::ComparedRun& b) {
  show("\nB = {} against A = {}\n{:<28} {:>9} {:>9} {:>10}   {:<22} {:>10}\n", b.folder.string(),
       a.folder.string(), "", "A", "B", "B - A", "95 % interval", "other sign");
  for (const auto& score : kMainScores) {
    const auto d = std::ranges::find(b.differences, score.key, &neurontwin::ScoreDifference::name);
    if (d == b.differences.end()) continue;
    show("{:<28} {:>9.5g} {:>9.5g} {:>+10.4g}   {:<22} {:>8.1f} %  {}\n", score.words, d->first, d->second,
         d->second - d->first, fmt::format("[{:+.4g}, {:+.4g}]", d->low, d->high), 100 * d->other_sign_share,
         verdict(score, *d));
  }
}

void compare_runs(std::span<const std::filesystem::path> folders, const neurontwin::CompareOptions& options,
                  const std::filesystem::path& out, const std::filesystem::path& page, bool json) {
  neurontwin::check_comparison_files(out, page);
  const auto comparison = neurontwin::compare_runs(folders, options);
  if (!out.empty()) neurontwin::write_comparison(comparison, out);
  if (!page.empty()) neurontwin::write_comparison_page(comparison, page);
  if (json) {
    show_text(neurontwin::json_of(comparison));
    return;
  }
  show("{}; thresholds of each run's own validation trials; {} resamples of the test trials\n",
       comparison.test, comparison.resamples);
  for (const auto& run : comparison.runs)
    show("{}: {}, {} parameters\n", run.folder.string(), run.twin, run.parameters);
  for (size_t i = 1; i < comparison.runs.size(); ++i)
    print_differences(comparison.runs.front(), comparison.runs[i]);
  show(
      "\nbetter, worse: of B's score, where the interval of the difference excludes 0. Other sign: share of "
      "the resamples in which the difference is 0 or has the other sign.\n");
}

}  // namespace

Command compare_command() {
  return {"compare", "compare the twins of several runs on the same test trials", [](CLI::App& app) {
            struct Options {
              std::vector<std::filesystem::path> runs;
              neurontwin::CompareOptions comparing;
              std::filesystem::path out, page;
              bool json = false;
            };
            const auto o = std::make_shared<Options>();
            app.add_option("runs", o->runs, "run folders; each is compared with the first")->required();
            app.add_option("--resamples", o->comparing.resamples,
                           "bootstrap resamples of the test trials (default: as in the first run)")
                ->check(CLI::Range(int64_t{10}, int64_t{1000000}));
            app.add_option("--out", o->out, "JSON file to write, with every score");
            app.add_option("--page", o->page,
                           "HTML page to write, with the scores and the curves of the runs");
            app.add_flag("--json", o->json, "print every score as JSON");
            add_threads_option(app, o->comparing.threads);
            return [o] {
              require_address_space(threads_of(0));
              o->comparing.watcher = terminal_watcher();
              compare_runs(o->runs, o->comparing, o->out, o->page, o->json);
            };
          }};
}

}  // namespace nt::cli
