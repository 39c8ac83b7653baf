#include "run/export.hpp"

#include <array>

#include "files/files.hpp"
#include "files/hdf5.hpp"
#include "run/output_file.hpp"
#include "twin/onnx_file.hpp"

namespace nt::run {

void export_twin(const twin::Twin& twin, const twin::TwinDescription& description, const std::string& format,
                 const std::filesystem::path& out) {
  if (format != "onnx" && format != "hdf5")
    fail_input("format {}: expected onnx or hdf5; python3 python/convert_twin.py writes TorchScript", format);
  require_own(out, format == "onnx" ? Written::onnx : Written::weights);
  if (format == "onnx") return files::write_file_atomically(out, twin::onnx_bytes(twin, description));
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
