#pragma once
#include <filesystem>
#include <initializer_list>
#include <string_view>

namespace nt::run {

/// InputError unless the name of a file that is to be written ends so. A slip of the hand then replaces no
/// twin, no reconstruction and no experiment.
void require_ending(const std::filesystem::path& file, std::string_view ending);

/// InputError where what is to be written is one of the files that are read, under whatever name.
void require_other_file(const std::filesystem::path& out,
                        std::initializer_list<std::filesystem::path> inputs);

/// What a command writes into a file that its user names.
enum class Written { predictions, trial, weights, onnx, comparison, comparison_page };

/// InputError unless `out` ends as such files do, and what it may name already is one of them: what a command
/// did not write it does not replace.
void require_own(const std::filesystem::path& out, Written written);

}  // namespace nt::run
