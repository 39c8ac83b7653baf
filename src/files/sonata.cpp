#include "files/sonata.hpp"

#include <hdf5.h>

#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "files/detail/hdf5_library.hpp"
#include "files/files.hpp"

namespace nt::files {
namespace {

constexpr uint32_t kMagic = 0x0A7A;
constexpr std::array<uint32_t, 2> kVersion{0, 1};
constexpr int8_t kByTime = 2;

/// A file being written. Every call is checked; the first that fails is a RunError.
class SonataFile {
 public:
  explicit SonataFile(const std::filesystem::path& file)
      : name_(file.string()),
        half_(file),
        file_(H5Fcreate(half_.path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)),
        sets_(H5Pcreate(H5P_DATASET_CREATE)) {
    checked(file_);
    checked(
        H5Pset_obj_track_times(sets_, false));  // the same spikes, the same bytes, whenever they are written
    numbers(file_, "magic", H5T_STD_U32LE, &kMagic, 0);
    numbers(file_, "version", H5T_STD_U32LE, kVersion.data(), kVersion.size());
  }
  ~SonataFile() {
    if (file_ >= 0) H5Fclose(file_);
    if (sets_ >= 0) H5Pclose(sets_);
  }
  SonataFile(const SonataFile&) = delete;
  SonataFile& operator=(const SonataFile&) = delete;

  void group(const std::string& path) {
    const hid_t links = checked(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(links, 1);
    checked(H5Gclose(checked(H5Gcreate2(file_, path.c_str(), links, H5P_DEFAULT, H5P_DEFAULT))));
    H5Pclose(links);
  }
  void set(const std::string& path, hid_t type, const void* values, const std::vector<hsize_t>& extent,
           std::string_view units = {}) {
    const hid_t space = checked(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr));
    const hid_t set = checked(H5Dcreate2(file_, path.c_str(), type, space, H5P_DEFAULT, sets_, H5P_DEFAULT));
    const hsize_t count = std::accumulate(extent.begin(), extent.end(), hsize_t{1}, std::multiplies<>());
    if (count > 0) checked(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    if (!units.empty()) text(set, "units", units);
    H5Sclose(space);
    checked(H5Dclose(set));
  }
  /// A second name of a data set.
  void alias(const std::string& path, const std::string& of) {
    checked(H5Lcreate_hard(file_, of.c_str(), file_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT));
  }
  /// Says that a data set ascends.
  void sorted(const std::string& path) {
    constexpr uint8_t kYes = 1;
    const hid_t set = checked(H5Dopen2(file_, path.c_str(), H5P_DEFAULT));
    numbers(set, "sorted", H5T_STD_U8LE, &kYes, 0);
    H5Dclose(set);
  }
  /// An attribute of an enumeration {none, by_id, by_time}, as the specification asks for.
  void sorting_by_time(const std::string& group_path) {
    const hid_t type = checked(H5Tenum_create(H5T_NATIVE_INT8));
    for (int8_t value = 0; value < 3; ++value)
      checked(
          H5Tenum_insert(type, std::array{"none", "by_id", "by_time"}[static_cast<size_t>(value)], &value));
    const hid_t group = checked(H5Gopen2(file_, group_path.c_str(), H5P_DEFAULT));
    numbers(group, "sorting", type, &kByTime, 0);
    H5Tclose(type);
    H5Gclose(group);
  }
  void finish() {
    checked(H5Fflush(file_, H5F_SCOPE_GLOBAL));
    checked(H5Fclose(std::exchange(file_, -1)));
    half_.put_in_place();
  }

 private:
  template <class Id>
  Id checked(Id id) const {
    if (id < 0) fail_run("{}: cannot be written; is the disk full?", name_);
    return id;
  }
  /// `count` 0: a single one.
  void numbers(hid_t of, const char* name, hid_t type, const void* values, hsize_t count) {
    const hid_t space = checked(count == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr));
    const hid_t attribute = checked(H5Acreate2(of, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
    checked(H5Awrite(attribute, type, values));
    H5Aclose(attribute);
    H5Sclose(space);
  }
  void text(hid_t of, const char* name, std::string_view words) {
    const hid_t type = checked(H5Tcopy(H5T_C_S1));
    H5Tset_size(type, words.size());
    H5Tset_cset(type, H5T_CSET_UTF8);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    numbers(of, name, type, words.data(), 0);
    H5Tclose(type);
  }

  std::string name_;
  HalfWritten half_;
  hid_t file_, sets_;  // how data sets are made
};

}  // namespace

void write_sonata_spikes(const std::filesystem::path& file, std::span<const SonataSpikes> populations) {
  const auto lock = enter_hdf5();
  SonataFile out(file);
  for (const auto& p : populations) {
    const auto path = "/spikes/" + std::string(p.population);
    out.group(path);
    out.sorting_by_time(path);
    out.set(path + "/timestamps", H5T_NATIVE_DOUBLE, p.time_ms.data(), {p.time_ms.size()}, "ms");
    const std::vector<uint64_t> nodes(p.node.begin(), p.node.end());
    out.set(path + "/node_ids", H5T_NATIVE_UINT64, nodes.data(), {nodes.size()});
  }
  out.finish();
}

void write_sonata_report(const std::filesystem::path& file, std::span<const SonataReport> populations) {
  const auto lock = enter_hdf5();
  SonataFile out(file);
  for (const auto& p : populations) {
    const auto path = "/report/" + std::string(p.population);
    const uint64_t times = p.nodes == 0 ? 0 : p.values.size() / p.nodes;
    out.group(path + "/mapping");
    out.set(path + "/data", H5T_NATIVE_FLOAT, p.values.data(), {times, p.nodes}, p.units);
    std::vector<uint64_t> pointers(p.nodes + 1);
    std::iota(pointers.begin(), pointers.end(), uint64_t{0});
    out.set(path + "/mapping/node_ids", H5T_NATIVE_UINT64, pointers.data(), {p.nodes});
    out.set(path + "/mapping/index_pointers", H5T_NATIVE_UINT64, pointers.data(), {p.nodes + 1});
    out.sorted(path + "/mapping/node_ids");
    // What the specification calls index_pointers, bmtk reads as index_pointer.
    out.alias(path + "/mapping/index_pointer", path + "/mapping/index_pointers");
    const std::vector<uint32_t> elements(p.nodes, 0);  // the soma
    const std::vector<float> middle(p.nodes, 0.5F);    // of it
    out.set(path + "/mapping/element_pos", H5T_NATIVE_FLOAT, middle.data(), {p.nodes});
    out.set(path + "/mapping/element_ids", H5T_NATIVE_UINT32, elements.data(), {p.nodes});
    const std::array<double, 3> time{p.start_ms, p.start_ms + static_cast<double>(times) * p.step_ms,
                                     p.step_ms};
    out.set(path + "/mapping/time", H5T_NATIVE_DOUBLE, time.data(), {3}, "ms");
  }
  out.finish();
}

}  // namespace nt::files
