#include "files/free_space.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <string>

namespace nt::files {
namespace {

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

/// A line "NAME:  NUMBER kB" of a file that the system makes up; 0 if it has none.
uint64_t kilobytes_of(const char* file, const std::string& name) {
  std::ifstream in(file);
  for (std::string word; in >> word;) {
    uint64_t value = 0;
    if (word == name + ":" && in >> value) return 1024 * value;
  }
  return 0;
}

/// What a control group (version 2) leaves this process.
uint64_t free_in_control_group() {
  uint64_t free = kNoLimit;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with("0::")) continue;
    const auto folder = "/sys/fs/cgroup" + line.substr(3);
    uint64_t most = 0, used = 0, files = 0;
    if (!(std::ifstream(folder + "/memory.max") >> most) ||
        !(std::ifstream(folder + "/memory.current") >> used))
      continue;
    std::ifstream kinds(folder + "/memory.stat");
    for (std::string kind; kinds >> kind;) {  // pages of files make room where it is needed
      if (kind == "file" && kinds >> files) break;
    }
    used -= std::min(used, files);
    free = std::min(free, most > used ? most - used : 0);
  }
  return free;
}

}  // namespace

uint64_t free_disk_bytes(const std::filesystem::path& folder) {
  std::error_code error;
  auto there = std::filesystem::absolute(folder, error);
  while (!std::filesystem::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  struct statvfs disk {};
  if (::statvfs(there.c_str(), &disk) != 0) return kNoLimit;
  return static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
}

uint64_t free_address_bytes() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kNoLimit;
  const uint64_t used = kilobytes_of("/proc/self/status", "VmSize");
  return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

uint64_t free_memory_bytes() {
  const uint64_t machine =
      kilobytes_of("/proc/meminfo", "MemAvailable") + kilobytes_of("/proc/meminfo", "SwapFree");
  return std::min({machine > 0 ? machine : kNoLimit, free_address_bytes(), free_in_control_group()});
}

std::string words_for_bytes(double bytes) {
  constexpr std::array<const char*, 6> kUnits{"bytes", "kB", "MB", "GB", "TB", "PB"};
  size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  return fmt::format("{:.3g} {}", bytes, kUnits[unit]);
}

}  // namespace nt::files
