#pragma once
#include <array>
#include <fstream>
#include <string>
#include <string_view>

#include "cell/neuron.hpp"
#include "cell/segments_cell.hpp"
#include "config/error.hpp"
#include "config/ordinary_file.hpp"
#include "config/settings.hpp"
#include "config/temporary_folder.hpp"
#include "dataset/replay_input.hpp"
#include "dataset/split.hpp"
#include "mechanism/generate.hpp"
#include "morphology/compartments.hpp"
#include "produce/dendritic_basis.hpp"
#include "produce/synapse_clusters.hpp"
#include "report/report.hpp"
#include "saved_readers.hpp"

namespace nt {

enum class Reader {
  swc,
  asc,
  nmodl,
  toml,
  cell,
  shard,
  replay,
  json,
  twin,
  checkpoint,
  experiment,
  store,
  segments
};
/// Of their folders in the corpus.
inline constexpr std::array kNames{"swc",  "asc",  "nmodl",      "toml",       "cell",  "shard",   "replay",
                                   "json", "twin", "checkpoint", "experiment", "store", "segments"};
inline constexpr std::array kReaders{Reader::swc,  Reader::asc,        Reader::nmodl,   Reader::toml,
                                     Reader::cell, Reader::shard,      Reader::replay,  Reader::json,
                                     Reader::twin, Reader::checkpoint, Reader::segments};
/// These are of the upper rooms: see learning_readers.hpp.
inline constexpr std::array kLearningReaders{Reader::experiment, Reader::store};

/// Writes a file for a reader that takes a file's name.
inline std::filesystem::path written(std::string_view bytes, const char* name) {
  const auto file = config::own_temporary_folder() / name;
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  return file;
}

/// A soma and a dendrite with a synapse of each kind on each compartment, for input to be replayed to.
inline const cell::DetailedCell& cell_with_synapses() {
  static const cell::DetailedCell cell = [] {
    const auto swc = written("1 1 0 0 0 5 -1\n2 3 0 5 0 1 1\n3 3 0 805 0 1 2\n", "stick.swc");
    return cell::read_detailed_cell(
        config::Settings::from_text(
            "kind = 'detailed'\nmorphology = 'stick.swc'\ncompartment_spacing_um = 8\n"
            "excitatory = { mechanism = 'AMPANMDA', regions = ['soma', 'basal'] }\n"
            "inhibitory = { mechanism = 'DoubleExp', regions = ['soma', 'basal'] }\n",
            "cell.toml"),
        swc.parent_path());
  }();
  return cell;
}

/// A shard, as it is opened, walked through and windowed.
inline void read_shard(const std::filesystem::path& file) {
  const dataset::Shard shard(file);
  uint64_t sum = 0;
  for (size_t i = 0; i < shard.trials(); ++i) {
    const auto trial = shard.trial(i);
    for (const auto* events : {&trial.excitatory, &trial.inhibitory}) {
      for (const auto t : events->time_ms) sum += t;
      for (const auto s : events->synapse) sum += s;
      sum += events->between(0, shard.identity().duration_ms / 2).time_ms.size();
    }
    for (const float v : trial.soma_mV) sum += v > 0;
    for (const auto& signal : shard.identity().signals)
      for (const float v : trial.signal(signal.name)) sum += v > 0;
  }
  static_cast<void>(sum);
}

/// What a user's file goes through, except simulation. Any bytes will do: what is wrong with them is an
/// InputError.
inline void read_as(Reader reader, std::string_view text) {
  switch (reader) {
    case Reader::swc:
    case Reader::asc: {
      const auto morphology = reader == Reader::swc ? morphology::read_swc(text, "fuzz.swc")
                                                    : morphology::read_asc(text, "fuzz.asc");
      cut(
          morphology::with_axon_stub(morphology, 2, 30, 1),
          [](const morphology::Section& s) { return morphology::by_spacing(s, 40); }, 100);
      return;
    }
    case Reader::nmodl: {
      const auto mechanism = mechanism::compile_mechanism(text, "fuzz.mod");
      mechanism::generate_kernels(mechanism, "fuzz.cpp", "fuzz");
      // The same in the ways that a description can ask for.
      mechanism::compile_mechanism(text, "fuzz.mod",
                                   {.tables = mechanism::Tables::as_neuron,
                                    .generators = mechanism::Generators::none,
                                    .kinetics = mechanism::Kinetics::exact});
      return;
    }
    case Reader::toml: {
      const auto settings =
          config::Settings::from_text(config::with_line_feeds(std::string(text)), "fuzz.toml");
      settings.text("kind", "none");
      settings.number("dt_ms", 1.0, {0, 10});
      settings.integers("taps", std::vector<int64_t>{1}, {1, 100});
      for (const auto& insert : settings.tables("insert")) insert.formula("gbar", "0");
      settings.resolved();
      settings.reject_unread();
      return;
    }
    case Reader::cell: {
      const auto settings = config::Settings::from_file(written(text, "cell.toml"));
      const auto neuron = cell::read_neuron(settings);
      settings.reject_unread();
      settings.resolved();
      words_for(neuron);
      return;
    }
    case Reader::shard: {
      const auto file = written(text, "train-0000.h5");
      read_shard(file);
      const files::Hdf5File raw(file);
      raw.listing();
      if (raw.has("/direction")) produce::read_dendritic_basis(file, raw.text_attribute("configuration"));
      if (raw.has("/excitatory_cluster"))
        produce::read_synapse_clusters(file, raw.text_attribute("configuration"));
      return;
    }
    case Reader::replay:
      dataset::read_replay_input(written(text, "input.h5"), cell_with_synapses());
      return;
    case Reader::segments: {
      const auto file = written(text, "segments.h5");
      const auto settings = config::Settings::from_text(
          "kind = 'segments'\nsegments = 'segments.h5'\ntables = 'exact'\n", "cell.toml");
      cell::read_segments_cell(settings, file.parent_path());
      return;
    }
    case Reader::json: {
      // As the report reads a run's files back: each in turn is the fuzzed one, beside whole ones.
      const auto& folder = config::own_temporary_folder();
      for (const std::string_view fuzzed : {"metrics", "interpretation", "search"}) {
        for (const std::string_view name : {"run", "metrics", "interpretation", "search"})
          written(name == fuzzed ? text : "{}", (std::string(name) + ".json").c_str());
        written("title = 'x'\n", "experiment.toml");
        report::make_report(folder);
      }
      return;
    }
    case Reader::experiment:
    case Reader::store:
      return;  // see learning_readers.hpp
    case Reader::twin:
      return read_changed(read_saved_twin, text);
    case Reader::checkpoint:
      return read_changed(read_saved_checkpoint, text);
  }
}

}  // namespace nt
