#include <fmt/format.h>

#include "files/free_space.hpp"
#include "run/run_plan.hpp"

namespace nt::run {
namespace {

using neurontwin::StagePlan;

std::string time_words(double s) {
  if (s < 1.5) return "a second";
  if (s < 100) return fmt::format("{:.0f} s", s);
  if (s < 6000) return fmt::format("{:.0f} min", s / 60);
  if (s < 100 * 3600) return fmt::format("{:.1f} h", s / 3600);
  return fmt::format("{:.0f} days", s / 86400);
}

std::string what_it_takes(const StagePlan& stage) {
  if (stage.seconds <= 0) return "";
  const bool scores = stage.stage == StageName::evaluate || stage.stage == StageName::interpret;
  return "about " + time_words(stage.seconds) + (scores ? " of simulation, and scoring" : "");
}

std::string words_for(const StagePlan& stage) {
  if (!stage.to_do) return "done before";
  const auto takes = what_it_takes(stage);
  const auto why = stage.why.empty() ? "" : "again: " + stage.why;
  if (takes.empty()) return why.empty() ? "to do" : why;
  return why.empty() ? takes : fmt::format("{}; {}", takes, why);
}

}  // namespace

std::string words_for(const neurontwin::RunPlan& plan) {
  auto out = fmt::format("plan for {}\n", plan.folder.string());
  for (const auto& stage : plan.stages)
    out += fmt::format("  {:<10} {}\n", name_of(stage.stage), words_for(stage));
  if (plan.missing_trials > 0) {
    out += fmt::format("  {:<10} {} for {} trials of {} ms; {} are free\n", "disk",
                       files::words_for_bytes(plan.missing_bytes), plan.missing_trials, plan.trial_ms,
                       files::words_for_bytes(plan.free_disk_bytes));
  }
  out +=
      fmt::format("  {:<10} at least {}; {} are free\n", "memory", files::words_for_bytes(plan.memory_bytes),
                  files::words_for_bytes(plan.free_memory_bytes));
  if (plan.seconds > 0) out += fmt::format("  {:<10} at least {}\n", "in all", time_words(plan.seconds));
  return out;
}

}  // namespace nt::run
