// The rows that a set-returning function answers.
#pragma once

#include <initializer_list>

#include "values.hpp"

namespace stockflow {

class Rows {
  public:
    // For a function that is declared with RETURNS TABLE. The executor has looked its columns up
    // already; to ask the catalog again takes longer than many a forecast.
    explicit Rows(FunctionCallInfo fcinfo)
        : result_(reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo)) {
        InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
    }

    // Adds a row. As many columns as declared, or the library is not the one of the declaration:
    // 42804.
    void put(const NullableDatum *columns, int count) const;
    void put(std::initializer_list<NullableDatum> columns) const {
        put(columns.begin(), static_cast<int>(columns.size()));
    }

  private:
    ReturnSetInfo *result_;
};

}  // namespace stockflow
