// The module neurontwin._core: include/neurontwin with numpy arrays in the place of vectors. What users see
// is python/neurontwin.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "interruptible.hpp"
#include "kept_memory.hpp"
#include "neurontwin/run.hpp"
#include "neurontwin/train.hpp"

namespace nt::python {
namespace {

using namespace neurontwin;
using Path = std::filesystem::path;

/// A spike train as Python hands it over: (time_ms, synapse) or (time_ms, synapse, weight).
Input input_of(const py::tuple& spikes) {
  if (spikes.size() != 2 && spikes.size() != 3)
    throw InputError("an input has " + std::to_string(spikes.size()) +
                     " arrays, expected (time_ms, synapse) or (time_ms, synapse, weight)");
  Input input{
      vector_of<double>(spikes[0].cast<Doubles>()), vector_of<uint32_t>(spikes[1].cast<Numbers>()), {}};
  if (spikes.size() == 3) input.weight = vector_of<double>(spikes[2].cast<Doubles>());
  return input;
}

std::vector<Input> inputs_of(const py::list& list) {
  std::vector<Input> inputs;
  for (const auto& spikes : list) inputs.push_back(input_of(spikes.cast<py::tuple>()));
  return inputs;
}

py::tuple tuple_of(Input input) {
  if (input.weight.empty())
    return py::make_tuple(array_of(std::move(input.time_ms)), array_of(std::move(input.synapse)));
  return py::make_tuple(array_of(std::move(input.time_ms)), array_of(std::move(input.synapse)),
                        array_of(std::move(input.weight)));
}

py::dict dict_of(Trial trial, py::ssize_t compartments, py::ssize_t ms) {
  py::dict d;
  d["spike_times_ms"] = array_of(std::move(trial.spike_times_ms));
  d["soma_mV"] = array_of(std::move(trial.soma_mV));
  d["soma_fine_mV"] = array_of(std::move(trial.soma_fine_mV));
  if (!trial.compartments_mV.empty())
    d["compartments_mV"] = array_of(std::move(trial.compartments_mV), {compartments, ms});
  py::dict recorded;
  for (auto* all : {&trial.sites, &trial.recorded})
    for (auto& one : *all) recorded[py::str(one.name)] = array_of(std::move(one.values));
  d["recorded"] = recorded;
  return d;
}

SimulateOptions options_of(double dt_ms, const std::string& scheme, const std::string& precision,
                           bool compartments, std::vector<std::string> record, uint64_t seed, int threads,
                           const std::string& device) {
  if (scheme != "crank-nicolson" && scheme != "euler")
    throw InputError("scheme '" + scheme + "', expected 'crank-nicolson' or 'euler'");
  if (precision != "double" && precision != "float")
    throw InputError("precision '" + precision + "', expected 'double' or 'float'");
  return {.dt_ms = dt_ms,
          .scheme = scheme == "euler" ? Scheme::backward_euler : Scheme::crank_nicolson,
          .precision = precision == "float" ? Precision::in_float : Precision::in_double,
          .compartments = compartments,
          .record = std::move(record),
          .seed = seed,
          .threads = threads,
          .device = device};
}

DatasetTrial trial_of(const py::tuple& given) {
  const auto spikes = given[1].cast<Floats>(), soma = given[2].cast<Floats>();
  return {input_of(given[0].cast<py::tuple>()), vector_of<float>(spikes), vector_of<float>(soma)};
}

std::vector<DatasetTrial> trials_of(const py::list& list) {
  std::vector<DatasetTrial> trials;
  for (const auto& given : list) trials.push_back(trial_of(given.cast<py::tuple>()));
  return trials;
}

py::list list_of(const Metrics& metrics) {
  py::list list;
  for (const auto& m : metrics.all) list.append(py::make_tuple(m.name, m.value, m.low, m.high));
  return list;
}

py::tuple trained_of(TrainedTwin trained) {
  py::list epochs;
  for (const auto& e : trained.epochs)
    epochs.append(py::make_tuple(e.number, e.train_loss, e.valid_loss, e.seconds));
  return py::make_tuple(trained.twin, epochs, trained.best_epoch, trained.setbacks, trained.seconds);
}

py::dict description_of(const Twin& twin) {
  auto d = describe(twin);
  py::dict arrays, texts;
  for (auto& array : d.arrays)
    arrays[py::str(array.name)] = array_of(std::move(array.values), {array.shape.begin(), array.shape.end()});
  for (const auto& [name, text] : d.texts) texts[py::str(name)] = text;
  py::list further;
  for (const auto& output : d.further_outputs)
    further.append(py::make_tuple(output.name, output.unit, output.values_per_ms));
  py::dict all;
  all["kind"] = d.kind;
  all["words"] = d.words;
  all["window_ms"] = d.window_ms;
  all["spike_threshold"] = d.spike_threshold ? py::object(py::float_(*d.spike_threshold)) : py::none();
  all["further_outputs"] = further;
  all["texts"] = texts;
  all["arrays"] = arrays;
  return all;
}

void bind_neuron(py::module_& m) {
  py::class_<Neuron>(m, "Neuron")
      .def_property_readonly("excitatory_synapses", &Neuron::excitatory_synapses)
      .def_property_readonly("inhibitory_synapses", &Neuron::inhibitory_synapses)
      .def_property_readonly("synapses", &Neuron::synapses);
  m.def("read_neuron", [](const Path& file, std::vector<std::string> set, const Path& morphology,
                          const std::string& receptors) {
    return read_neuron(file, {std::move(set), morphology, receptors});
  });
  m.def("describe_neuron", [](const Neuron& neuron) {
    auto d = describe(neuron);
    py::dict table;
    table["section"] = d.compartments.section;
    table["region"] = d.compartments.region;
    table["x"] = array_of(std::move(d.compartments.x));
    table["length_um"] = array_of(std::move(d.compartments.length_um));
    table["diameter_um"] = array_of(std::move(d.compartments.diameter_um));
    table["area_um2"] = array_of(std::move(d.compartments.area_um2));
    table["path_um"] = array_of(std::move(d.compartments.path_um));
    table["parent"] = array_of(std::move(d.compartments.parent));
    py::list groups;
    for (const auto& group : d.groups)
      groups.append(py::make_tuple(group.name, group.excitatory, group.first, group.synapses));
    return py::make_tuple(d.words, d.settings, d.notes, table, array_of(std::move(d.synapse_compartment)),
                          groups);
  });
  py::class_<InputModel>(m, "InputModel");
  m.def("random_rates", &random_rates);
  m.def("draw_inputs",
        [](const InputModel& model, uint64_t seed, uint64_t first, int64_t trials, int64_t ms) {
          py::list list;
          auto drawn = interruptible(py::none(), [&](const Watcher& watcher) {
            return draw_inputs(model, seed, first, trials, ms, watcher.stop);
          });
          for (auto& input : drawn) list.append(tuple_of(std::move(input)));
          return list;
        });
  m.def("read_input",
        [](const Path& file, const Neuron& neuron) { return tuple_of(read_input(file, neuron)); });
  m.def("simulate",
        [](const Neuron& neuron, const py::list& inputs, int64_t ms, double dt_ms, const std::string& scheme,
           const std::string& precision, bool compartments, std::vector<std::string> record, uint64_t seed,
           int threads, const std::string& device, const py::object& progress) {
          const auto given = inputs_of(inputs);
          auto options =
              options_of(dt_ms, scheme, precision, compartments, std::move(record), seed, threads, device);
          auto trials = interruptible(progress, [&](const Watcher& watcher) {
            options.watcher = watcher;
            return simulate(neuron, given, ms, options);
          });
          const auto count =
              compartments ? static_cast<py::ssize_t>(describe(neuron).compartments.section.size()) : 0;
          py::list list;
          for (auto& trial : trials) list.append(dict_of(std::move(trial), count, ms));
          return list;
        });
}

void bind_dataset(py::module_& m) {
  py::class_<Dataset>(m, "Dataset")
      .def_readonly("folder", &Dataset::folder)
      .def_readonly("excitatory_synapses", &Dataset::excitatory_synapses)
      .def_readonly("inhibitory_synapses", &Dataset::inhibitory_synapses)
      .def_readonly("duration_ms", &Dataset::duration_ms)
      .def_readonly("train_trials", &Dataset::train_trials)
      .def_readonly("valid_trials", &Dataset::valid_trials)
      .def_readonly("test_trials", &Dataset::test_trials);
  m.def("open_dataset", &open_dataset);
  m.def("read_trial", [](const Dataset& dataset, const std::string& split, int64_t trial) {
    auto read = read_trial(dataset, split, trial);
    return py::make_tuple(tuple_of(std::move(read.input)), array_of(std::move(read.spike_times_ms)),
                          array_of(std::move(read.soma_mV)));
  });
  m.def("write_dataset", [](int64_t excitatory, int64_t inhibitory, int64_t duration_ms,
                            const py::list& train, const py::list& valid, const py::list& test,
                            const std::string& source, const Path& folder) {
    const auto of_train = trials_of(train), of_valid = trials_of(valid), of_test = trials_of(test);
    return write_dataset({excitatory, inhibitory, duration_ms, of_train, of_valid, of_test, source}, folder);
  });
  m.def("make_dataset", [](const Neuron& neuron, const InputModel& model, const Path& folder,
                           int64_t trial_ms, std::array<int64_t, 3> trials, uint64_t seed, double dt_ms,
                           int threads, const std::string& device, const py::object& progress) {
    return interruptible(progress, [&](const Watcher& watcher) {
      return make_dataset(neuron, model, folder,
                          {.trial_ms = trial_ms,
                           .train_trials = trials[0],
                           .valid_trials = trials[1],
                           .test_trials = trials[2],
                           .seed = seed,
                           .dt_ms = dt_ms,
                           .threads = threads,
                           .watcher = watcher,
                           .device = device});
    });
  });
}

void bind_twin(py::module_& m) {
  py::class_<Twin>(m, "Twin")
      .def_property_readonly("excitatory_synapses", &Twin::excitatory_synapses)
      .def_property_readonly("inhibitory_synapses", &Twin::inhibitory_synapses)
      .def_property_readonly("synapses", &Twin::synapses)
      .def_property_readonly("parameters", &Twin::parameters);
  m.def("load_twin", &load_twin);
  m.def("save_twin", &save_twin);
  m.def("describe_twin", &description_of);
  m.def("export_twin", &export_twin);
  m.def("predict",
        [](const Twin& twin, const py::list& inputs, int64_t ms, int threads, const std::string& device) {
          const auto given = inputs_of(inputs);
          auto answers = interruptible(py::none(), [&](const Watcher& watcher) {
            return predict(twin, given, ms, threads, watcher.stop, device);
          });
          // [trial][ms] in one piece.
          std::vector<float> probability, soma_mV;
          for (const auto& a : answers) {
            probability.insert(probability.end(), a.spike_probability.begin(), a.spike_probability.end());
            soma_mV.insert(soma_mV.end(), a.soma_mV.begin(), a.soma_mV.end());
          }
          const auto trials = static_cast<py::ssize_t>(given.size());
          py::list further;
          for (auto& a : answers) {
            py::list of_trial;
            for (auto& values : a.further) of_trial.append(array_of(std::move(values)));
            further.append(of_trial);
          }
          return py::make_tuple(array_of(std::move(probability), {trials, ms}),
                                array_of(std::move(soma_mV), {trials, ms}), further);
        });
  py::class_<Stream>(m, "Stream")
      .def(py::init<const Twin&, int64_t, int, const std::string&>())
      .def(
          "advance",
          [](Stream& stream, const Numbers& neuron, const Numbers& synapse, const Numbers& at_ms,
             int64_t neurons, int64_t ms) {
            if (neuron.size() != synapse.size() || neuron.size() != at_ms.size())
              throw InputError("neuron, synapse and ms of spikes have different lengths");
            std::vector<Stream::Spike> spikes;
            for (py::ssize_t i = 0; i < neuron.size(); ++i)
              spikes.push_back({static_cast<int32_t>(neuron.data()[i]),
                                static_cast<int32_t>(synapse.data()[i]),
                                static_cast<int32_t>(at_ms.data()[i])});
            const auto answer = stream.advance(spikes, ms);
            return py::make_tuple(
                array_of(std::vector<float>(answer.spike_probability.begin(), answer.spike_probability.end()),
                         {neurons, ms}),
                array_of(std::vector<float>(answer.soma_mV.begin(), answer.soma_mV.end()), {neurons, ms}));
          })
      .def("state", [](const Stream& stream, int64_t neuron) { return array_of(stream.state(neuron)); })
      .def("set_state", [](Stream& stream, int64_t neuron, const Floats& state) {
        stream.set_state(neuron, vector_of<float>(state));
      });
}

void bind_training(py::module_& m) {
  m.def("train", [](const Dataset& dataset, const std::string& settings, uint64_t seed, int threads,
                    const std::string& device, const Path& folder, const py::object& progress) {
    const KeptMemory kept;
    return trained_of(interruptible(progress, [&](const Watcher& watcher) {
      return train(dataset, {.settings = settings,
                             .seed = seed,
                             .threads = threads,
                             .folder = folder,
                             .watcher = watcher,
                             .device = device});
    }));
  });
  m.def("evaluate", [](const Twin& twin, const Dataset& dataset, const std::string& settings, uint64_t seed,
                       int threads, const std::string& device, const py::object& progress) {
    const KeptMemory kept;
    return list_of(interruptible(progress, [&](const Watcher& watcher) {
      return evaluate(
          twin, dataset,
          {.settings = settings, .seed = seed, .threads = threads, .watcher = watcher, .device = device});
    }));
  });
  m.def("run",
        [](const Path& experiment, const std::string& profile, const Path& out, std::vector<std::string> set,
           int threads, std::optional<uint64_t> seed, const std::string& device, const py::object& progress) {
          const KeptMemory kept;
          return interruptible(progress, [&](const Watcher& watcher) {
            const auto read = read_experiment({.experiment = experiment,
                                               .profile = profile,
                                               .out = out,
                                               .set = std::move(set),
                                               .device = device,
                                               .threads = threads,
                                               .seed = seed});
            run(read, watcher);
            return read.folder();
          });
        });
  m.def("read_metrics", [](const Path& folder) { return list_of(read_metrics(folder)); });
}

}  // namespace
}  // namespace nt::python

PYBIND11_MODULE(_core, m) {
  namespace py = pybind11;
  py::register_exception<neurontwin::InputError>(m, "InputError", PyExc_ValueError);
  py::register_exception<neurontwin::RunError>(m, "RunError", PyExc_RuntimeError);
  nt::python::bind_neuron(m);
  nt::python::bind_dataset(m);
  nt::python::bind_twin(m);
  nt::python::bind_training(m);
  nt::python::bind_network(m);
  nt::python::bind_runs(m);
}
