#pragma once
#include <functional>
#include <string_view>

namespace nt::run {

/// Does one piece of a command's work. Where it takes more memory than there is, a RunError says so and names
/// the settings to lower; what no message was written for becomes a RunError that says it is an error of the
/// program. `doing`: "training"; `settings`: "train.batch_windows or twin.width".
void with_reasons(std::string_view doing, std::string_view settings, const std::function<void()>& work);

}  // namespace nt::run
