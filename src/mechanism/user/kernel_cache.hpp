#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "mechanism/kernel.hpp"

namespace nt::mechanism {

/// Where compiled mechanisms, and cells' device code, are kept: $XDG_CACHE_HOME/neurontwin, or
/// ~/.cache/neurontwin. What lies there is run, so only what this user (or root) owns and nobody else may
/// write is ever loaded. InputError if there is no such place, it cannot be made, or others may write to it.
class KernelCache {
 public:
  KernelCache();
  ~KernelCache();
  KernelCache(const KernelCache&) = delete;
  KernelCache& operator=(const KernelCache&) = delete;

  /// The folder that what is known by `key` lies in; made if it is not there. InputError if others may write
  /// to it.
  std::filesystem::path folder(const std::string& key) const;
  /// A fresh folder to compile in, of this process alone.
  std::filesystem::path fresh_folder() const;

  /// The kernels kept under `key`; nothing if there are none, or their file is damaged or cut short. `entry`:
  /// the function that gives them. InputError if somebody else owns the file or may write it.
  std::optional<MechanismKernels> load(const std::string& key, const std::string& entry) const;
  /// A function of the library kept under `key`, or the bytes of what else is kept there; null or nothing as
  /// above.
  void* function(const std::string& key, const std::string& entry) const;
  std::optional<std::string> bytes(const std::string& key) const;
  /// Gives what is kept under `key` a second name, in a folder to compile in. False if there is nothing, or
  /// no link can be made.
  bool link(const std::string& key, const std::filesystem::path& name) const;
  /// Keeps a compiled library under `key`, whole or not at all, whoever else keeps the same.
  void keep(const std::string& key, const std::filesystem::path& library) const;

 private:
  /// A descriptor of what is kept, whole and this user's own; -1: there is none.
  int open_kept(const std::string& key) const;

  std::filesystem::path root_;
  int descriptor_ = -1;  // of the root
};

}  // namespace nt::mechanism
