#include "device/device.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "config/error.hpp"
#include "device/code.hpp"
#include "device/products.hpp"

namespace nt::device {
namespace {

struct SumArguments {
  const float* in;
  float* out;
  int count;
};

/// Of each block's numbers, by halves.
void sum(const Block& block, const SumArguments& a) {
  auto* shared = static_cast<float*>(block.shared);
  Own<float> own(block);
  block.each([&](int thread) {
    own(thread) = 0;
    for (int i = thread; i < a.count; i += block.threads) own(thread) += a.in[block.index * a.count + i];
    shared[thread] = own(thread);
  });
  for (int half = block.threads / 2; half > 0; half /= 2)
    block.share(half, [&](int i) { shared[i] += shared[i + half]; });
  block.each([&](int thread) {
    if (thread == 0) a.out[block.index] = shared[0];
  });
}

/// Wrong: each thread reads what the one before it may have written or not.
void chain(const Block& block, const SumArguments& a) {
  block.each([&](int thread) {
    float& own = a.out[block.index * block.threads + thread];
    own = 1 + (thread == 0 ? 0 : *(&own - 1));
  });
}

/// Wrong: nobody has written it.
void unwritten(const Block& block, const SumArguments& a) {
  block.each([&](int thread) { a.out[thread] = static_cast<const float*>(block.shared)[thread]; });
}

}  // namespace
}  // namespace nt::device

NT_KERNEL(neurontwin_test_sum, nt::device::SumArguments, nt::device::sum, 256)
NT_KERNEL(neurontwin_test_chain, nt::device::SumArguments, nt::device::chain, 256)
NT_KERNEL(neurontwin_test_shared, nt::device::SumArguments, nt::device::unwritten, 256)

namespace nt::device {
namespace {

KernelCode emulated(const char* name, EmulatedKernel kernel) {
  return {name, kernel, {}};
}
#define NT_TEST_CODE(NAME) emulated(#NAME, &NAME)

TEST(AnEmulatedDevice, RunsTheThreadsOfEveryBlock) {
  const auto device = open_device(Kind::emulate);
  std::vector<float> numbers(300);
  std::iota(numbers.begin(), numbers.end(), 1.0f);
  Array<float> in(device, std::span<const float>(numbers)), out(device, 3);
  out.fill_zero();
  device->launch(NT_TEST_CODE(neurontwin_test_sum), {3, 8, 8 * sizeof(float)},
                 SumArguments{in.data(), out.data(), 100});
  device->wait();
  std::vector<float> sums(3);
  out.download(sums);
  EXPECT_EQ(sums, (std::vector<float>{5050, 15050, 25050}));
}

TEST(AnEmulatedDevice, TakesThreadsInMoreThanOneOrder) {
  const auto device = open_device(Kind::emulate);
  Array<float> out(device, 8);
  out.fill_zero();
  device->launch(NT_TEST_CODE(neurontwin_test_chain), {2, 4}, SumArguments{nullptr, out.data(), 0});
  std::vector<float> all(8);
  out.download(all);
  EXPECT_EQ(all, (std::vector<float>{1, 2, 3, 4, 1, 1, 1, 1}));  // a GPU would give now this and now that
}

TEST(AnEmulatedDevice, HasNaNWhereNothingWasWritten) {
  const auto device = open_device(Kind::emulate);
  Array<float> out(device, 4);
  std::vector<float> all(4);
  out.download(all);
  for (const float x : all) EXPECT_TRUE(std::isnan(x));
  out.fill_zero();
  device->launch(NT_TEST_CODE(neurontwin_test_shared), {1, 4, 4 * sizeof(float)},
                 SumArguments{nullptr, out.data(), 0});
  out.download(all);
  for (const float x : all) EXPECT_TRUE(std::isnan(x));
}

TEST(AnEmulatedDevice, RefusesWhatAGpuRefuses) {
  const auto device = open_device(Kind::emulate);
  std::vector<float> of_the_host(100, 0.0f);
  Array<float> in(device, std::span<const float>(of_the_host)), out(device, 1);
  const SumArguments right{in.data(), out.data(), 100}, wrong{of_the_host.data(), out.data(), 100};
  const auto launch = [&](const Grid& grid, const SumArguments& arguments) {
    device->launch(NT_TEST_CODE(neurontwin_test_sum), grid, arguments);
  };
  EXPECT_NO_THROW(launch({1, 8, 32}, right));
  EXPECT_NO_THROW(launch({0, 8, 32}, right));              // of nothing: nothing is done
  EXPECT_THROW(launch({1, 8, 32}, wrong), RunError);       // memory of the program
  EXPECT_THROW(launch({1, 2048, 8192}, right), RunError);  // beyond all kernels'
  EXPECT_THROW(launch({1, 8, 300'000}, right), RunError);  // shared memory
  EXPECT_THROW(launch({int64_t{1} << 31, 8, 32}, right), RunError);
  EXPECT_THROW(device->upload(in.data() + 1, of_the_host.data(), 400), RunError);
  EXPECT_THROW(device->download(of_the_host.data(), of_the_host.data(), 4), RunError);
}

TEST(AnEmulatedDeviceDeathTest, EndsWhoeverGoesBehindTheEnd) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto device = open_device(Kind::emulate);
  Array<float> in(device, 99), out(device, 1);
  in.fill_zero();
  const auto launch = [&](const Grid& grid, int count) {
    device->launch(NT_TEST_CODE(neurontwin_test_sum), grid, SumArguments{in.data(), out.data(), count});
  };
  EXPECT_DEATH(launch({1, 8, 32}, 101), "");
  EXPECT_DEATH(launch({1, 8, 28}, 99), "shared memory");
  EXPECT_DEATH(launch({1, 257, 2048}, 99), "more threads");
}

TEST(AnEmulatedDevice, CopiesPartsOfArrays) {
  const auto device = open_device(Kind::emulate);
  Array<int> array(device, 4);
  array.fill_zero();
  array.upload(std::vector<int>{7, 8}, 1);
  std::vector<int> all(4);
  array.download(all);
  EXPECT_EQ(all, (std::vector<int>{0, 7, 8, 0}));
}

TEST(AnEmulatedDevice, MultipliesMatricesThatLieApartOrTransposed) {
  const auto device = open_device(Kind::emulate);
  // Two products of the same b (3 x 2, transposed), whose a's overlap: rows 0 and 1, then rows 1 and 2.
  const std::vector<float> a{1, 2, 3, 4, 5, 6, 7, 8, 9}, b{1, 0, 2, 0, 1, -1};
  std::vector<float> c(8, 100);
  Array<float> of_a(device, std::span<const float>(a)), of_b(device, std::span<const float>(b)),
      of_c(device, std::span<const float>(c));
  MatrixProduct product{.rows = 2,
                        .columns = 2,
                        .depth = 3,
                        .count = 2,
                        .a = {of_a.data(), 3, 3},
                        .b = {of_b.data(), 3, 0, true},
                        .c = {of_c.data(), 2, 4}};
  const auto products = open_products(*device);
  products->multiply(product);
  of_c.download(c);
  EXPECT_EQ(c, (std::vector<float>{7, -1, 16, -1, 16, -1, 25, -1}));
  product.add = true;
  products->multiply(product);
  of_c.download(c);
  EXPECT_EQ(c[0], 14);
  product.b.row = 2;  // three numbers long
  EXPECT_THROW(products->multiply(product), RunError);
}

TEST(Devices, HaveNames) {
  for (const auto kind : {Kind::cpu, Kind::cuda, Kind::emulate}) EXPECT_EQ(kind_named(name_of(kind)), kind);
  EXPECT_THROW(kind_named("tpu"), InputError);
  EXPECT_EQ(open_device(Kind::cpu), nullptr);
}

TEST(Devices, WithoutAGpuSayWhatToUseInstead) {
  try {
    GTEST_SKIP() << "this machine has one: " << open_device(Kind::cuda)->words();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("--device cpu"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace nt::device
