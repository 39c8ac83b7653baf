#include "files/files.hpp"
#include "report/report.hpp"
#include "run/network_run.hpp"

namespace nt::run {
namespace {

neurontwin::PopulationDifference value_of(const network::Difference& d) {
  return {.name = d.population,
          .first_divergence_ms = d.first_divergence_ms,
          .median_divergence_ms = d.median_divergence_ms,
          .matched_share = d.matched_share,
          .rate_correlation = d.rate_correlation,
          .rate_error_hz = d.rate_error_hz,
          .interval_distance = d.interval_distance,
          .correlation_difference = d.correlation_difference,
          .spectrum_distance_db = d.spectrum_distance_db,
          .course_correlation = d.course_correlation};
}

/// One way to run the network, in a folder of its own, from where it was stopped.
network::Course course_of(const std::string& name, neurontwin::NetworkOptions options,
                          const std::filesystem::path& folder, double perturbation_mV,
                          const std::shared_ptr<const ranks::Ranks>& ranks) {
  const Watcher watcher = options.watcher.with_progress([&](Progress where) {
    where.what = "running the " + name;
    options.watcher.tell(where);
  });
  const auto asked = read_network(options, ranks);
  if (asked.ranks->is_first()) files::make_writable_folder(folder);
  network::Network network(asked.spec, twin::on_threads(asked.threads), asked.device, asked.ranks);
  // At rest a neuron forgets what is done to it: the perturbation comes when the network is at work.
  const auto at_ms = static_cast<int64_t>(asked.spec.transient_ms);
  auto identity = asked.identity;
  Intervention perturbation{.at_ms = at_ms};
  if (perturbation_mV > 0) {
    identity += fmt::format(" perturbed by {} mV at {} ms", perturbation_mV, at_ms);
    perturbation.act = [&](network::Network& n) { n.perturb(perturbation_mV); };
  }
  const auto computed = go_to_end(network, identity, folder, options.checkpoint_s, watcher, perturbation);
  if (!asked.ranks->is_first()) return {};
  write_network(network, folder);
  network::Course course{.name = name,
                         .records = {},
                         .activity = network::activity_of(network),
                         .differences = {},
                         .contacts = {},
                         .seconds = computed.seconds};
  for (size_t p = 0; p < asked.spec.populations.size(); ++p) course.records.push_back(network.record(p));
  for (size_t k = 0; k < asked.spec.projections.size(); ++k) course.contacts.push_back(network.contacts(k));
  return course;
}

}  // namespace

std::vector<neurontwin::NetworkCourse> compare_network(const neurontwin::NetworkOptions& options,
                                                       double perturbation_mV,
                                                       const std::shared_ptr<const ranks::Ranks>& ranks) {
  if (!options.as.empty()) fail_input("a comparison runs both cells and twins; leave 'as' out");
  if (!(perturbation_mV > 0 && perturbation_mV <= 20))
    fail_input("a perturbation of {} mV, expected more than 0 and at most 20", perturbation_mV);
  auto as_cells = options, as_twins = options;
  as_cells.as = "cells";
  as_cells.device = "cpu";
  as_twins.as = "twins";
  const auto asked = read_network(as_cells, ranks);
  require_same_on_all_ranks(asked);
  {  // what is wrong is said before anything is computed
    const auto of_twins = read_network(as_twins, ranks);
    network::Network(of_twins.spec, twin::on_threads(of_twins.threads), of_twins.device, of_twins.ranks);
  }
  const auto folder = held_by_first(asked);
  std::vector<network::Course> courses;
  courses.push_back(course_of("neurons", as_cells, asked.folder / "neurons", 0, ranks));
  courses.push_back(
      course_of("perturbed neurons", as_cells, asked.folder / "perturbed", perturbation_mV, ranks));
  courses.push_back(course_of("twins", as_twins, asked.folder / "twins", 0, ranks));
  if (!asked.ranks->is_first()) return {};
  for (size_t k = 1; k < courses.size(); ++k)
    courses[k].differences = differences_of(asked.spec, courses.front(), courses[k]);
  files::write_file_atomically(asked.folder / "network.toml", asked.resolved);
  files::write_file_atomically(asked.folder / "compare.json",
                               comparison_json(asked, courses, perturbation_mV));
  files::write_file_atomically(asked.folder / "report.html", report::make_network_report(asked.folder));
  std::vector<neurontwin::NetworkCourse> values;
  for (const auto& course : courses) {
    auto& value = values.emplace_back();
    value.name = course.name;
    value.seconds = course.seconds;
    for (const auto& a : course.activity) value.populations.push_back(activity_value(a));
    for (const auto& d : course.differences) value.differences.push_back(value_of(d));
  }
  return values;
}

}  // namespace nt::run
