// parse_choice: it reads any text or throws Error; what it read, choice_text writes so that it
// reads the same again.
#include <string>

#include "core/error.hpp"
#include "core/forecast/methods.hpp"

#include "input.hpp"

using namespace stockflow::forecasting;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string text(reinterpret_cast<const char *>(data), size);
    try {
        const std::string written = choice_text(parse_choice(text.c_str()));
        require(choice_text(parse_choice(written.c_str())) == written);
    } catch (const stockflow::Error &) {
    }
    return 0;
}
