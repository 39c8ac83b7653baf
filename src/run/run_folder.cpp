#include "run/run_folder.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "twin/saved_twin.hpp"
#include "twin/twin_file.hpp"

namespace nt::run {
namespace {

/// That of the network alone: the scores that are noted in its file make it no other one.
std::string content_of_twin(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) return "";
  try {
    twin::TwinFile twin(file);
    twin.check_digest();
    return twin.identity();
  } catch (const InputError&) {
    return "damaged";
  }
}

void write_if_changed(const std::filesystem::path& file, const std::string& text) {
  if (!std::filesystem::exists(file) || files::read_file(file) != text)
    files::write_file_atomically(file, text);
}

void made_by_first(const Options& asked) {
  if (asked.ranks->is_first()) files::make_writable_folder(asked.out);
}

std::vector<std::string> texts(RunFolder::Names names) {
  return {names.begin(), names.end()};
}

}  // namespace

namespace {

/// What a run writes, it writes in the place of no folder, and no folder of it in the place of a file. Said
/// before the work: a training takes hours.
void require_free_names(const std::filesystem::path& folder, bool watch) {
  constexpr std::array kFiles{"experiment.toml", "stages.json", "twin.safetensors",    "learning.json",
                              "metrics.json",    "curves.json", "interpretation.json", "neuron.json",
                              "run.json",        "report.html", "search.json",         "watch.html"};
  std::error_code unreadable;
  for (const std::string_view name : kFiles) {
    if (name == "watch.html" && !watch) continue;
    const auto there = std::filesystem::status(folder / name, unreadable);
    if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there))
      fail_input(
          "{}: is not an ordinary file, but a run writes its results there; remove it, or choose another "
          "--out",
          (folder / name).string());
  }
  for (const auto* name : {"dataset", "checkpoints"}) {
    const auto there = std::filesystem::status(folder / name, unreadable);
    if (std::filesystem::exists(there) && !std::filesystem::is_directory(there))
      fail_input("{}: is not a folder, but a run keeps its files there; remove it, or choose another --out",
                 (folder / name).string());
  }
}

}  // namespace

RunFolder::RunFolder(const Experiment& of, const Options& asked, Watcher who)
    : experiment(of),
      options(asked),
      folder((made_by_first(asked), asked.out)),
      dataset(folder / "dataset"),
      threads(threads_of(asked)),
      training_threads(std::make_shared<std::atomic<int>>(threads)),
      ranks(asked.ranks),
      watcher(ranks->is_first() ? std::move(who) : Watcher{.stop = who.stop}),
      lock_(ranks->is_first() ? std::make_unique<files::FolderLock>(folder) : nullptr),
      log_(folder) {
  if (!ranks->is_first()) return;
  require_free_names(folder, options.watch);
  files::remove_half_written(folder);
  if (log_.was_older()) {
    watcher.note(fmt::format(
        "{}: was made by an older neurontwin, which did not record how; its stages will be done again",
        folder.string()));
  }
}

std::string RunFolder::content(const std::string& name) {
  const auto file = folder / name;
  if (name == kTwinFile) return content_of_twin(file);
  if (!name.starts_with("dataset/") || name.ends_with(".h5") || name.ends_with(".json"))
    return std::filesystem::is_regular_file(file) ? files::digest(files::read_file(file)) : "";
  const auto known = splits_read_.find(name);
  if (known != splits_read_.end()) return known->second;
  return splits_read_[name] = dataset::digest_of_split(
             produce::files_of(experiment.plan, split_plan(name.substr(8))), dataset, threads, watcher);
}

produce::SplitPlan RunFolder::split_plan(const std::string& name) const {
  for (const auto& split : produce::splits_of(experiment.plan.data))
    if (split.name == name) return split;
  for (const auto& set : experiment.generalisation.sets)
    if ("ood-" + set.name == name) return {name, set.stage, experiment.generalisation.trials};
  fail_run("no split '{}'", name);
}

Contents RunFolder::contents(std::span<const std::string> names) {
  Contents all;
  for (const auto& name : names) all[name] = content(name);
  return all;
}

Contents RunFolder::contents(Names names) {
  return contents(texts(names));
}

bool RunFolder::done_before(const std::string& stage, const StageInputs& inputs,
                            std::span<const std::string> results) {
  const auto* record = log_.find(stage);
  if (record == nullptr) return false;
  const auto why = why_again(*record, inputs, contents(results));
  if (!why.empty()) watcher.note(fmt::format("{}: will be done again: {}", stage, why));
  return why.empty();
}

bool RunFolder::done_before(const std::string& stage, const StageInputs& inputs, Names results) {
  return done_before(stage, inputs, texts(results));
}

void RunFolder::finish(const std::string& stage, const StageInputs& inputs,
                       std::span<const std::string> results, double seconds) {
  log_.finish(stage, {inputs, contents(results), seconds});
}

void RunFolder::finish(const std::string& stage, const StageInputs& inputs, Names results, double seconds) {
  finish(stage, inputs, texts(results), seconds);
}

void RunFolder::require_same_experiment(std::span<const std::string> stages) const {
  std::vector<config::KeyDifference> found;
  for (const auto& stage : stages) {
    const auto* record = log_.find(stage);
    if (record == nullptr) {
      fail_input(
          "{}: the stage '{}' has not been finished there{}; run 'neurontwin {}' first, or 'neurontwin "
          "run'",
          folder.string(), stage,
          log_.was_older() ? ", as far as this neurontwin, a newer one, can know" : "", stage);
    }
    for (auto& difference :
         config::differences(record->inputs.settings, settings_of(experiment.determines, stage))) {
      const auto same_key = [&](const auto& d) { return d.key == difference.key; };
      // Where a twin was trained does not matter to who describes it.
      if (difference.key != "device" && std::ranges::none_of(found, same_key))
        found.push_back(std::move(difference));
    }
  }
  const auto words = words_now();
  for (const auto* key : {"title", "profile"})
    if (log_.word(key) != words.at(key)) found.push_back({key, log_.word(key), words.at(key)});
  if (found.empty()) return;
  fail_input(
      "{}: holds the results of another experiment than this command's ({}); use the settings of those "
      "results, or 'neurontwin run' to make them again",
      folder.string(), words_for(found, "in the folder", "in the command", 60));
}

void RunFolder::require_same_experiment(Names stages) const {
  require_same_experiment(texts(stages));
}

void RunFolder::require_own_data() const {
  const auto* record = log_.find("simulate");
  if (record == nullptr) return;  // whoever opens the shards looks at what made them
  const auto found = config::differences(record->inputs.settings, experiment.determines.simulate);
  if (found.empty()) return;
  fail_input("{}: was made by another configuration ({}); choose another --out, or remove the dataset folder",
             dataset.string(), words_for(found, "there", "here", 60));
}

void RunFolder::require_results(const std::string& stage, Names files, Names results) {
  auto inputs = log_.find(stage)->inputs;
  inputs.files = contents(files);
  const auto why = why_again(*log_.find(stage), inputs, contents(results));
  if (why.empty()) return;
  fail_input("{}: {}; run 'neurontwin {}' again, or 'neurontwin run'", folder.string(), why, stage);
}

std::map<std::string, std::string> RunFolder::words_now() const {
  return {{"title", experiment.title},
          {"profile", options.profile.empty() ? log_.word("profile") : options.profile},
          {"command", options.command}};
}

void RunFolder::remember_experiment() {
  write_if_changed(folder / "experiment.toml", experiment.resolved);
  const auto words = words_now();
  const bool same = log_.word("title") == words.at("title") && log_.word("profile") == words.at("profile");
  if (log_.word("command").empty() || !same) log_.set_words(words);
}

dataset::Split RunFolder::open(const std::string& name) const {
  return produce::open_split(experiment.plan, dataset, name);
}

twin::Twin RunFolder::trained_twin() const {
  const auto file = twin_path();
  if (!std::filesystem::exists(file)) {
    const bool is_old = std::filesystem::exists(folder / "twin.pt");
    fail_input("{}: is missing; run 'neurontwin train' first{}", file.string(),
               is_old ? " (twin.pt, of version 0.1, is not read: loading it would run its code)" : "");
  }
  try {
    twin::TwinFile(file).require_network_of(describe_twin(experiment, 0));
    return twin::load_twin(file, twin::on_threads(threads)).twin;
  } catch (const InputError& error) {
    fail_input("{}; remove it and run the train stage again", error.what());
  }
}

twin::TwinDescription describe_twin(const Experiment& experiment, int64_t best_epoch) {
  return {.spec = experiment.twin,
          .excitatory_synapses = cell::excitatory_synapses(experiment.plan.cell),
          .inhibitory_synapses = cell::inhibitory_synapses(experiment.plan.cell),
          .cell = dataset::cell_table(experiment.plan.cell),
          .provenance = {{"program", "neurontwin " NEURONTWIN_VERSION},
                         {"title", experiment.title},
                         {"seed", experiment.seed},
                         {"best_epoch", best_epoch},
                         {"experiment", experiment.resolved}}};
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace nt::run
