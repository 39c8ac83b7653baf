// One training step (forward, backward, optimiser) of the twin over sparse spikes, and of the same network
// the way a dense framework does it: libtorch's conv1d over bins, its autograd, NAdam in its operations. Both
// in this process, in turn, from the same weights and the same batch; medians.
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "cli/kept_memory.hpp"
#include "judge/torch_twin.hpp"
#include "random/random.hpp"
#include "train/loss.hpp"
#include "train/nadam.hpp"

using namespace nt;

namespace {

struct Work {
  int64_t channels = 1278, windows = 8, window_ms = 400;
  double density = 0.01;
  int64_t shapes = 0;  // of ours; the dense network's filters are free
  int threads = 2, repeats = 7;
  bool dense = true;
};

dataset::WindowBatch random_batch(const Work& s, int64_t history_ms) {
  dataset::WindowBatch batch;
  batch.windows = s.windows;
  batch.channels = s.channels;
  batch.history_ms = history_ms;
  batch.window_ms = s.window_ms;
  random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
  for (int64_t w = 0; w < s.windows; ++w) {
    for (int64_t t = 0; t < history_ms + s.window_ms; ++t) {
      for (int64_t c = 0; c < s.channels; ++c) {
        if (random.uniform() >= s.density) continue;
        for (const int64_t x : {w, c, t}) batch.events.push_back(static_cast<int32_t>(x));
      }
    }
  }
  for (int64_t i = 0; i < s.windows * s.window_ms; ++i) {
    batch.spikes.push_back(random.uniform() < 0.005 ? 1.0f : 0.0f);
    batch.soma_mV.push_back(static_cast<float>(-68 + 3 * random.normal()));
    batch.soma_counts.push_back(1);
  }
  return batch;
}

/// Milliseconds, one for each repeat of each part.
struct Times {
  std::vector<double> forward, backward, optimiser, step;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<int64_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

double ms_between(std::chrono::steady_clock::time_point a, std::chrono::steady_clock::time_point b) {
  return std::chrono::duration<double, std::milli>(b - a).count();
}

void add_step(Times& times, const std::array<std::chrono::steady_clock::time_point, 4>& at) {
  times.forward.push_back(ms_between(at[0], at[1]));
  times.backward.push_back(ms_between(at[1], at[2]));
  times.optimiser.push_back(ms_between(at[2], at[3]));
  times.step.push_back(ms_between(at[0], at[3]));
}

constexpr double kSomaWeight = 0.02, kLearningRate = 1e-4;

/// Our training, step by step.
class Ours {
 public:
  explicit Ours(twin::Twin& twin)
      : twin_(twin), optimiser_(twin.layout()), gradients_(static_cast<size_t>(twin.layout().trained())) {}

  double step(const dataset::WindowBatch& batch, Times& times) {
    const auto now = [] { return std::chrono::steady_clock::now(); };
    const std::vector<double> weights{1, kSomaWeight};
    const auto start = now();
    const auto outputs = twin_.forward(batch, twin::NormBy::batch, true);
    of_outputs_.resize(static_cast<size_t>(outputs.rows * outputs.row));
    const auto loss =
        train::losses<float>(twin_.spec(), outputs, batch, twin::usual_head_settings(), weights, of_outputs_);
    const auto forward_done = now();
    twin_.backward(of_outputs_, gradients_);
    const auto backward_done = now();
    optimiser_.step(kLearningRate, gradients_, twin_.numbers, twin_.parallel);
    add_step(times, {start, forward_done, backward_done, now()});
    return loss[0] + kSomaWeight * loss[1];
  }

 private:
  twin::Twin& twin_;
  train::Nadam optimiser_;
  twin::Numbers<float> gradients_, of_outputs_;
};

/// The same as a dense framework does it: libtorch's operations over bins, which are made before the clock
/// starts, its autograd, and NAdam in its operations.
class Dense {
 public:
  Dense(const twin::Twin& twin, const dataset::WindowBatch& batch)
      : twin_(twin), spec_(twin.spec()), optimiser_(parameters()) {
    bins_ = twin_.bins(tensor_of(batch.events), batch.windows, batch.window_ms);
  }

  double step(const dataset::WindowBatch& batch, Times& times) {
    const auto now = [] { return std::chrono::steady_clock::now(); };
    const auto start = now();
    const auto loss = torch_losses(spec_, twin_.forward_bins(bins_, batch.window_ms, twin::NormBy::batch),
                                   batch, twin::usual_head_settings());
    const torch::Tensor total = loss[0] + kSomaWeight * loss[1];
    const auto forward_done = now();
    optimiser_.zero_gradients();
    total.backward();
    const auto backward_done = now();
    optimiser_.step(kLearningRate);
    const double value = total.item<double>();
    add_step(times, {start, forward_done, backward_done, now()});
    return value;
  }

 private:
  std::vector<torch::Tensor> parameters() const {
    std::vector<torch::Tensor> all;
    for (const auto& [name, tensor] : twin_.arrays)
      if (tensor.requires_grad()) all.push_back(tensor);
    return all;
  }

  TorchTwin twin_;
  twin::TwinSpec spec_;
  TorchNadam optimiser_;
  torch::Tensor bins_;
};

std::string parts(const Times& t) {
  return fmt::format("{:8.1f} ms  (forward {:.1f}, backward {:.1f}, optimiser {:.1f}; least {:.1f})",
                     median(t.step), median(t.forward), median(t.backward), median(t.optimiser),
                     *std::min_element(t.step.begin(), t.step.end()));
}

/// Both in this process, in turn, from the same weights and the same batch.
void measure(const twin::TwinSpec& spec, const Work& s) {
  twin::Twin twin(spec, s.channels, 1, twin::on_threads(s.threads));
  const auto batch = random_batch(s, twin.history_ms());
  fmt::print("{}, {} parameters\n", spec.network->words(), twin.parameter_count());
  Ours ours(twin);
  std::optional<Dense> dense;
  if (s.dense) dense.emplace(twin, batch);
  Times our_times, dense_times;
  double our_loss = 0, dense_loss = 0;
  for (int i = 0; i <= s.repeats; ++i) {
    if (i == 1) our_times = dense_times = {};
    our_loss = ours.step(batch, our_times);
    if (dense) dense_loss = dense->step(batch, dense_times);
  }
  if (dense) {
    fmt::print("  dense {}\n  ours  {}\n  {:.1f} times as fast; losses after {} steps {:.7f} and {:.7f}\n",
               parts(dense_times), parts(our_times), median(dense_times.step) / median(our_times.step),
               s.repeats + 1, dense_loss, our_loss);
  } else {
    fmt::print("  ours  {}\n", parts(our_times));
  }
  std::fflush(stdout);
}

twin::TwinSpec convolutional(const std::vector<int64_t>& taps, int64_t width, const Work& s) {
  twin::ConvolutionalSpec network;
  for (const auto t : taps) network.layers.push_back({t, width});
  network.batch_norm = true;
  network.temporal_shapes = s.shapes;
  network.weight_sd = 0.002;
  return twin::TwinSpec(std::move(network));
}

twin::TwinSpec recurrent(int64_t units, int64_t branches, const Work& s) {
  twin::RecurrentSpec network;
  network.memory_units = units;
  network.branches = branches;
  dataset::CellTable cell;
  const auto half = static_cast<size_t>(s.channels / 2);
  cell.section.assign(half, "dend");
  for (size_t c = 0; c < half; ++c) cell.excitatory_compartment.push_back(static_cast<int>(c));
  cell.inhibitory_compartment = cell.excitatory_compartment;
  twin::wire(network, cell);
  return twin::TwinSpec(std::move(network));
}

/// libtorch's OpenMP threads wait at full speed, also while our step is timed, unless told otherwise before
/// the program starts: so this starts it anew.
void start_with_patient_threads(char** arguments) {
  constexpr const char* kRounds = "1000";  // of waiting before sleep: a few microseconds
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  if (setenv("GOMP_SPINCOUNT", kRounds, 0) == 0) execv("/proc/self/exe", arguments);
}

}  // namespace

int main(int argc, char** argv) {
  start_with_patient_threads(argv);
  Work s;
  std::vector<int64_t> taps;
  int64_t width = 128;
  int64_t memory_units = 0, branches = 45;
  bool no_dense = false;
  CLI::App app{"Time of one training step: event-driven against dense libtorch"};
  app.add_option("--taps", taps, "taps of each layer, for example 54,12,12 (default: five twins in turn)")
      ->delimiter(',');
  app.add_option("--shapes", s.shapes, "temporal shapes of our first layer's filters (default: free taps)");
  app.add_option("--width", width, "features of each layer");
  app.add_option("--recurrent", memory_units, "a recurrent twin of so many memory units");
  app.add_option("--branches", branches, "of a recurrent twin");
  app.add_option("--channels", s.channels, "input synapses");
  app.add_option("--windows", s.windows, "windows in a batch");
  app.add_option("--window-ms", s.window_ms, "length of a window");
  app.add_option("--density", s.density, "part of the input bins that hold a spike");
  app.add_option("--threads", s.threads, "threads of both");
  app.add_option("--repeats", s.repeats, "steps timed, of each");
  app.add_flag("--no-dense", no_dense, "time the event-driven step alone");
  CLI11_PARSE(app, argc, argv);
  s.dense = !no_dense;
  at::set_num_threads(s.threads);
  cli::keep_freed_memory();
  fmt::print(
      "{} windows of {} ms, {} channels, {:.1f} % of the bins hold a spike, {} threads, medians of {} "
      "steps\n",
      s.windows, s.window_ms, s.channels, 100 * s.density, s.threads, s.repeats);
  if (memory_units > 0) {
    s.channels -= s.channels % 2;
    measure(recurrent(memory_units, branches, s), s);
    return 0;
  }
  if (!taps.empty()) {
    measure(convolutional(taps, width, s), s);
    return 0;
  }
  measure(convolutional({110}, 128, s), s);
  measure(convolutional({54, 24, 24}, 64, s), s);
  measure(convolutional({54, 12, 12, 12, 12, 12, 12}, 128, s), s);
  measure(convolutional({45, 19, 19, 19, 19, 19, 19}, 128, s), s);
  measure(convolutional({35, 35, 35, 35, 35, 35, 35}, 128, s), s);
  return 0;
}
