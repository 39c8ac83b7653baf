// Runs beyond making one: what they take, which there are, their figures, and experiments to begin with.
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "bindings.hpp"
#include "neurontwin/run.hpp"

namespace nt::python {
namespace {

namespace py = pybind11;
using neurontwin::ListedRun;
using neurontwin::RunPlan;
using Path = std::filesystem::path;

py::dict dict_of(const RunPlan& plan) {
  py::list stages;
  for (const auto& stage : plan.stages) {
    py::dict d;
    d["stage"] = std::string(name_of(stage.stage));
    d["to_do"] = stage.to_do;
    d["why"] = stage.why;
    d["seconds"] = stage.seconds;
    stages.append(std::move(d));
  }
  py::dict d;
  d["folder"] = plan.folder;
  d["stages"] = std::move(stages);
  d["missing_trials"] = plan.missing_trials;
  d["missing_bytes"] = plan.missing_bytes;
  d["memory_bytes"] = plan.memory_bytes;
  d["seconds"] = plan.seconds;
  d["words"] = neurontwin::words_for(plan);
  return d;
}

py::dict dict_of(const ListedRun& run) {
  py::list finished;
  for (const auto stage : run.finished) finished.append(std::string(name_of(stage)));
  py::dict d;
  d["folder"] = run.folder;
  d["title"] = run.title;
  d["profile"] = run.profile;
  d["finished"] = std::move(finished);
  d["parameters"] = run.parameters;
  d["spike_auc"] = run.spike_auc;
  d["variance_explained"] = run.variance_explained;
  return d;
}

}  // namespace

void bind_runs(py::module_& m) {
  m.def("plan",
        [](const Path& experiment, const std::string& profile, const Path& out, std::vector<std::string> set,
           int threads, std::optional<uint64_t> seed, const std::string& device) {
          RunPlan plan;
          {
            const py::gil_scoped_release released;
            plan = neurontwin::plan_of(neurontwin::read_experiment({.experiment = experiment,
                                                                    .profile = profile,
                                                                    .out = out,
                                                                    .set = std::move(set),
                                                                    .device = device,
                                                                    .threads = threads,
                                                                    .seed = seed}));
          }
          return dict_of(plan);
        });
  m.def("list_runs", [](const std::vector<Path>& folders) {
    py::list runs;
    for (const auto& run : neurontwin::list_runs(folders)) runs.append(dict_of(run));
    return runs;
  });
  m.def("figures", &neurontwin::figures);
  m.def("plot", &neurontwin::plot);
  m.def("new_experiment", [](const Path& folder, const Path& morphology, std::vector<Path> mechanisms,
                             const std::string& title, double rate_hz) {
    return neurontwin::make_experiment({.folder = folder,
                                        .morphology = morphology,
                                        .mechanisms = std::move(mechanisms),
                                        .title = title,
                                        .rate_hz = rate_hz});
  });
}

}  // namespace nt::python
