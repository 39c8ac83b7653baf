// How fast a twin answers, in pieces of several lengths and for several streams side by side: neuron-ms per
// second of a processor's time, and the time of one piece. Random twins and random spikes; the best of some
// repeats. A twin's specification is all that matters for its speed.
#include <fmt/format.h>
#include <hwy/highway.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>

#include "random/random.hpp"
#include "twin/branches.hpp"
#include "twin/twin.hpp"

using namespace nt;

namespace {

struct Work {
  int64_t channels = 1278;
  double density = 0.01;
  int threads = 1, repeats = 5;
  double seconds = 0.3;  // of each repeat
};

/// Of the processor, for all threads: other programs that run beside this one take none of it.
double processor_s() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Pieces of random input, each sorted by stream and time.
std::vector<std::vector<int32_t>> random_pieces(const Work& w, int64_t streams, int64_t ms, int64_t pieces) {
  std::vector<std::vector<int32_t>> all(static_cast<size_t>(pieces));
  random::Random random(1, random::Stage::test_cases, 0, random::StreamName::test_case);
  for (auto& events : all) {
    for (int64_t s = 0; s < streams; ++s) {
      for (int64_t t = 0; t < ms; ++t) {
        for (int64_t c = 0; c < w.channels; ++c) {
          if (random.uniform() >= w.density) continue;
          for (const int64_t x : {s, c, t}) events.push_back(static_cast<int32_t>(x));
        }
      }
    }
  }
  return all;
}

void measure(const char* name, const twin::TwinSpec& spec, const Work& w, const std::vector<int64_t>& streams,
             const std::vector<int64_t>& pieces_ms) {
  twin::Twin twin(spec, w.channels, 1, twin::on_threads(w.threads));
  fmt::print("{}: {}\n{:>10} {:>10} {:>22} {:>16}\n", name, spec.network->words(), "streams", "piece ms",
             "neuron-ms per second", "ms per piece");
  for (const int64_t count : streams) {
    for (const int64_t ms : pieces_ms) {
      if (count * ms > 50000) continue;
      const auto input = random_pieces(w, count, ms, std::clamp<int64_t>(20000 / (count * ms), 1, 100));
      twin::Twin::Stream stream(twin, count);
      double least_s = 1e9;
      for (int r = 0; r <= w.repeats; ++r) {
        int64_t done = 0;
        const double start = processor_s();
        double s = 0;
        do {
          for (const auto& events : input) stream.advance(events, ms);
          done += std::ssize(input);
          s = processor_s() - start;
        } while (s < w.seconds);
        if (r > 0) least_s = std::min(least_s, s / static_cast<double>(done));
      }
      fmt::print("{:>10} {:>10} {:>22.0f} {:>16.4f}\n", count, ms, static_cast<double>(count * ms) / least_s,
                 1000 * least_s);
    }
  }
}

twin::ConvolutionalSpec convolutional(const std::vector<int64_t>& taps, int64_t width, int64_t shapes) {
  twin::ConvolutionalSpec spec;
  for (const auto t : taps) spec.layers.push_back({t, width});
  spec.batch_norm = true;
  spec.temporal_shapes = shapes;
  return spec;
}

/// Synapses of both kinds on every compartment of one long cable, as on a real cell's tree.
twin::RecurrentSpec recurrent(int64_t units, int64_t branches, int64_t channels) {
  dataset::CellTable cell;
  for (int64_t i = 0; i < channels / 2; ++i) {
    cell.section.push_back(fmt::format("dend[{}]", i / 6));
    cell.excitatory_compartment.push_back(static_cast<int32_t>(i));
  }
  cell.inhibitory_compartment = cell.excitatory_compartment;
  twin::RecurrentSpec spec;
  spec.memory_units = units;
  spec.branches = branches;
  twin::wire(spec, cell);
  return spec;
}

}  // namespace

int main(int argc, char** argv) {
  Work w;
  std::vector<int64_t> taps, streams{1, 4, 16, 64, 256}, pieces{1, 10, 400};
  int64_t width = 64, shapes = 0, units = 20, branches = 45;
  std::string kind;
  bool avx2 = false;
  CLI::App app{"Speed of twins that answer to input that goes on"};
  app.add_option("--kind", kind, "recurrent or convolutional alone (default: both)")
      ->check(CLI::IsMember({"recurrent", "convolutional"}));
  app.add_option("--taps", taps, "taps of each layer (default: 54,12,12 and 54,24,24)")->delimiter(',');
  app.add_option("--width", width, "features of each layer");
  app.add_option("--shapes", shapes, "temporal shapes of the first layer's filters (default: free taps)");
  app.add_option("--units", units, "memory units of the recurrent twin");
  app.add_option("--branches", branches, "of the recurrent twin");
  app.add_option("--channels", w.channels, "input synapses");
  app.add_option("--density", w.density, "part of the input bins that hold a spike");
  app.add_option("--streams", streams, "streams side by side")->delimiter(',');
  app.add_option("--pieces-ms", pieces, "lengths of the pieces")->delimiter(',');
  app.add_option("--threads", w.threads, "threads; speeds are for each second of a core");
  app.add_option("--repeats", w.repeats, "repeats, of which the best counts");
  app.add_flag("--avx2", avx2, "as on a machine without AVX-512");
  CLI11_PARSE(app, argc, argv);
  if (avx2) {
    hwy::SetSupportedTargetsForTest(HWY_AVX2);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  std::vector<std::vector<int64_t>> all{{54, 12, 12}, {54, 24, 24}};
  if (!taps.empty()) all = {taps};
  if (kind == "recurrent") all.clear();
  for (const auto& t : all)
    measure(fmt::format("taps {}", fmt::join(t, ",")).c_str(),
            twin::TwinSpec(convolutional(t, width, shapes)), w, streams, pieces);
  if (kind == "convolutional") return 0;
  measure("recurrent", twin::TwinSpec(recurrent(units, branches, w.channels)), w, streams, pieces);
}
