#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nt::files {

/// Bytes as text that JSON may hold: base64 with padding (RFC 4648).
std::string base64(std::span<const uint8_t> bytes);

/// What base64() has made text of. Other text is an InputError.
std::vector<uint8_t> from_base64(std::string_view text);

}  // namespace nt::files
