#include "files/detail/hdf5_trial.hpp"

#include <fcntl.h>
#include <hdf5.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <vector>

#include "files/detail/hdf5_library.hpp"

namespace nt::files {
namespace {

constexpr hsize_t kMostBytesRead = hsize_t{64} << 20;  // of one set of values, or one attribute
constexpr uint64_t kMostBytesOfAPiece = uint64_t{256} << 20;
constexpr rlim_t kMostProcessor_s = 60;
constexpr std::chrono::seconds kMostWait{120};  // a file may come through a slow network

bool is_number_or_text(hid_t type) {
  const auto kind = H5Tget_class(type);
  return kind == H5T_INTEGER || kind == H5T_FLOAT || (kind == H5T_STRING && H5Tis_variable_str(type) == 0);
}

/// Room for values of a type over a space; none if it is too large, or if they are of a kind that we never
/// read.
std::optional<std::vector<char>> room_for(hid_t type, hid_t space) {
  const auto points = H5Sget_simple_extent_npoints(space);
  const auto each = H5Tget_size(type);
  if (!is_number_or_text(type) || points <= 0 || each == 0) return std::nullopt;
  if (static_cast<hsize_t>(points) > kMostBytesRead / each) return std::nullopt;
  return std::vector<char>(static_cast<size_t>(points) * each);
}

herr_t read_attribute(hid_t object, const char* name, const H5A_info_t*, void*) {
  const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  if (attribute < 0) return 0;
  const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  if (auto room = room_for(type, space)) H5Aread(attribute, type, room->data());
  H5Tclose(type);
  H5Sclose(space);
  H5Aclose(attribute);
  return 0;
}

void read_set(hid_t set) {
  const hid_t type = H5Dget_type(set), space = H5Dget_space(set), creation = H5Dget_create_plist(set);
  const auto layout = H5Pget_layout(creation);
  hsize_t pieces = 0;
  if (layout == H5D_CHUNKED) H5Dget_num_chunks(set, space, &pieces);
  const bool read =
      layout == H5D_COMPACT || (layout == H5D_CHUNKED && bytes_of_a_piece(set) <= kMostBytesOfAPiece);
  if (read) {
    if (auto room = room_for(type, space)) H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, room->data());
  }
  H5Pclose(creation);
  H5Sclose(space);
  H5Tclose(type);
}

/// What cannot be read is not an error here: it may be nothing that anyone asks for.
herr_t read_object(hid_t file, const char* name, const H5O_info_t* info, void*) {
  const hid_t object = H5Oopen(file, name, H5P_DEFAULT);
  if (object < 0) return 0;
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, read_attribute, nullptr);
  if (info->type == H5O_TYPE_DATASET) read_set(object);
  H5Oclose(object);
  return 0;
}

Hdf5Trial read_all(const std::string& file) {
  const hid_t id = open_hdf5(file);
  if (id < 0) return Hdf5Trial::unreadable;
  const bool whole = H5Ovisit2(id, H5_INDEX_NAME, H5_ITER_NATIVE, read_object, nullptr, H5O_INFO_BASIC) >= 0;
  H5Fclose(id);
  return whole ? Hdf5Trial::good : Hdf5Trial::unreadable;
}

/// What a terminal or a queue sends to all processes alike. Not to the trial: its death would look like the
/// file's fault.
sigset_t sent_to_all() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&signals, number);
  return signals;
}

/// The process that may crash: quietly, without handlers that the program has set, and not for ever.
[[noreturn]] void run_trial(const std::string& file, pid_t parent, int answer) {
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU}) signal(number, SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  const rlimit no_core{0, 0}, processor{kMostProcessor_s, kMostProcessor_s};
  setrlimit(RLIMIT_CORE, &no_core);
  setrlimit(RLIMIT_CPU, &processor);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  const auto trial = static_cast<char>(read_all(file));
  const bool said = write(answer, &trial, 1) == 1;
  _exit(said ? 0 : 1);
}

/// What the other process said, before it ended or the time was over.
Hdf5Trial answer_from(int pipe) {
  const auto end = std::chrono::steady_clock::now() + kMostWait;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Hdf5Trial::endless;
    pollfd waiting{pipe, POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(left.count())) <= 0) continue;  // also after a signal to us
    char trial = 0;
    const auto got = read(pipe, &trial, 1);
    if (got < 0 && errno == EINTR) continue;
    return got == 1 ? static_cast<Hdf5Trial>(trial) : Hdf5Trial::crashed;
  }
}

}  // namespace

uint64_t bytes_of_a_piece(int64_t set) {
  const hid_t creation = H5Dget_create_plist(set), type = H5Dget_type(set);
  std::array<hsize_t, H5S_MAX_RANK> extent{};
  uint64_t bytes = 0;
  if (H5Pget_layout(creation) == H5D_CHUNKED) {
    const int dimensions = H5Pget_chunk(creation, H5S_MAX_RANK, extent.data());
    bytes = H5Tget_size(type);  // a file cannot describe a piece of more than 4 GB
    for (int i = 0; i < dimensions; ++i) bytes *= extent[static_cast<size_t>(i)];
  }
  H5Tclose(type);
  H5Pclose(creation);
  return bytes;
}

Hdf5Trial try_hdf5(const std::string& file) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Hdf5Trial::good;
  const pid_t parent = getpid();
  const auto signals = sent_to_all();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &signals, &before);  // the new process begins with it
  const pid_t process = fork();
  if (process == 0) run_trial(file, parent, ends[1]);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  close(ends[1]);
  auto trial = Hdf5Trial::good;
  if (process > 0) {
    trial = answer_from(ends[0]);
    if (trial == Hdf5Trial::endless) kill(process, SIGKILL);
    int status = 0;
    // The program around us may wait for all its children, or for none: the status says nothing new.
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) trial = Hdf5Trial::endless;
  }
  close(ends[0]);
  return trial;
}

}  // namespace nt::files
