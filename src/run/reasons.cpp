#include "run/detail/reasons.hpp"

#include <fmt/format.h>

#include <new>
#include <stdexcept>
#include <system_error>

#include "config/error.hpp"

namespace nt::run {
namespace {

[[noreturn]] void fail_memory(std::string_view doing, std::string_view settings) {
  fail_run("out of memory while {}; lower {}", doing, settings);
}

[[noreturn]] void fail_internal(std::string_view doing, const std::string& details) {
  fail_run(
      "an error of the program itself while {}, not of its input; please report it with the command that led "
      "to it "
      "and these details:\n            {}",
      doing, details);
}

}  // namespace

void with_reasons(std::string_view doing, std::string_view settings, const std::function<void()>& work) {
  try {
    work();
  } catch (const InputError&) {
    throw;
  } catch (const RunError&) {
    throw;
  } catch (const std::system_error&) {
    throw;
  } catch (const std::bad_alloc&) {
    fail_memory(doing, settings);
  } catch (const std::length_error&) {  // more than any memory could hold
    fail_memory(doing, settings);
  } catch (const std::exception& error) {
    fail_internal(doing, error.what());
  }
}

}  // namespace nt::run
