#pragma once
#include "twin/twin.hpp"
#include "twin/twin_file.hpp"

namespace nt::twin {

/// The twin as an ONNX file, for whole trials and for input that goes on and on. docs/files.md, "A twin as
/// ONNX", has its inputs and outputs. As in twin_bytes() the specification is the network's own.
std::string onnx_bytes(const Twin& twin, TwinDescription description);

}  // namespace nt::twin
