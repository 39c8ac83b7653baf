#include "run/network_run.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>

#include "cell/neuron.hpp"
#include "files/files.hpp"
#include "files/free_space.hpp"
#include "files/hdf5.hpp"
#include "files/sonata.hpp"
#include "mechanism/mechanism.hpp"
#include "ranks/require_same.hpp"
#include "report/report.hpp"
#include "twin/twin.hpp"

namespace nt::run {
namespace {

namespace fs = std::filesystem;

constexpr auto kCheckpoint = "checkpoint.h5";

std::string content_of(const fs::path& file) {
  std::error_code unreadable;
  const auto read = fs::is_directory(file, unreadable) ? file / "twin.safetensors" : file;
  return fmt::format("content {}", files::digest(files::read_file(read)));
}

/// All but how long it lasts, and what is only looked at.
std::string identity_of(const config::Settings& settings, const network::Spec& spec, device::Kind device) {
  constexpr std::array<std::string_view, 3> kLeftOut{"title", "ms", "measures"};
  auto text = settings.determining("", kLeftOut, content_of);
  for (const auto& p : spec.populations) text += fmt::format("{}: {}\n", p.name, static_cast<int>(p.kind));
  text += fmt::format("network {}, state {}, cell {}, mechanism {}, simulate {}, twin {}\n",
                      network::kNetworkVersion, network::kStateVersion, cell::kCellVersion,
                      mechanism::kMechanismVersion, simulate::kSimulateVersion, twin::kTwinVersion);
  // Roundings of another device come to other spikes in the end.
  if (device != device::Kind::cpu) text += fmt::format("device {}\n", device::name_of(device));
  return files::digest(text);
}

void write_checkpoint(const network::Network& network, const std::string& identity, const fs::path& file) {
  const auto state = network.state();
  if (!network.ranks().is_first()) return;
  files::Hdf5Image image;
  image.attribute("format", std::string_view("neurontwin network checkpoint 1"));
  image.attribute("identity", std::string_view(identity));
  const auto ms = fmt::to_string(network.now_ms());
  image.attribute("ms", std::string_view(ms));
  image.write<uint8_t>("/state", std::span(reinterpret_cast<const uint8_t*>(state.data()), state.size()),
                       "bytes");
  image.seal();
  files::write_file_atomically(file, image.bytes());
}

/// The network's state that a file holds; none where it is of another network. InputError if it is damaged.
std::optional<std::vector<uint8_t>> state_in(const fs::path& path, const std::string& identity) {
  const files::Hdf5File file(path);
  static_cast<void>(file.verified_digest());
  if (file.text_attribute("identity") != identity) return {};
  return file.read<uint8_t>("/state");
}

/// Puts the network where the checkpoint was, if there is one of its own. Rank 0 reads it.
void take_checkpoint(network::Network& network, const std::string& identity, const fs::path& path) {
  std::optional<std::vector<uint8_t>> state;
  const auto read = [&] {
    if (!fs::exists(path)) return false;
    state = state_in(path, identity);
    return true;
  };
  try {
    if (!ranks::first_says(network.ranks(), read)) return;
    if (state || !network.ranks().is_first())
      network.set_state(state ? std::string_view(reinterpret_cast<const char*>(state->data()), state->size())
                              : std::string_view());
  } catch (const InputError& error) {
    fail_input("{}; remove {} and run the command again, which then starts at 0 ms", error.what(),
               path.string());
  }
  if (network.ranks().is_first() && !state)
    fail_input(
        "{}: is of another network, whose results are beside it; choose another --out, or remove that folder",
        path.string());
}

/// A network's results go where nothing lies but the results of a network.
void require_network_folder(const fs::path& folder) {
  std::error_code unreadable;
  const auto holds = [&](const char* name) { return fs::exists(folder / name, unreadable); };
  if (holds("stages.json") || holds("experiment.toml"))
    fail_input("{}: is the folder of a run; a network needs another one (--out)", folder.string());
  // Without its checkpoint, too: a user who is told that it is damaged removes it.
  if (holds(kCheckpoint) || holds("compare.json") || (holds("network.toml") && holds("metrics.json"))) return;
  for (const auto* name : {"network.toml", "spikes.h5", "soma.h5", "report.html"})
    if (holds(name))
      fail_input("{}: holds a {} of your own, which the results would replace; choose another --out",
                 folder.string(), name);
}

}  // namespace

NetworkAsked read_network(const neurontwin::NetworkOptions& o, std::shared_ptr<const ranks::Ranks> ranks) {
  auto overrides = o.set;
  if (o.seed) overrides.push_back(fmt::format("seed={}", *o.seed));
  if (o.ms > 0) overrides.push_back(fmt::format("ms={}", o.ms));
  const auto settings = config::Settings::from_file(o.network, "", overrides);
  NetworkAsked asked;
  asked.spec = network::read_network(settings);
  settings.reject_unread();
  if (asked.spec.title.empty()) asked.spec.title = o.network.stem().string();
  if (!o.as.empty() && o.as != "cells" && o.as != "twins")
    fail_input("as is '{}', expected 'cells' or 'twins'", o.as);
  if (!o.as.empty())
    asked.spec = with_all(std::move(asked.spec), o.as == "cells" ? network::Kind::cell : network::Kind::twin);
  asked.resolved = settings.resolved();
  asked.device = device::kind_named(o.device);
  asked.identity = identity_of(settings, asked.spec, asked.device);
  asked.folder = o.out.empty() ? fs::path("runs") / o.network.stem() : o.out;
  require_network_folder(asked.folder);
  asked.threads =
      o.threads > 0 ? o.threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  asked.ranks = std::move(ranks);
  return asked;
}

void require_same_on_all_ranks(const NetworkAsked& asked) {
  ranks::require_same(*asked.ranks, "network",
                      asked.resolved + "\nwith files, kinds and algorithms " + asked.identity,
                      "its file, the files that this names and the options have to be the same on all hosts");
}

std::string words_for(const NetworkAsked& asked) {
  std::vector<std::string> parts;
  for (const auto& p : asked.spec.populations)
    parts.push_back(
        fmt::format("{} {} ({})", p.neurons, p.name, network::kKinds[static_cast<size_t>(p.kind)]));
  return fmt::format("{}, {} projections, {} backgrounds", fmt::join(parts, ", "),
                     asked.spec.projections.size(), asked.spec.backgrounds.size());
}

void go_on(network::Network& network, const std::string& identity, const fs::path& folder,
           const Watcher& watcher) {
  const auto& spec = network.spec();
  double bytes = 0;
  const auto free = static_cast<double>(files::free_memory_bytes());
  for (const auto& p : spec.populations) {
    bytes += 2.0 * sizeof(float) * static_cast<double>(p.record_soma) * static_cast<double>(spec.duration_ms);
    if (bytes > free)
      fail_input(
          "{}: the recorded voltages would take {} of memory, but {} are free; lower record_soma or "
          "ms",
          p.where, files::words_for_bytes(bytes), files::words_for_bytes(free));
  }
  if (network.now_ms() == 0) take_checkpoint(network, identity, folder / kCheckpoint);
  if (network.now_ms() > spec.duration_ms)
    fail_input(
        "{}: holds {} ms of this network already; ask for at least as many (--ms), or choose another --out",
        folder.string(), network.now_ms());
  if (network.now_ms() > 0) watcher.note(fmt::format("goes on at {} ms", network.now_ms()));
}

std::unique_ptr<NetworkFolder> held_by_first(const NetworkAsked& asked) {
  return asked.ranks->is_first() ? std::make_unique<NetworkFolder>(asked.folder) : nullptr;
}

NetworkFolder::NetworkFolder(const fs::path& of) : folder(of) {
  files::make_writable_folder(folder);
  lock = std::make_unique<files::FolderLock>(folder);
  files::remove_half_written(folder);
}
NetworkFolder::~NetworkFolder() {
  std::error_code gone;
  fs::remove(folder / ".lock", gone);
}

Computed go_to_end(network::Network& network, const std::string& identity, const fs::path& folder,
                   int64_t checkpoint_s, const Watcher& watcher, const Intervention& intervention) {
  using Clock = std::chrono::steady_clock;
  const auto file = folder / kCheckpoint;
  const int64_t end_ms = network.spec().duration_ms;
  go_on(network, identity, folder, watcher);
  const auto& ranks = network.ranks();
  const int64_t first_ms = network.now_ms();
  const auto start = Clock::now();
  auto kept = start, told = start;
  while (network.now_ms() < end_ms) {
    if (intervention.act && network.now_ms() == intervention.at_ms) intervention.act(network);
    network.advance();
    const auto now = Clock::now();
    if (now - told > std::chrono::milliseconds(100)) {
      told = now;
      watcher.tell({"running the network", static_cast<double>(network.now_ms()), static_cast<double>(end_ms),
                    "ms", ""});
    }
    const bool stop = watcher.stop_requested();
    const bool due = stop || (ranks.is_first() && now - kept > std::chrono::seconds(checkpoint_s));
    if (!network.is_exchanged() || !ranks.any(due)) continue;
    write_checkpoint(network, identity, file);
    kept = Clock::now();
    if (ranks.any(stop)) fail_run("stopped while running the network; run the same command again to go on");
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  watcher.tell({"running the network", static_cast<double>(end_ms), static_cast<double>(end_ms), "ms", ""});
  if (network.now_ms() > first_ms) write_checkpoint(network, identity, file);
  return {seconds, network.now_ms() - first_ms};
}

void write_network(const network::Network& network, const fs::path& folder) {
  std::vector<files::SonataSpikes> spikes;
  std::vector<files::SonataReport> voltages;
  const auto& populations = network.spec().populations;
  for (size_t p = 0; p < populations.size(); ++p) {
    const auto& record = network.record(p);
    spikes.push_back({populations[p].name, record.spikes.time_ms, record.spikes.neuron});
    if (populations[p].record_soma > 0)
      voltages.push_back({.population = populations[p].name,
                          .nodes = static_cast<uint64_t>(populations[p].record_soma),
                          .values = record.soma_mV,
                          .units = "mV"});
  }
  files::write_sonata_spikes(folder / "spikes.h5", spikes);
  if (!voltages.empty()) files::write_sonata_report(folder / "soma.h5", voltages);
}

neurontwin::NetworkRun run_network(const neurontwin::NetworkOptions& options,
                                   std::shared_ptr<const ranks::Ranks> ranks) {
  const auto asked = read_network(options, std::move(ranks));
  require_same_on_all_ranks(asked);
  network::Network network(asked.spec, twin::on_threads(asked.threads), asked.device,
                           asked.ranks);  // what is wrong with it leaves no folder
  const auto folder = held_by_first(asked);
  options.watcher.note(fmt::format("{}; {} contacts in {}", words_for(asked), network.wiring().connections,
                                   files::words_for_bytes(static_cast<double>(network.wiring().bytes))));
  const auto computed =
      go_to_end(network, asked.identity, asked.folder, options.checkpoint_s, options.watcher);
  if (!asked.ranks->is_first()) return {};
  const auto activity = network::activity_of(network);
  write_network(network, asked.folder);
  files::write_file_atomically(asked.folder / "network.toml", asked.resolved);
  files::write_file_atomically(asked.folder / "metrics.json",
                               activity_json(asked, network, activity, computed));
  // A comparison that was here is not of this run.
  std::filesystem::remove(asked.folder / "compare.json");
  files::write_file_atomically(asked.folder / "report.html", report::make_network_report(asked.folder));
  neurontwin::NetworkRun run{.folder = asked.folder,
                             .words = words_for(asked),
                             .ms = network.now_ms(),
                             .contacts = static_cast<int64_t>(network.wiring().connections),
                             .seconds = computed.seconds,
                             .computed_ms = computed.ms};
  for (const auto& a : activity) {
    run.neurons += a.neurons;
    run.populations.push_back(activity_value(a));
  }
  return run;
}

}  // namespace nt::run
