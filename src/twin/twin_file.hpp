#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "dataset/cell_table.hpp"
#include "files/safetensors.hpp"
#include "twin/spec.hpp"

namespace nt::twin {

/// What a twin's file says beside the weights. docs/files.md, "A twin", has every key.
struct TwinDescription {
  TwinSpec spec;
  int64_t excitatory_synapses = 0, inhibitory_synapses = 0;
  /// Where each synapse sits. Without compartments where nobody knows (a twin converted from version 0.1).
  dataset::CellTable cell;
  nlohmann::json thresholds = nlohmann::json::object();  // probabilities of a spike
  nlohmann::json scores = nlohmann::json::object();
  nlohmann::json provenance = nlohmann::json::object();

  int64_t channels() const { return excitatory_synapses + inhibitory_synapses; }
};

/// The arrays of such a network, under the names that they have in the file.
std::vector<files::NamedShape> arrays_of(const TwinSpec& spec, int64_t channels);

/// The texts of a twin's file, and back. InputError, naming `file`, if anything is missing or out of range.
files::TextsByName texts_of(const TwinDescription& description);
TwinDescription read_description(const files::TextsByName& texts, const std::string& file);

/// The file of a twin with these arrays. RunError if a number is not finite.
std::string twin_file_bytes(const TwinDescription& description, std::span<const files::NamedFloats> arrays);

/// A twin's file (twin.safetensors), open for reading. Whatever it holds is checked before use: the
/// description in itself, the arrays' shapes against it, their numbers. Errors are InputErrors that name the
/// file. No code in the file is run, and no more memory is used than some times its size.
class TwinFile {
 public:
  explicit TwinFile(const std::filesystem::path& file);

  const TwinDescription& description() const { return description_; }
  const std::vector<files::NamedShape>& arrays() const { return file_.arrays(); }
  /// All numbers by name, after comparing the digest.
  std::map<std::string, std::vector<float>> read();
  /// Compares the digest in little memory.
  void check_digest() { file_.check_digest(); }
  /// SHA-256 of the network, whatever is known of its scores and where it comes from.
  std::string identity();
  /// InputError, saying what differs, unless the file's network and synapses are those of `expected`.
  void require_network_of(const TwinDescription& expected) const;

 private:
  std::filesystem::path path_;
  files::SafetensorsFile file_;
  TwinDescription description_;
};

}  // namespace nt::twin
