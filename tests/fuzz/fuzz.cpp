// One libFuzzer program per reader, chosen by READER.
#include <cstdint>

#include "readers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nt;
  try {
    read_as(Reader::READER, {reinterpret_cast<const char*>(data), size});
  } catch (const InputError&) {
  }
  return 0;
}
