#include "mechanism/user/kernel_cache.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "config/error.hpp"
#include "files/files.hpp"

namespace nt::mechanism {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLibrary = "kernels.so";
constexpr std::string_view kSealed = "\nneurontwin kernels ";  // before the digest at a kept library's end
constexpr std::string_view kMaking = "making-";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

fs::path root_folder() {
  // As the XDG base directory specification has it: a relative path counts as none.
  if (const fs::path caches = variable("XDG_CACHE_HOME"); caches.is_absolute()) return caches / "neurontwin";
  if (const fs::path home = variable("HOME"); home.is_absolute()) return home / ".cache/neurontwin";
  // Not a folder that everybody may write to: what lies there is run.
  fail_input(
      "there is no folder for compiled mechanisms; set XDG_CACHE_HOME (or HOME) to the absolute path of a "
      "folder of yours");
}

/// Whether nobody but this user and root can have made or changed it.
void require_own(int descriptor, const fs::path& path) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0)
    fail_input("{}: cannot be read: {}", path.string(), std::strerror(errno));
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    fail_input(
        "{}: belongs to another user (number {}), so the compiled mechanisms there are not run; remove it, "
        "or set XDG_CACHE_HOME to a folder of yours",
        path.string(), status.st_uid);
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    fail_input(
        "{}: other users may write to it, so the compiled mechanisms there are not run; remove it, or take "
        "that right away (chmod go-w)",
        path.string());
  }
}

/// Opens a folder by its name in another, not through a link; makes it if it is not there.
int open_own_folder(int in, const std::string& name, const fs::path& path) {
  if (::mkdirat(in, name.c_str(), 0700) != 0 && errno != EEXIST)
    fail_input("{}: this folder for compiled mechanisms cannot be made: {}", path.string(),
               std::strerror(errno));
  const int folder = ::openat(in, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0)
    fail_input("{}: is not a folder, so it cannot hold compiled mechanisms; remove it", path.string());
  try {
    require_own(folder, path);
  } catch (...) {
    ::close(folder);
    throw;
  }
  return folder;
}

std::string read_all(int descriptor) {
  std::string bytes;
  char buffer[1 << 16];
  for (ssize_t n; (n = ::pread(descriptor, buffer, sizeof buffer, static_cast<off_t>(bytes.size()))) > 0;)
    bytes.append(buffer, static_cast<size_t>(n));
  return bytes;
}

bool is_sealed(std::string_view bytes) {
  const auto seal = bytes.rfind(kSealed);
  return seal != bytes.npos && bytes.substr(seal + kSealed.size()) == files::digest(bytes.substr(0, seal));
}

/// The library that a descriptor holds open, loaded once. The descriptor stays open as long as the program
/// runs: the loader knows libraries by their path, and this one is its number.
void* load_open(int descriptor) {
  static std::mutex mutex;
  static std::map<std::pair<dev_t, ino_t>, void*> loaded;
  const std::lock_guard lock(mutex);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return nullptr;
  const std::pair file{status.st_dev, status.st_ino};
  if (const auto known = loaded.find(file); known != loaded.end()) {
    ::close(descriptor);
    return known->second;
  }
  void* library = ::dlopen(fmt::format("/proc/self/fd/{}", descriptor).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr)
    loaded.emplace(file, library);
  else
    ::close(descriptor);
  return library;
}

/// What killed processes left behind.
void remove_stale(const fs::path& root) {
  std::error_code ignored;
  const auto hour_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
  for (const auto& entry : fs::directory_iterator(root, ignored)) {
    if (!entry.path().filename().string().starts_with(kMaking)) continue;
    if (const auto made = entry.last_write_time(ignored); !ignored && made < hour_ago)
      fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

KernelCache::KernelCache() : root_(root_folder()) {
  std::error_code error;
  fs::create_directories(root_.parent_path(), error);
  if (error)
    fail_input("{}: this folder for compiled mechanisms cannot be made: {}", root_.string(), error.message());
  descriptor_ = open_own_folder(AT_FDCWD, root_.string(), root_);
}

KernelCache::~KernelCache() {
  ::close(descriptor_);
}

fs::path KernelCache::folder(const std::string& key) const {
  ::close(open_own_folder(descriptor_, key, root_ / key));
  return root_ / key;
}

fs::path KernelCache::fresh_folder() const {
  remove_stale(root_);
  std::string name = (root_ / fmt::format("{}XXXXXX", kMaking)).string();
  if (::mkdtemp(name.data()) == nullptr)
    fail_input("{}: no folder can be made there to compile in: {}", root_.string(), std::strerror(errno));
  return name;
}

int KernelCache::open_kept(const std::string& key) const {
  const auto path = folder(key) / kLibrary;
  const int own_folder = open_own_folder(descriptor_, key, root_ / key);
  const int file = ::openat(own_folder, kLibrary, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  const int error = errno;
  ::close(own_folder);
  if (file < 0) {
    if (error == ENOENT) return -1;
    fail_input("{}: cannot be read: {}; remove it", path.string(), std::strerror(error));
  }
  try {
    require_own(file, path);
  } catch (...) {
    ::close(file);
    throw;
  }
  if (is_sealed(read_all(file))) return file;
  ::close(file);
  return -1;
}

void* KernelCache::function(const std::string& key, const std::string& entry) const {
  const int library = open_kept(key);
  if (library < 0) return nullptr;
  void* handle = load_open(library);
  return handle == nullptr ? nullptr : ::dlsym(handle, entry.c_str());
}

std::optional<std::string> KernelCache::bytes(const std::string& key) const {
  const int file = open_kept(key);
  if (file < 0) return {};
  auto bytes = read_all(file);
  ::close(file);
  bytes.resize(bytes.rfind(kSealed));
  return bytes;
}

std::optional<MechanismKernels> KernelCache::load(const std::string& key, const std::string& entry) const {
  const auto function = reinterpret_cast<void (*)(MechanismKernels*)>(this->function(key, entry));
  if (function == nullptr) return {};
  MechanismKernels kernels;
  function(&kernels);
  return kernels;
}

bool KernelCache::link(const std::string& key, const fs::path& name) const {
  const int file = open_kept(key);
  if (file < 0) return false;
  // Of the very file that was looked at, whatever its name stands for by now.
  const bool linked = ::linkat(AT_FDCWD, fmt::format("/proc/self/fd/{}", file).c_str(), AT_FDCWD,
                               name.c_str(), AT_SYMLINK_FOLLOW) == 0;
  ::close(file);
  return linked;
}

void KernelCache::keep(const std::string& key, const fs::path& library) const {
  const auto bytes = files::read_file(library);
  files::write_file_atomically(folder(key) / kLibrary, bytes + std::string(kSealed) + files::digest(bytes));
}

}  // namespace nt::mechanism
