// One libFuzzer program per reader, chosen by READER. LEARNING: a reader whose rooms use libtorch.
#include <cstdint>

#ifdef LEARNING
#include "learning_readers.hpp"
#define READ read_as_learning
#else
#include "readers.hpp"
#define READ read_as
#endif

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace neurontwin;
  try {
    READ(Reader::READER, {reinterpret_cast<const char*>(data), size});
  } catch (const InputError&) {
  } catch (const RunError&) {  // of a store: a file that SQLite cannot use
  }
  return 0;
}
