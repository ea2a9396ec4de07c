# Building:    make, make install, make installcheck   (PGXS; PG_CONFIG= selects the server)
# Developing:  make check, check-long, crash, model, mutants, fuzz, demo, demo-shell, bench, bench-forecast (need nothing installed)

DEVELOPER_GOALS = check check-long crash model mutants demo demo-shell bench fuzz bench-forecast clean-check bench-ledger bench-planning

ifneq ($(filter $(DEVELOPER_GOALS),$(MAKECMDGOALS)),)

# The developer goals install what they need themselves, so they must work before pg_config exists;
# and PGXS has a goal `check` of its own, which only refuses. Hence they are kept away from PGXS.
.PHONY: $(DEVELOPER_GOALS)
$(DEVELOPER_GOALS):
	@scripts/$@

else

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)
$(error "$(PG_CONFIG)" finds no PostgreSQL server development files. \
On Debian or Ubuntu: sudo apt-get install postgresql-server-dev-all g++ libnlopt-dev libboost-math-dev)
endif

# The control file holds the version. META.json repeats it because PGXN wants a static file at the
# top; scripts/check fails when the two differ.
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" stockflow.control)
GENERATED = sql/stockflow--$(EXTVERSION).sql

EXTENSION = stockflow
MODULE_big = stockflow
OBJS = $(patsubst %.cpp,%.o,$(wildcard src/*.cpp src/core/*.cpp src/core/*/*.cpp))
DATA = $(wildcard sql/stockflow--*--*.sql)
DATA_built = $(GENERATED)

# The server loads all libraries into one name space, so only what is marked PGDLLEXPORT may be
# visible outside of ours. Templates of the C++ library escape -fvisibility=hidden; exports.map stops
# them. The server's headers come by -isystem because their warnings are not ours to mend, and
# -Wno-register because they use a keyword that C++17 dropped.
PG_CPPFLAGS = -Isrc -DSTOCKFLOW_VERSION='"$(EXTVERSION)"'
PG_CXXFLAGS = -std=c++17 -Wall -Wextra -Wno-register \
	-fvisibility=hidden -DPGDLLEXPORT='__attribute__((visibility("default")))' \
	-isystem $(shell $(PG_CONFIG) --includedir-server)
ifdef WERROR
PG_CXXFLAGS += -Werror
endif
# A library for tests of the entry points, and for nothing else: see src/entry_throw.cpp.
ifdef STOCKFLOW_THROW
PG_CPPFLAGS += -DSTOCKFLOW_THROW
endif
# For scripts/check-sanitizers.
ifdef STOCKFLOW_SANITIZE
PG_CXXFLAGS += -g -O1 -fsanitize=$(STOCKFLOW_SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
STOCKFLOW_LINK = -fsanitize=$(STOCKFLOW_SANITIZE)
endif
SHLIB_LINK = $(STOCKFLOW_LINK) -lnlopt -lstdc++ -Wl,--version-script=src/exports.map

# PostgreSQL 15 looks for expected/ next to sql/ only; test/expected is a link to ../expected.
REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test
ISOLATION = $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=stockflow

include $(PGXS)

# PGXS compiles the bitcode without our flags, that is, in an older dialect of C++.
COMPILE.cxx.bc += $(PG_CXXFLAGS)

# PGXS tracks no headers. There are few, so everything depends on all of them.
$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*.hpp src/core/*.hpp src/core/*/*.hpp)

stockflow.so: src/exports.map

$(GENERATED): scripts/install-script stockflow.control \
		$(wildcard sql/[0-9]*.sql sql/code/*.sql sql/data/*.sql sql/triggers/*.sql)
	scripts/install-script >$@

.DELETE_ON_ERROR:

endif
