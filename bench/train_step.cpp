// One training step (forward, backward, optimiser) of the twin over sparse spikes, and of the same network
// the way a dense framework does it: libtorch's conv1d over bins, its autograd, NAdam in its operations. Both
// in this process, in turn, from the same weights and the same batch; medians.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

#include "random/random.hpp"
#include "train/kept_memory.hpp"
#include "train/loss.hpp"
#include "train/nadam.hpp"
#include "train/patient_threads.hpp"
#include "twin/branches.hpp"
#include "twin/network.hpp"

using namespace neurontwin;

namespace {

struct Work {
  int64_t channels = 1278, windows = 8, window_ms = 400;
  double density = 0.01;
  int64_t shapes = 0;  // of ours; the dense network's filters are free
  int threads = 2, repeats = 7;
  bool dense = true;
};

WindowBatch random_batch(const Work& s, int64_t history_ms) {
  WindowBatch batch;
  batch.windows = s.windows;
  batch.channels = s.channels;
  batch.history_ms = history_ms;
  batch.window_ms = s.window_ms;
  Random random(1, Stage::test_cases, 0, StreamName::test_case);
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

/// The network as a dense framework holds it: signals [window][feature][time], weights [out][in][tap].
struct DenseNetwork {
  struct Layer {
    torch::Tensor weight, bias, scale, shift, mean, variance;
  };
  std::vector<Layer> layers;
  torch::Tensor heads, head_bias;
  double soma_offset_mV;

  explicit DenseNetwork(TwinImpl& twin) : soma_offset_mV(twin.spec().soma_offset_mV) {
    torch::NoGradGuard no_gradient;
    const auto named = twin.named_parameters();
    for (int64_t i = 1; i <= twin.spec().depth(); ++i) {
      const auto of = [&](const char* what) { return named[fmt::format("layer{}_{}", i, what)]; };
      const auto own = [](const torch::Tensor& t) {
        return t.detach().clone().contiguous().requires_grad_();
      };
      const auto weight =
          i == 1 ? twin.filters().permute({2, 0, 1}).flip(2) : of("weight").permute({2, 1, 0});
      const auto scale = own(of("norm_scale"));
      layers.push_back({weight.detach().clone(torch::MemoryFormat::Contiguous).requires_grad_(),
                        own(of("bias")), scale, own(of("norm_shift")), torch::zeros_like(scale).detach(),
                        torch::ones_like(scale).detach()});
    }
    heads =
        torch::stack({twin.spike_weight, twin.soma_weight}).unsqueeze(2).detach().clone().requires_grad_();
    head_bias = torch::stack({twin.spike_bias, twin.soma_bias}).detach().clone().requires_grad_();
  }

  std::vector<torch::Tensor> parameters() const {
    std::vector<torch::Tensor> all{heads, head_bias};
    for (const auto& l : layers) {
      for (const auto& p : {l.weight, l.bias, l.scale, l.shift}) all.push_back(p);
    }
    return all;
  }

  TwinOutput forward(torch::Tensor x) const {
    for (const auto& l : layers) {
      x = torch::batch_norm(torch::relu(torch::conv1d(x, l.weight, l.bias)), l.scale, l.shift, l.mean,
                            l.variance, true, 0.01, 1e-3, false);
    }
    const auto y = torch::conv1d(x, heads, head_bias);
    TwinOutput output;
    output.spike_log_odds = y.select(1, 0);
    output.soma_mV = y.select(1, 1) + soma_offset_mV;
    return output;
  }
};

torch::Tensor dense_input(const WindowBatch& batch) {
  auto x = torch::zeros({batch.windows, batch.channels, batch.history_ms + batch.window_ms});
  auto bins = x.accessor<float, 3>();
  for (size_t e = 0; e < batch.events.size(); e += 3)
    bins[batch.events[e]][batch.events[e + 1]][batch.events[e + 2]] = 1;
  return x;
}

/// Milliseconds, one for each repeat of each part.
struct Times {
  std::vector<double> forward, backward, optimiser, step;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<int64_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

template <class Forward>
double step(Forward&& forward, Nadam& optimiser, bool plain, const WindowBatch& batch, Times& times) {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto ms = [](auto a, auto b) { return std::chrono::duration<double, std::milli>(b - a).count(); };
  const auto start = now();
  const Losses loss = losses(forward(), batch);
  const torch::Tensor total = loss.spike + 0.02 * loss.soma;
  const auto forward_done = now();
  optimiser.zero_gradients();
  total.backward();
  const auto backward_done = now();
  plain ? optimiser.step_reference(1e-4) : optimiser.step(1e-4);
  const double value = total.item<double>();
  const auto done = now();
  times.forward.push_back(ms(start, forward_done));
  times.backward.push_back(ms(forward_done, backward_done));
  times.optimiser.push_back(ms(backward_done, done));
  times.step.push_back(ms(start, done));
  return value;
}

std::string parts(const Times& t) {
  return fmt::format("{:8.1f} ms  (forward {:.1f}, backward {:.1f}, optimiser {:.1f}; least {:.1f})",
                     median(t.step), median(t.forward), median(t.backward), median(t.optimiser),
                     *std::min_element(t.step.begin(), t.step.end()));
}

void measure(const std::vector<int64_t>& taps, int64_t width, const Work& s) {
  TwinSpec spec;
  for (const auto t : taps) spec.layers.push_back({t, width});
  spec.batch_norm = true;
  spec.temporal_shapes = s.shapes;
  spec.weight_sd = 0.002;
  Twin twin(spec, s.channels, 1);
  const auto batch = random_batch(s, twin->history_ms());
  Nadam ours(twin->parameters());
  Times our_times, dense_times;
  double our_loss = 0, dense_loss = 0;
  const auto our_step = [&] {
    our_loss = step([&] { return twin->forward(batch); }, ours, false, batch, our_times);
  };
  fmt::print("{}x{}, taps {}\n", taps.size(), width, fmt::join(taps, ","));
  if (s.dense) {
    const DenseNetwork network(*twin);
    Nadam plain(network.parameters());
    const auto input = dense_input(batch);
    const auto dense_step = [&] {
      dense_loss = step([&] { return network.forward(input); }, plain, true, batch, dense_times);
    };
    our_step();
    dense_step();
    our_times = dense_times = {};
    for (int i = 0; i < s.repeats; ++i) {
      our_step();
      dense_step();
    }
    fmt::print("  dense {}\n  ours  {}\n  {:.1f} times as fast; losses after {} steps {:.7f} and {:.7f}\n",
               parts(dense_times), parts(our_times), median(dense_times.step) / median(our_times.step),
               s.repeats + 1, dense_loss, our_loss);
  } else {
    our_step();
    our_times = {};
    for (int i = 0; i < s.repeats; ++i) our_step();
    fmt::print("  ours  {}\n", parts(our_times));
  }
  std::fflush(stdout);
}

/// A recurrent twin, and the same in torch's own operations.
void measure_recurrent(int64_t units, int64_t branches, const Work& s) {
  TwinSpec spec;
  auto& r = spec.recurrent.emplace();
  r.memory_units = units;
  r.branches = branches;
  CellTable cell;
  const auto half = static_cast<size_t>(s.channels / 2);
  cell.section.assign(half, "dend");
  for (size_t c = 0; c < half; ++c) cell.excitatory_compartment.push_back(static_cast<int>(c));
  cell.inhibitory_compartment = cell.excitatory_compartment;
  r.wiring = wire_branches(cell, branches, r.branch_overlap);
  r.excitatory_channels = static_cast<int64_t>(half);
  Twin twin(spec, r.wiring.channels(), 1);
  auto of_channels = s;
  of_channels.channels = r.wiring.channels();
  const auto batch = random_batch(of_channels, twin->history_ms());
  Nadam optimiser(twin->parameters());
  fmt::print("{}, {} parameters\n", words_for(spec), twin->parameter_count());
  for (const bool dense : {true, false}) {
    if (dense && !s.dense) continue;
    twin->dense = dense;
    Times times;
    for (int i = 0; i <= s.repeats; ++i) {
      if (i == 1) times = {};
      step([&] { return twin->forward(batch); }, optimiser, dense, batch, times);
    }
    fmt::print("  {} {}\n", dense ? "dense" : "ours ", parts(times));
  }
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
  keep_freed_memory();
  fmt::print(
      "{} windows of {} ms, {} channels, {:.1f} % of the bins hold a spike, {} threads, medians of {} "
      "steps\n",
      s.windows, s.window_ms, s.channels, 100 * s.density, s.threads, s.repeats);
  if (memory_units > 0) {
    measure_recurrent(memory_units, branches, s);
    return 0;
  }
  if (!taps.empty()) {
    measure(taps, width, s);
    return 0;
  }
  measure({110}, 128, s);
  measure({54, 24, 24}, 64, s);
  measure({54, 12, 12, 12, 12, 12, 12}, 128, s);
  measure({45, 19, 19, 19, 19, 19, 19}, 128, s);
  measure({35, 35, 35, 35, 35, 35, 35}, 128, s);
  return 0;
}
