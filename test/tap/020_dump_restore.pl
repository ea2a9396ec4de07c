# A dump brings back everything, whichever way it is taken and restored: rows, sequences, triggers,
# policies, rights, comments, what the user added, and what belongs to the extension.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use Test::More;
use StockFlow;

# What a user adds. The trigger counts the changes of stock; the data-only restores need all this
# to be there first, except for the publication, which is no use to them.
my $users_objects = <<'SQL';
CREATE TABLE public.changes (product_id bigint, quantity numeric);
GRANT INSERT ON public.changes TO PUBLIC;
CREATE FUNCTION public.note_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public
    AS $$ BEGIN INSERT INTO changes VALUES (new.product_id, new.quantity); RETURN NULL; END $$;
CREATE TRIGGER mine AFTER INSERT OR UPDATE ON stockflow.inventory
    FOR EACH ROW EXECUTE FUNCTION public.note_change();
ALTER TABLE stockflow.products ADD COLUMN colour text DEFAULT 'red';
ALTER TABLE stockflow.inventory ADD COLUMN shelf text;
CREATE INDEX my_index ON stockflow.products (colour);
CREATE POLICY mine ON stockflow.products AS RESTRICTIVE FOR SELECT TO report USING (colour = 'red');
GRANT SELECT (name, colour) ON stockflow.products TO outsider;
CREATE VIEW public.stock AS SELECT p.sku, p.colour, i.quantity
    FROM stockflow.products p JOIN stockflow.inventory i USING (company_id, product_id);
CREATE VIEW stockflow.problems AS SELECT * FROM stockflow.verify_ledger();
CREATE PUBLICATION mine FOR TABLE stockflow.products,
    stockflow.inventory (company_id, product_id, warehouse_id, quantity);
SELECT stockflow.grant_access('app', 'app'), stockflow.grant_access('report', 'report');
SQL

my $node = new_server('restore', 'max_worker_processes = 4', 'wal_level = logical');
my $directory = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', 'CREATE ROLE app LOGIN; CREATE ROLE report LOGIN; CREATE ROLE outsider');
$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('postgres', 'ALTER ROLE app SET stockflow.company_id = 1');
sample_data($node, 'source');
$node->safe_psql('source', $users_objects);
$node->safe_psql('source', "UPDATE stockflow.products SET colour = 'blue' WHERE product_id = 2");
$node->safe_psql('source', "UPDATE stockflow.inventory SET shelf = 'A1'");

my @state = state_of($node, 'source');
my %public = map { $_ => $node->safe_psql('source', $_) } (
	'SELECT * FROM public.stock ORDER BY sku, colour, quantity',
	'SELECT * FROM public.changes ORDER BY 1, 2',
	'SELECT * FROM stockflow.problems',
	'SELECT * FROM stockflow.low_stock_alerts(1)');
# Guards against a comparison of nothing with nothing.
is($node->safe_psql('source', "SELECT count(*) FROM stockflow.ledger"), 31,
	'the source has a history');
for my $kind ('sequence', 'grant on', 'column products.colour', 'index', 'constraint', 'trigger',
	'policy', 'view problems', 'owned sequence', 'published', 'event trigger', 'member function')
{
	cmp_ok(scalar(grep { /^\Q$kind\E/ } @state), '>', 0, "the source has: $kind");
}

# Runs a program; true if it went well and had nothing to say.
sub quietly
{
	my ($stdout, $stderr);
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port);
	my $ok = IPC::Run::run([@_], '>', \$stdout, '2>', \$stderr);
	note($stderr) if $stderr ne '';
	return $ok && $stderr eq '';
}

sub dump_to
{
	my ($file, @options) = @_;
	ok(quietly('pg_dump', '-d', 'source', '-f', "$directory/$file", @options), "pg_dump to $file");
	return;
}

# Checks that a database equals the source, and that it is alive.
sub check_copy
{
	my ($database, $name) = @_;
	my @copy = state_of($node, $database);
	is_deeply(\@copy, \@state, "$name: the same");
	for my $query (sort keys %public)
	{
		is($node->safe_psql($database, $query), $public{$query}, "$name: $query");
	}
	my $sale = "SELECT stockflow.record_sale(1, 2, 2, 1, reference => 'after')";
	is($node->safe_psql($database, $sale, extra_params => [ '-U', 'app' ]), 28,
		"$name: the next sale");
	is($node->safe_psql($database, 'SELECT version, delta, quantity_after, reason, actor'
				. " FROM stockflow.inventory_log WHERE reference = 'after'"),
		'3|-1|28|sale|app', "$name: it is logged once");
	is($node->safe_psql($database, 'SELECT count(*) FROM public.changes'),
		1 + $node->safe_psql('source', 'SELECT count(*) FROM public.changes'), "$name: the user's trigger saw it once");
	is($node->safe_psql($database, 'SELECT * FROM stockflow.verify_ledger()'), '',
		"$name: the ledger is sound");
	is($node->safe_psql($database, "SELECT stockflow.create_product(2, 'new', 'New', 1)"), 6,
		"$name: sequences go on");
	is($node->safe_psql($database,
			"SELECT stockflow.create_product(1, 'nut', 'Nut', 0.5, 1, 100, idempotency_key => 'nut')"),
		2, "$name: a retry is known");
	like(error_of($node, $database, 'DROP SCHEMA stockflow CASCADE'), qr/ERROR:  55000/,
		"$name: the guard is up");
	return;
}

# restore NAME => what to run, in a new database of that name
sub restore
{
	my ($name, @command) = @_;
	(my $database = lc $name) =~ s/\W+/_/g;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	ok(quietly(@command, '-d', $database), "$name: restored without a word");
	check_copy($database, $name);
	return;
}

my @psql = ('psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1');
dump_to('plain.sql');
dump_to('inserts.sql', '--inserts');
dump_to('clean.sql', '--clean', '--if-exists');
dump_to('custom', '-Fc');
dump_to('directory', '-Fd', '-j2');
dump_to('schema.sql', '--schema-only');
dump_to('data.sql', '--data-only', '--disable-triggers');
dump_to('data_custom', '-Fc', '--data-only');

restore('plain', @psql, '-f', "$directory/plain.sql");
restore('one transaction', @psql, '-1', '-f', "$directory/plain.sql");
restore('inserts', @psql, '-f', "$directory/inserts.sql");
restore('custom', 'pg_restore', '-j4', "$directory/custom");
restore('directory', 'pg_restore', '-j4', "$directory/directory");

# Onto a database that has it already, the same and changed since: both were used by check_copy.
ok(quietly(@psql, '-d', 'plain', '-f', "$directory/clean.sql"),
	'clean onto itself: without a word');
check_copy('plain', 'clean onto itself');
ok(quietly('pg_restore', '--clean', '--if-exists', '-d', 'custom', "$directory/custom"),
	'pg_restore --clean: without a word');
check_copy('custom', 'pg_restore --clean');

# Schema first, data later.
$node->safe_psql('postgres', 'CREATE DATABASE sections');
ok(quietly(@psql, '-d', 'sections', '-f', "$directory/schema.sql"), 'schema only: without a word');
is($node->safe_psql('sections', 'SELECT count(*) FROM stockflow.companies'), 0,
	'schema only: no data');
ok(quietly(@psql, '-d', 'sections', '-f', "$directory/data.sql"), 'then data only: without a word');
check_copy('sections', 'schema, then data');

# Data only, into a fresh extension.
for my $way ('data.sql', 'data_custom')
{
	(my $database = "fresh_$way") =~ s/\W/_/g;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "CREATE EXTENSION stockflow; $users_objects");
	my @command = $way eq 'data.sql' ? (@psql, '-f') : ('pg_restore', '-j2', '--disable-triggers');
	push @command, '-d', $database, "$directory/$way" if $way ne 'data.sql';
	push @command, "$directory/$way", '-d', $database if $way eq 'data.sql';
	ok(quietly(@command), "$way into a fresh extension: without a word");
	check_copy($database, "$way into a fresh extension");
}

# What cannot work says so: a dump without the mark of the schema, and data under the triggers.
dump_to('no_comments.sql', '--no-comments');
$node->safe_psql('postgres', 'CREATE DATABASE no_comments; ');
my $error = error_of($node, 'no_comments', '', '-f', "$directory/no_comments.sql");
like($error, qr/ERROR:  42P06: schema "stockflow" already exists.*HINT: .*--no-comments/s,
	'--no-comments fails');
dump_to('triggers.sql', '--data-only');
$node->safe_psql('postgres', 'CREATE DATABASE triggers');
$node->safe_psql('triggers', "CREATE EXTENSION stockflow; $users_objects");
$error = error_of($node, 'triggers', '', '-1', '-f', "$directory/triggers.sql");
like($error, qr/ERROR:  55000: .*HINT: .*--disable-triggers/s, 'data only with triggers fails');
is($node->safe_psql('triggers', 'SELECT count(*) FROM stockflow.inventory_log'), 0,
	'and nothing is invented');

done_testing();
