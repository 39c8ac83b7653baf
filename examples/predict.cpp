// Loads a twin and asks it: first for a whole trial, then ms by ms.
//   predict twin.safetensors
#include <cmath>
#include <cstdio>
#include <neurontwin/twin.hpp>

int main(int argc, char** argv) try {
  const auto twin = neurontwin::load_twin(argc > 1 ? argv[1] : "runs/l5pc-nmda-quick/twin.safetensors");
  std::printf("%s, %lld weights\n", neurontwin::describe(twin).words.c_str(),
              static_cast<long long>(twin.parameters()));

  // Every excitatory synapse fires once, 1 ms after the other.
  neurontwin::Input input;
  for (int64_t s = 0; s < twin.excitatory_synapses(); ++s) {
    input.time_ms.push_back(static_cast<double>(s));
    input.synapse.push_back(static_cast<uint32_t>(s));
  }
  const int64_t duration_ms = twin.excitatory_synapses() + 100;
  const auto answer = neurontwin::predict(twin, std::span(&input, 1), duration_ms).front();

  // The same as a stream: one neuron, one ms at a time.
  neurontwin::Stream stream(twin, /*neurons=*/1);
  double largest_mV = 0, difference_mV = 0;
  for (int64_t ms = 0; ms < duration_ms; ++ms) {
    std::vector<neurontwin::Stream::Spike> spikes;
    if (ms < twin.excitatory_synapses()) spikes.push_back({0, static_cast<int32_t>(ms), 0});
    const float mV = stream.advance(spikes, 1).soma_mV.front(),
                whole_mV = answer.soma_mV[static_cast<size_t>(ms)];
    largest_mV = ms == 0 ? whole_mV : std::fmax(largest_mV, whole_mV);
    difference_mV = std::fmax(difference_mV, std::fabs(mV - whole_mV));
  }
  std::printf("the voltage rises to %.2f mV; ms by ms it differs by at most %.2g mV\n", largest_mV,
              difference_mV);
  return difference_mV < 0.01 ? 0 : 1;
} catch (const neurontwin::InputError& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
