#include "chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace stockflow::planning {

std::string sparkline(const double *values, int count, int split, bool utf8) {
    static constexpr const char *kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static constexpr const char *kAscii[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
    constexpr int kHeights = 8;
    double most = 0;
    for (int i = 0; i < count; i++) most = std::max(most, values[i]);
    std::string line;
    for (int i = 0; i < count; i++) {
        if (i == split && i > 0) line += utf8 ? "│" : "|";
        int height = 0;
        if (values[i] > 0) {
            height = std::max(static_cast<int>(std::lround(values[i] / most * (kHeights - 1))), 1);
        }
        height = std::min(std::max(height, 0), kHeights - 1);
        line += utf8 ? kBlocks[height] : kAscii[height];
    }
    return line;
}

namespace {

constexpr double kWidth = 960, kLeft = 64, kRight = 24, kInner = kWidth - kLeft - kRight;

void print(std::string &out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print(std::string &out, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    out += text;
}

// Text as XML has it; control characters have no place there.
std::string escaped(const std::string &text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                if (static_cast<unsigned char>(c) >= ' ') out += c;
        }
    }
    return out;
}

// A panel's vertical scale, from 0 (or below) to a round number above the largest value.
struct Panel {
    double top, height, least, most, step;

    double y(double value) const {
        const double within = std::min(std::max(value, least), most);
        return top + height * (1 - (within - least) / (most - least));
    }
};

Panel make_panel(double top, double height, double least, double most) {
    const double raw = std::max(most - least, 1e-6) / 4;
    const double power = std::pow(10, std::floor(std::log10(raw)));
    const double times = raw / power;
    const double step = (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10) * power;
    return {top, height, std::floor(least / step) * step, std::ceil(most / step) * step, step};
}

// The places of days: each has a column of its own.
struct Days {
    int history, count;
    double width() const { return kInner / count; }
    double left(int day) const { return kLeft + width() * day; }  // 0: the oldest
    double middle(int day) const { return left(day) + width() / 2; }
};

void add_text(std::string &out, double x, double y, const char *anchor, const char *style,
              const std::string &text) {
    print(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">", x, y, anchor, style);
    out += escaped(text);
    out += "</text>\n";
}

void add_axis(std::string &out, const Panel &panel, const char *name) {
    const int lines = static_cast<int>(std::round((panel.most - panel.least) / panel.step));
    for (int i = 0; i <= lines; i++) {
        const double value = panel.least + i * panel.step, y = panel.y(value);
        print(out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", kLeft,
              kWidth - kRight, y, y, std::fabs(value) < panel.step / 1000 ? "zero" : "grid");
        char label[32];
        std::snprintf(label, sizeof label, "%.10g", std::round(value * 1e6) / 1e6);
        add_text(out, kLeft - 8, y + 4, "end", "tick", label);
    }
    add_text(out, kLeft, panel.top - 10, "start", "name", name);
}

void add_line(std::string &out, const char *style, const Panel &panel, const Days &days, int first,
              const double *values, int count) {
    print(out, "<polyline class=\"%s\" points=\"", style);
    for (int i = 0; i < count; i++) {
        print(out, "%.1f,%.1f ", days.middle(first + i), panel.y(values[i]));
    }
    out += "\"/>\n";
}

void add_band(std::string &out, const Panel &panel, const Days &days, int first, const double *low,
              const double *high, int count) {
    out += "<polygon class=\"band\" points=\"";
    for (int i = 0; i < count; i++) {
        print(out, "%.1f,%.1f ", days.middle(first + i), panel.y(high[i]));
    }
    for (int i = count - 1; i >= 0; i--) {
        print(out, "%.1f,%.1f ", days.middle(first + i), panel.y(low[i]));
    }
    out += "\"/>\n";
}

// Grey where the product could not be sold.
void add_gaps(std::string &out, const ChartInput &input, const Panel &panel, const Days &days) {
    for (int day = 0; day < input.history; day++) {
        if (input.available[day]) continue;
        int end = day;
        while (end < input.history && !input.available[end]) end++;
        print(out, "<rect class=\"gap\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
              days.left(day), panel.top, days.width() * (end - day), panel.height);
        day = end;
    }
}

void add_bars(std::string &out, const ChartInput &input, const Panel &panel, const Days &days) {
    const double space = days.width() > 4 ? 1 : 0;
    for (int day = 0; day < input.history; day++) {
        if (!input.available[day] || !(input.demand[day] > 0)) continue;
        const double y = panel.y(input.demand[day]);
        print(out, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
              days.left(day) + space / 2, y, std::max(days.width() - space, 0.5), panel.y(0) - y);
    }
}

double largest(const double *values, int count, double most) {
    for (int i = 0; i < count; i++) most = std::max(most, values[i]);
    return most;
}

void add_demand(std::string &out, const ChartInput &input, const Days &days) {
    const double most = largest(input.high, input.horizon, largest(input.demand, input.history, 1));
    const Panel panel = make_panel(92, 180, 0, most);
    add_gaps(out, input, panel, days);
    add_axis(out, panel, "Demand per day");
    add_bars(out, input, panel, days);
    add_band(out, panel, days, input.history, input.low, input.high, input.horizon);
    add_line(out, "mean", panel, days, input.history, input.mean, input.horizon);
}

void add_stockout(std::string &out, const ChartInput &input, const Panel &panel, const Days &days) {
    if (input.stockout_day < 0 || input.stockout_day >= input.horizon) return;
    const double x = days.middle(input.history + input.stockout_day);
    print(out, "<line class=\"out\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n", x, x,
          panel.top, panel.y(0));
    print(out, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n", x, panel.y(0));
    const bool right = x > kWidth - 200;
    add_text(out, x + (right ? -8 : 8), panel.top + 14, right ? "end" : "start", "alarm",
             "out of stock " + input.stockout_on);
}

void add_stock(std::string &out, const ChartInput &input, const Days &days) {
    const double point = input.has_point ? input.reorder_point : 0;
    double most = std::max({input.on_hand, point, 1.0});
    most = largest(input.projected_high, input.horizon, largest(input.stock, input.history, most));
    double least = 0;
    for (int i = 0; i < input.history; i++) least = std::min(least, input.stock[i]);
    const Panel panel = make_panel(330, 170, least, most);
    add_gaps(out, input, panel, days);
    add_axis(out, panel, "Stock");
    add_band(out, panel, days, input.history, input.projected_low, input.projected_high,
             input.horizon);
    add_line(out, "stock", panel, days, 0, input.stock, input.history);
    add_line(out, "mean", panel, days, input.history, input.projected, input.horizon);
    char label[64];
    if (input.has_point) {
        const double y = panel.y(point);
        print(out, "<line class=\"point\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
              kLeft, kWidth - kRight, y, y);
        std::snprintf(label, sizeof label, "reorder point %.10g", point);
        add_text(out, kLeft + 6, y - 5, "start", "pointname", label);
    }
    const double x = days.left(input.history), y = panel.y(input.on_hand);
    print(out, "<circle class=\"now\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n", x, y);
    std::snprintf(label, sizeof label, "on hand %.10g", input.on_hand);
    add_text(out, x - 8, std::max(y - 8, panel.top + 10), "end", "nowname", label);
    add_stockout(out, input, panel, days);
}

void add_legend(std::string &out, const ChartInput &input) {
    const double y = 48;
    double x = kLeft;
    print(out, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"10\"/>\n", x,
          y - 9);
    add_text(out, x + 16, y, "start", "tick", "sold");
    x += 70;
    print(out, "<line class=\"mean\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n", x,
          x + 22, y - 4, y - 4);
    add_text(out, x + 28, y, "start", "tick", "expected");
    x += 110;
    print(out, "<rect class=\"band\" x=\"%.1f\" y=\"%.1f\" width=\"22\" height=\"10\"/>\n", x,
          y - 9);
    add_text(out, x + 28, y, "start", "tick", input.band);
    x += 150;
    print(out, "<rect class=\"gap\" x=\"%.1f\" y=\"%.1f\" width=\"22\" height=\"10\"/>\n", x,
          y - 9);
    add_text(out, x + 28, y, "start", "tick", "could not be sold");
}

constexpr char kStyle[] =
    "<style>"
    "text{font-family:system-ui,'Helvetica Neue',Arial,'DejaVu Sans',sans-serif;fill:#344054}"
    ".title{font-size:17px;font-weight:600;fill:#101828}.tick{font-size:11px;fill:#667085}"
    ".name{font-size:12px;font-weight:600}.alarm{font-size:12px;font-weight:600;fill:#b42318}"
    ".pointname,.nowname,.alarm{paint-order:stroke;stroke:#fff;stroke-width:3px}"
    ".pointname{font-size:11px;fill:#b54708}.nowname{font-size:11px;fill:#1d2939}"
    ".grid{stroke:#eaecf0}.zero{stroke:#98a2b3}.bar{fill:#84adff}.gap{fill:#eceef2}"
    ".band{fill:#f79009;fill-opacity:.18}.mean{fill:none;stroke:#dc6803;stroke-width:2}"
    ".stock{fill:none;stroke:#344054;stroke-width:1.6;stroke-linejoin:round}"
    ".point{stroke:#b54708;stroke-dasharray:6 4}.today{stroke:#98a2b3;stroke-dasharray:2 3}"
    ".out{stroke:#d92d20;stroke-dasharray:3 3}.dot{fill:#d92d20}.now{fill:#1d2939}"
    "</style>\n";

}  // namespace

std::string chart_svg(const ChartInput &input) {
    const Days days = {input.history, input.history + input.horizon};
    std::string out =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"960\" height=\"560\""
        " viewBox=\"0 0 960 560\" role=\"img\">\n<title>";
    out += escaped(input.title) + ", " + escaped(input.subtitle) + "</title>\n";
    out += kStyle;
    out += "<rect width=\"960\" height=\"560\" fill=\"#ffffff\"/>\n";
    add_text(out, kLeft, 28, "start", "title", input.title);
    add_text(out, kWidth - kRight, 28, "end", "tick", input.subtitle);
    add_legend(out, input);
    add_demand(out, input, days);
    add_stock(out, input, days);
    const double today = days.left(input.history);
    print(out, "<line class=\"today\" x1=\"%.1f\" x2=\"%.1f\" y1=\"84\" y2=\"506\"/>\n", today,
          today);
    add_text(out, days.left(0), 528, "start", "tick", input.first_day);
    add_text(out, today, 528, "middle", "tick", "today, " + input.today);
    add_text(out, kWidth - kRight, 528, "end", "tick", input.last_day);
    out += "</svg>\n";
    return out;
}

}  // namespace stockflow::planning
