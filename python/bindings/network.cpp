// Networks of neurons and twins, for Python.
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "interruptible.hpp"
#include "neurontwin/run.hpp"

namespace nt::python {
namespace {

using namespace neurontwin;
using Path = std::filesystem::path;

NetworkOptions options_of(const Path& file, std::vector<std::string> set, std::optional<uint64_t> seed,
                          int64_t ms, const std::string& as, const Path& out, int threads,
                          const std::string& device) {
  return {.network = file,
          .set = std::move(set),
          .seed = seed,
          .ms = ms,
          .device = device,
          .as = as,
          .out = out,
          .threads = threads};
}

py::dict dict_of(PopulationActivity a) {
  py::dict d;
  d["name"] = a.name;
  d["neurons"] = a.neurons;
  d["spikes"] = a.spikes;
  d["rate_hz"] = a.rate_hz;
  d["rate_sd_hz"] = a.rate_sd_hz;
  d["silent_share"] = a.silent_share;
  d["cv"] = a.cv;
  d["correlation"] = a.correlation;
  d["correlation_sd"] = a.correlation_sd;
  d["fano"] = a.fano;
  d["rates_hz"] = array_of(std::move(a.rates_hz));
  d["cvs"] = array_of(std::move(a.cvs));
  d["correlations"] = array_of(std::move(a.correlations));
  d["frequency_hz"] = array_of(std::move(a.frequency_hz));
  d["power"] = array_of(std::move(a.power));
  return d;
}

py::list list_of(std::vector<PopulationActivity> all) {
  py::list list;
  for (auto& a : all) list.append(dict_of(std::move(a)));
  return list;
}

py::dict dict_of(const PopulationDifference& d) {
  py::dict dict;
  dict["name"] = d.name;
  dict["first_divergence_ms"] = d.first_divergence_ms;
  dict["median_divergence_ms"] = d.median_divergence_ms;
  dict["matched_share"] = d.matched_share;
  dict["rate_correlation"] = d.rate_correlation;
  dict["rate_error_hz"] = d.rate_error_hz;
  dict["interval_distance"] = d.interval_distance;
  dict["correlation_difference"] = d.correlation_difference;
  dict["spectrum_distance_db"] = d.spectrum_distance_db;
  dict["course_correlation"] = d.course_correlation;
  return dict;
}

py::list list_of(std::vector<NetworkCourse> courses) {
  py::list list;
  for (auto& course : courses) {
    py::list differences;
    for (const auto& d : course.differences) differences.append(dict_of(d));
    py::dict one;
    one["name"] = course.name;
    one["populations"] = list_of(std::move(course.populations));
    one["differences"] = differences;
    one["seconds"] = course.seconds;
    list.append(one);
  }
  return list;
}

}  // namespace

void bind_network(py::module_& m) {
  py::class_<Network>(m, "Network")
      .def(py::init([](const Path& file, std::vector<std::string> set, std::optional<uint64_t> seed,
                       const std::string& as, int threads, const std::string& device) {
        return Network(options_of(file, std::move(set), seed, 0, as, {}, threads, device));
      }))
      .def("populations", &Network::populations)
      .def("neurons", &Network::neurons)
      .def("contacts", &Network::contacts)
      .def("now_ms", &Network::now_ms)
      .def("advance",
           [](Network& network, int64_t ms) {
             // In pieces, between which Ctrl-C is heard.
             for (int64_t piece = 0; ms > 0; ms -= piece) {
               piece = std::min<int64_t>(ms, 10);
               {
                 const py::gil_scoped_release released;
                 network.advance(piece);
               }
               if (PyErr_CheckSignals() != 0) throw py::error_already_set();
             }
           })
      .def("spikes",
           [](const Network& network, const std::string& population) {
             auto spikes = network.spikes(population);
             return py::make_tuple(array_of(std::move(spikes.time_ms)), array_of(std::move(spikes.neuron)));
           })
      .def("soma_mV",
           [](const Network& network, const std::string& population) {
             const auto ms = static_cast<py::ssize_t>(network.now_ms());
             auto values = network.soma_mV(population);
             const auto neurons = ms == 0 ? 0 : static_cast<py::ssize_t>(values.size()) / ms;
             return array_of(std::move(values), {ms, neurons});
           })
      .def("activity", [](const Network& network) { return list_of(network.activity()); })
      .def("state", [](const Network& network) { return py::bytes(network.state()); })
      .def("set_state",
           [](Network& network, const py::bytes& state) { network.set_state(std::string(state)); });
  m.def("run_network", [](const Path& file, std::vector<std::string> set, std::optional<uint64_t> seed,
                          int64_t ms, const std::string& as, const Path& out, int threads,
                          const std::string& device, const py::object& progress) {
    auto options = options_of(file, std::move(set), seed, ms, as, out, threads, device);
    auto run = interruptible(progress, [&](const Watcher& watcher) {
      options.watcher = watcher;
      return run_network(options);
    });
    py::dict d;
    d["folder"] = run.folder;
    d["ms"] = run.ms;
    d["contacts"] = run.contacts;
    d["seconds"] = run.seconds;
    d["computed_ms"] = run.computed_ms;
    d["populations"] = list_of(std::move(run.populations));
    return d;
  });
  m.def("compare_network", [](const Path& file, std::vector<std::string> set, std::optional<uint64_t> seed,
                              int64_t ms, double perturbation_mV, const Path& out, int threads,
                              const std::string& device, const py::object& progress) {
    auto options = options_of(file, std::move(set), seed, ms, "", out, threads, device);
    return list_of(interruptible(progress, [&](const Watcher& watcher) {
      options.watcher = watcher;
      return compare_network(options, perturbation_mV);
    }));
  });
}

}  // namespace nt::python
