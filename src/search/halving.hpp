#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "search/space.hpp"
#include "train/train.hpp"

namespace nt::search {

/// Asynchronous successive halving (ASHA; Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht and
/// Talwalkar 2020, "A system for massively parallel hyperparameter tuning", MLSys): every configuration is
/// trained to rung 0, the best 1/eta of a rung are trained on to the next, which is eta times as long.
/// Reads [search].
struct Halving {
  int64_t eta = 3;
  int64_t rungs = 4;
  int64_t first_rung_epochs = 4;
  int64_t steps_per_epoch = 100;
  /// Validation trials asked after each epoch, to keep the best one; 0: all. At a rung's end all are.
  int64_t epoch_valid_trials = 0;

  /// Epochs that a trial has been trained for at the end of a rung.
  int64_t epochs_at(int64_t rung) const;
  /// Epochs of a rung alone: what going there from the rung below costs.
  int64_t epochs_of(int64_t rung) const;
};
Halving read_halving(const config::Settings& settings);

/// How a configuration is trained, up to the end of `rung`: in each rung the learning rate falls from its
/// value to a thirtieth, evenly in the logarithm, so that every rung ends with a network that has settled and
/// the networks of a rung can be compared; the next begins with the full rate again (warm restarts;
/// Loshchilov and Hutter 2017). Batch normalisation is frozen in each rung's second half. What neither says
/// is as in `rest`.
train::TrainSpec training_of(const Configuration& configuration, const Halving& halving, int64_t rung,
                             train::TrainSpec rest);

/// What is known of a trial when it is decided what to do next.
struct TrialState {
  int64_t size_class = 0;
  std::vector<double> scores;  // of its finished rungs, higher is better; NaN: it failed
  int64_t begun = 0;           // rungs finished or being worked on
};

/// The trial to be trained to its next rung, if one is due; else it is time for a new configuration.
///
/// Of the n trials that finished a rung, floor(n/eta) are worth going on with. These are not the best of all:
/// there large networks would crowd out the small ones that the search is for, and in early rungs shallow
/// networks, which learn faster, the deep. The best of every size class come first, then the second best of
/// every class, and so on; within such a layer the better first. Like non-dominated sorting (Deb, Pratap,
/// Agarwal and Meyarivan 2002; with successive halving Schmucker, Donini, Zafar, Salinas and Archambeau 2021,
/// arXiv:2106.12639), but a network is beaten only by one of its own size: a deep one that is no better than
/// a shallow one is evidence too.
///
/// The highest rung with a due trial comes first, as in ASHA.
std::optional<int64_t> due_trial(std::span<const TrialState> trials, const Halving& halving);

/// A finished rung.
struct Outcome {
  double size = 0;
  double score = 0;  // NaN: failed
};

/// The places, among `outcomes`, of the best score at every size: sizes and scores both rise.
std::vector<size_t> front_of(std::span<const Outcome> outcomes);

/// The place, among `outcomes`, of the best score of every size there is, by size.
std::vector<size_t> best_of_every_size(std::span<const Outcome> outcomes);

/// The places of those that may be the answer: the best of every depth, since of one that is no better than a
/// shallower one has to be said by how much; of other measures, where every size is one network's own, the
/// front.
std::vector<size_t> contenders(std::span<const Outcome> outcomes, Size measure);

/// How many of the last outcomes, in the order in which they came, have not moved the front: since then no
/// size reached a score more than `epsilon` above what it, or a smaller one, had before.
int64_t quiet_outcomes(std::span<const Outcome> outcomes, double epsilon);

}  // namespace nt::search
