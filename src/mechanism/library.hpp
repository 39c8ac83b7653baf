#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "mechanism/generate.hpp"
#include "mechanism/kernel.hpp"

namespace nt::mechanism {

/// A mechanism ready to run.
struct LoadedMechanism {
  std::string name;  // as load_mechanism was asked for it
  Mechanism mechanism;
  KernelLayout layout;
  MechanismKernels kernels;
};

/// A mechanism of the catalogue by its name, or a user's .mod file. `where` stands for the place that asks,
/// in messages. InputError if there is no such mechanism, or its file cannot be compiled. Of the catalogue,
/// `reading` may ask for kernels that the program does not have (with tables, or for ions that are followed):
/// the system's compiler makes them, as it makes a user's.
std::shared_ptr<const LoadedMechanism> load_mechanism(const std::string& name,
                                                      const std::filesystem::path& folder,
                                                      const std::string& where, const Reading& reading = {});

}  // namespace nt::mechanism
