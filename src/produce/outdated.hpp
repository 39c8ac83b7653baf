#pragma once
#include "produce/plan.hpp"

namespace nt::produce {

/// Makes room for the data set of `plan` in `folder`. One of the same settings that an older program made, or
/// from files of other content or by algorithms of another version, is put aside as FOLDER-before-N; the
/// words returned say that and why, and are empty if nothing was in the way. InputError where the shards
/// there are of other settings, or were not all made from one neuron and recipe: they are never mixed.
std::string put_outdated_aside(const DatasetPlan& plan, const std::filesystem::path& folder);

}  // namespace nt::produce
