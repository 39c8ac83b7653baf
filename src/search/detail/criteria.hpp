#pragma once
#include <optional>
#include <span>

#include "search/detail/asked.hpp"

namespace nt::search {

/// A criterion's answer, and which of the networks it chose.
struct CriterionAnswer {
  SizeAnswer answer;
  std::optional<size_t> chosen;
};

/// The smallest network that is not worse than `points[best]` by more than epsilon.
CriterionAnswer answer_not_worse(const SearchTask& task, std::span<const TriedNetwork> points, Asked& asked,
                                 size_t best, Size size);
/// The smallest that reaches the targets.
CriterionAnswer answer_target(const SearchTask& task, std::span<const TriedNetwork> points, Asked& asked,
                              size_t best, Size size);
/// Of the validation AUC of `points[best]`.
ComplexityIndex complexity_index_of(const SearchTask& task, std::span<const TriedNetwork> points,
                                    Asked& asked, size_t best);

}  // namespace nt::search
