#pragma once
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "search/detail/asked.hpp"

namespace nt::search {

/// Twice the depth, or twice the parameters: from the networks that finished a rung, rung by rung.
std::vector<RungWidthOrDepth> width_or_depth_by_rung(const SearchTask& task, const Knowledge& knowledge);

/// For each depth, and for the control, how the first rung's score depends on the learning rate.
std::vector<RateScores> rate_scores(const SearchTask& task, const Knowledge& knowledge);

/// One look for each training of the chosen networks that has none; and all that there were before.
std::vector<TestLook> look_at_test(const SearchTask& task, SearchStore& store,
                                   std::span<const TriedNetwork> points, const Asked& asked,
                                   const std::set<size_t>& chosen);

/// How networks of each depth, and the control, do on inputs that none was trained on; each set's best of the
/// depths is what its others are compared with.
std::vector<ShiftedAnswers> shifted_answers(const SearchTask& task, std::span<const TriedNetwork> points,
                                            const Asked& asked, std::vector<size_t> candidates,
                                            std::optional<size_t> control);

}  // namespace nt::search
