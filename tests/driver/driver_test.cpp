// What the program asks of a GPU's driver, with one that is not there in its place (mock_driver.hpp).
#include <gtest/gtest.h>

#include <cstdlib>

#include "config/error.hpp"
#include "mock_driver.hpp"
#include "twin/convolutional.hpp"
#include "twin/device_passes.hpp"
#include "twin/device_stream.hpp"
#include "twin/recurrent.hpp"

namespace nt::twin {
namespace {

constexpr int64_t kChannels = 9;

std::vector<TwinSpec> kinds() {
  RecurrentSpec recurrent;
  recurrent.memory_units = 100;  // whose weights take more shared memory than a kernel has unasked
  recurrent.history_ms = 20;
  recurrent.wiring = {3, {0, 1, 3, 4, 6, 7, 9, 10, 11, 12}, {0, 0, 1, 1, 1, 2, 2, 1, 2, 0, 2, 1}, {5, 40, 8}};
  recurrent.excitatory_channels = 5;
  ConvolutionalSpec convolutional({{7, 6}, {4, 6, 2}, {3, 70}});
  convolutional.batch_norm = true;
  return {TwinSpec(recurrent), TwinSpec(convolutional)};
}

TEST(TheDriver, IsAskedForWhatItHas) {
  for (const auto& spec : kinds()) {
    SCOPED_TRACE(spec.network->words());
    Twin twin(spec, kChannels, 1);
    const int before = mock_launches();
    {
      const auto device = device::open_device(device::Kind::cuda);
      EXPECT_EQ(device->words(), "a mock");
      EXPECT_EQ(device->architecture(), "sm_90");
      const auto passes = device_passes(twin, device);
      DeviceInput input(device::Kind::cuda, kChannels, twin.history_ms());
      input.upload({std::vector<int32_t>{0, 3, 5, 1, 2, 9}, 2, 30});
      const auto outputs = passes->forward(twin.numbers, input, NormBy::batch, true);
      const std::vector<float> given(static_cast<size_t>(outputs.rows * outputs.row), 1.0f);
      std::vector<float> gradients(static_cast<size_t>(twin.layout().trained()));
      passes->backward(twin.numbers, input, given, gradients);
      device_stream(twin, 300, device)->advance(std::vector<int32_t>{0, 3, 5, 299, 2, 9}, 10);
    }
    EXPECT_GT(mock_launches(), before + 5);
    EXPECT_EQ(mock_refusals(), 0);
    EXPECT_EQ(mock_allocations(), 0);
    EXPECT_EQ(mock_contexts(), 0);
  }
}

TEST(TheDriver, IsNotAskedForWhatNoGpuTakes) {
  const auto device = device::open_device(device::Kind::cuda);
  const device::KernelCode kernel{"a_kernel", nullptr, {}};
  EXPECT_NO_THROW(device->launch(kernel, {0, 32}, 0));
  EXPECT_THROW(device->launch(kernel, {1, 32}, 0), RunError);  // without an image
  EXPECT_THROW(device->launch(kernel, {1, 2048}, 0), RunError);
  EXPECT_THROW(device->launch(kernel, {1, 32, 300'000}, 0), RunError);
  EXPECT_EQ(mock_refusals(), 0);
}

TEST(TheDriver, WithoutMemoryMakesAMessageThatSaysWhatToDo) {
  const auto device = device::open_device(device::Kind::cuda);
  mock_set_memory(1000);
  try {
    const device::Array<float> array(device, 3'000'000);
    ADD_FAILURE() << "12 MB";
  } catch (const RunError& error) {
    EXPECT_NE(std::string(error.what()).find("13 MB more do not fit into its memory"), std::string::npos)
        << error.what();
  }
  mock_set_memory(size_t{1} << 32);
  const device::Array<float> array(device, 3'000'000);
}

}  // namespace
}  // namespace nt::twin
