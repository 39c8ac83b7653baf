#include "neurontwin/engine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>

#include "files/files.hpp"
#include "twin/saved_twin.hpp"

extern "C" int engine_refusals(const char* file, const char* no_twin);

namespace nt {
namespace {

namespace fs = std::filesystem;

twin::RecurrentSpec recurrent() {
  twin::RecurrentSpec r;
  r.memory_units = 6;
  r.history_ms = 20;
  r.excitatory_channels = 5;
  r.wiring = {3, {0, 1, 3, 4, 6, 7, 9, 10, 11, 12}, {0, 0, 1, 1, 1, 2, 2, 1, 2, 0, 2, 1}, {5, 40, 8}};
  return r;
}

twin::ConvolutionalSpec convolutional() {
  twin::ConvolutionalSpec spec({{7, 6}, {4, 6, 2}});
  spec.weight_sd = 0.5;
  spec.residual = true;
  return spec;
}

/// A twin of nine synapses in a file of its own.
class ATwinAtWork : public testing::TestWithParam<bool> {
 protected:
  ATwinAtWork() : file_(fs::path(testing::TempDir()) / fmt::format("engine-{}.safetensors", ::getpid())) {
    spec_ = GetParam() ? twin::TwinSpec(recurrent()) : twin::TwinSpec(convolutional());
    spec_.heads.front().bias = -1.1;  // a spike is as likely as the threshold says
    spec_.heads.push_back(twin::further_head("dendrites", 2));
    spec_.heads.push_back(twin::further_head("count"));
    twin::TwinDescription d;
    d.excitatory_synapses = 5;
    d.inhibitory_synapses = 4;
    d.thresholds = {{"spike.threshold", 0.25}};
    files::write_file_atomically(file_, twin::twin_bytes(twin::Twin(spec_, 9, 3), d));
  }
  ~ATwinAtWork() override { fs::remove(file_); }

  fs::path file_;
  twin::TwinSpec spec_;
};
INSTANTIATE_TEST_SUITE_P(Engine, ATwinAtWork, testing::Bool(),
                         [](const auto& of) { return of.param ? "Recurrent" : "Convolutional"; });

struct Engine {
  nt_twin* twin = nullptr;
  nt_stream* stream = nullptr;
  Engine(const fs::path& file, int64_t neurons) {
    EXPECT_EQ(nt_open(file.c_str(), 1, &twin, nullptr, 0), NT_OK);
    EXPECT_EQ(nt_start(twin, neurons, &stream, nullptr, 0), NT_OK);
  }
  ~Engine() {
    nt_end(stream);
    nt_close(twin);
  }
  std::vector<float> advance(const std::vector<nt_spike>& spikes, int64_t ms, int64_t neurons) {
    EXPECT_EQ(nt_advance(stream, spikes.data(), spikes.size(), ms, nullptr, 0), NT_OK);
    return {nt_values(stream), nt_values(stream) + neurons * ms * nt_outputs(twin)};
  }
};

std::vector<nt_spike> random_spikes(int32_t neurons, int32_t ms, random::Random& random) {
  std::vector<nt_spike> spikes;
  for (int32_t t = 0; t < ms; ++t) {
    for (int32_t synapse = 0; synapse < 9; ++synapse) {
      for (int32_t n = 0; n < neurons; ++n) {
        if (random.uniform() < 0.05) spikes.push_back({n, synapse, t});
      }
    }
  }
  return spikes;
}

TEST_P(ATwinAtWork, SaysWhatItsTwinSaysInUnits) {
  constexpr int32_t kNeurons = 3, kDuration = 40;
  Engine engine(file_, kNeurons);
  EXPECT_EQ(nt_synapses(engine.twin), 9);
  EXPECT_EQ(nt_excitatory_synapses(engine.twin), 5);
  EXPECT_EQ(nt_threshold(engine.twin), 0.25);
  ASSERT_EQ(nt_outputs(engine.twin), 5);
  EXPECT_STREQ(nt_output_name(engine.twin, 3), "dendrites");
  EXPECT_STREQ(nt_output_unit(engine.twin, 1), "mV");

  auto random = random::Random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
  const auto spikes = random_spikes(kNeurons, kDuration, random);
  auto [twin, description] = twin::load_twin(file_);
  std::vector<int32_t> events;
  for (int32_t n = 0; n < kNeurons; ++n) {
    for (const auto& s : spikes) {
      if (s.neuron == n)
        events.insert(events.end(), {n, s.synapse, s.ms + static_cast<int32_t>(twin.history_ms())});
    }
  }
  const auto expected = twin.forward({events, kNeurons, kDuration});
  const auto values = engine.advance(spikes, kDuration, kNeurons);
  for (int64_t r = 0; r < expected.rows; ++r) {
    const float* value = values.data() + r * 5;
    EXPECT_NEAR(value[0], 1 / (1 + std::exp(-expected.at(r, 0))), 1e-5);
    EXPECT_NEAR(value[1], expected.at(r, 1), 1e-4);
    EXPECT_NEAR(value[3], expected.at(r, 3), 1e-4);
    EXPECT_NEAR(value[4], std::exp(expected.at(r, 4)), 1e-4);
    const int64_t neuron = r / kDuration, ms = r % kDuration;
    EXPECT_EQ(nt_fired(engine.stream, neuron, ms, -1), value[0] >= 0.25f);
    EXPECT_EQ(nt_fired(engine.stream, neuron, ms, static_cast<double>(value[0])), 1);
  }
}

TEST_P(ATwinAtWork, GoesOnFromWhereAnotherIsOrFromSilence) {
  Engine a(file_, 2);
  nt_stream* b = nullptr;
  ASSERT_EQ(nt_start(a.twin, 20, &b, nullptr, 0), NT_OK);
  auto random = random::Random(2, random::Stage::test_cases, 0, random::StreamName::test_case);
  a.advance(random_spikes(2, 30, random), 30, 2);
  ASSERT_EQ(nt_copy(b, 17, a.stream, 1, nullptr, 0), NT_OK);
  ASSERT_EQ(nt_reset(a.stream, 0, nullptr, 0), NT_OK);
  const std::vector<nt_spike> spikes{{0, 4, 0}, {1, 2, 1}}, same{{3, 4, 0}, {17, 2, 1}};
  const auto of_a = a.advance(spikes, 2, 2);
  ASSERT_EQ(nt_advance(b, same.data(), same.size(), 2, nullptr, 0), NT_OK);
  const float* of_b = nt_values(b);
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(of_a[10 + i], of_b[17 * 10 + i]);
    EXPECT_EQ(of_a[i], of_b[3 * 10 + i]);  // neuron 3 had been silent
  }
  EXPECT_NE(of_a[11], of_a[1]);
  nt_end(b);
}

TEST_P(ATwinAtWork, RefusesWhatCannotBe) {
  const auto no_twin = file_.string() + ".txt";
  files::write_file_atomically(no_twin, "this is no twin, whatever it may be");
  EXPECT_EQ(engine_refusals(file_.c_str(), no_twin.c_str()), 0) << "a line of refusals.c";
  fs::remove(no_twin);
}

TEST_P(ATwinAtWork, IsDrivenByTheExample) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a C program without the sanitizer cannot load an engine with it";
#endif
  const auto command = fmt::format("{} {}", EXAMPLE, file_.string());
  auto* pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  char line[100];
  int lines = 0, ms = -1, neuron = -1;
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    EXPECT_EQ(std::sscanf(line, "%d ms: neuron %d", &ms, &neuron), 2) << line;
    ++lines;
  }
  EXPECT_EQ(::pclose(pipe), 0);
  EXPECT_GT(lines, 0);
}

}  // namespace
}  // namespace nt
