# A dump brings back everything, whichever way it is taken and restored: rows, sequences, triggers,
# policies, rights, comments, what the user added, and what belongs to the extension. RESTORE=long tries more
# ways.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use Test::More;
use Restore;
use StockFlow;

my $long = ($ENV{RESTORE} // '') eq 'long';
my $node = new_server('restore', 'max_worker_processes = 4', 'wal_level = logical');
my $directory = PostgreSQL::Test::Utils::tempdir();
create_roles($node);
create_source($node, 'source');
my $source = describe($node, 'source');
# Guards against a comparison of nothing with nothing.
is($node->safe_psql('source', "SELECT count(*) FROM stockflow.ledger"), 31, 'the source has a history');
for my $kind ('sequence', 'grant on', 'grant on stockflow.products.colour', 'default grant', 'column products.colour',
	'index', 'constraint my_check', 'trigger', 'policy', 'rule', 'statistics', 'view problems', 'owned sequence',
	'published', 'event trigger', 'member function')
{
	cmp_ok(scalar(grep { /^\Q$kind\E/ } @{ $source->{state} }), '>', 0, "the source has: $kind");
}

sub dump_to
{
	my ($file, @options) = @_;
	ok(quietly($node, 'pg_dump', '-d', 'source', '-f', "$directory/$file", @options), "pg_dump to $file");
	return;
}

sub check_copy
{
	my ($database, $name) = @_;
	check_same($node, $database, $name, $source);
	check_alive($node, $database, $name);
	return;
}

# restore NAME => what to run, in a new database of that name
sub restore
{
	my ($name, @command) = @_;
	(my $database = lc $name) =~ s/\W+/_/g;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	ok(quietly($node, @command, '-d', $database), "$name: restored without a word");
	check_copy($database, $name);
	return;
}

my @psql = ('psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1');
dump_to('plain.sql');
dump_to('inserts.sql', '--inserts');
dump_to('clean.sql', '--clean', '--if-exists');
dump_to('custom', '-Fc');
dump_to('directory', '-Fd', '-j4');
dump_to('schema.sql', '--schema-only');
dump_to('data.sql', '--data-only', '--disable-triggers');
dump_to('data_custom', '-Fc', '--data-only');

restore('plain', @psql, '-f', "$directory/plain.sql");
restore('one transaction', @psql, '-1', '-f', "$directory/plain.sql");
restore('inserts', @psql, '-f', "$directory/inserts.sql");
restore('custom', 'pg_restore', '-j4', "$directory/custom");
restore('directory', 'pg_restore', '-j4', "$directory/directory");
if ($long)
{
	dump_to('columns.sql', '--column-inserts', '--rows-per-insert=7', '--disable-dollar-quoting');
	restore('column inserts', @psql, '-1', '-f', "$directory/columns.sql");
	dump_to('tar', '-Ft');
	restore('tar', 'pg_restore', "$directory/tar");
	restore('custom, one transaction', 'pg_restore', '-1', "$directory/custom");
	# Section by section.
	$node->safe_psql('postgres', 'CREATE DATABASE by_section');
	ok(quietly($node, 'pg_restore', '-j4', "--section=$_", '-d', 'by_section', "$directory/directory"), "section $_")
	  for qw(pre-data data post-data);
	check_copy('by_section', 'section by section');
}

# Onto a database that has it already, the same and changed since: both were used by check_alive.
ok(quietly($node, @psql, '-d', 'plain', '-f', "$directory/clean.sql"), 'clean onto itself: without a word');
check_copy('plain', 'clean onto itself');
ok(quietly($node, 'pg_restore', '--clean', '--if-exists', '-d', 'custom', "$directory/custom"),
	'pg_restore --clean: without a word');
check_copy('custom', 'pg_restore --clean');

# Schema first, data later.
$node->safe_psql('postgres', 'CREATE DATABASE sections');
ok(quietly($node, @psql, '-d', 'sections', '-f', "$directory/schema.sql"), 'schema only: without a word');
is($node->safe_psql('sections', 'SELECT count(*) FROM stockflow.companies'), 0, 'schema only: no data');
ok(quietly($node, @psql, '-d', 'sections', '-f', "$directory/data.sql"), 'then data only: without a word');
# A materialized view without the data it came from stays empty, whoever's it is.
$node->safe_psql('sections', 'REFRESH MATERIALIZED VIEW public.balances');
check_copy('sections', 'schema, then data');

# Data only, into a fresh extension.
for my $way ('data.sql', 'data_custom')
{
	(my $database = "fresh_$way") =~ s/\W/_/g;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION stockflow; ' . users_objects());
	my @command = $way eq 'data.sql' ? (@psql, '-f') : ('pg_restore', '-j2', '--disable-triggers');
	push @command, '-d', $database, "$directory/$way" if $way ne 'data.sql';
	push @command, "$directory/$way", '-d', $database if $way eq 'data.sql';
	ok(quietly($node, @command), "$way into a fresh extension: without a word");
	$node->safe_psql($database, 'REFRESH MATERIALIZED VIEW public.balances');
	check_copy($database, "$way into a fresh extension");
}

# Another name, another owner: the role that restores owns everything, nobody else has any rights.
$node->safe_psql('postgres', 'CREATE ROLE second SUPERUSER LOGIN; CREATE DATABASE elsewhere OWNER second');
ok(quietly($node, 'pg_restore', '--no-owner', '--no-privileges', '-U', 'second', '-d', 'elsewhere', "$directory/custom"),
	'another owner: without a word');
check_same($node, 'elsewhere', 'another owner', $source,
	sub { s/owner \w+/owner/; !/^(?:default grant|grant|at first|schema owner) / });
is($node->safe_psql('elsewhere', "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace"),
	'second', 'another owner: of everything');
like(error_of($node, 'elsewhere', 'SELECT * FROM stockflow.products', '-U', 'app'), qr/ERROR:  42501/,
	'another owner: no rights without privileges');
$node->safe_psql('elsewhere', "SELECT stockflow.grant_access('app', 'app'); GRANT INSERT ON public.changes TO app");
check_alive($node, 'elsewhere', 'another owner');

# With the database, its settings included.
$node->safe_psql('source', "ALTER DATABASE source SET stockflow.actor = 'shop'");
dump_to('create', '-Fc', '--create');
$node->safe_psql('postgres', 'ALTER DATABASE source RENAME TO source_before');
ok(quietly($node, 'pg_restore', '--create', '-d', 'postgres', "$directory/create"), 'with its database: without a word');
check_same($node, 'source', 'with its database', $source);
is($node->safe_psql('source', 'SHOW stockflow.actor'), 'shop', 'with its database: settings');

# CREATE EXTENSION takes a superuser. The owner, who is none, can dump; and restore, where a superuser has
# prepared an empty place. (With FORCE ROW LEVEL SECURITY he would not see all rows, and pg_dump says so.)
$node->safe_psql('source', 'ALTER TABLE stockflow.suppliers NO FORCE ROW LEVEL SECURITY; ALTER VIEW stockflow.problems OWNER TO keeper');
ok(quietly($node, 'pg_dump', '-U', 'keeper', '-Fc', '-n', 'stockflow', '-T', 'stockflow.photos', '-d', 'source', '-f', "$directory/owner"),
	'the owner dumps his schema');
$node->safe_psql('postgres', 'CREATE DATABASE owners');
like(error_of($node, 'owners', 'CREATE EXTENSION stockflow', '-U', 'keeper'), qr/ERROR:  42501: .*superuser/s,
	'the owner cannot create the extension');
$node->safe_psql('owners', <<'SQL');
CREATE SCHEMA stockflow AUTHORIZATION keeper;
COMMENT ON SCHEMA stockflow IS 'stockflow data 1.0';
CREATE EXTENSION stockflow;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA stockflow TO keeper;
CREATE FUNCTION public.note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
SQL
ok(quietly($node, 'pg_restore', '-U', 'keeper', '-n', 'stockflow', '--no-privileges', '-d', 'owners', "$directory/owner"),
	'the owner restores it');
check_rows('owners', 'the owner restores it');

# Checks that all rows and sequences are there, and the ledger is sound and goes on.
sub check_rows
{
	my ($database, $name) = @_;
	my @rows = grep { /^(?:rows|sequence) / } state_of($node, $database);
	is_deeply(\@rows, [ grep { /^(?:rows|sequence) / } @{ $source->{state} } ], "$name: all rows and sequences");
	is($node->safe_psql($database, 'SELECT * FROM stockflow.verify_ledger()'), '', "$name: the ledger is sound");
	$node->safe_psql($database, "SELECT stockflow.grant_access('app', 'app')");
	is($node->safe_psql($database, 'SELECT stockflow.record_sale(1, 2, 2, 1)', extra_params => [ '-U', 'app' ]), 28,
		"$name: the next sale");
	is($node->safe_psql($database, "SELECT stockflow.create_product(2, 'new', 'New', 1)"), 6, "$name: sequences go on");
	is($node->safe_psql($database, 'SELECT * FROM stockflow.verify_ledger()'), '', "$name: and is sound afterwards");
	return;
}

# What cannot work says so: a dump without the mark of the schema, and data under the triggers.
dump_to('no_comments.sql', '--no-comments');
$node->safe_psql('postgres', 'CREATE DATABASE no_comments; ');
my $error = error_of($node, 'no_comments', '', '-f', "$directory/no_comments.sql");
like($error, qr/ERROR:  42P06: schema "stockflow" already exists.*HINT: .*--no-comments/s, '--no-comments fails');
# ... and what then helps.
$node->safe_psql('postgres', 'CREATE DATABASE marked');
$node->safe_psql('marked', "CREATE SCHEMA stockflow; COMMENT ON SCHEMA stockflow IS 'stockflow data 1.0'");
my $errors = run_psql_all('marked', "$directory/no_comments.sql");
is(join('', $errors =~ /(ERROR:  \w+: [^\n]*)/g), 'ERROR:  42P06: schema "stockflow" already exists',
	'--no-comments into a marked schema: one error, which is to be ignored');

# Runs a file to its end, errors or not, and returns what was said.
sub run_psql_all
{
	my ($database, $file) = @_;
	my $stderr;
	IPC::Run::run([ 'psql', '-X', '-q', '-v', 'VERBOSITY=verbose', '-d', $node->connstr($database), '-f', $file ],
		'>', \my $stdout, '2>', \$stderr);
	return $stderr;
}
check_rows('marked', '--no-comments into a marked schema');

dump_to('triggers.sql', '--data-only');
$node->safe_psql('postgres', 'CREATE DATABASE triggers');
$node->safe_psql('triggers', 'CREATE EXTENSION stockflow; ' . users_objects());
$error = error_of($node, 'triggers', '', '-1', '-f', "$directory/triggers.sql");
like($error, qr/ERROR:  55000: .*HINT: .*--disable-triggers/s, 'data only with triggers fails');
is($node->safe_psql('triggers', 'SELECT count(*) FROM stockflow.inventory_log'), 0, 'and nothing is invented');

done_testing();
