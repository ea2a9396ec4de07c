// Reads values of many kinds from the bytes of a fuzzer.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

class Input {
  public:
    Input(const std::uint8_t *data, std::size_t size) : data_(data), size_(size) {}

    int byte() { return size_ == 0 ? 0 : (size_--, *data_++); }

    // Demand: mostly small counts, with amounts and extremes in between.
    std::vector<double> demand() {
        std::vector<double> values;
        while (size_ > 0 && values.size() < 200) {
            const int kind = byte();
            if (kind < 96) {
                values.push_back(0);
            } else if (kind < 224) {
                values.push_back(kind - 96);
            } else if (kind < 250) {
                values.push_back(byte() / 7.0);
            } else {
                values.push_back(std::pow(10.0, byte() * 200.0 / 255 - 100));
            }
        }
        if (values.empty()) values.push_back(0);
        return values;
    }

  private:
    const std::uint8_t *data_;
    std::size_t size_;
};

inline void require(bool condition) {
    if (!condition) std::abort();
}
