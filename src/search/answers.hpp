#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "search/search_spec.hpp"
#include "search/store.hpp"
#include "statistics/estimate.hpp"

namespace nt::search {

/// A network at the end of the highest rung that it finished.
struct TriedNetwork {
  Job job = {};
  Configuration configuration = {};
  RungResult result = {};  // of several trainings their mean
  double score = 0;
  std::array<double, kSizes.size()> size{};
  int64_t window_ms = 0;                     // of input that one output depends on
  std::vector<FinishedRung> trainings = {};  // the trial's own, and of that network again to the same rung
  bool trained_enough = true;                // as often as all that may be the answer

  double of(Size measure) const { return size[static_cast<size_t>(measure)]; }
  int64_t whole(Size measure) const { return static_cast<int64_t>(of(measure)); }
};

/// What the data say of a claim.
enum class Verdict { no, undecided, yes };
std::string_view name_of(Verdict verdict);

/// A network that a criterion may choose.
struct JudgedNetwork {
  TriedNetwork network = {};
  statistics::Estimate below_best = {};  // the best network's measure less its, at the confidence
  Verdict good = Verdict::undecided;
  bool trained_less = false;  // than it takes to decide
};

/// A criterion's answer for a way to say how large a network is.
struct SizeAnswer {
  Criterion criterion = Criterion::smallest_not_worse;
  Size size = Size::depth;
  std::optional<TriedNetwork> smallest = {};  // that is good
  /// The sizes that hold `confidence` of what other trials would have answered; infinite: none is good.
  std::pair<double, double> interval = {};
  std::vector<int64_t> undecided_below = {};  // smaller sizes for which the budget was too small to say no
  std::vector<JudgedNetwork> networks = {};   // by size
};

/// Of the best network of the probe's shape (complexity_index()).
struct ComplexityIndex {
  statistics::Estimate index = {};
  int64_t trial = 0;
};

/// The best recurrent network, beside the best of those that may be chosen.
struct ControlNetwork {
  TriedNetwork network = {};
  std::string words = {};  // of its kind and size
  statistics::Estimate below_best = {};
};

/// A training that diverged.
struct FailedRung {
  Job job = {};
  std::string why = {};
};

/// How a network does on inputs that none was trained on.
struct ShiftedScores {
  TriedNetwork network = {};
  double auc = 0, variance_explained = 0, rmse_mV = 0;
  statistics::Estimate below_best = {};  // of this set's
};
struct ShiftedAnswers {
  std::string name = {}, words = {};
  size_t trials = 0;
  std::vector<ShiftedScores> networks = {};  // of each depth, and the control
};

/// log(error) explained by depth and parameters over many trained networks: what twice the depth does to the
/// error 1 - score where the number of parameters stays, and twice the parameters where the depth does.
struct WidthOrDepth {
  int64_t networks = 0;
  statistics::Estimate error_factor_of_depth = {}, error_factor_of_parameters = {};  // below 1: better
};
struct RungWidthOrDepth {
  int64_t rung = 0;
  WidthOrDepth fit = {};
};

/// How the first rung's score depends on the learning rate.
struct RateScores {
  std::optional<int64_t> depth = {};  // none: of the control
  double best_rate = 0, best = 0, median = 0;
  int64_t diverged = 0;
  std::vector<std::pair<double, double>> rate_and_score = {};
};

/// What was spent.
struct SearchEffort {
  std::vector<double> rung_samples_h = {};  // hours of simulated neuron up to the end of each rung
  size_t trials = 0, finished_rungs = 0;
  double samples_h = 0, wall_minutes = 0;  // all trials together; all sessions together
};

/// What a search came to. NaN where there is nothing to measure.
struct SearchAnswers {
  SearchSpec spec = {};
  uint64_t seed = 0;
  SearchEffort effort = {};
  std::string stopped_by = {};  // stop_reason()
  std::vector<TriedNetwork> trials = {};
  std::vector<FailedRung> failed = {};
  std::array<std::vector<int64_t>, kSizes.size()> front = {};  // of each size, the trials
  // All that follows but the last two is of a search in which a network with layers was trained.
  std::optional<TriedNetwork> best = {};
  std::optional<ControlNetwork> control = {};
  std::vector<SizeAnswer> answers = {};
  std::optional<size_t> answer = {};                     // among these: of the criterion and size asked for
  std::optional<ComplexityIndex> complexity_index = {};  // in place of the answers
  std::vector<TestLook> test =
      {};  // one for each training of a network that was looked at, once for all time
  std::vector<ShiftedAnswers> generalisation = {};
  std::vector<RungWidthOrDepth> width_or_depth = {};
  std::vector<RateScores> learning_rate = {};  // for each depth, and the control
};

}  // namespace nt::search
