// Text rules: blanks, control characters, SKUs, currencies.
#include <string>

#include <gtest/gtest.h>

#include "core/text.hpp"

using namespace stockflow;

namespace {

std::string trimmed(const std::string &text, bool utf8 = true) {
    const Span span = trim(text.data(), text.size(), utf8);
    return text.substr(span.begin, span.end - span.begin);
}

std::string repeated(const std::string &text, int times) {
    std::string result;
    for (int i = 0; i < times; i++) result += text;
    return result;
}

const char *fault_of(const std::string &sku) { return sku_fault(sku.data(), sku.size(), true); }

}  // namespace

// Every blank of Unicode goes at both ends; blanks inside, and other characters, stay.
TEST(Text, TrimsBlanks) {
    const char *blanks[] = {
        " ",        "\t",       "\n",       "\v",       "\f",       "\r",       u8"\u0085",
        u8"\u00a0", u8"\u1680", u8"\u2000", u8"\u2001", u8"\u2002", u8"\u2003", u8"\u2004",
        u8"\u2005", u8"\u2006", u8"\u2007", u8"\u2008", u8"\u2009", u8"\u200a", u8"\u200b",
        u8"\u2028", u8"\u2029", u8"\u202f", u8"\u205f", u8"\u3000", u8"\ufeff",
    };
    for (const std::string blank : blanks) {
        EXPECT_EQ(trimmed(blank + "A" + blank + "B" + blank + blank), "A" + blank + "B") << blank;
        EXPECT_EQ(trimmed(blank + blank), "") << blank;
    }
    for (const std::string other : {"x", "\x01", "\x7f", u8"é", u8"\u2010", u8"\u3001", u8"😀"}) {
        EXPECT_EQ(trimmed(" " + other + " "), other);
    }
    EXPECT_EQ(trimmed(""), "");
}

// In other encodings only the blanks of ASCII are known, byte by byte.
TEST(Text, TrimsOnlyAsciiInOtherEncodings) {
    EXPECT_EQ(trimmed(" \xa0 A \x85", false), "\xa0 A \x85");
    EXPECT_EQ(trimmed(" \t\r\n ", false), "");
}

// Characters are counted, not bytes; a broken end counts byte by byte and is not read past.
TEST(Text, CountsCharacters) {
    const struct {
        std::string text;
        bool utf8;
        std::size_t count;
    } cases[] = {
        {"", true, 0},     {"abc", true, 3},       {u8"é", true, 1},      {u8"é", false, 2},
        {u8"ẞ😀", true, 2}, {"a\xe2\x82", true, 3}, {"\xf0\x9f", true, 2}, {"\x80\xff", true, 2},
    };
    for (const auto &c : cases) {
        const std::string exact(c.text);
        EXPECT_EQ(characters(exact.data(), exact.size(), c.utf8), c.count) << c.text;
    }
}

// The control characters of ASCII, at both ends of their range.
TEST(Text, FindsControlCharacters) {
    for (const std::string text : {"\x01", "a\tb", "a\nb", "a\x1f", "\x7f"}) {
        EXPECT_TRUE(has_control_character(text.data(), text.size(), true)) << text;
    }
    for (const std::string text : {"", " ", "a b", "~", u8"é", u8"\u00a0", u8"😀"}) {
        EXPECT_FALSE(has_control_character(text.data(), text.size(), true)) << text;
    }
    EXPECT_TRUE(has_control_character("a\0b", 3, true));
}

// An SKU has 1 to 64 characters, none of them a control character.
TEST(Text, ChecksSkus) {
    EXPECT_EQ(fault_of("A-1"), nullptr);
    EXPECT_EQ(fault_of("a b"), nullptr);
    EXPECT_EQ(fault_of(repeated("x", 64)), nullptr);
    EXPECT_EQ(fault_of(repeated(u8"😀", 64)), nullptr);
    EXPECT_STREQ(fault_of(""), "must not be blank");
    EXPECT_STREQ(fault_of(repeated("x", 65)), "must have at most 64 characters");
    EXPECT_STREQ(fault_of(repeated(u8"é", 65)), "must have at most 64 characters");
    EXPECT_STREQ(fault_of("A\t1"), "must not contain control characters");
}

// Minor units of ISO 4217; what is not known has 2.
TEST(Text, KnowsTheDecimalsOfCurrencies) {
    const struct {
        const char *code;
        int decimals;
    } cases[] = {{"USD", 2}, {"EUR", 2}, {"JPY", 0}, {"KRW", 0}, {"CLP", 0},
                 {"ISK", 0}, {"HUF", 2}, {"KWD", 3}, {"BHD", 3}, {"TND", 3},
                 {"IQD", 3}, {"CLF", 4}, {"UYW", 4}, {"XYZ", 2}};
    for (const auto &c : cases) EXPECT_EQ(currency_decimals(c.code), c.decimals) << c.code;
}
