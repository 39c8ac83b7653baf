// time_cable CELL.toml MORPHOLOGY INPUT.h5 MS DT_MS SCHEME PRECISION: seconds that one trial costs when all
// lanes run one, on one core.
#include <fmt/format.h>

#include <chrono>

#include "cli/replay.hpp"
#include "simulate/cable.hpp"

namespace {

using namespace neurontwin;

template <class T>
double seconds_per_trial(const DetailedCell& cell, const CableSpec& spec, const SynapticInput& input,
                         int64_t ms) {
  CableSimulator<T> simulator(cell, spec);
  const std::vector<SynapticInput> inputs(simulator.lanes(), input);
  const auto start = std::chrono::steady_clock::now();
  simulator.run(inputs, ms);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() /
         static_cast<double>(inputs.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    fmt::print(stderr, "time_cable CELL.toml MORPHOLOGY INPUT.h5 MS DT_MS SCHEME PRECISION\n");
    return 2;
  }
  try {
    const std::filesystem::path file = argv[1];
    const auto cell = read_detailed_cell(Settings::from_file(file), file.parent_path(),
                                         {std::filesystem::path(argv[2]), ""});
    const auto ms = std::stoll(argv[4]);
    auto input = read_replay_input(argv[3]);
    for (auto* events : {&input.excitatory, &input.inhibitory}) {
      while (!events->time_ms.empty() && events->time_ms.back() >= ms) {
        events->time_ms.pop_back();
        events->synapse.pop_back();
      }
    }
    const CableSpec spec{std::stod(argv[5]),
                         std::string(argv[6]) == "euler" ? Scheme::backward_euler : Scheme::crank_nicolson,
                         false};
    const bool in_float = std::string(argv[7]) == "float";
    fmt::print("{}\n", in_float ? seconds_per_trial<float>(cell, spec, input, ms)
                                : seconds_per_trial<double>(cell, spec, input, ms));
  } catch (const std::exception& error) {
    fmt::print(stderr, "time_cable: {}\n", error.what());
    return 1;
  }
}
