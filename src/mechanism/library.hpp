#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "mechanism/generate.hpp"
#include "mechanism/kernel.hpp"

namespace neurontwin {

/// A mechanism ready to run.
struct LoadedMechanism {
  Mechanism mechanism;
  KernelLayout layout;
  MechanismKernels kernels;
};

/// A mechanism of the catalogue by its name, or a user's .mod file. `where` stands for the place that asks,
/// in messages. InputError if there is no such mechanism, or its file cannot be compiled.
std::shared_ptr<const LoadedMechanism> load_mechanism(const std::string& name,
                                                      const std::filesystem::path& folder,
                                                      const std::string& where, Tables tables = Tables::exact);

}  // namespace neurontwin
