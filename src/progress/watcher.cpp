#include "progress/watcher.hpp"

#include "config/error.hpp"

namespace neurontwin {

void Watcher::stop_here_if_asked(std::string_view doing) const {
  if (stop_requested()) nt::fail_run("stopped while {}; run the same command again to go on", doing);
}

}  // namespace neurontwin
