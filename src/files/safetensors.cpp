#include "files/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <tuple>

#include "files/checked_json.hpp"

namespace nt::files {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little endian, and arrays are copied");

constexpr size_t kLengthBytes = 8, kDigestDigits = 64;
const std::string kTexts = "__metadata__", kDigest = "sha256";

std::string length_bytes(uint64_t length) {
  std::string bytes(kLengthBytes, '\0');
  std::memcpy(bytes.data(), &length, kLengthBytes);
  return bytes;
}

/// Where the digits of the digest begin in a header; npos if that is not certain. No text and no name can
/// look like this: a quotation mark in them has a backslash before it.
size_t place_of_digest(std::string_view header) {
  const auto before = fmt::format("\"{}\":\"", kDigest);
  const auto found = header.find(before);
  if (found == std::string_view::npos || header.find(before, found + 1) != std::string_view::npos)
    return std::string_view::npos;
  const size_t place = found + before.size();
  return place + kDigestDigits < header.size() && header[place + kDigestDigits] == '"'
             ? place
             : std::string_view::npos;
}

std::string without_digest(std::string header) {
  if (const auto place = place_of_digest(header); place != std::string::npos)
    header.replace(place, kDigestDigits, kDigestDigits, '0');
  return header;
}

/// Numbers in an array of this shape; 0 if one of the extents is 0. InputError if there are too many to
/// count.
uint64_t count_of(const NamedShape& array, const std::string& where) {
  constexpr uint64_t kMost = uint64_t{1} << 48;
  uint64_t count = 1;
  for (const auto extent : array.shape) {
    if (extent > 0 && count > kMost / static_cast<uint64_t>(extent))
      fail_input("{}: the array '{}' is too large", where, array.name);
    count *= static_cast<uint64_t>(extent);
  }
  return count;
}

}  // namespace

std::string safetensors_bytes(std::span<const NamedFloats> arrays, TextsByName texts) {
  texts[kDigest] = std::string(kDigestDigits, '0');
  nlohmann::json header{{kTexts, texts}};
  uint64_t end = 0;
  for (const auto& [array, values] : arrays) {
    if (count_of(array, "safetensors") != values.size())
      fail_run("safetensors: '{}' has {} numbers, which do not fit its shape", array.name, values.size());
    const uint64_t begin = end;
    end += values.size_bytes();
    header[array.name] = {{"dtype", "F32"}, {"shape", array.shape}, {"data_offsets", {begin, end}}};
  }
  auto text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  auto bytes = length_bytes(text.size()) + text;
  bytes.reserve(bytes.size() + end);
  for (const auto& [array, values] : arrays)
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  seal_safetensors(bytes);
  return bytes;
}

void seal_safetensors(std::string& bytes) {
  uint64_t length = 0;
  if (bytes.size() < kLengthBytes) return;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > bytes.size() - kLengthBytes) return;
  const auto place = place_of_digest(std::string_view(bytes).substr(kLengthBytes, length));
  if (place == std::string_view::npos) return;
  bytes.replace(kLengthBytes + place, kDigestDigits, kDigestDigits, '0');
  const auto digest = sha256(bytes);
  bytes.replace(kLengthBytes + place, kDigestDigits, digest);
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& file, std::string what)
    : path_(file), what_(std::move(what)) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) fail_input("{}: no such file", file.string());
  if (!std::filesystem::is_regular_file(status))
    fail_input("{}: is not an ordinary file, expected {}", file.string(), what_);
  stream_.open(file, std::ios::binary);
  const auto size = std::filesystem::file_size(file, error);
  if (!stream_ || error) fail_input("{}: cannot be read: {}", file.string(), std::strerror(errno));

  uint64_t length = 0;
  if (size >= kLengthBytes) take(reinterpret_cast<char*>(&length), kLengthBytes);
  if (size < kLengthBytes || length < 2 || length > kMostHeaderBytes || length > size - kLengthBytes)
    fail_input("{}: is not {} (a safetensors file), or was cut short", file.string(), what_);
  header_.resize(length);
  take(header_.data(), length);
  data_bytes_ = size - kLengthBytes - length;
  if (header_.front() != '{')
    fail_input("{}: is not {} (a safetensors file), or was cut short", file.string(), what_);
  read_header();
}

void SafetensorsFile::take(char* into, uint64_t bytes) {
  if (!stream_.read(into, static_cast<std::streamsize>(bytes)))
    fail_input("{}: cannot be read to its end", path_.string());
}

void SafetensorsFile::read_header() {
  const auto name = path_.string();
  const auto json = parse_checked_json(header_, name + ": the header");
  std::vector<std::tuple<uint64_t, uint64_t, NamedShape>> places;
  for (const auto& [key, value] : json.items()) {
    if (key == kTexts) {
      const JsonObject texts(value, name + ": the header's " + kTexts);
      for (const auto& item : value.items()) texts_[item.key()] = texts.text(item.key().c_str());
      continue;
    }
    // Names come back in messages: nothing in them may steer a terminal.
    if (key.empty() || !std::ranges::all_of(key, [](unsigned char c) { return c > ' ' && c < 127; }))
      fail_input("{}: an array's name is empty, or not all letters, digits and punctuation", name);
    const JsonObject entry(value, fmt::format("{}: the array '{}'", name, key));
    if (const auto type = entry.text("dtype"); type != "F32")
      fail_input("{}: is \"{}\", expected \"F32\"", entry.where("dtype"), type);
    const NamedShape array{key, entry.integers("shape", 0, int64_t{1} << 40)};
    const auto ends = entry.integers("data_offsets", 0, INT64_MAX);
    if (ends.size() != 2 || ends[0] > ends[1] ||
        static_cast<uint64_t>(ends[1] - ends[0]) != sizeof(float) * count_of(array, name)) {
      fail_input("{}: does not fit the shape", entry.where("data_offsets"));
    }
    places.emplace_back(ends[0], ends[1], array);
  }
  std::sort(places.begin(), places.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  uint64_t end = 0;
  for (auto& [begin, next, array] : places) {
    if (begin != end)
      fail_input("{}: the array '{}' does not begin where the one before it ends", name, array.name);
    end = next;
    arrays_.push_back(std::move(array));
  }
  if (end != data_bytes_)
    fail_input("{}: holds {} bytes of arrays, its header says {}; it was cut short or is damaged", name,
               data_bytes_, end);
}

const std::string& SafetensorsFile::text(const std::string& name) const {
  const auto found = texts_.find(name);
  if (found == texts_.end())
    fail_input("{}: has no '{}'; it is a safetensors file, but not {} of neurontwin", path_.string(), name,
               what_);
  return found->second;
}

void SafetensorsFile::require_arrays(std::span<const NamedShape> expected) const {
  std::map<std::string_view, const NamedShape*> stored;
  for (const auto& array : arrays_) stored[array.name] = &array;
  for (const auto& array : expected) {
    const auto found = stored.find(array.name);
    if (found == stored.end()) fail_input("{}: has no array '{}'", path_.string(), array.name);
    if (found->second->shape != array.shape) {
      fail_input("{}: the array '{}' has the shape [{}], expected [{}]", path_.string(), array.name,
                 fmt::join(found->second->shape, ", "), fmt::join(array.shape, ", "));
    }
    stored.erase(found);
  }
  if (!stored.empty()) {
    fail_input("{}: has an array '{}' that does not belong to {}", path_.string(), stored.begin()->first,
               what_);
  }
}

Sha256 SafetensorsFile::digest_of_header() {
  if (place_of_digest(header_) == std::string::npos || text(kDigest).size() != kDigestDigits)
    fail_input("{}: has no digest; it is a safetensors file, but not {} of neurontwin", path_.string(),
               what_);
  Sha256 sum;
  sum.add(length_bytes(header_.size()));
  sum.add(without_digest(header_));
  stream_.clear();
  stream_.seekg(static_cast<std::streamoff>(kLengthBytes + header_.size()));
  return sum;
}

void SafetensorsFile::compare_digest(Sha256& sum) const {
  if (sum.digits() != text(kDigest))
    fail_input("{}: is damaged: it has changed since it was written (its SHA-256 differs)", path_.string());
}

std::map<std::string, std::vector<float>> SafetensorsFile::read() {
  auto sum = digest_of_header();
  std::map<std::string, std::vector<float>> all;
  for (const auto& array : arrays_) {
    auto& values = all[array.name];
    values.resize(count_of(array, path_.string()));
    auto* bytes = reinterpret_cast<char*>(values.data());
    take(bytes, values.size() * sizeof(float));
    sum.add({bytes, values.size() * sizeof(float)});
  }
  compare_digest(sum);
  return all;
}

void SafetensorsFile::check_digest() {
  auto sum = digest_of_header();
  std::vector<char> piece(1 << 20);
  for (uint64_t left = data_bytes_; left > 0;) {
    const auto count = std::min<uint64_t>(left, piece.size());
    take(piece.data(), count);
    sum.add({piece.data(), count});
    left -= count;
  }
  compare_digest(sum);
}

}  // namespace nt::files
