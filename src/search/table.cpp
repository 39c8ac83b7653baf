// What a search came to, in words.
#include <cmath>

#include "config/shown.hpp"
#include "search/search.hpp"

namespace nt::search {
namespace {

using config::shown;

std::string in_words(double low, double high, const char* format) {
  const auto end = [&](double x) {
    return std::isfinite(x) ? fmt::format(fmt::runtime(format), x) : std::string("none");
  };
  return fmt::format("[{}, {}]", end(low), end(high));
}
std::string in_words(const statistics::Estimate& estimate, const char* format) {
  return in_words(estimate.low, estimate.high, format);
}

std::string_view words_for(Size size) {
  constexpr std::array<std::string_view, 4> kWords{"layers", "units", "parameters", "multiply-adds per ms"};
  return kWords[static_cast<size_t>(size)];
}

std::string criterion_words(const SearchSpec& s) {
  const auto measure =
      s.measure == Measure::auc ? "validation AUC" : "explained variance of the validation voltage";
  if (s.criterion == Criterion::complexity_index)
    return "functional complexity index: log10(1000 (1 - AUC)) / log10(100) of the 3 x 128 probe";
  if (s.criterion == Criterion::target) {
    std::string words = "the smallest network";
    if (s.target_auc > 0) words += fmt::format(", validation AUC at least {:g}", s.target_auc);
    if (s.target_variance_explained > 0)
      words += fmt::format(", variance explained at least {:g}", s.target_variance_explained);
    return words + fmt::format(", at {:g} % confidence", 100 * s.confidence);
  }
  return fmt::format(
      "the smallest network whose {} is not worse than the best found by more than {:g}, at {:g} % "
      "confidence (paired bootstrap over trials{})",
      measure, s.epsilon, 100 * s.confidence, s.trainings > 1 ? " and trainings" : "");
}

std::string stop_words(const SearchAnswers& answers) {
  const auto& s = answers.spec;
  const auto& by = answers.stopped_by;
  const auto& effort = answers.effort;
  const auto spent = fmt::format("{} trials, {} rungs, {:.3g} h of simulated neuron, {:.3g} min",
                                 effort.trials, effort.finished_rungs, effort.samples_h, effort.wall_minutes);
  if (by == "front") {
    return fmt::format("the front has not moved by more than {:g} in the last {} rungs ({})", s.epsilon,
                       s.quiet_rungs, spent);
  }
  if (by == "budget_minutes")
    return fmt::format("the budget of {:g} min ended ({})", s.budget_minutes, spent);
  if (by == "budget_samples_h")
    return fmt::format("the budget of {:g} h of simulated neuron ended ({})", s.budget_samples_h, spent);
  if (by == "trainings") {
    return fmt::format(
        "half of the budget went into trying networks, and those that may be the answer were trained "
        "{} times ({})",
        s.trainings, spent);
  }
  return fmt::format("all configurations asked for were tried ({})", spent);
}

/// Nothing of a single one.
std::string trainings_words(const std::vector<FinishedRung>& trainings, Measure measure) {
  if (trainings.size() < 2) return "";
  double least = INFINITY, most = -INFINITY;
  for (const auto& [job, result] : trainings) {
    const double score = measure == Measure::auc ? result.auc : result.variance_explained;
    least = std::fmin(least, score);
    most = std::fmax(most, score);
  }
  return fmt::format("; mean of {} trainings, {:.5f} to {:.5f}", trainings.size(), least, most);
}

std::string answer_line(const SizeAnswer& answer) {
  std::string line =
      fmt::format("  {:<20} {:<21}", answer.criterion == Criterion::target ? "target" : "not worse than best",
                  words_for(answer.size));
  line += answer.smallest ? fmt::format("{:>10}", answer.smallest->whole(answer.size))
                          : fmt::format("{:>10}", "none");
  line += "  " + in_words(answer.interval.first, answer.interval.second, "{:.0f}");
  if (!answer.undecided_below.empty())
    line += fmt::format("   not decided for {}", fmt::join(answer.undecided_below, ", "));
  return line + "\n";
}

std::string depth_lines(const SizeAnswer& answer, Measure measure) {
  std::string text =
      "\n  layers  trial  rung       AUC  variance explained  below the best            good enough\n";
  for (const auto& [n, below_best, good, trained_less] : answer.networks) {
    text += fmt::format("  {:>6}  {:>5}  {:>4}  {:>8}  {:>17.4f}  {:>8.5f} {:<20}  {}{}{}\n",
                        n.whole(answer.size), n.job.trial, n.job.rung, shown(n.result.auc, "{:.5f}"),
                        n.result.variance_explained, below_best.value, in_words(below_best, "{:.5f}"),
                        name_of(good), trained_less ? " (trained less than the best)" : "",
                        trainings_words(n.trainings, measure));
  }
  return text;
}

std::string control_line(const ControlNetwork& control, const TriedNetwork& best) {
  const auto& n = control.network;
  return fmt::format(
      "\n  control: {}, {} parameters (trial {} after rung {}{}): AUC {}, variance explained {:.4f}, "
      "below the best {:.5f} {}\n",
      control.words, n.whole(Size::parameters), n.job.trial, n.job.rung,
      n.job.rung < best.job.rung ? ", trained less than the best" : "", shown(n.result.auc, "{:.5f}"),
      n.result.variance_explained, control.below_best.value, in_words(control.below_best, "{:.5f}"));
}

std::string generalisation_lines(const ShiftedAnswers& set) {
  std::string text = fmt::format("\n  {} ({}; {} trials)\n", set.name, set.words, set.trials);
  for (const auto& n : set.networks) {
    const auto& c = n.network.configuration;
    text += fmt::format("  {:>9}  AUC {}, variance explained {:.4f}, below the best {:.5f} {}\n",
                        c.is_control() ? "recurrent" : fmt::format("{} layers", c.depth()),
                        shown(n.auc, "{:.5f}"), n.variance_explained, n.below_best.value,
                        in_words(n.below_best, "{:.5f}"));
  }
  return text;
}

std::string width_or_depth_lines(const RungWidthOrDepth& of) {
  const auto &depth = of.fit.error_factor_of_depth, &parameters = of.fit.error_factor_of_parameters;
  return fmt::format(
      "\n  rung {}, {} networks: at the same number of parameters twice the depth makes the error {:.3f} "
      "times as large {};\n  at the same depth twice the parameters {:.3f} times {}\n",
      of.rung, of.fit.networks, depth.value, in_words(depth, "{:.3f}"), parameters.value,
      in_words(parameters, "{:.3f}"));
}

}  // namespace

std::string table_of(const SearchAnswers& answers) {
  std::string text = fmt::format("\nsearch: {}\n", criterion_words(answers.spec));
  text += fmt::format("  stopped: {}\n", stop_words(answers));
  if (!answers.best) return text + "  no network was trained to the end of a rung\n";
  if (const auto& index = answers.complexity_index) {
    text += fmt::format("  complexity index     {:.3f}  {}\n", index->index.value,
                        in_words(index->index, "{:.3f}"));
  } else {
    text += "\n  criterion            size                   smallest  interval\n";
    for (const auto& answer : answers.answers) text += answer_line(answer);
    text += depth_lines(answers.answers[0], answers.spec.measure);
  }
  if (answers.control) text += control_line(*answers.control, *answers.best);
  for (const auto& fit : answers.width_or_depth) text += width_or_depth_lines(fit);
  for (const auto& set : answers.generalisation) text += generalisation_lines(set);
  text += fmt::format("\n  test set, looked at for the chosen networks{} only:\n",
                      answers.control ? " and the control" : "");
  for (const auto& look : answers.test) {
    text += fmt::format("    trial {} after rung {}: AUC {} {}, variance explained {:.4f}, RMSE {:.3f} mV\n",
                        look.job.trial, look.job.rung, shown(look.auc.value, "{:.5f}"),
                        in_words(look.auc, "{:.5f}"), look.variance_explained.value, look.rmse_mV);
  }
  return text;
}

}  // namespace nt::search
