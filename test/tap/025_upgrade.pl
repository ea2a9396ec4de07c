# From one version to the next: ALTER EXTENSION UPDATE, migrate(), dumps of older data under newer code,
# adopted older data. The next version is made up (NextVersion.pm). And what must not get lost on the way:
# the C functions that released SQL calls. RESTORE=long: also a reader who is in the way.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use NextVersion;
use StockFlow;

my $directory = PostgreSQL::Test::Utils::tempdir();
my ($installation, $present) = install_next_version("$directory/next");
my $node = PostgreSQL::Test::Cluster->new('next', install_path => $installation);
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\n");
$node->start;

my $migrate = 'SELECT * FROM stockflow.migrate()';
my $newer = "SELECT stockflow.products_of_origin(1, 'DE')";
my $sale = 'SELECT stockflow.record_sale(1, 1, 2, 1)';

# A database with this version of the extension in it, empty if no version is given.
sub database
{
	my ($name, $version) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, "CREATE EXTENSION stockflow VERSION '$version'") if $version;
	return $name;
}

# Runs SQL in a database and returns what it says.
sub sql
{
	my ($database, $sql, @arguments) = @_;
	return $node->safe_psql($database, $sql, @arguments);
}

# An error and, behind it, its hint.
sub refuses
{
	my ($database, $sql, $pattern, $name) = @_;
	like(error_of($node, $database, $sql), $pattern, $name);
	return;
}

# The present version as such: nothing to bring up to date.
database('fresh', '1.1.0');
my @fresh = catalog_of($node, 'fresh');
cmp_ok(scalar(@fresh), '>', 1000, 'the catalog has something to say');
is(sql('fresh', $migrate), '', 'a fresh installation is up to date');
is(sql('fresh', 'SELECT stockflow.data_version(), stockflow.needed_data_version()'), '1.1|1.1', 'and says so');

# Updated: code first, data at a moment of one's own choice.
database('updated', $present);
is(sql('updated', 'SELECT stockflow.data_version(), stockflow.needed_data_version()'), '1.0|1.0', 'before the update');
is(sql('updated', $migrate), '', 'before the update there is nothing to do');
sql('updated', 'ALTER EXTENSION stockflow UPDATE');
is(sql('updated', 'SELECT stockflow.data_version(), stockflow.needed_data_version()'), '1.0|1.1', 'after the update');
is(sql('updated', $migrate), '1.0|1.1|products.origin (0 filled in), product_notes', 'migrate() tells what it did');
is(sql('updated', $migrate), '', 'and has nothing to do the second time');
is_deeply([ catalog_of($node, 'updated') ], \@fresh, 'updated is the same as fresh');

# The same with data, roles and objects of a user.
sql('postgres', 'CREATE ROLE app LOGIN; CREATE ROLE stranger LOGIN');
sql('postgres', 'ALTER ROLE app SET stockflow.company_id = 1');
database('shop');
sample_data($node, 'shop', $present);
sql('shop', <<'SQL');
SELECT stockflow.grant_access('app', 'app');
UPDATE stockflow.products SET attributes = '{"origin": "DE"}' WHERE product_id IN (1, 2);
ALTER TABLE stockflow.products ADD COLUMN colour text DEFAULT 'red';
CREATE VIEW public.problems AS SELECT * FROM stockflow.verify_ledger();
GRANT USAGE ON SCHEMA stockflow TO stranger;
GRANT EXECUTE ON FUNCTION stockflow.data_version(), stockflow.migrate(), stockflow.needed_data_version() TO stranger;
SQL
command_ok([ 'pg_dump', '-Fc', '-f', "$directory/old", '-d', $node->connstr('shop') ], 'a dump of the older data');
my @others = grep { $_ ne 'products' } @TABLES;
my @rows = map { sql('shop', rows_of($_)) } @others;
my $products = 'SELECT md5(string_agg((product_id, sku, name, price, attributes, colour)::text, $$;$$ ORDER BY product_id)) FROM stockflow.products';
my $digest = sql('shop', $products);
my @grants = grep { /^(?:grant|at first)/ } catalog_of($node, 'shop');

# Newer code on older data: what can go on does, the rest says what to do.
sub works_on_older_data
{
	my ($database, $name) = @_;
	like(sql($database, $sale, extra_params => [ '-U', 'app' ]), qr/^\d+$/, "$name: sales go on");
	refuses($database, $newer, qr/ERROR:  55000: data of version 1\.0 is too old, 1\.1 is needed\n.*HINT:  .*migrate\(\)/s,
		"$name: what needs the newer layout says so");
	is(sql($database, 'SELECT * FROM problems'), '', "$name: the ledger is sound");
	sql($database, 'SELECT stockflow.record_return(1, 1, 2, 1)');
	return;
}
sql('shop', 'ALTER EXTENSION stockflow UPDATE');
works_on_older_data('shop', 'updated');
is_deeply([ grep { /^(?:grant|at first)/ && !/migrate_from|products_of_origin/ } catalog_of($node, 'shop') ], \@grants,
	'an update keeps rights');
@rows = map { sql('shop', rows_of($_)) } @others;

# Who may, and what happens when it fails.
refuses('shop', "SET ROLE stranger; $migrate", qr/ERROR:  42501: the data is migrated by its owner, role "\w+"\n.*HINT:  SET ROLE/s,
	'others than the owner may not');
sql('postgres', 'CREATE DATABASE trial TEMPLATE shop');
sql('trial', 'ALTER TABLE stockflow.products ADD COLUMN origin integer');
refuses('trial', $migrate, qr/ERROR:  42701: /, 'a column of the user is in the way');
is(sql('trial', 'SELECT stockflow.data_version()'), '1.0', 'a step that fails leaves nothing behind');
is(sql('shop', "BEGIN; $migrate; $newer; ROLLBACK; SELECT stockflow.data_version()"),
	"1.0|1.1|products.origin (2 filled in), product_notes\n1\n2\n1.0", 'it is part of its transaction');
refuses('shop', "BEGIN; SAVEPOINT s; $migrate; $newer; ROLLBACK TO s; $newer", qr/ERROR:  55000: data of version 1\.0/,
	'and of its savepoint, also for who has seen it');

# Now in earnest.
sub is_migrated
{
	my ($database, $name) = @_;
	is(sql($database, $migrate), '1.0|1.1|products.origin (2 filled in), product_notes', "$name: migrate()");
	is_deeply([ map { sql($database, rows_of($_)) } @others ], \@rows, "$name: all rows are there") if @rows;
	is(sql($database, $products), $digest, "$name: products as well");
	is(sql($database, $newer), "1\n2", "$name: what needs the newer layout works");
	is(sql($database, 'SELECT * FROM problems'), '', "$name: the ledger is sound");
	like(sql($database, $sale, extra_params => [ '-U', 'app' ]), qr/^\d+$/, "$name: the next sale");
	my @state = catalog_of($node, $database);
	is_deeply([ grep { /stockflow\./ && /^member/ } @state ], [ grep { /stockflow\./ && /^member/ } @fresh ],
		"$name: members as in a fresh installation");
	return @state;
}
my @shop = is_migrated('shop', 'updated with data');
# What the user added and was granted apart, the catalog is that of a fresh installation, too.
my %users = map { $_ => 1 } grep { / colour |^grant .*,stranger|products\.colour/ } @shop;
my %is_fresh = map { $_ => 1 } @fresh;
my @different = grep { !$is_fresh{$_} && !$users{$_} && !/^(?:grant|schema owner)/ } @shop;
is_deeply([ grep { !/^column products\.origin/ } @different ], [], 'and nothing else differs from a fresh installation');

# A dump of it brings all of this, with the rights.
database('again');
command_ok([ 'pg_dump', '-Fc', '-f', "$directory/new", '-d', $node->connstr('shop') ], 'a dump of the newer data');
command_ok([ 'pg_restore', '-e', '-d', $node->connstr('again'), "$directory/new" ], 'restored');
is_deeply([ catalog_of($node, 'again') ], [ catalog_of($node, 'shop') ],
	'a dump of what was updated and migrated is restored the same');

# A dump of older data, restored where the next version is installed.
database('restored');
command_ok([ 'pg_restore', '-e', '-d', $node->connstr('restored'), "$directory/old" ],
	'older data is restored under newer code');
is(sql('restored', "SELECT extversion, stockflow.data_version() FROM pg_extension WHERE extname = 'stockflow'"),
	'1.1.0|1.0', 'code and data have their versions');
works_on_older_data('restored', 'restored');
@rows = ();
is_migrated('restored', 'restored');

# An owner who is no superuser, once he may call the functions; what is new is his.
sql('postgres', 'CREATE ROLE keeper LOGIN');
database('kept', $present);
sql('kept', handed_to('keeper'));
sql('kept', 'ALTER EXTENSION stockflow UPDATE; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA stockflow TO keeper');
refuses('kept', $migrate, qr/ERROR:  42501: the data is migrated by its owner, role "keeper"/, 'not a superuser in his place');
like(sql('kept', $migrate, extra_params => [ '-U', 'keeper' ]), qr/^1\.0\|1\.1\|/, 'the owner migrates');
is(sql('kept', "SELECT count(*) FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace AND relowner <> 'keeper'::regrole"),
	0, 'and owns all of it');
is_deeply([ grep { !/^(?:grant|at first|default|schema owner)/ } map { s/owner \w+/owner/r } catalog_of($node, 'kept') ],
	[ grep { !/^(?:grant|at first|default|schema owner)/ } map { s/owner \w+/owner/r } @fresh ], 'which is the same as fresh');

# Older data that lost the extension is migrated when it is adopted.
database('adopted', $present);
sql('adopted', 'DROP EXTENSION stockflow CASCADE; CREATE EXTENSION stockflow');
is(sql('adopted', 'SELECT stockflow.data_version()'), '1.1', 'older data is adopted and migrated');
is_deeply([ catalog_of($node, 'adopted') ], \@fresh, 'and then the same as fresh');
sql('adopted', "DROP EXTENSION stockflow CASCADE; CREATE EXTENSION stockflow; SELECT stockflow.uninstall(drop_data => true)");
is(sql('adopted', "SELECT count(*) FROM pg_namespace WHERE nspname = 'stockflow'"), 0, 'and goes as a whole');

# Newer data under older code, and a mark that is none.
sql('fresh', 'DROP EXTENSION stockflow CASCADE');
refuses('fresh', "CREATE EXTENSION stockflow VERSION '$present'", qr/ERROR:  55000: cannot use data marked "stockflow data 1\.1"/,
	'newer data is not adopted by older code');
sql('fresh', 'CREATE EXTENSION stockflow');
sql('fresh', "COMMENT ON SCHEMA stockflow IS 'mine'");
is(sql('fresh', 'SELECT stockflow.data_version() IS NULL'), 't', 'a mark that is none');
refuses('fresh', $migrate, qr/ERROR:  55000: cannot bring data of version NULL to version 1\.1\n.*HINT:  .*COMMENT ON SCHEMA/s, 'migrate() says so');
refuses('fresh', $newer, qr/ERROR:  55000: the version of the data is not known/, 'so does what needs it');

# Under load: three sessions sell while two migrate; nobody fails, nothing is lost.
database('busy');
sample_data($node, 'busy', $present);
sql('busy', 'ALTER EXTENSION stockflow UPDATE; UPDATE stockflow.inventory SET quantity = 10000 WHERE product_id IN (1, 2)');
my @sessions;

# Starts a psql with a script.
sub session
{
	my ($script) = @_;
	my $file = "$directory/session" . @sessions;
	append_to_file($file, $script);
	my %session = (stdout => '', stderr => '');
	$session{run} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('busy'), '-f', $file ],
		'>', \$session{stdout}, '2>', \$session{stderr});
	push @sessions, \%session;
	return;
}
my $calls = 1000;

# Calls for all numbers, the last hundred of them after the migration.
sub load_session
{
	my ($call) = @_;
	session(join('', map { $call->($_) } 1 .. $calls - 100)
	  . q{DO $$ BEGIN FOR i IN 1 .. 1200 LOOP EXIT WHEN stockflow.data_version() = '1.1'; PERFORM pg_sleep(0.1); END LOOP; END $$;}
	  . join('', map { $call->($_) } $calls - 99 .. $calls));
	return;
}
load_session(sub { "SELECT stockflow.record_sale(1, 1, 1, 1, reference => 'load', idempotency_key => '$_[0]');\n" });
load_session(sub { "SELECT stockflow.record_sale(1, 1, 2, 1, reference => 'load');\n" });
# The other way round: what migrate() locks first comes last.
load_session(sub { "BEGIN; UPDATE stockflow.warehouses SET attributes = '{}' WHERE warehouse_id = 2;\n"
	  . "SELECT stockflow.adjust_stock(1, 2, 2, 1, reference => 'load');\n"
	  . "UPDATE stockflow.products SET attributes = '{}' WHERE product_id = 4; COMMIT;\n" });
$node->poll_query_until('busy', "SELECT count(*) > 100 FROM stockflow.inventory_log WHERE reference = 'load'")
  or die 'no load';
session("$migrate;") for 1 .. 2;
$_->{run}->finish for @sessions;
is(join('', map { $_->{stderr} } @sessions), '', 'under load nobody fails');
is(join('', map { $_->{stdout} } @sessions[ 3, 4 ]), "1.0|1.1|products.origin (0 filled in), product_notes\n",
	'of two migrations one has the work');
is(sql('busy', "SELECT count(*), sum(abs(delta)) FROM stockflow.inventory_log WHERE reference = 'load'"),
	(3 * $calls) . '|' . (3 * $calls), 'nothing is lost');
is(sql('busy', 'SELECT * FROM stockflow.verify_ledger()'), '', 'the ledger is sound');

# A reader who does not end: migrate() gives up after about a minute, and others work in between.
if (($ENV{RESTORE} // '') eq 'long')
{
	database('read', $present);
	sql('read', "INSERT INTO stockflow.companies (name) VALUES ('C'); ALTER EXTENSION stockflow UPDATE");
	my $reader = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('read'), '-c',
			'BEGIN; SELECT count(*) FROM stockflow.products; SELECT pg_sleep(100)' ], '>', \my $ignored);
	$node->poll_query_until('read', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'") or die;
	my $migration = IPC::Run::start([ 'psql', '-X', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('read'), '-c', $migrate ],
		'>', \$ignored, '2>', \my $error);
	for my $product (1 .. 20)
	{
		is(sql('read', "SELECT stockflow.create_product(1, '$product', 'P', 1)"), $product, 'meanwhile others work');
		sleep 1;
	}
	$migration->finish;
	like($error, qr/ERROR:  55P03: could not lock the data.*HINT:  A report, a dump/s, 'a long reader makes migrate() give up');
	is(sql('read', 'SELECT stockflow.data_version()'), '1.0', 'with nothing changed');
	sql('read', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid <> pg_backend_pid()");
	$reader->finish;
	is(sql('read', $migrate), '1.0|1.1|products.origin (0 filled in), product_notes', 'when he is gone it goes on');
}

# SQL of an older version, as an update or pg_upgrade finds it, calls these: none may disappear. New ones
# are added to the list with the version that brings them.
my ($library) = glob($node->safe_psql('postgres', "SELECT setting || '/stockflow.so' FROM pg_config WHERE name = 'PKGLIBDIR'"));
my $exported = join '', map { "$_\n" } sort
  map { /\b[TW] (?:pg_finfo_)?((?:stockflow_|_PG|Pg_)\w+)$/ && $& !~ /pg_finfo_/ ? $1 : () }
  split /\n/, (run_command([ 'nm', '-D', '--defined-only', $library ]))[0];
is($exported, slurp_file("$FindBin::RealBin/../symbols"), 'the C functions are those in test/symbols');

done_testing();
