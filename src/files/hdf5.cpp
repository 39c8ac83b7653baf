#include "files/hdf5.hpp"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <concepts>
#include <cstring>
#include <limits>
#include <mutex>
#include <numeric>
#include <utility>

#include "files/detail/hdf5_library.hpp"
#include "files/detail/hdf5_trial.hpp"

namespace nt::files {
namespace {

/// Debian's HDF5 is not built for threads: one call at a time.
std::recursive_mutex& library_lock() {
  static std::recursive_mutex mutex;
  return mutex;
}

/// Silences the library's own printing, since we report errors ourselves, and lets it load no plugins. A file
/// that could not be written cannot be closed either, and the library (1.10) crashes where it tries to at the
/// program's end: it is not to try.
std::unique_lock<std::recursive_mutex> enter_library() {
  std::unique_lock lock(library_lock());
  static const herr_t no_end = H5dont_atexit();
  static_cast<void>(no_end);
  static const herr_t no_plugins = H5PLset_loading_state(0);  // a file cannot ask for other people's code
  static_cast<void>(no_plugins);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // each thread has its own setting
  return lock;
}

}  // namespace

std::unique_lock<std::recursive_mutex> enter_hdf5() {
  return enter_library();
}

namespace {

/// An HDF5 identifier that closes itself.
struct Id {
  hid_t value;
  herr_t (*close)(hid_t);
  Id(hid_t id, herr_t (*closer)(hid_t)) : value(id), close(closer) {}
  Id(Id&& other) noexcept : value(std::exchange(other.value, -1)), close(other.close) {}
  Id& operator=(Id&&) = delete;
  ~Id() {
    if (value >= 0) close(value);
  }
  operator hid_t() const { return value; }
  bool good() const { return value >= 0; }
};

template <class T>
hid_t native_type() {
  if constexpr (std::same_as<T, uint8_t>) return H5T_NATIVE_UINT8;
  if constexpr (std::same_as<T, uint16_t>) return H5T_NATIVE_UINT16;
  if constexpr (std::same_as<T, uint32_t>) return H5T_NATIVE_UINT32;
  if constexpr (std::same_as<T, uint64_t>) return H5T_NATIVE_UINT64;
  if constexpr (std::same_as<T, int32_t>) return H5T_NATIVE_INT32;
  if constexpr (std::same_as<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::same_as<T, double>) return H5T_NATIVE_DOUBLE;
}

template <class T>
constexpr std::string_view type_name() {
  if constexpr (std::same_as<T, uint8_t>) return "uint8";
  if constexpr (std::same_as<T, uint16_t>) return "uint16";
  if constexpr (std::same_as<T, uint32_t>) return "uint32";
  if constexpr (std::same_as<T, uint64_t>) return "uint64";
  if constexpr (std::same_as<T, int32_t>) return "int32";
  if constexpr (std::same_as<T, float>) return "float32";
  if constexpr (std::same_as<T, double>) return "float64";
}

void require(bool good, std::string_view what) {
  if (!good) fail_run("HDF5: cannot write {}", what);
}

void write_text_attribute(hid_t object, const char* name, std::string_view text) {
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, std::max<size_t>(text.size(), 1));
  H5Tset_cset(type, H5T_CSET_UTF8);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  const Id space(H5Screate(H5S_SCALAR), H5Sclose);
  const Id attribute(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  const std::string padded = text.empty() ? std::string(1, '\0') : std::string(text);
  require(attribute.good() && H5Awrite(attribute, type, padded.data()) >= 0, name);
}

Id links_with_groups() {
  Id links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(links, 1);
  return links;
}

Id without_times() {
  Id properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties, false);  // the same content, the same bytes
  return properties;
}

/// Opens a data set whose values lie in the file itself.
Id open_set(hid_t file, const std::filesystem::path& name, const std::string& path) {
  Id set(H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!set.good()) fail_input("{}: {} cannot be read as a data set", name.string(), path);
  const Id creation(H5Dget_create_plist(set), H5Pclose);
  if (H5Pget_layout(creation) == H5D_VIRTUAL || H5Pget_external_count(creation) > 0) {
    fail_input(
        "{}: {} has its values in other files (a virtual data set, or external storage); copy them into it",
        name.string(), path);
  }
  return set;
}

/// The extent of a data set whose number of bytes is a number.
std::vector<hsize_t> extent_of(hid_t set, const std::filesystem::path& name, const std::string& path,
                               uint64_t bytes_each) {
  const Id space(H5Dget_space(set), H5Sclose);
  std::vector<hsize_t> extent(std::max(0, H5Sget_simple_extent_ndims(space)));
  if (!space.good() || H5Sget_simple_extent_type(space) == H5S_NULL)
    fail_input("{}: {} holds no values", name.string(), path);
  H5Sget_simple_extent_dims(space, extent.data(), nullptr);
  uint64_t bytes = bytes_each;
  for (const hsize_t n : extent) {
    if (n > 0 && bytes > std::numeric_limits<int64_t>::max() / n)
      fail_input("{}: {} claims to hold more values than can be", name.string(), path);
    bytes *= n;
  }
  return extent;
}

uint64_t product(const std::vector<hsize_t>& extent) {
  return std::accumulate(extent.begin(), extent.end(), uint64_t{1}, std::multiplies<>());
}

/// What is read into memory may be compressed in the file, but not without bounds: numbers rarely shrink to
/// less than a 64th.
void require_memory(uint64_t bytes, uint64_t file_bytes, const std::filesystem::path& name,
                    const std::string& path) {
  constexpr uint64_t kAlways = uint64_t{1} << 28, kMostExpansion = 64;
  if (bytes > std::max(kAlways, kMostExpansion * file_bytes)) {
    fail_input("{}: {} would take {} MB of memory, out of a file of {} MB; is it damaged?", name.string(),
               path, bytes / 1'000'000, file_bytes / 1'000'000);
  }
}

std::string text_of(const Id& attribute, uint64_t file_bytes, const std::filesystem::path& name,
                    const std::string& what) {
  const Id type(H5Aget_type(attribute), H5Tclose);
  const Id space(H5Aget_space(attribute), H5Sclose);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 ||
      H5Sget_simple_extent_npoints(space) != 1) {
    fail_input("{}: {} is not a text of fixed length", name.string(), what);
  }
  require_memory(H5Tget_size(type), file_bytes, name, what);
  std::string text(H5Tget_size(type), '\0');
  if (H5Aread(attribute, type, text.data()) < 0) fail_input("{}: {} cannot be read", name.string(), what);
  text.resize(std::strlen(text.c_str()));
  return text;
}

}  // namespace

int64_t open_hdf5(const std::string& file) {
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST);
  return H5Fopen(file.c_str(), H5F_ACC_RDONLY, access);
}

Hdf5Image::Hdf5Image() {
  const auto lock = enter_library();
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access, size_t{1} << 20, false);
  H5Pset_alignment(access, 1, 8);  // so that a mapped array of doubles lies as the processor wants it
  const Id creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation, false);
  static int64_t made = 0;  // the library tells open files apart by name, in memory too
  file_ = H5Fcreate(fmt::format("in-memory-{}", ++made).c_str(), H5F_ACC_TRUNC, creation, access);
  require(file_ >= 0, "a file in memory");
}

Hdf5Image::~Hdf5Image() {
  const auto lock = enter_library();
  if (file_ >= 0) H5Fclose(file_);
}

template <class T>
void Hdf5Image::write(const std::string& path, std::span<const T> values, std::string_view units,
                      std::vector<uint64_t> shape) {
  const auto lock = enter_library();
  if (shape.empty()) shape = {values.size()};
  const auto count = std::accumulate(shape.begin(), shape.end(), uint64_t{1}, std::multiplies<>());
  if (count != values.size()) {
    fail_run("HDF5: {} has {} values, which do not fit the shape [{}]", path, values.size(),
             fmt::join(shape, ", "));
  }
  const std::vector<hsize_t> extent(shape.begin(), shape.end());
  const Id space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose);
  const Id links = links_with_groups();
  const Id properties = without_times();
  const Id set(H5Dcreate2(file_, path.c_str(), native_type<T>(), space, links, properties, H5P_DEFAULT),
               H5Dclose);
  require(set.good(), path);
  if (!values.empty()) {
    require(H5Dwrite(set, native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0, path);
  }
  write_text_attribute(set, "units", units);
}

void Hdf5Image::write_texts(const std::string& path, std::span<const std::string> values) {
  const auto lock = enter_library();
  size_t width = 1;
  for (const auto& value : values) width = std::max(width, value.size());
  std::string padded(width * values.size(), '\0');
  for (size_t i = 0; i < values.size(); ++i)
    std::memcpy(&padded[i * width], values[i].data(), values[i].size());
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, width);
  H5Tset_cset(type, H5T_CSET_UTF8);
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  const hsize_t extent = values.size();
  const Id space(H5Screate_simple(1, &extent, nullptr), H5Sclose);
  const Id links = links_with_groups();
  const Id properties = without_times();
  const Id set(H5Dcreate2(file_, path.c_str(), type, space, links, properties, H5P_DEFAULT), H5Dclose);
  require(set.good() &&
              (values.empty() || H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, padded.data()) >= 0),
          path);
}

void Hdf5Image::attribute(const std::string& name, std::string_view text) {
  const auto lock = enter_library();
  write_text_attribute(file_, name.c_str(), text);
}

void Hdf5Image::attribute(const std::string& name, int64_t number) {
  const auto lock = enter_library();
  const Id space(H5Screate(H5S_SCALAR), H5Sclose);
  const Id set(H5Acreate2(file_, name.c_str(), H5T_NATIVE_INT64, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  require(set.good() && H5Awrite(set, H5T_NATIVE_INT64, &number) >= 0, name);
}

void Hdf5Image::seal() {
  attribute("digest", kDigestMark);
  sealed_ = true;
}

std::string Hdf5Image::bytes() {
  const auto lock = enter_library();
  require(H5Fflush(file_, H5F_SCOPE_GLOBAL) >= 0, "a file in memory");
  const ssize_t size = H5Fget_file_image(file_, nullptr, 0);
  require(size >= 0, "a file in memory");
  std::string out(static_cast<size_t>(size), '\0');
  require(H5Fget_file_image(file_, out.data(), out.size()) >= 0, "a file in memory");
  if (sealed_) {
    const auto at = out.find(kDigestMark);
    require(at != std::string::npos && out.find(kDigestMark, at + 1) == std::string::npos, "its digest");
    out.replace(at, kDigestMark.size(), digest(out));
  }
  return out;
}

Hdf5Output::Hdf5Output(const std::filesystem::path& file) : half_(file) {
  const auto lock = enter_library();
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_alignment(access, 1, 8);
  const Id creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation, false);
  errno = 0;
  file_ = H5Fcreate(half_.path().c_str(), H5F_ACC_TRUNC, creation, access);
  require(file_ >= 0, "the file");
}

Hdf5Output::~Hdf5Output() {
  const auto lock = enter_library();
  if (file_ >= 0) H5Fclose(file_);
}

/// The library says that it failed; why, the system's last error does.
void Hdf5Output::require(bool good, std::string_view what) const {
  if (good) return;
  if (errno != 0) half_.fail(errno);
  fail_run("{}: HDF5 cannot write {}", half_.path().string(), what);
}

void Hdf5Output::attribute(const std::string& name, std::string_view text) {
  const auto lock = enter_library();
  write_text_attribute(file_, name.c_str(), text);
}

void Hdf5Output::create(const std::string& path, std::string_view units, const std::vector<uint64_t>& shape) {
  const auto lock = enter_library();
  const std::vector<hsize_t> extent(shape.begin(), shape.end());
  const Id space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose);
  const Id links = links_with_groups();
  const Id properties = without_times();
  errno = 0;
  const Id set(H5Dcreate2(file_, path.c_str(), H5T_NATIVE_FLOAT, space, links, properties, H5P_DEFAULT),
               H5Dclose);
  require(set.good(), path);
  write_text_attribute(set, "units", units);
}

void Hdf5Output::write(const std::string& path, const std::vector<uint64_t>& first,
                       const std::vector<uint64_t>& extent, std::span<const float> values) {
  const auto lock = enter_library();
  errno = 0;
  const Id set(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose);
  const Id there(H5Dget_space(set), H5Sclose);
  const std::vector<hsize_t> start(first.begin(), first.end()), count(extent.begin(), extent.end());
  const Id here(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose);
  const bool selected =
      H5Sselect_hyperslab(there, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr) >= 0;
  if (!selected || product(count) != values.size())
    fail_run("HDF5: {} values do not fit into {} at [{}]", values.size(), path, fmt::join(first, ", "));
  require(H5Dwrite(set, H5T_NATIVE_FLOAT, here, there, H5P_DEFAULT, values.data()) >= 0, path);
}

void Hdf5Output::finish() {
  const auto lock = enter_library();
  errno = 0;
  require(H5Fflush(file_, H5F_SCOPE_GLOBAL) >= 0, "the file");
  require(H5Fclose(std::exchange(file_, -1)) >= 0, "the file");
  half_.put_in_place();
}

Hdf5File::Hdf5File(const std::filesystem::path& file) : path_(file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) fail_input("{}: no such file", file.string());
  mapped_ = MappedFile(file);
  const auto lock = enter_library();
  if (H5Fis_hdf5(file.c_str()) <= 0) fail_input("{}: is not an HDF5 file", file.string());
  const auto trial = try_hdf5(file.string());
  if (trial == Hdf5Trial::good) file_ = open_hdf5(file.string());
  if (file_ < 0) {
    fail_input("{}: the HDF5 file is damaged{}; remove it and run the command that made it again",
               file.string(),
               trial == Hdf5Trial::crashed   ? " (the HDF5 library crashes when it reads it)"
               : trial == Hdf5Trial::endless ? " (the HDF5 library does not finish reading it)"
                                             : " or was cut short");
  }
}

Hdf5File::Hdf5File(Hdf5File&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      mapped_(std::move(other.mapped_)) {}

Hdf5File::~Hdf5File() {
  close();
}

void Hdf5File::close() {
  const auto lock = enter_library();
  if (file_ >= 0) H5Fclose(file_);
  file_ = -1;
}

bool Hdf5File::has(const std::string& path) const {
  const auto lock = enter_library();
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const auto part = path.substr(0, end);
    if (H5Lexists(file_, part.c_str(), H5P_DEFAULT) <= 0) return false;
    H5L_info_t link{};
    if (H5Lget_info(file_, part.c_str(), &link, H5P_DEFAULT) < 0 || link.type != H5L_TYPE_HARD) {
      fail_input("{}: {} is {} link to something else; links are not followed, copy the data into the file",
                 path_.string(), part, link.type == H5L_TYPE_EXTERNAL ? "an external" : "a symbolic");
    }
    if (end == std::string::npos) return true;
  }
}

std::vector<uint64_t> Hdf5File::shape(const std::string& path) const {
  const auto lock = enter_library();
  if (!has(path)) fail_input("{}: has no {}", path_.string(), path);
  const Id set = open_set(file_, path_, path);
  const auto extent = extent_of(set, path_, path, sizeof(uint64_t));
  return {extent.begin(), extent.end()};
}

namespace {

/// The names of what lies in a group and is of a type, sorted.
std::vector<std::string> names_in(const Hdf5File& file, hid_t id, const std::string& group, H5O_type_t type) {
  if (!file.has(group)) return {};
  std::vector<std::string> links, found;
  const auto take = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->push_back(name);
    return 0;
  };
  if (H5Literate_by_name(id, group.c_str(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, take, &links,
                         H5P_DEFAULT) < 0)
    fail_input("{}: {} cannot be read as a group", file.path().string(), group);
  for (const auto& name : links) {
    const auto path = group + "/" + name;
    H5O_info_t info{};
    if (!file.has(path) || H5Oget_info_by_name2(id, path.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0)
      fail_input("{}: {} cannot be read", file.path().string(), path);
    if (info.type == type) found.push_back(name);
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

std::vector<std::string> Hdf5File::sets_in(const std::string& group) const {
  const auto lock = enter_library();
  return names_in(*this, file_, group, H5O_TYPE_DATASET);
}

std::vector<std::string> Hdf5File::groups_in(const std::string& group) const {
  const auto lock = enter_library();
  return names_in(*this, file_, group, H5O_TYPE_GROUP);
}

std::string Hdf5File::units(const std::string& path) const {
  const auto lock = enter_library();
  const Id set = open_set(file_, path_, path);
  if (H5Aexists(set, "units") <= 0) return "";
  return text_of(Id(H5Aopen(set, "units", H5P_DEFAULT), H5Aclose), mapped_.bytes().size(), path_,
                 path + ": attribute 'units'");
}

namespace {

/// A whole or a floating-point number as processors have them. The library converts others too, and writes
/// beyond its own buffers where a damaged file describes one that cannot be (libhdf5 1.10.8).
bool is_ordinary_number(hid_t type) {
  const std::array ordinary{H5T_STD_I8LE,  H5T_STD_I16LE,  H5T_STD_I32LE,  H5T_STD_I64LE,  H5T_STD_U8LE,
                            H5T_STD_U16LE, H5T_STD_U32LE,  H5T_STD_U64LE,  H5T_STD_I8BE,   H5T_STD_I16BE,
                            H5T_STD_I32BE, H5T_STD_I64BE,  H5T_STD_U8BE,   H5T_STD_U16BE,  H5T_STD_U32BE,
                            H5T_STD_U64BE, H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_IEEE_F32BE, H5T_IEEE_F64BE};
  return std::ranges::any_of(ordinary, [&](hid_t other) { return H5Tequal(type, other) > 0; });
}

}  // namespace

template <class T>
bool Hdf5File::holds(const std::string& path) const {
  const auto lock = enter_library();
  if (!has(path)) fail_input("{}: has no {}", path_.string(), path);
  const Id set(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!set.good()) fail_input("{}: {} cannot be read as a data set", path_.string(), path);
  const Id type(H5Dget_type(set), H5Tclose);
  return H5Tequal(type, native_type<T>()) > 0;
}

template <class T>
std::span<const T> Hdf5File::view(const std::string& path) const {
  const auto lock = enter_library();
  const auto extent = shape(path);
  const uint64_t count = product({extent.begin(), extent.end()});
  const Id set = open_set(file_, path_, path);
  const Id type(H5Dget_type(set), H5Tclose);
  if (H5Tequal(type, native_type<T>()) <= 0) {
    fail_input("{}: {} has another type than the {} expected", path_.string(), path, type_name<T>());
  }
  const Id creation(H5Dget_create_plist(set), H5Pclose);
  if (H5Pget_layout(creation) != H5D_CONTIGUOUS) {
    fail_input("{}: {} is stored in chunks or compressed, expected in one piece, as neurontwin writes it",
               path_.string(), path);
  }
  if (count == 0) return {};
  const haddr_t offset = H5Dget_offset(set);
  const auto bytes = mapped_.bytes();
  if (offset == HADDR_UNDEF || offset % alignof(T) != 0 || offset > bytes.size() ||
      count > (bytes.size() - offset) / sizeof(T)) {
    fail_input("{}: {} is not stored in one piece, as neurontwin writes it", path_.string(), path);
  }
  return {reinterpret_cast<const T*>(bytes.data() + offset), count};
}

template <class T>
std::vector<T> Hdf5File::read(const std::string& path) const {
  const auto lock = enter_library();
  const auto extent = shape(path);
  const uint64_t count = product({extent.begin(), extent.end()});
  require_memory(count * sizeof(T), mapped_.bytes().size(), path_, path);
  const Id set = open_set(file_, path_, path);
  if (!is_ordinary_number(Id(H5Dget_type(set), H5Tclose)))
    fail_input("{}: {} cannot be read as numbers", path_.string(), path);
  require_memory(bytes_of_a_piece(set), mapped_.bytes().size(), path_, path);
  std::vector<T> values(count);
  if (!values.empty() && H5Dread(set, native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    fail_input("{}: {} cannot be read as numbers", path_.string(), path);
  }
  return values;
}

std::vector<std::string> Hdf5File::read_texts(const std::string& path) const {
  const auto lock = enter_library();
  const auto extent = shape(path);
  const Id set = open_set(file_, path_, path);
  const Id type(H5Dget_type(set), H5Tclose);
  if (extent.size() != 1 || H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0)
    fail_input("{}: {} is no list of texts of fixed length", path_.string(), path);
  const size_t width = H5Tget_size(type);
  require_memory(product(extent_of(set, path_, path, width)) * width, mapped_.bytes().size(), path_, path);
  require_memory(bytes_of_a_piece(set), mapped_.bytes().size(), path_, path);
  std::string padded(width * extent[0], '\0');
  if (!padded.empty() && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, padded.data()) < 0)
    fail_input("{}: {} cannot be read", path_.string(), path);
  std::vector<std::string> texts;
  for (size_t i = 0; i < extent[0]; ++i) {
    const auto text = padded.substr(i * width, width);
    texts.push_back(text.substr(0, text.find('\0')));
  }
  return texts;
}

std::string Hdf5File::text_attribute(const std::string& name) const {
  const auto lock = enter_library();
  if (H5Aexists(file_, name.c_str()) <= 0) fail_input("{}: has no attribute '{}'", path_.string(), name);
  return text_of(Id(H5Aopen(file_, name.c_str(), H5P_DEFAULT), H5Aclose), mapped_.bytes().size(), path_,
                 "attribute '" + name + "'");
}

int64_t Hdf5File::number_attribute(const std::string& name) const {
  const auto lock = enter_library();
  if (H5Aexists(file_, name.c_str()) <= 0) fail_input("{}: has no attribute '{}'", path_.string(), name);
  const Id attribute(H5Aopen(file_, name.c_str(), H5P_DEFAULT), H5Aclose);
  int64_t value = 0;
  const Id space(H5Aget_space(attribute), H5Sclose);
  const Id type(H5Aget_type(attribute), H5Tclose);
  if (H5Tget_class(type) != H5T_INTEGER || !is_ordinary_number(type) ||
      H5Sget_simple_extent_npoints(space) != 1 || H5Aread(attribute, H5T_NATIVE_INT64, &value) < 0) {
    fail_input("{}: attribute '{}' is not a number", path_.string(), name);
  }
  return value;
}

bool Hdf5File::has_attribute(const std::string& name) const {
  const auto lock = enter_library();
  return H5Aexists(file_, name.c_str()) > 0;
}

std::string Hdf5File::digest_of_bytes() const {
  const auto bytes = mapped_.bytes();
  return digest({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string Hdf5File::verified_digest() const {
  const auto mapped = mapped_.bytes();
  const std::string_view bytes(reinterpret_cast<const char*>(mapped.data()), mapped.size());
  const auto said = has_attribute("digest") ? text_attribute("digest") : "";
  // Attributes lie near the file's start, so this finds it at once.
  const auto at = said.size() == kDigestMark.size() ? bytes.find(said) : std::string_view::npos;
  if (at != std::string_view::npos) {
    const std::string_view parts[] = {bytes.substr(0, at), kDigestMark, bytes.substr(at + said.size())};
    if (digest_of_parts(parts) == said) return said;
  }
  fail_input(
      "{}: was changed after it was made, or is damaged: its content is not what its digest says; remove it "
      "and run the command that made it again",
      path_.string());
}

std::vector<std::string> Hdf5File::listing() const {
  const auto lock = enter_library();
  std::vector<std::string> paths;
  H5Ovisit(
      file_, H5_INDEX_NAME, H5_ITER_NATIVE,
      [](hid_t, const char* name, const H5O_info_t* info, void* out) -> herr_t {
        if (info->type == H5O_TYPE_DATASET)
          static_cast<std::vector<std::string>*>(out)->push_back("/" + std::string(name));
        return 0;
      },
      &paths);
  std::vector<std::string> lines;
  for (const auto& path : paths) {
    const Id set(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose);
    const Id type(H5Dget_type(set), H5Tclose);
    const size_t bits = 8 * H5Tget_size(type);
    std::string name = "text";
    if (H5Tget_class(type) == H5T_INTEGER)
      name = fmt::format("{}int{}", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits);
    if (H5Tget_class(type) == H5T_FLOAT) name = fmt::format("float{}", bits);
    std::string extent;
    for (const auto n : shape(path)) extent += fmt::format("{}{}", extent.empty() ? "" : " x ", n);
    lines.push_back(fmt::format("{:<36} {:<8} {}", path, name, extent));
  }
  return lines;
}

#define NEURONTWIN_HDF5_TYPE(T)                                                               \
  template void Hdf5Image::write<T>(const std::string&, std::span<const T>, std::string_view, \
                                    std::vector<uint64_t>);                                   \
  template std::span<const T> Hdf5File::view<T>(const std::string&) const;                    \
  template bool Hdf5File::holds<T>(const std::string&) const;                                 \
  template std::vector<T> Hdf5File::read<T>(const std::string&) const;
NEURONTWIN_HDF5_TYPE(uint8_t)
NEURONTWIN_HDF5_TYPE(uint16_t)
NEURONTWIN_HDF5_TYPE(uint32_t)
NEURONTWIN_HDF5_TYPE(uint64_t)
NEURONTWIN_HDF5_TYPE(int32_t)
NEURONTWIN_HDF5_TYPE(float)
NEURONTWIN_HDF5_TYPE(double)
#undef NEURONTWIN_HDF5_TYPE

}  // namespace nt::files
