#pragma once
#include <map>
#include <optional>
#include <span>

#include "search/detail/criterion.hpp"
#include "search/search.hpp"

namespace nt::search {

/// The networks that a criterion may choose, asked about all validation trials.
class Asked {
 public:
  Asked(const SearchTask& task, const SearchStore& store, std::span<const TriedNetwork> points)
      : task_(task), store_(store), points_(points) {}

  const Answers& operator[](size_t point);
  const Measured& measured(size_t point) { return pick((*this)[point]); }
  const Measured& pick(const Answers& answers) const {
    return task_.spec.measure == Measure::auc ? answers.auc : answers.variance_explained;
  }
  /// Of all of its trainings. Resamples of trials are the same ones for every network.
  Answers of_network(const dataset::Split& split, size_t point) const;
  Answers of_training(const dataset::Split& split, const TriedNetwork& p, const Job& job) const;
  size_t resamples() const { return static_cast<size_t>(task_.spec.resamples); }

 private:
  const SearchTask& task_;
  const SearchStore& store_;
  std::span<const TriedNetwork> points_;
  std::optional<dataset::Split> valid_;
  std::map<size_t, Answers> answers_;
};

}  // namespace nt::search
