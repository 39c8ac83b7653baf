#include "run/summary.hpp"

#include <cmath>

#include "config/printable.hpp"
#include "run/detail/json_kinds.hpp"
#include "run/detail/lines.hpp"
#include "run/metrics_json.hpp"

namespace nt::run {

std::string summary_of(const Experiment& experiment, const std::filesystem::path& folder) {
  Lines out;
  const auto m = read_run_json(folder / "metrics.json");
  const auto value = [&](const char* key) {
    return m.contains(key) && m[key].is_number() ? m[key].get<double>() : NAN;
  };
  const auto interval = [&](const std::string& key) {
    const auto found = interval_in(m, key);
    return found ? fmt::format("  [{:.4f}, {:.4f}]", (*found)[0], (*found)[1]) : "";
  };
  out.print("\n{}\n", config::printable_line(experiment.title));
  if (m.contains("spike.auc")) {  // a passive neuron has none
    out.print("  spike AUC                 {:.5f}{}\n", value("spike.auc"), interval("spike.auc"));
    if (m.contains("baseline.glm.spike.auc")) {
      out.print("    a linear sum's          {:.5f}{}\n", value("baseline.glm.spike.auc"),
                interval("baseline.glm.spike.auc"));
    }
    out.print("  spikes found              {:.4f}{}\n", value("spike.tpr_at_fpr_0.0025"),
              interval("spike.tpr_at_fpr_0.0025"));
    out.print("    threshold               that of 0.25 % FPR on the validation set\n");
    out.print("    FPR on the test set     {:.3f} %, {:.2f} false alarms a second\n",
              100 * value("spike.fpr_at_fpr_0.0025"), value("spike.false_positives_per_s_at_fpr_0.0025"));
    out.print("    at 0.25 % test FPR      {:.4f}{}\n", value("spike.tpr_at_test_fpr_0.0025"),
              interval("spike.tpr_at_test_fpr_0.0025"));
    out.print("  F1 within 2 ms            {:.4f}{}\n", value("spike.f1_2ms"), interval("spike.f1_2ms"));
  }
  out.print("  voltage RMSE              {:.3f} mV\n", value("soma.rmse_mV"));
  out.print("    variance explained      {:.2f} % (rescaled as published: {:.2f} %)\n",
            100 * value("soma.variance_explained"), 100 * value("soma.variance_explained_rescaled"));
  if (m.contains("sequences.count")) {
    out.print("  sequences' peaks          correlation {:.3f}{}\n", value("sequences.twin_correlation"),
              interval("sequences.twin_correlation"));
    out.print("    of their direction      correlation {:.3f}{}\n",
              value("sequences.directionality_correlation"),
              interval("sequences.directionality_correlation"));
  }
  if (m.contains("filter.excitatory_tau_ms") && membrane_time_constant_ms(experiment.plan.cell)) {
    out.print("  filters decay with\n");
    for (const std::string kind : {"excitatory", "inhibitory"}) {
      const auto note = m.find("filter." + kind + "_tau_note");
      if (note != m.end())
        out.print("    {:<24}no time constant:\n      {}\n", kind, note->get<std::string>());
      else if (m.contains("filter." + kind + "_tau_ms"))
        out.print("    {:<24}{:.2f} ms\n", kind, value(("filter." + kind + "_tau_ms").c_str()));
    }
    out.print("    the membrane            {:g} ms\n", value("filter.true_tau_ms"));
  }
  out.print("  report                    {}\n",
            std::filesystem::absolute(folder / "report.html").lexically_normal().string());
  return config::printable(out.text);
}

}  // namespace nt::run
