#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <vector>

#include "neurontwin/input.hpp"

namespace nt::python {

namespace py = pybind11;

/// The vector becomes the array's memory: nothing is copied. The empty shape is that of one number.
template <class T>
py::array_t<T> array_of(std::vector<T> values, const std::vector<py::ssize_t>& shape) {
  auto kept = std::make_unique<std::vector<T>>(std::move(values));
  auto* data = kept->data();
  const py::capsule owner(kept.release(), [](void* p) { delete static_cast<std::vector<T>*>(p); });
  return py::array_t<T>(shape, data, owner);
}
template <class T>
py::array_t<T> array_of(std::vector<T> values) {
  const auto size = static_cast<py::ssize_t>(values.size());
  return array_of(std::move(values), {size});
}

/// One-dimensional, of numbers that are T or convert to it.
template <class T>
std::vector<T> vector_of(const py::array_t<T, py::array::c_style | py::array::forcecast>& array) {
  return {array.data(), array.data() + array.size()};
}

using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;
using Numbers = py::array_t<uint32_t, py::array::c_style | py::array::forcecast>;

}  // namespace nt::python
