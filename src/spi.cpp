#include "spi.hpp"

namespace stockflow::spi {

namespace {

SPIPlanPtr prepared(Statement &statement) {
    if (statement.plan == nullptr) {
        SPIPlanPtr plan = SPI_prepare(statement.sql, statement.parameter_count, statement.types);
        if (plan == nullptr || SPI_keepplan(plan) != 0) {
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                            errmsg("could not prepare statement: %s", statement.sql)));
        }
        statement.plan = plan;
    }
    return statement.plan;
}

uint64 checked(int result) {
    if (result < 0) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                        errmsg("statement failed: %s", SPI_result_code_string(result))));
    }
    return SPI_processed;
}

}  // namespace

uint64 run(Statement &statement, Parameters &parameters, Mode mode) {
    return checked(SPI_execute_plan(prepared(statement), parameters.values(), parameters.nulls(),
                                    mode == Mode::read, 0));
}

uint64 run_latest(Statement &statement, Parameters &parameters) {
    if (!IsolationUsesXactSnapshot()) return run(statement, parameters, Mode::write);
    return checked(SPI_execute_snapshot(prepared(statement), parameters.values(),
                                        parameters.nulls(), GetLatestSnapshot(),
                                        GetTransactionSnapshot(), false, true, 0));
}

void run_into(Statement &statement, Parameters &parameters, Mode mode, DestReceiver *receiver) {
    SPIPlanPtr plan = prepared(statement);
    SPIExecuteOptions options = {};
    options.params = makeParamList(statement.parameter_count);
    for (int i = 0; i < statement.parameter_count; i++) {
        ParamExternData &parameter = options.params->params[i];
        parameter.value = parameters.values()[i];
        parameter.isnull = parameters.nulls()[i] == 'n';
        parameter.pflags = PARAM_FLAG_CONST;
        parameter.ptype = statement.types[i];
    }
    options.read_only = mode == Mode::read;
    options.dest = receiver;
    checked(SPI_execute_plan_extended(plan, &options));
}

}  // namespace stockflow::spi
