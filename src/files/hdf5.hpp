#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "files/files.hpp"

namespace nt::files {

/// Stands for a file's own digest while that is computed.
inline constexpr std::string_view kDigestMark = "[the digest of this very file  ]";
static_assert(kDigestMark.size() == 32);

/// An HDF5 file being made in memory, so that the disk only ever sees it whole (see write_file_atomically).
/// Data sets are contiguous and aligned so that Hdf5File can map them. The same content gives the same bytes.
/// Paths are "/group/name"; groups are made as needed.
class Hdf5Image {
 public:
  Hdf5Image();
  ~Hdf5Image();
  Hdf5Image(const Hdf5Image&) = delete;
  Hdf5Image& operator=(const Hdf5Image&) = delete;

  /// T is uint8_t, uint16_t, uint32_t, uint64_t, int32_t, float or double; `shape` defaults to one dimension.
  template <class T>
  void write(const std::string& path, std::span<const T> values, std::string_view units,
             std::vector<uint64_t> shape = {});
  void write_texts(const std::string& path, std::span<const std::string> values);
  /// An attribute of the root.
  void attribute(const std::string& name, std::string_view text);
  void attribute(const std::string& name, int64_t number);
  /// Has the finished file say its own digest, the attribute `digest`: that of all its bytes, with
  /// kDigestMark in the place of the digest itself.
  void seal();
  /// The finished file. Call once, last.
  std::string bytes();

 private:
  int64_t file_ = -1;
  bool sealed_ = false;
};

/// An HDF5 file that is written piece by piece, for what memory need not hold. It is seen when it is whole
/// (see HalfWritten). RunError names the file and the reason.
class Hdf5Output {
 public:
  explicit Hdf5Output(const std::filesystem::path& file);
  ~Hdf5Output();
  Hdf5Output(const Hdf5Output&) = delete;
  Hdf5Output& operator=(const Hdf5Output&) = delete;

  /// An attribute of the root.
  void attribute(const std::string& name, std::string_view text);
  /// A data set of numbers to come.
  void create(const std::string& path, std::string_view units, const std::vector<uint64_t>& shape);
  /// The block of it that begins there and has this extent.
  void write(const std::string& path, const std::vector<uint64_t>& first, const std::vector<uint64_t>& extent,
             std::span<const float> values);
  /// Call once, last.
  void finish();

 private:
  void require(bool good, std::string_view what) const;
  HalfWritten half_;
  int64_t file_ = -1;
};

/// An HDF5 file open for reading. Errors are InputErrors that name the file and what is wrong with it.
class Hdf5File {
 public:
  explicit Hdf5File(const std::filesystem::path& file);
  ~Hdf5File();
  Hdf5File(Hdf5File&& other) noexcept;
  Hdf5File& operator=(Hdf5File&& other) = delete;
  /// Gives back what the library holds for an open file (a descriptor, half a megabyte). Views stay; nothing
  /// else can be asked afterwards.
  void close();

  bool has(const std::string& path) const;
  /// The extent of a data set along each dimension.
  std::vector<uint64_t> shape(const std::string& path) const;
  /// The names of the data sets that lie in a group, sorted. Links to elsewhere are an InputError.
  std::vector<std::string> sets_in(const std::string& group) const;
  /// The names of the groups that lie in a group, sorted.
  std::vector<std::string> groups_in(const std::string& group) const;
  /// The attribute `units` of a data set; empty if it has none.
  std::string units(const std::string& path) const;
  /// Whether a data set stores its numbers as T.
  template <class T>
  bool holds(const std::string& path) const;
  /// All values, mapped where the file lies: valid as long as this object. The stored type must be T, the
  /// layout contiguous.
  template <class T>
  std::span<const T> view(const std::string& path) const;
  /// All values, converted to T from whatever numbers are stored.
  template <class T>
  std::vector<T> read(const std::string& path) const;
  /// Texts as write_texts stores them.
  std::vector<std::string> read_texts(const std::string& path) const;
  /// An attribute of the root; InputError if it is not there.
  std::string text_attribute(const std::string& name) const;
  int64_t number_attribute(const std::string& name) const;
  bool has_attribute(const std::string& name) const;
  /// The digest that a sealed file says, after all of it was read to see whether it is true. InputError if it
  /// is not, the file was changed after it was made or is damaged; or if the file says none.
  std::string verified_digest() const;
  /// Of a file of any maker: that of its bytes.
  std::string digest_of_bytes() const;
  /// One line per data set: path, type, shape, units.
  std::vector<std::string> listing() const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int64_t file_ = -1;
  MappedFile mapped_;
};

}  // namespace nt::files
