#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace nt::files {

/// Bytes as text that JSON may hold: base64 with padding (RFC 4648).
std::string base64(std::span<const uint8_t> bytes);

}  // namespace nt::files
