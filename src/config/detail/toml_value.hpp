#pragma once
#include <toml++/toml.h>

#include <string>

namespace nt::config {

/// A value as TOML, numbers with the fewest digits that read back the same.
std::string toml_value(const toml::node& node);

}  // namespace nt::config
