#pragma once
#include <string_view>

#include "twin/heads.hpp"

namespace nt::twin {

/// Mean squared error of a head that predicts every value of a signal, and its gradient if that is asked for.
/// RunError where the data hold another number of `words`, "dendritic components".
double signal_loss(const HeadBatch& b, std::string_view signal, std::string_view words,
                   std::span<double> gradient);

}  // namespace nt::twin
