#include "neurontwin/twin.hpp"

#include <algorithm>
#include <cmath>

#include "device/device.hpp"
#include "files/files.hpp"
#include "front_door/models.hpp"
#include "run/export.hpp"
#include "run/output_file.hpp"
#include "twin/device_stream.hpp"
#include "twin/predict.hpp"

namespace neurontwin {
namespace {

constexpr int64_t kMostNeurons = int64_t{1} << 24, kMost_ms = 100'000'000;

/// Where each head's outputs lie in a row of them, and how they become quantities.
struct HeadPlace {
  nt::twin::HeadActivation activation;
  int64_t first, count;
};

std::vector<HeadPlace> places_of(const nt::twin::TwinSpec& spec) {
  std::vector<HeadPlace> places;
  int64_t first = 0;
  for (const auto& head : spec.heads) {
    places.push_back({nt::twin::head_kind(head.name).activation, first, head.outputs});
    first += head.outputs;
  }
  return places;
}

size_t head_index(const nt::twin::TwinSpec& spec, std::string_view name) {
  return static_cast<size_t>(std::ranges::find(spec.heads, name, &nt::twin::Head::name) - spec.heads.begin());
}

bool is_further(const nt::twin::Head& head) {
  return head.name != "spike" && head.name != "soma";
}

/// Appends the values of one head from a row of outputs.
void take(std::vector<float>& to, const HeadPlace& head, const nt::twin::Outputs<float>& outputs,
          int64_t row) {
  for (int64_t o = 0; o < head.count; ++o)
    to.push_back(nt::twin::in_units(head.activation, outputs.at(row, head.first + o)));
}

void require_duration(int64_t ms) {
  if (ms < 1 || ms > kMost_ms) nt::fail_input("{} ms, expected from 1 to {}", ms, kMost_ms);
}

void require_finite(std::span<const float> values, std::string_view what) {
  if (!std::ranges::all_of(values, [](float v) { return std::isfinite(v); }))
    nt::fail_run("the twin's {} is no finite number: its weights are too large for single precision", what);
}

}  // namespace

nt::twin::Twin working_twin(const Twin& twin, int threads, const std::string& device) {
  const auto& model = twin.model();
  nt::twin::Twin working(model.description.spec, model.description.channels(), 0,
                         nt::twin::on_threads(threads_or_cores(threads)));
  std::ranges::copy(model.numbers, working.numbers.begin());
  working.device = nt::device::open_device(nt::device::kind_named(device));
  if (working.device != nullptr) nt::twin::require_device_stream(working.spec());
  return working;
}

Twin finished_twin(const nt::twin::Twin& twin, nt::twin::TwinDescription description) {
  description.spec = twin.spec();
  return Twin(std::make_shared<const Twin::Model>(Twin::Model{std::move(description), twin.numbers}));
}

int64_t Twin::excitatory_synapses() const {
  return model().description.excitatory_synapses;
}

int64_t Twin::inhibitory_synapses() const {
  return model().description.inhibitory_synapses;
}

int64_t Twin::parameters() const {
  return model().description.spec.parameter_count(model().description.channels());
}

Twin load_twin(const std::filesystem::path& file) {
  auto saved = nt::twin::load_twin(file);
  return finished_twin(saved.twin, std::move(saved.description));
}

void save_twin(const Twin& twin, const std::filesystem::path& file) {
  nt::files::write_file_atomically(file,
                                   nt::twin::twin_bytes(working_twin(twin, 1), twin.model().description));
}

TwinDescription describe(const Twin& twin) {
  const auto& model = twin.model();
  const auto& spec = model.description.spec;
  TwinDescription d;
  d.kind = spec.network->kind();
  d.words = spec.network->words();
  d.window_ms = spec.network->window_ms();
  const auto threshold = model.description.thresholds.find("spike.threshold");
  if (threshold != model.description.thresholds.end() && threshold->is_number())
    d.spike_threshold = threshold->get<double>();
  for (const auto& head : spec.heads)
    if (is_further(head))
      d.further_outputs.push_back({head.name, nt::twin::head_kind(head.name).unit, head.outputs});
  for (const auto& [name, text] : nt::twin::texts_of(model.description)) d.texts.emplace_back(name, text);
  const auto working = working_twin(twin, 1);
  for (const auto& array : nt::twin::named_arrays(working.layout(), working.numbers))
    d.arrays.push_back({array.array.name,
                        {array.array.shape.begin(), array.array.shape.end()},
                        {array.values.begin(), array.values.end()}});
  return d;
}

std::vector<Prediction> predict(const Twin& twin, std::span<const Input> inputs, int64_t duration_ms,
                                int threads, const std::stop_token& stop, const std::string& device) {
  require_duration(duration_ms);
  const auto& spec = twin.model().description.spec;
  std::vector<nt::stimulus::SynapticInput> whole;
  for (size_t i = 0; i < inputs.size(); ++i)
    whole.push_back(synaptic_input(inputs[i], twin.excitatory_synapses(), twin.inhibitory_synapses(),
                                   fmt::format("input {}", i)));
  const auto places = places_of(spec);
  const auto spike = places[head_index(spec, "spike")], soma = places[head_index(spec, "soma")];
  std::vector<HeadPlace> further;
  for (size_t h = 0; h < places.size(); ++h)
    if (is_further(spec.heads[h])) further.push_back(places[h]);

  std::vector<Prediction> predictions(inputs.size());
  for (auto& p : predictions) p.further.resize(further.size());
  auto working = working_twin(twin, threads, device);
  nt::twin::predict_trials(working, inputs.size(), duration_ms,
                           nt::twin::trial_input(whole, twin.excitatory_synapses()),
                           [&](const nt::twin::PredictedPiece& piece) {
                             if (stop.stop_requested()) throw nt::RunError("stopped while predicting");
                             for (int64_t row = 0; row < piece.outputs.rows; ++row) {
                               auto& p = predictions[piece.first_trial + static_cast<size_t>(row / piece.ms)];
                               take(p.spike_probability, spike, piece.outputs, row);
                               take(p.soma_mV, soma, piece.outputs, row);
                               for (size_t f = 0; f < further.size(); ++f)
                                 take(p.further[f], further[f], piece.outputs, row);
                             }
                           });
  for (const auto& p : predictions) {
    require_finite(p.spike_probability, "probability of a spike");
    require_finite(p.soma_mV, "somatic voltage");
  }
  return predictions;
}

struct Stream::State {
  nt::twin::Twin twin;
  nt::twin::StreamsOn stream;
  HeadPlace spike, soma;
  std::vector<int32_t> events;
  std::vector<float> spike_probability, soma_mV;

  State(const Twin& of, int64_t neurons, int threads, const std::string& device)
      : twin(working_twin(of, threads, device)), stream(twin, neurons, twin.device) {
    const auto places = places_of(twin.spec());
    spike = places[head_index(twin.spec(), "spike")];
    soma = places[head_index(twin.spec(), "soma")];
  }

  void require_neuron(int64_t neuron) const {
    if (neuron < 0 || neuron >= stream.streams())
      nt::fail_input("neuron {}, expected 0 to {}", neuron, stream.streams() - 1);
  }
};

Stream::Stream(const Twin& twin, int64_t neurons, int threads, const std::string& device) {
  if (neurons < 1 || neurons > kMostNeurons)
    nt::fail_input("a stream of {} neurons, expected 1 to {}", neurons, kMostNeurons);
  state_ = std::make_unique<State>(twin, neurons, threads, device);
}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

Stream::State& Stream::held_state() const {
  if (!state_) nt::fail_input("this stream is empty: it was moved from");
  return *state_;
}

Stream::Answer Stream::advance(std::span<const Spike> spikes, int64_t ms) {
  require_duration(ms);
  auto& s = held_state();
  std::vector<Spike> sorted(spikes.begin(), spikes.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    s.require_neuron(sorted[i].neuron);
    if (sorted[i].synapse < 0 || sorted[i].synapse >= s.twin.channels())
      nt::fail_input("spike {} is of synapse {}, expected 0 to {}", i, sorted[i].synapse,
                     s.twin.channels() - 1);
    if (sorted[i].ms < 0 || sorted[i].ms >= ms)
      nt::fail_input("spike {} is {} ms from now, expected 0 to {}", i, sorted[i].ms, ms - 1);
  }
  std::ranges::stable_sort(sorted, {}, &Spike::neuron);
  s.events.clear();
  for (const auto& spike : sorted) s.events.insert(s.events.end(), {spike.neuron, spike.synapse, spike.ms});
  const auto outputs = s.stream.advance(s.events, ms);
  s.spike_probability.clear();
  s.soma_mV.clear();
  for (int64_t row = 0; row < outputs.rows; ++row) {
    take(s.spike_probability, s.spike, outputs, row);
    take(s.soma_mV, s.soma, outputs, row);
  }
  return {s.spike_probability, s.soma_mV};
}

std::vector<float> Stream::state(int64_t neuron) const {
  held_state().require_neuron(neuron);
  return state_->stream.state(neuron);
}

void Stream::set_state(int64_t neuron, std::span<const float> state) {
  held_state().require_neuron(neuron);
  const auto expected = state_->stream.state(neuron).size();
  if (state.size() != expected) nt::fail_input("a state of {} numbers, expected {}", state.size(), expected);
  const auto bad = std::ranges::find_if_not(state, [](float x) { return std::isfinite(x); });
  if (bad != state.end())
    nt::fail_input("the state's number {} is {}, expected what state() gives", bad - state.begin(), *bad);
  state_->stream.set_state(neuron, state);
}

void export_twin(const Twin& twin, const std::string& format, const std::filesystem::path& out) {
  nt::run::export_twin(working_twin(twin, 1), twin.model().description, format, out);
}

void export_file(const std::filesystem::path& twin, const std::string& format,
                 const std::filesystem::path& out) {
  nt::run::require_other_file(out, {twin});
  export_twin(load_twin(twin), format, out);
}

void predict_file(const std::filesystem::path& twin, const std::filesystem::path& input,
                  const std::filesystem::path& out, int threads, const std::stop_token& stop,
                  const std::string& device) {
  nt::run::require_other_file(out, {twin, input});
  nt::run::require_own(out, nt::run::Written::predictions);
  nt::twin::predict_file(twin, input, out, nt::twin::on_threads(threads_or_cores(threads)), stop,
                         nt::device::kind_named(device));
}

}  // namespace neurontwin
