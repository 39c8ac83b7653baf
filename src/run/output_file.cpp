#include "run/output_file.hpp"

#include "config/error.hpp"
#include "files/json.hpp"
#include "run/detail/inspect_results.hpp"
#include "run/detail/json_kinds.hpp"

namespace nt::run {
namespace {

using std::filesystem::path;

/// What cannot be read is nothing of ours.
template <class F>
bool holds(F&& look) {
  try {
    return look();
  } catch (const InputError&) {
    return false;
  } catch (const RunError&) {
    return false;
  }
}

bool is_of(Hdf5Result kind, const path& file) {
  return holds([&] { return hdf5_result(file) == kind; });
}

bool is_comparison(const path& file) {
  return holds([&] { return kind_of_json(files::read_json(file)) == kComparisonOfRuns; });
}

bool is_comparison_page(const path& file) {
  return holds([&] { return data_of_page(file).contains("comparison"); });
}

bool is_written(const path& file, Written written) {
  switch (written) {
    case Written::predictions:
      return is_of(Hdf5Result::predictions, file);
    case Written::trial:
      return is_of(Hdf5Result::trial, file);
    case Written::weights:
      return is_of(Hdf5Result::weights, file);
    case Written::comparison:
      return is_comparison(file);
    case Written::comparison_page:
      return is_comparison_page(file);
    case Written::onnx:
      break;
  }
  return true;  // nothing else ends so
}

std::string_view words_for(Written written) {
  switch (written) {
    case Written::predictions:
      return "a twin's predictions";
    case Written::trial:
      return "a simulated trial";
    case Written::weights:
      return "a twin's exported weights";
    case Written::comparison:
      return "a comparison of runs";
    case Written::comparison_page:
      return "a page that compares runs";
    case Written::onnx:
      break;
  }
  return "a twin as ONNX";
}

std::string_view ending_of(Written written) {
  if (written == Written::onnx) return ".onnx";
  if (written == Written::comparison) return ".json";
  return written == Written::comparison_page ? ".html" : ".h5";
}

}  // namespace

void require_ending(const path& file, std::string_view ending) {
  if (file.extension() == ending || (ending == ".h5" && file.extension() == ".hdf5")) return;
  fail_input("{}: expected a name that ends with {}, so that no file of another kind is replaced",
             file.string(), ending);
}

void require_other_file(const path& out, std::initializer_list<path> inputs) {
  for (const auto& input : inputs) {
    std::error_code not_there;
    if (std::filesystem::equivalent(out, input, not_there))
      fail_input("{}: is a file that the command reads; expected another file to write", out.string());
  }
}

void require_own(const path& out, Written written) {
  require_ending(out, ending_of(written));
  std::error_code unreadable;
  if (!std::filesystem::is_regular_file(out, unreadable) || is_written(out, written)) return;
  fail_input("{}: exists and does not hold {}, so it is not replaced; choose another name, or remove it",
             out.string(), words_for(written));
}

}  // namespace nt::run
