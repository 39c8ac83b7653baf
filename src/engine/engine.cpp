#include "neurontwin/engine.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "twin/predict.hpp"
#include "twin/saved_twin.hpp"

using namespace nt;

struct nt_twin {
  twin::Twin twin;
  twin::TwinDescription description;
  struct Output {
    std::string name, unit;
    twin::HeadActivation activation;
  };
  std::vector<Output> outputs;
  int64_t spike = 0;  // which of them
  double threshold = -1;
};

struct nt_stream {
  nt_twin* twin;
  twin::Twin::Stream stream;
  std::vector<float> silence;  // the state of a neuron that nothing has reached
  std::vector<int32_t> events;
  std::vector<size_t> first;  // of each neuron among them
  std::vector<float> values;
  int64_t ms = 0;

  nt_stream(nt_twin& of, int64_t neurons) : twin(&of), stream(of.twin, neurons), silence(stream.state(0)) {}
};

namespace {

constexpr int64_t kMostNeurons = int64_t{1} << 24, kMost_ms = 1'000'000;

void say(char* message, size_t size, std::string_view text) {
  if (message == nullptr || size == 0) return;
  const size_t count = std::min(size - 1, text.size());
  std::memcpy(message, text.data(), count);
  message[count] = '\0';
}

/// Runs what may throw.
template <class F>
nt_code guarded(char* message, size_t size, F&& f) noexcept {
  try {
    say(message, size, "");
    f();
    return NT_OK;
  } catch (const InputError& error) {
    say(message, size, error.what());
    return NT_BAD_FILE;
  } catch (const std::invalid_argument& error) {
    say(message, size, error.what());
    return NT_BAD_ARGUMENT;
  } catch (const std::bad_alloc&) {
    say(message, size, "there is not enough memory");
    return NT_FAILED;
  } catch (const std::exception& error) {
    say(message, size, error.what());
    return NT_FAILED;
  } catch (...) {
    say(message, size, "something unknown went wrong");
    return NT_FAILED;
  }
}

void require(bool good, const char* otherwise) {
  if (!good) throw std::invalid_argument(otherwise);
}

template <class... Args>
void require_in(int64_t value, int64_t end, fmt::format_string<Args...> what, Args&&... args) {
  if (value >= 0 && value < end) return;
  throw std::invalid_argument(fmt::format("{} is {}, expected 0 to {}",
                                          fmt::format(what, std::forward<Args>(args)...), value, end - 1));
}

/// Checks all spikes before any is taken, and puts those of each neuron together.
void take_spikes(nt_stream& s, const nt_spike* spikes, size_t count, int64_t ms) {
  const int64_t neurons = s.stream.streams(), synapses = s.twin->description.channels();
  s.first.assign(static_cast<size_t>(neurons) + 1, 0);
  for (size_t i = 0; i < count; ++i) {
    require_in(spikes[i].neuron, neurons, "the neuron of spike {}", i);
    require_in(spikes[i].synapse, synapses, "the synapse of spike {}", i);
    require_in(spikes[i].ms, ms, "the ms of spike {}", i);
    ++s.first[static_cast<size_t>(spikes[i].neuron) + 1];
  }
  for (size_t n = 1; n < s.first.size(); ++n) s.first[n] += s.first[n - 1];
  s.events.resize(3 * count);
  for (size_t i = 0; i < count; ++i) {
    const auto& spike = spikes[i];
    int32_t* event = &s.events[3 * s.first[spike.neuron]++];
    event[0] = spike.neuron;
    event[1] = spike.synapse;
    event[2] = spike.ms;
  }
}

}  // namespace

extern "C" {

nt_code nt_open(const char* file, int threads, nt_twin** twin, char* message, size_t size) {
  return guarded(message, size, [&] {
    require(file != nullptr && twin != nullptr, "file and twin must not be NULL");
    require(threads >= 1 && threads <= 1024, "threads must be 1 to 1024");
    auto [loaded, description] = twin::load_twin(file, twin::on_threads(threads));
    auto opened = std::make_unique<nt_twin>(nt_twin{std::move(loaded), std::move(description), {}});
    for (const auto& head : opened->twin.spec().heads) {
      const auto& kind = twin::head_kind(head.name);
      for (int64_t o = 0; o < head.outputs; ++o)
        opened->outputs.push_back({head.name, kind.unit, kind.activation});
    }
    opened->spike = opened->twin.first_output("spike");
    opened->threshold = opened->description.thresholds.value("spike.threshold", -1.0);
    *twin = opened.release();
  });
}

void nt_close(nt_twin* twin) {
  delete twin;
}

int64_t nt_synapses(const nt_twin* twin) {
  return twin == nullptr ? 0 : twin->description.channels();
}

int64_t nt_excitatory_synapses(const nt_twin* twin) {
  return twin == nullptr ? 0 : twin->description.excitatory_synapses;
}

int64_t nt_outputs(const nt_twin* twin) {
  return twin == nullptr ? 0 : std::ssize(twin->outputs);
}

const char* nt_output_name(const nt_twin* twin, int64_t output) {
  if (output < 0 || output >= nt_outputs(twin)) return nullptr;
  return twin->outputs[output].name.c_str();
}

const char* nt_output_unit(const nt_twin* twin, int64_t output) {
  if (output < 0 || output >= nt_outputs(twin)) return nullptr;
  return twin->outputs[output].unit.c_str();
}

double nt_threshold(const nt_twin* twin) {
  return twin == nullptr ? -1 : twin->threshold;
}

nt_code nt_start(nt_twin* twin, int64_t neurons, nt_stream** stream, char* message, size_t size) {
  return guarded(message, size, [&] {
    require(twin != nullptr && stream != nullptr, "twin and stream must not be NULL");
    require(neurons >= 1 && neurons <= kMostNeurons, "neurons must be 1 to 16777216");
    *stream = new nt_stream(*twin, neurons);
  });
}

void nt_end(nt_stream* stream) {
  delete stream;
}

nt_code nt_advance(nt_stream* stream, const nt_spike* spikes, size_t count, int64_t ms, char* message,
                   size_t size) {
  return guarded(message, size, [&] {
    require(stream != nullptr && (spikes != nullptr || count == 0), "stream and spikes must not be NULL");
    require(ms >= 1 && ms <= kMost_ms, "ms must be 1 to 1000000");
    take_spikes(*stream, spikes, count, ms);
    const auto& heads = stream->twin->outputs;
    // Room first: beyond it only what the network itself needs could be missing.
    stream->values.reserve(static_cast<size_t>(stream->stream.streams() * ms) * heads.size());
    const auto outputs = stream->stream.advance(stream->events, ms);
    stream->values.assign(outputs.values, outputs.values + outputs.rows * outputs.row);
    for (size_t i = 0; i < stream->values.size(); ++i) {
      float& value = stream->values[i];
      value = in_units(heads[i % heads.size()].activation, value);
    }
    stream->ms = ms;
  });
}

const float* nt_values(const nt_stream* stream) {
  return stream == nullptr || stream->ms == 0 ? nullptr : stream->values.data();
}

int nt_fired(const nt_stream* stream, int64_t neuron, int64_t ms, double threshold) {
  if (stream == nullptr || neuron < 0 || neuron >= stream->stream.streams() || ms < 0 || ms >= stream->ms)
    return -1;
  if (threshold < 0) threshold = stream->twin->threshold;
  if (!(threshold >= 0)) return -1;
  const int64_t at = (neuron * stream->ms + ms) * nt_outputs(stream->twin) + stream->twin->spike;
  return static_cast<double>(stream->values[at]) >= threshold;
}

nt_code nt_reset(nt_stream* stream, int64_t neuron, char* message, size_t size) {
  return guarded(message, size, [&] {
    require(stream != nullptr, "stream must not be NULL");
    require_in(neuron, stream->stream.streams(), "neuron");
    stream->stream.set_state(neuron, stream->silence);
  });
}

nt_code nt_copy(nt_stream* to, int64_t to_neuron, const nt_stream* from, int64_t from_neuron, char* message,
                size_t size) {
  return guarded(message, size, [&] {
    require(to != nullptr && from != nullptr, "streams must not be NULL");
    require(to->twin == from->twin, "both streams must be of one twin");
    require_in(to_neuron, to->stream.streams(), "to_neuron");
    require_in(from_neuron, from->stream.streams(), "from_neuron");
    to->stream.set_state(to_neuron, from->stream.state(from_neuron));
  });
}

}  // extern "C"
