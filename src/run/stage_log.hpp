#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "config/difference.hpp"

namespace nt::run {

/// Digests of files' contents, by their names in the run directory. A split of the data set counts as one:
/// "dataset/train".
using Contents = std::map<std::string, std::string>;

/// All that determines a stage's results. Equal inputs, equal results.
struct StageInputs {
  config::ValuesByKey settings;  // with files by their content, and versions of algorithms
  Contents files;                // that stages before it wrote
};

/// A stage that was finished.
struct StageRecord {
  StageInputs inputs;
  Contents outputs;
  double seconds = 0;  // that it took
};

/// DIR/stages.json: of each finished stage what its results were made from, and their digests.
class StageLog {
 public:
  /// InputError if the file is damaged. One that an older program wrote counts as empty.
  explicit StageLog(const std::filesystem::path& folder);

  /// Whether there was a log of an older program, which did not keep what results were made from.
  bool was_older() const { return was_older_; }
  /// Null where the stage was not finished.
  const StageRecord* find(const std::string& stage) const;
  double seconds(const std::string& stage) const;
  /// Written to the disk at once.
  void finish(const std::string& stage, StageRecord record);

  /// Words that describe the run and determine no number: "title", "profile", "command". Empty: not known.
  std::string word(const std::string& name) const;
  void set_words(const std::map<std::string, std::string>& words);

 private:
  void write() const;
  std::filesystem::path file_;
  std::map<std::string, StageRecord> records_;
  std::map<std::string, std::string> words_;
  bool was_older_ = false;
};

/// Why a record's results cannot stand for those of `inputs`, in words; empty: they can. `outputs`: what is
/// there now, an empty digest for a missing file. Of the files only those in `inputs.files` and `outputs` are
/// compared.
std::string why_again(const StageRecord& record, const StageInputs& inputs, const Contents& outputs);

}  // namespace nt::run
