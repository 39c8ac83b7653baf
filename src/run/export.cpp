#include "run/export.hpp"

#include <array>

#include "files/files.hpp"
#include "files/hdf5.hpp"
#include "twin/onnx_file.hpp"

namespace nt::run {

void require_other_file(const std::filesystem::path& out,
                        std::initializer_list<std::filesystem::path> inputs) {
  for (const auto& input : inputs) {
    std::error_code not_there;
    if (std::filesystem::equivalent(out, input, not_there))
      fail_input("{}: is what is read, expected another file to write", out.string());
  }
}

void export_twin(const twin::Twin& twin, const twin::TwinDescription& description, const std::string& format,
                 const std::filesystem::path& out) {
  if (format == "onnx") return files::write_file_atomically(out, twin::onnx_bytes(twin, description));
  if (format != "hdf5") {
    fail_input("format {}: expected onnx or hdf5; TorchScript is written by python3 python/convert_twin.py",
               format);
  }
  files::Hdf5Image image;
  // As data sets: an attribute could not hold the places of many synapses.
  for (const auto& [name, text] : twin::texts_of(description))
    image.write_texts("/description/" + name, std::array{text});
  for (const auto& array : twin::named_arrays(twin.layout(), twin.numbers))
    image.write<float>("/" + array.array.name, array.values, "",
                       {array.array.shape.begin(), array.array.shape.end()});
  files::write_file_atomically(out, image.bytes());
}

}  // namespace nt::run
