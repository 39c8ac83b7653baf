#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "files/sha256.hpp"

namespace nt::files {

/// Files in the format "safetensors": eight bytes with the length of a header, the header (JSON: the type,
/// shape and place of every array, and texts by name), and the arrays, row by row, little endian. Loading one
/// runs no code. Ours hold the text "sha256": the digest of the whole file as it would be with 64 zeros in
/// the digest's place, so that every flipped bit shows.

using TextsByName = std::map<std::string, std::string>;

struct NamedShape {
  std::string name;
  std::vector<int64_t> shape;  // none: a single number
  bool operator==(const NamedShape&) const = default;
};

struct NamedFloats {
  NamedShape array;
  std::span<const float> values;  // as many as the shape says
};

/// The whole file. `texts` may not have "sha256", which is added. RunError if values do not fit their shape.
std::string safetensors_bytes(std::span<const NamedFloats> arrays, TextsByName texts);

/// Puts the right digest into the bytes of a file that has one in its header, right or wrong.
void seal_safetensors(std::string& bytes);

/// Such a file, open for reading. Opening reads the header alone, of at most kMostHeaderBytes, and checks it
/// against the size of the file and in itself: arrays lie one after the other, without holes. All errors are
/// InputErrors that name the file.
class SafetensorsFile {
 public:
  static constexpr uint64_t kMostHeaderBytes = 16 << 20;

  /// `what` the file should be, in messages: "a twin".
  SafetensorsFile(const std::filesystem::path& file, std::string what);

  /// In the order of the file.
  const std::vector<NamedShape>& arrays() const { return arrays_; }
  const TextsByName& texts() const { return texts_; }
  /// InputError if there is none of this name.
  const std::string& text(const std::string& name) const;
  /// InputError unless the arrays are these, whatever their order. Once this is so, the file is not larger
  /// than they are.
  void require_arrays(std::span<const NamedShape> expected) const;

  /// All arrays' numbers, by name. InputError if the digest is not that of the file, or it has none.
  std::map<std::string, std::vector<float>> read();
  /// Reads the file in small pieces, to check the digest alone.
  void check_digest();

 private:
  void read_header();
  void take(char* into, uint64_t bytes);
  /// Begins the digest, and puts the file where its arrays begin.
  Sha256 digest_of_header();
  void compare_digest(Sha256& sum) const;

  std::filesystem::path path_;
  std::string what_;
  std::ifstream stream_;
  uint64_t data_bytes_ = 0;
  std::string header_;
  std::vector<NamedShape> arrays_;
  TextsByName texts_;
};

}  // namespace nt::files
