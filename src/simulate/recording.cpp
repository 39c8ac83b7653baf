#include "simulate/recording.hpp"

namespace nt::simulate {

std::vector<float> at_whole_ms(const std::vector<float>& trace, int64_t samples_per_ms) {
  const auto step = static_cast<size_t>(samples_per_ms);
  std::vector<float> samples;
  samples.reserve(trace.size() / step);
  for (size_t i = 0; i < trace.size(); i += step) samples.push_back(trace[i]);
  return samples;
}

std::vector<float> soma_at_whole_ms(const Recording& recording) {
  return at_whole_ms(recording.soma_mV, recording.samples_per_ms);
}

}  // namespace nt::simulate
