#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nt::files {

/// SHA-256 (FIPS 180-4) of bytes that come piece by piece. Every flipped bit changes it, and nobody knows how
/// to make other bytes with the same digest.
class Sha256 {
 public:
  void add(std::string_view bytes);
  /// Of all that was added, 64 lower-case hexadecimal digits. Call once, last.
  std::string digits();

 private:
  static constexpr size_t kBlockBytes = 64;
  void mix(const unsigned char* block);

  std::array<uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, kBlockBytes> pending_{};
  uint64_t bytes_ = 0;
};

std::string sha256(std::string_view bytes);

}  // namespace nt::files
